#!/usr/bin/env python3
"""compare: holds what a public reader found in a dump to what `countercheck dump info --json` says of it.

usage: compare.py INFO.json FOUND.json
Exit status: 0 the same, 1 a difference (one line each).
"""
import json
import sys


def number(value):
    """An address as a number, however it is written."""
    return int(value, 0) if isinstance(value, str) else int(value)


def differences(info, found):
    """Yields a line for each value of the public reader that is not ours, or that it should have and has not."""
    for record, count in info["records"].items():
        theirs = found["records"].get(record, 0)
        if theirs != count and record not in found.get("untold", []):
            yield f"{record}: {count} records, the public reader finds {theirs}"
    for name in ("object_bytes", "pointer_size", "big_endian", "arena_start", "arena_end"):
        if number(info[name]) != number(found[name]):
            yield f"{name}: {info[name]}, the public reader finds {found[name]}"
    statistics = {name.lower(): value for name, value in found["memstats"].items()}
    for name, value in info["memstats"].items():
        if not isinstance(value, list) and statistics.get(name.lower()) != number(value):
            yield f"{name}: {value}, the public reader finds {statistics.get(name.lower())}"


def main():
    """Prints the differences of two files."""
    with open(sys.argv[1], encoding="utf-8") as ours, open(sys.argv[2], encoding="utf-8") as theirs:
        lines = list(differences(json.load(ours), json.load(theirs)))
    for line in lines:
        print(line)
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
