#!/usr/bin/env python3
"""page_reference: the data in a page of `dump html` against `dump retained`, `dump json` and `dump top`.

usage: page_reference.py COUNTERCHECK DUMP PAGE     exit status: 0 the same, 1 not
"""
import bisect, json, re, subprocess, sys

command, dump, page = sys.argv[1:]
text = open(page, encoding="utf-8").read()
data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])


def run(*arguments):
    return subprocess.run([command, "dump", *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout


retained = json.loads(run("retained", dump, "--top", "0", "--json"))
for name in ("reachable", "finalizer_only", "unreachable"):
    assert data["sums"][name] == [retained[name]["count"], retained[name]["bytes"]], name
rows = retained["rows"][:len(data["objects"])]
assert len(rows) == min(12000, len(retained["rows"]))
assert [row[1:4] for row in data["objects"]] == [[row["size"], row["retained"], row["objects"]] for row in rows]
addresses = [f"0x{row[0]}" for row in data["objects"]]
assert [addresses[row[4]] if row[4] >= 0 else None for row in data["objects"]] == [row["dominator"] for row in rows]
assert sum(row[2] for row in data["objects"] if row[4] < 0) == data["held"][1]

# Each step of each way is a pointer of the dump; the first one a root's.
records = list(map(json.loads, run("json", dump).splitlines()))
parameters = next(record for record in records if record["record"] == "Params")
order, width = "big" if parameters["big_endian"] else "little", parameters["pointer_size"]
objects = sorted((int(record["address"], 16), len(record["contents"]) // 2, record) for record in records if record["record"] == "Object" and record["contents"])
starts = [address for address, _, _ in objects]
contents = {address: (bytes.fromhex(record["contents"]), record["fields"]) for address, _, record in objects}
roots = {f'0x{int(row["object"], 16):x}' for row in json.loads(run("roots", dump, "--json"))["roots"]}
walked = 0
assert len(data["paths"]) == len(data["objects"])
for index, way in enumerate(data["paths"]):
    if way == 0:
        continue
    holder = data["objects"][way[0]][0] if way[0] >= 0 else None
    steps = [way[at:at + 4] for at in range(1, len(way), 4)]
    assert steps[-1][1] == data["objects"][index][0]
    assert holder is None or data["objects"][index][8] == data["objects"][way[0]][8] + sum(-step[0] if step[0] < 0 else 1 for step in steps)
    for field, address, size, offset in steps:
        start = int(address or "0", 16)
        if field >= 0 and holder == "":
            pass  # behind what is left out
        elif field >= 0 and holder is None:
            assert f"0x{address}" in roots and data["texts"][-1 - way[0]]
        elif field >= 0:
            memory, fields = contents[int(holder, 16)]
            value = int.from_bytes(memory[field:field + width], order)
            assert field in fields and value == start + offset and starts[bisect.bisect(starts, value) - 1] == start
            assert size == len(contents[start][0]) and offset < size
        walked += field >= 0
        holder = address
assert walked > 0 or not rows

top = json.loads(run("top", dump, "--top", "500", "--json"))
assert data["sizes"] == [[row["bytes"], row["count"], row["size"], row["pointer_words"]] for row in top["by_class"]]
assert data["sizes_left_out"] == top["by_class_left_out"]
goroutines = json.loads(run("goroutines", dump, "--json"))
assert sum(row[2] for row in data["goroutines"]) == goroutines["count"] or data["goroutines_left_out"] > 0
held = json.loads(run("retained", dump, "--by", "goroutine", "--top", "0", "--json"))["rows"]
assert sum(row[0] for row in data["goroutines"]) == sum(row["retained"] for row in held) or data["goroutines_left_out"] > 0
for row in data["goroutines"]:
    assert all(-1 <= place < len(data["texts"]) for place in row[5])
