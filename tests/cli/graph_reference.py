#!/usr/bin/env python3
"""graph_reference: the graph of a dump by the simplest means, to hold `dump retained` and `dump path` against.

usage: graph_reference.py COUNTERCHECK DUMP [OBJECTS_MAX]
It reads `dump json`, shares no code with the graph, and removes one object after the other to see what falls.
Exit status: 0 all agree, 1 a line for each difference, 77 the dump has more objects than OBJECTS_MAX (5000).
"""
import bisect, json, subprocess, sys

command, path = sys.argv[1], sys.argv[2]
limit = int(sys.argv[3]) if len(sys.argv) > 3 else 5000


def run(*arguments):
    return subprocess.run([command, "dump", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


# ---- the dump
records = [json.loads(line) for line in run("json", path).splitlines()]
parameters = records[0]
width, order = parameters["pointer_size"], "big" if parameters["big_endian"] else "little"
version = parameters["version"]
has_phantoms = version.startswith(("go1.", "devel")) and int(version.split("go1.")[1].split(".")[0].split("-")[0]) >= 22
nodes, fields, phantoms, pages = [], {}, [], set()


def pointers(record):
    memory = bytes.fromhex(record["contents"])
    for field in record["fields"]:
        offset = field["offset"] if isinstance(field, dict) else field
        if offset + width <= len(memory):
            yield offset, int.from_bytes(memory[offset:offset + width], order)


for record in records:
    if record["record"] == "Object" and record["contents"]:
        start, size = int(record["address"], 16), len(record["contents"]) // 2
        page = start // 8192
        if has_phantoms and page in pages and size <= 64 * width and \
                start % 8192 // size >= (8192 - 8192 // (8 * width)) // size:
            phantoms.append((start, size))
            continue
        if record["fields"]:
            pages.add(page)
        nodes.append((start, size))
        fields[start] = list(pointers(record))
if len(nodes) > limit:
    sys.exit(77)
nodes.sort()
starts = [start for start, _ in nodes]


def node_of(value):
    at = bisect.bisect_right(starts, value) - 1
    return nodes[at][0] if at >= 0 and value < nodes[at][0] + nodes[at][1] else None


size_of = dict(nodes)
edges = {start: [node for _, value in list_ if (node := node_of(value)) is not None] for start, list_ in fields.items()}

# ---- roots: (goroutine, name, node)
roots, finalized, goroutine = [], [], None


def root(name, value, of=None):
    node = node_of(int(value, 16) if isinstance(value, str) else value)
    if node is not None:
        roots.append((of, name, node))


for record in records:
    kind = record["record"]
    if kind == "Goroutine":
        goroutine = record["id"]
        root("context", record["context"], goroutine)
    elif kind in ("Data", "BSS", "StackFrame"):
        for offset, value in pointers(record):
            name = "frame" if kind == "StackFrame" else kind.lower()
            root((name, offset, record["sp" if name == "frame" else "address"]), value, goroutine if name == "frame" else None)
    elif kind == "OtherRoot":
        root("other", record["target"])
    elif kind == "Defer":
        root("defer", record["function"], goroutine)
    elif kind == "Panic":
        root("panic", record["data"], goroutine)
    elif kind == "Finalizer":
        root("finalizer_function", record["function"])
        finalized.append(node_of(int(record["object"], 16)))
    elif kind == "QueuedFinalizer":
        root("queued_object", record["object"])
        root("queued_function", record["function"])


def reach(begin, gone=None):
    seen, stack = set(), [node for node in begin if node != gone]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(next_ for next_ in edges[node] if next_ != gone)
    return seen


def bytes_of(set_):
    return sum(size_of[node] for node in set_)


def count_of(set_):
    return {"count": len(set_), "bytes": bytes_of(set_)}


# ---- what it comes to
failed = 0


def same(what, is_, expected):
    global failed
    if is_ != expected:
        failed = 1
        print(f"{path}: {what}: {is_}, not {expected}")


begin = [node for _, _, node in roots]
reachable = reach(begin)
alive = reach([next_ for node in finalized if node is not None for next_ in edges[node]]) - reachable
report = json.loads(run("retained", path, "--top", "0", "--json"))
same("objects", report["objects"], count_of(set(starts)))
same("reachable", report["reachable"], count_of(reachable))
same("finalizer_only", report["finalizer_only"], count_of(alive))
same("unreachable", report["unreachable"], count_of(set(starts) - reachable - alive))
same("phantoms", report["phantoms"], {"count": len(phantoms), "bytes": sum(size for _, size in phantoms)})
same("rows", sorted(int(row["address"], 16) for row in report["rows"]), sorted(reachable))
held = {}
for row in report["rows"]:
    node = int(row["address"], 16)
    lost = reachable - reach(begin, node)
    held[node] = lost
    same(f"{row['address']}: retained", (row["retained"], row["objects"]), (bytes_of(lost), len(lost)))
for row in report["rows"]:
    node = int(row["address"], 16)
    above = [other for other in reachable if other != node and node in held[other]]
    nearest = min(above, key=lambda other: len(held[other])) if above else None
    same(f"{row['address']}: dominator", row["dominator"], hex(nearest) if nearest is not None else None)
order_is = [(-row["retained"], int(row["address"], 16)) for row in report["rows"]]
same("the order of rows", order_is, sorted(order_is))

by_root = json.loads(run("retained", path, "--top", "0", "--by", "root", "--json"))
same("roots", len(by_root["rows"]), len(roots))
same("roots and shared", sum(row["retained"] for row in by_root["rows"]) + by_root["shared"]["bytes"], bytes_of(reachable))
alone = sorted(bytes_of(reachable - reach(begin[:i] + begin[i + 1:])) for i in range(len(begin)))
same("what roots hold", sorted(row["retained"] for row in by_root["rows"]), alone)

by_goroutine = json.loads(run("retained", path, "--top", "0", "--by", "goroutine", "--json"))
total = by_goroutine["shared"]["bytes"]
for row in by_goroutine["rows"]:
    lost = reachable - reach([node for of, _, node in roots if of != row["goroutine"]])
    total += row["retained"]
    same(f"goroutine {row['goroutine']}", (row["retained"], row["objects"]), (bytes_of(lost), len(lost)))
same("goroutines", sorted(row["goroutine"] for row in by_goroutine["rows"]),
     sorted({record["id"] for record in records if record["record"] == "Goroutine"}))
same("goroutines and shared", total, bytes_of(reachable))

for row in json.loads(run("retained", path, "--top", "0", "--by", "class", "--json"))["rows"]:
    of_class = {start for start, size in nodes if size == row["size"]}
    seen, stack = set(), [node for node in begin if node not in of_class]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(next_ for next_ in edges[node] if next_ not in of_class)
    same(f"class {row['size']}", (row["count"], row["retained"]), (len(of_class), bytes_of(reachable - seen)))

# ---- ways: breadth first
distance, level, step = {}, set(begin), 1
while level:
    distance.update({node: step for node in level})
    level = {next_ for node in level for next_ in edges[node]} - set(distance)
    step += 1
if starts:
    for start, line in zip(starts, run("path", path, *[hex(start + size_of[start] - 1) for start in starts], "--json").splitlines()):
        answer = json.loads(line)
        same(f"{hex(start)}: object", (answer["kind"], answer["object"], answer["offset"]), ("object", hex(start), size_of[start] - 1))
        same(f"{hex(start)}: distance", answer["distance"], distance.get(start))
        same(f"{hex(start)}: reachable", answer["reachable"], start in reachable)
        for way in answer["paths"]:
            steps = way["steps"]
            same(f"{hex(start)}: steps", len(steps), distance[start])
            same(f"{hex(start)}: the end", int(steps[-1]["object"], 16), start)
            same(f"{hex(start)}: the root", int(steps[0]["object"], 16) in begin, True)
            for one, next_ in zip(steps, steps[1:]):
                value = int(next_["object"], 16) + next_["offset"]
                same(f"{hex(start)}: a step", (next_["field"], value) in fields[int(one["object"], 16)], True)
print(f"{path}: {len(nodes)} objects, {len(roots)} roots, {len(reachable)} reachable: {'FAILED' if failed else 'agree'}")
sys.exit(failed)
