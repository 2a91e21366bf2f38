#!/bin/bash
# test_dump_export: a dump for the tools of others: profiles for pprof and pictures for Graphviz, held to what the other questions
# say, and opened by these where they are installed.
# once: what it writes for others: the same sources do it in each build
#
# holds: cli/dump/export/dot.c cli/dump/export/kept.c cli/dump/export/pprof.c cli/dump/export/profiles.c cli/profile/profile.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
every=$source/corpus/decode/seed/every-record

# A dump whose profile has what is odd: a stack of no frame, more frees than allocations, numbers that pass 2^63, names that steer.
python3 - plain odd <<'P' || fail 'no dump'
import sys
def number(value):
    return (bytes([value & 127 | 128]) + number(value >> 7)) if value > 127 else bytes([value])
def record(*parts):
    return b"".join(number(len(part)) + part if isinstance(part, bytes) else number(part) for part in parts)
def call(function, file, line):
    return (function, file, line)
for name in sys.argv[1:]:
    with open(name, "wb") as file:
        file.write(b"go1.7 heap dump\n" + record(6, 0, 8, 0xc000000000, 0xc000002000, b"amd64", b"go1.19", 1))
        file.write(record(12, 0x4c0000, b"", 0) + record(13, 0x4d0000, b"", 0) + record(10, *[0] * 281))
        file.write(record(16, 0x10, 48, 2, *call(b"main.leaf", b"/a.go", 7), *call(b"main.main", b"/a.go", 9), 10, 4))
        file.write(record(16, 0x20, 48, 2, *call(b"main.leaf", b"/a.go", 7), *call(b"main.main", b"/a.go", 10), 5, 5))
        file.write(record(16, 0x30, 0, 0, 3, 1))
        if name == "odd":
            file.write(record(16, 0x40, 1 << 40, 1, *call(b"\x1b[31m\xff\xe2\x80\xaex\0y", b"\xc2\x9b", 1), 1 << 40, 0))
            file.write(record(16, 0x50, 16, 1, *call(b"main.odd", b"/a.go", 1), 1, 2))
        file.write(record(0))
P
"$command" replay --dump ours "$source/corpus/heap/found/871cd1849b93f0ee.ops" >/dev/null || fail 'no dump'
"$command" dump pprof odd >out 2>err
if grep -q 'it needs protobuf-c' err; then
    expect 3 'it needs protobuf-c' "$command" dump pprof odd
    echo 'skipped: pprof: this build has no protobuf-c'
else
    for dump in plain ours "$every" "$source/corpus/decode/seed/all-records-4-big"; do
        for rate in '' 1 512 524288; do
            python3 "$source/tests/cli/profile_reference.py" "$command" "$dump" $rate 2>said || fail "$dump $rate: $(tail -n 1 said)"
        done
    done
    # A goroutine of so many frames, each of which alone holds an object: stacks that are cut, not memory of the square.
    python3 - deep <<'P' || fail 'no dump'
import sys
def number(value):
    return (bytes([value & 127 | 128]) + number(value >> 7)) if value > 127 else bytes([value])
def record(*parts):
    return b"".join(number(len(part)) + part if isinstance(part, bytes) else number(part) for part in parts)
FRAMES, BASE = 3000, 0xc000000000
with open(sys.argv[1], "wb") as file:
    file.write(b"go1.7 heap dump\n" + record(6, 0, 8, BASE, BASE + (1 << 20), b"amd64", b"go1.19", 1))
    file.write(b"".join(record(1, BASE + 16 * i, bytes(16), 0) for i in range(FRAMES)))
    file.write(record(4, BASE, BASE, 1, 0, 4, 0, 0, 0, b"select", 0, 0, 0, 0))
    for i in range(FRAMES):
        file.write(record(5, 0x1000 + 8 * i, i, 0, (BASE + 16 * i).to_bytes(8, "little"), 0, 0, 0, b"main.f%d" % i, 1, 0, 0))
    file.write(record(12, 0x4c0000, b"", 0) + record(13, 0x4d0000, b"", 0) + record(10, *[0] * 281) + record(0))
