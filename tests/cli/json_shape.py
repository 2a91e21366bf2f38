#!/usr/bin/env python3
"""json_shape: which keys the JSON of `dump` has, and whether dump/JSON.md lists just those.

usage: json_shape.py COUNTERCHECK JSON.md DUMP...
A line of the page "    top.by_class[]: count bytes" lists the keys of such an object. Exit status: 0 the same, 1 a line each.
"""
import collections, json, re, subprocess, sys

command, page, dumps = sys.argv[1], sys.argv[2], sys.argv[3:]
found = collections.defaultdict(set)


def look(where, value):
    if isinstance(value, dict):
        found[where].update(value)
        for key, inner in value.items():
            look(f"{where}.{key}", inner)
    elif isinstance(value, list):
        for inner in value:
            look(f"{where}[]", inner)


def run(name, *arguments):
    done = subprocess.run([command, "dump", *arguments], stdout=subprocess.PIPE, text=True)
    text = done.stdout
    return [json.loads(text)] if name not in ("json", "path", "find") else [json.loads(line) for line in text.splitlines()]


for dump in dumps:
    for record in run("json", "json", dump):
        look(record["record"], record)
    address = f'0x{int(run("find", "find", dump, "--json")[0]["address"], 16):x}'
    calls = {name: (name, dump, "--json") for name in ("info", "verify", "top", "retained", "roots", "goroutines", "spans", "duplicates")}
    calls |= {"diff": ("diff", dump, dumps[0], "--json"), "path": ("path", dump, address, "--json"),
              "growth": ("diff", dump, dumps[0], "--by", "class", "--same-process", "--json"), "object": ("object", dump, address, "--json"), "find": ("find", dump, "--json")}
    for name, arguments in calls.items():
        for value in run(name, *arguments):
            look(name, value)
for way in ("root", "goroutine", "class"):
    for dump in dumps:
        look("retained", run("retained", "retained", dump, "--by", way, "--json")[0])
shapes = {}
for where, keys in found.items():
    where = re.sub(r"\.(root|holder\.root)$", ".root", where)
    if where.endswith(".root"):
        where = "ROOT"
    where = re.sub(r"^verify\.rules\.\w+$", "verify.rules.RULE", where)
    shapes.setdefault(where, set()).update(keys)
listed = {}
for line in open(page, encoding="utf-8"):
    if match := re.match(r"    ([\w.\[\]]+): (.+)$", line):
        listed[match[1]] = set(match[2].split())
failed = 0
for where in sorted(shapes.keys() | listed.keys()):
    is_, said = shapes.get(where, set()), listed.get(where, set())
    if is_ != said:
        failed = 1
        print(f"    {where}: {' '.join(sorted(is_))}" + (f"   but the page says {' '.join(sorted(said))}" if said else ""))
sys.exit(failed)
