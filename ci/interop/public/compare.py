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
    """Yields a line for each value of the public reader that is not ours."""
    for record, count in info["records"].items():
        if found["records"].get(record, 0) != count:
            yield f"{record}: {count} records, the public reader finds {found['records'].get(record, 0)}"
    for name in ("object_bytes", "pointer_size", "big_endian", "arena_start", "arena_end"):
        if number(info[name]) != number(found[name]):
            yield f"{name}: {info[name]}, the public reader finds {found[name]}"
    for name, value in found["memstats"].items():
        if info["memstats"][name] != value:
            yield f"{name}: {info['memstats'][name]}, the public reader finds {value}"


def main():
    """Prints the differences of two files."""
    with open(sys.argv[1], encoding="utf-8") as ours, open(sys.argv[2], encoding="utf-8") as theirs:
        lines = list(differences(json.load(ours), json.load(theirs)))
    for line in lines:
        print(line)
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