P
    ends 0 "$command" dump pprof deep --by holder
    [ "$(gzip -dc out | wc -c)" -lt 2000000 ] || fail "a deep stack: $(gzip -dc out | wc -c) bytes"
    gzip -dc out | grep -qa '(older frames)' || fail 'a stack is cut without a word'
    ends 0 "$command" dump pprof odd
    says err 'odd: 1 buckets have more frees than allocations' 'odd buckets'
    gzip -dc out >unpacked
    says unpacked '\x1b[31m\xff\u{202e}x?y' 'names that steer'
    LC_ALL=C grep -qaP '\x1b|\xc2\x9b' unpacked && fail 'a name steers'
    ends 0 "$command" dump pprof plain -o profile
    [ ! -s out ] && gzip -t <profile && gzip -nc plain | "$command" dump pprof - | cmp - profile || fail 'a packed pipe gives another profile'
    if command -v go >/dev/null; then
        export HOME=$folder
        go tool pprof -top -sample_index=inuse_space profile >said 2>&1 && grep -q '288B .* main.leaf' said || fail "pprof: $(cat said)"
        go tool pprof -top -cum profile >said 2>&1 && grep -q '288B .* main.main' said || fail "pprof: $(cat said)"
        "$command" dump pprof "$every" --by holder -o holders && go tool pprof -traces holders >said 2>&1 && grep -q 'Type: retained_space' said ||
            fail "pprof: $(cat said)"
    else
        echo 'skipped: go tool pprof: Go is not installed (apt-get install golang-go)'
    fi
    expect 2 'good up to byte' "$command" dump pprof <(head -c 300 "$every")
    expect 3 'its graph needs up to' "$command" dump pprof ours --by holder --memory-limit 1K
    expect 2 "nowhere/profile: cannot create" "$command" dump pprof plain -o nowhere/profile
fi

# ---- what is refused
expect 2 "--by takes site or holder, not 'class'" "$command" dump pprof odd --by class
expect 2 '--rate takes at least 1' "$command" dump pprof odd --rate 0
expect 2 '--rate takes a whole number' "$command" dump pprof odd --rate often
expect 2 '--rate goes with --by site' "$command" dump pprof odd --by holder --rate 512
python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' "$command" dump pprof odd >said 2>&1
status=$?
[ $status = 2 ] && grep -q 'a profile is nothing for a terminal' said || fail "to a terminal: status $status: $(head -c 300 said)"
# ---- dot: opened by Graphviz where it is installed; names that would end a label or steer a terminal do not
ends 0 "$command" dump dot "$every"
says out 'digraph dump {' 'dot'
says out 'every-record: the ' 'dot'
cp ours 'a "name" \ & <b>' && ends 0 "$command" dump dot 'a "name" \ & <b>' --top 3 -o picture
says picture 'label="a \"name\" \\ &amp; <b>: the 3 that retain most of ' 'a title'
[ "$(grep -c 'retains' picture)" = 3 ] || fail "not three objects: $(cat picture)"
python3 - "$command" ours <<'P' || fail 'dot: another tree than dump retained'
import json, re, subprocess, sys
command, dump = sys.argv[1:]
run = lambda *words: subprocess.run([command, "dump", *words], stdout=subprocess.PIPE, text=True, check=True).stdout
rows = json.loads(run("retained", dump, "--top", "40", "--json"))["rows"]
picture = run("dot", dump, "--top", "40")
found = dict(re.findall(r'^  (n\d+) \[label="(0x[0-9a-f]+)\\n', picture, re.M))
sizes = [(int(a), int(b)) for a, b in re.findall(r"retains (\d+) B in (\d+)", picture)]
assert sizes == [(row["retained"], row["objects"]) for row in rows]
parents = {found[to]: found[by] for by, to, look in re.findall(r"^  (n\d+) -> (n\d+)(.*)$", picture, re.M) if "gray" not in look}
wanted = {row["address"]: row["dominator"] for row in rows if row["dominator"]}
assert parents == wanted, (parents, wanted)
roots = set(re.findall(r"^  (r\d+) -> n", picture, re.M))
assert roots == set(re.findall(r"^  (r\d+) \[shape=box", picture, re.M)) and len(roots) > 0
edges = {(e["object"], row["address"]) for row in rows for e in json.loads(run("object", dump, row["address"], "--json"))["in"] if e["object"] in found.values()}
drawn = {(found[by], found[to]) for by, to in re.findall(r"^  (n\d+) -> (n\d+)(?! \[style=dashed)", picture, re.M)}
assert drawn == edges or "more pointers among these" in picture, drawn ^ edges
P
if command -v dot >/dev/null; then
    for picture in picture out; do
        dot -Tsvg $picture -o drawn.svg 2>err && [ ! -s err ] && grep -q '<svg' drawn.svg || fail "dot: $(cat err)"
    done
else
    echo 'skipped: dot: Graphviz is not installed (apt-get install graphviz)'
fi
expect 2 '--top takes at least 1' "$command" dump dot ours --top 0
expect 2 '--top takes a whole number' "$command" dump dot ours --top 2001
expect 3 'its graph needs up to' "$command" dump dot ours --memory-limit 1K
expect 2 'good up to byte' "$command" dump dot <(head -c 300 "$every")
[ $failed = 0 ] && echo 'ok: dumps for other tools'
exit $failed
