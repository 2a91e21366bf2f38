#!/usr/bin/env python3
"""graph_reference: a dump by the simplest means, to hold what the commands answer against: each object, not the top ten.

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
nodes, fields, contents, phantoms, pages, pointerless = [], {}, {}, [], set(), set()


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
        contents[start] = bytes.fromhex(record["contents"])
        if not record["fields"]:
            pointerless.add(start)
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
# ---- top
def sums(groups):
    """{key: (count, bytes, pointer words)} of {key: set of nodes}"""
    return {key: (len(of), bytes_of(of), sum(len(fields[node]) for node in of)) for key, of in groups.items()}


def table(rows, *keys):
    """The same of a table of a command."""
    read = {tuple(row[key] for key in keys): (row["count"], row["bytes"], row["pointer_words"]) for row in rows}
    same(f"rows by {keys}", len(read), len(rows))
    return read


def alone(gone):
    """What only the roots for which gone() is true lead to."""
    return reachable - reach([node for *of, node in roots if not gone(*of)])


top = json.loads(run("top", path, "--top", "0", "--json"))
same("top: objects", table([top["objects"]])[()], sums({0: set(starts)})[0])
same("top: by class", table(top["by_class"], "size"), sums({(size,): {start for start, of in nodes if of == size} for _, size in nodes}))
kind_of = lambda name: name[0] if isinstance(name, tuple) else name
kinds = {(kind,): alone(lambda of, name: kind_of(name) == kind)
         for kind in ("data", "bss", "frame", "other", "context", "defer", "panic", "finalizer_function", "queued_object", "queued_function")}
kinds[("shared",)] = reachable - set().union(*kinds.values())
kinds[("finalizer_only",)] = alive
kinds[("unreachable",)] = set(starts) - reachable - alive
same("top: by root", table(top["by_root"], "kind"), sums(kinds))
ids = {of for of, _, _ in roots if of is not None}
same("top: by goroutine", table(top["by_goroutine"], "goroutine"),
     sums({(id_,): held for id_ in ids if (held := alone(lambda of, name: of == id_))}))
frame_names = {(of, name[2]) for of, name, _ in roots if isinstance(name, tuple) and name[0] == "frame"}
depth_of = {record["sp"]: record["depth"] for record in records if record["record"] == "StackFrame"}
same("top: by frame", table(top["by_frame"], "goroutine", "depth"),
     sums({(id_, depth_of[sp]): held for id_, sp in frame_names
           if (held := alone(lambda of, name: of == id_ and isinstance(name, tuple) and name[2] == sp))}))
site_of, type_at, type_of, names, leaves = {}, {}, {}, {}, {}
for record in records:
    kind = record["record"]
    if kind == "Type":
        type_at.setdefault(record["address"], record["address"])
        names.setdefault(record["address"], record["name"])
    elif kind == "Itab" and record["type"] in type_at:
        type_at[record["address"]] = type_at[record["type"]]
    elif "fields" in record and (kind != "Object" or int(record["address"], 16) in fields):
        memory = bytes.fromhex(record["contents"])
        for offset, value in pointers(record):
            before = hex(int.from_bytes(memory[offset - width:offset], order)) if offset >= width else None
            if before in type_at and node_of(value) == value:
                type_of.setdefault(value, type_at[before])
    elif kind == "MemProf":
        leaves[record["address"]] = record["stack"][0] if record["stack"] else {"function": None, "file": None, "line": None}
    elif kind == "AllocSample" and record["bucket"] in leaves:
        if (node := node_of(int(record["object"], 16))) is not None:
            site_of.setdefault(node, record["bucket"])
group = lambda of, key: {key_: {node for node in of if key(node) == key_} for key_ in {key(node) for node in of}}
same("top: by type", table(top["by_type"], "address", "type"),
     sums(group(type_of, lambda node: (type_of[node], names[type_of[node]]))))
same("top: by site", table(top["by_site"], "bucket", "function", "file", "line"),
     sums(group(site_of, lambda node: (site_of[node], *leaves[site_of[node]].values()))))
same("top: unexplained", table([top["unexplained"]])[()], sums({0: reachable - set(site_of) - set(type_of)})[0])

# ---- roots, goroutines, spans, duplicates
listed = json.loads(run("roots", path, "--json"))["roots"]
name_of = lambda of: (of["kind"], of["offset"], of["record"]) if of["kind"] in ("data", "bss", "frame") else of["kind"]
same("roots", sorted(str((row["root"]["goroutine"], name_of(row["root"]), int(row["object"], 16))) for row in listed), sorted(map(str, roots)))
stacks, now = [], None
for record in records:
    if record["record"] == "Goroutine":
        now = {"id": record["id"], "system": record["is_system"], "defers": 0, "panics": 0}
        stack = []
        stacks.append((now, stack))
    elif record["record"] == "StackFrame":
        stack.append({"function": record["function"], "pc": record["pc"], "entry": record["entry"]})
    elif record["record"] in ("Defer", "Panic"):
        now[record["record"].lower() + "s"] += 1
told = json.loads(run("goroutines", path, "--json"))
same("goroutines: each", sorted(str((one, of["stack"])) for of in told["groups"] for one in of["goroutines"]),
     sorted(str(of) for of in stacks))
same("goroutines: groups", len({str((of["state"], of["stack"])) for of in told["groups"]}), len(told["groups"]))
same("goroutines: sums", [(of["count"], of["defers"], of["panics"]) for of in told["groups"]],
     [(len(of["goroutines"]), *(sum(one[what] for one in of["goroutines"]) for what in ("defers", "panics"))) for of in told["groups"]])
spans = json.loads(run("spans", path, "--json"))
live = {}
for start, size in nodes:
    live.setdefault(size, []).append(start)
same("spans: objects", {row["size"]: row["objects"] for row in spans["classes"]}, {size: len(of) for size, of in live.items()})
one_page = {size: {start // 8192 for start in of} for size, of in live.items() if size <= 1024}
same("spans: of a page", {row["size"]: (row["spans"], row["span_bytes"]) for row in spans["classes"] if row["size"] <= 1024},
     {size: (len(of), 8192 * len(of)) for size, of in one_page.items()})
memstats = next(record for record in records if record["record"] == "MemStats")
same("spans: not more than there are", spans["span_bytes"] <= memstats["HeapInuse"], True)
if version.startswith("go1."):
    same("spans: all that Go has", spans["span_bytes"], memstats["HeapInuse"])
plain = {}
for start, size in nodes:
    if start in pointerless:
        plain.setdefault(contents[start], []).append(start)
again = {of[0]: (len(of), len(bytes_)) for bytes_, of in plain.items() if len(of) > 1}
doubles = json.loads(run("duplicates", path, "--top", "0", "--json"))
same("duplicates", {int(row["example"], 16): (row["count"], row["size"]) for row in doubles["rows"]}, again)
same("duplicates: wasted", (doubles["count"], doubles["wasted"]), (sum(n - 1 for n, _ in again.values()), sum((n - 1) * size for n, size in again.values())))
for row in doubles["rows"]:
    node, holder = int(row["example"], 16), row["holder"]
    same(f"duplicates: what holds {row['example']}", holder["root"] is not None, node in reachable)
    if holder["object"] is not None:
        at = [value for offset, value in fields[int(holder["object"], 16)] if offset == holder["field"]]
        same(f"duplicates: holder of {row['example']}", [node_of(value) for value in at], [node])

# ---- find, object
largest = max(size for _, size in nodes)
found = lambda *arguments: {int(json.loads(line)["address"], 16) for line in run("find", path, *arguments, "--json").splitlines()}
same("find --size", found("--size", f"17..{largest - 1}"), {start for start, size in nodes if 17 <= size < largest})
same("find --class", found("--class", str(largest)), {start for start, size in nodes if size == largest})
for node in sorted(reachable, key=lambda node: -sum(node in to for to in edges.values()))[:1]:
    middle = node + size_of[node] // 2
    same(f"find --points-to {hex(middle)}", found("--points-to", hex(middle)), {start for start, to in edges.items() if node in to})
    sample = contents[node][:8]
    same(f"find --bytes {sample.hex()}", found("--bytes", sample.hex()), {start for start, of in contents.items() if sample in of})
    answer = json.loads(run("object", path, hex(middle), "--json"))
    same(f"object {hex(middle)}", (answer["object"], answer["size"], answer["offset"], bytes.fromhex(answer["contents"])),
         (hex(node), size_of[node], middle - node, contents[node]))
    same(f"object {hex(middle)}: out", [(to["field"], to["value"], to["object"] if to["kind"] == "object" else None) for to in answer["out"]],
         [(offset, hex(value), None if node_of(value) is None else hex(node_of(value))) for offset, value in fields[node]])
    from_objects = [(start, offset, value - node) for start, of in fields.items() for offset, value in of if node_of(value) == node]
    same(f"object {hex(middle)}: in", sorted((int(of["object"], 16), of["field"], of["offset"]) for of in answer["in"] if of["object"] is not None),
         sorted(from_objects))
    same(f"object {hex(middle)}: roots", sum(of["root"] is not None for of in answer["in"]), begin.count(node))
    same(f"object {hex(middle)}: type", answer["type"], names[type_of[node]] if node in type_of else None)
    same(f"object {hex(middle)}: bucket", answer["bucket"], site_of.get(node))
print(f"{path}: {len(nodes)} objects, {len(roots)} roots, {len(reachable)} reachable: {'FAILED' if failed else 'agree'}")
sys.exit(failed)
