#!/bin/bash
# test_dump_answers: what a dump is asked, as a user meets it: screens, what is refused. Whether the answers are right,
# tests/cli/graph_reference.py says, object by object, of the dumps of test_dump_graph.
# once: what it answers: the same sources do it in each build
#
# holds: cli/dump/graph/duplicates.c cli/dump/graph/explain.c cli/dump/graph/object.c cli/dump/graph/roots.c cli/dump/graph/top.c
# holds: cli/dump/graph/what.c cli/dump/scan/find.c cli/dump/scan/goroutines.c cli/dump/scan/spans.c cli/dump/scan/stacks.c
# holds: cli/dump/scan/where.c cli/dump/scan/whole.c cli/io/json.c cli/io/lookup.c cli/io/table.c cli/io/text.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
sample=$source/corpus/decode/seed/all-records-8-little

shows() { # TEXT ARGUMENT...: `countercheck dump ARGUMENT...` is clean, and has the text on its screen
    local text=$1
    shift
    ends 0 "$command" dump "$@"
    says out "$text" "dump $*"
}
refused() { # WORDS ARGUMENT...
    local words=$1
    shift
    expect 2 "$words" "$command" dump "$@"
    [ ! -s out ] || fail "dump $*: prints $(head -n 1 out)"
}

address=$("$command" dump find "$sample" --json | sed -n '1s/.*"address":"\(0x[0-9a-f]*\)".*/\1/p')
for how in top roots goroutines spans duplicates find "object@$address"; do
    IFS=@ read -ra words <<<"${how%%@*}@$sample${how#"${how%%@*}"}"
    ends 0 "$command" dump "${words[@]}"
    [ -s out ] && [ ! -s err ] || fail "dump ${words[*]}: $(cat err)"
    gzip -nc "$sample" | "$command" dump "${words[0]}" - "${words[@]:2}" | cmp - out || fail "dump ${words[*]}: a packed pipe gives another answer"
    ends 0 "$command" dump "${words[@]}" --json
    python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' <<<"$(tr -d '\n' <out | sed 's/}{/}\n{/g')" || fail "dump ${words[*]} --json"
    ends 0 "$command" dump "${words[0]}" --help
    says out "usage: countercheck dump ${words[0]} " help
    expect 2 'good up to byte' "$command" dump "${words[0]}" <(head -c 300 "$sample") "${words[@]:2}"
done
shows 'by kind of root' top "$sample"
shows 'unexplained' top "$sample"
"$command" replay --dump ours "$source/corpus/heap/found/871cd1849b93f0ee.ops" >/dev/null || fail 'no dump'
shows '  and 10 more' top ours --top 3
shows ' -> 0x' roots "$sample" --kind data
shows 'waiting: chan receive, goroutine' goroutines "$sample"
shows '+0 ' object "$sample" "$address"
shows 'in no object' object "$sample" 1
shows '3 objects of 48 bytes' find "$sample"

# A class's pages are those of the table that the allocator's spans are made by.
python3 - "$source" <<'P' || fail 'the pages of long spans'
import re, sys
text = open(sys.argv[1] + "/allocator/size_classes.def").read()
wanted = {int(size): int(pages) for size, pages in re.findall(r"SIZE_CLASS\(\d+, (\d+), (\d+)\)", text) if int(pages) > 1}
text = open(sys.argv[1] + "/cli/dump/scan/spans.c").read()
text = text[text.index("long_spans[] ="):text.index("};", text.index("long_spans[] ="))]
assert {int(size): int(pages) for size, pages in re.findall(r"\{(\d+), (\d+)\}", text)} == wanted
P

# ---- types: what an interface of the data segment points to, by its itab or by its type; not from inside, not twice
python3 - typed <<'P' || fail 'no dump'
import sys
BASE, TYPE, ITAB = 0xc000002000, 0x4a0000, 0x4b0000
def number(value):
    return (bytes([value & 127 | 128]) + number(value >> 7)) if value > 127 else bytes([value])
def record(*parts):
    return b"".join(number(len(part)) + part if isinstance(part, bytes) else number(part) for part in parts)
words = lambda *values: b"".join(value.to_bytes(8, "little") for value in values)
data = words(ITAB, BASE, TYPE, BASE + 16, TYPE, BASE + 40, ITAB, BASE + 16)
with open(sys.argv[1], "wb") as file:
    file.write(b"go1.7 heap dump\n" + record(6, 0, 8, BASE, BASE + 8192, b"amd64", b"go1.19", 1))
    file.write(record(3, TYPE, 8, b"main.node", 1) + record(3, TYPE + 64, 8, b"main.", 1) + record(8, ITAB, TYPE + 64))
    file.write(b"".join(record(1, BASE + 16 * i, bytes(16), 0) for i in range(3)))
    file.write(record(12, 0x4c0000, data, *[part for i in (8, 24, 40, 56) for part in (1, i)], 0) + record(13, 0x4d0000, b"", 0))
    file.write(record(10, *[0] * 281) + record(0))
P
ends 0 "$command" dump top typed --json
python3 - out <<'P' || fail "types: $(cat out)"
import json, sys
rows = {row["type"]: (row["address"], row["count"]) for row in json.load(open(sys.argv[1]))["by_type"]}
assert rows == {"main.": ("0x4a0040", 1), "main.node": ("0x4a0000", 1)}, rows
P
"$command" replay --dump framed "$source/corpus/heap/slow/ae063c8a6224d542.ops" >/dev/null || fail 'no dump'
python3 "$source/tests/cli/json_shape.py" "$command" "$source/dump/JSON.md" "$source/corpus/decode/seed/every-record" framed typed >said ||
    fail "dump/JSON.md: $(cat said)"

# ---- json: kinds and conditions
lines() { # COUNT ARGUMENT...
    local wanted=$1
    shift
    ends 0 "$command" dump json "$@"
    [ "$(wc -l <out)" = "$wanted" ] || fail "dump json $*: $(wc -l <out) lines, not $wanted"
}
every=$source/corpus/decode/seed/every-record
lines 3 typed --only objects
lines 5 typed --only Object,DATA,bss
lines 2 typed --where 'address in 0xc000002000..0xc00000201f'
lines 1 typed --where 'kind Object && address > 0xc000002010'
lines 1 typed --where 'size>=17'
lines 0 typed --where 'size > 16 && size < 64'
lines 3 typed --where 'class 16'
lines 1 typed --where 'points-to 0xc000002028 && points-to in 0xc000002000..0xc000002001'
lines 0 typed --where 'points-to 0xc000002029'
ends 0 "$command" dump json typed --only objects --no-contents
says out '"address":"0xc000002000","size":16,"fields":[]}' '--no-contents'
id=$("$command" dump json "$every" --only goroutine | sed -n '1s/.*"id":\([0-9]*\).*/\1/p')
"$command" dump json "$every" --where "goroutine $id" | grep -q '"record":"StackFrame"' || fail 'a goroutine without its frames'
"$command" dump json "$every" --where "goroutine $((id + 1000))" | grep -q . && fail 'records of no goroutine'

# A record that comes in parts is printed whole or not at all.
python3 - large <<'P' || fail 'no dump'
import sys
number = lambda value: (bytes([value & 127 | 128]) + number(value >> 7)) if value > 127 else bytes([value])
typed = open("typed", "rb").read()
at = typed.index(b"\x01" + number(0xc000002000) + number(16))
memory = bytes(300000) + (0x1234).to_bytes(8, "little")
large = b"\x01" + number(0xc000100000) + number(len(memory)) + memory + b"\x01" + number(300000) + b"\x00"
open(sys.argv[1], "wb").write(typed[:at] + large + typed[at:])
P
lines 1 large --where 'points-to 0x1234'
[ "$(wc -c <out)" -gt 600000 ] || fail 'a large record is cut'
lines 0 large --where 'size > 20 && points-to 0x1235'
lines 1 large --where 'size == 300008' --no-contents

# ---- what is refused
refused "--only 'objects,heap', column 9: expected a record's name" json "$sample" --only objects,heap
refused "--only '', column 1" json "$sample" --only ''
refused "--where 'size>=', column 7: expected a number below 2^64" json "$sample" --where 'size>='
refused "--where 'size 4 || class 5', column 8: expected && or the end" json "$sample" --where 'size 4 || class 5'
refused "--where 'colour 5', column 1: expected size, address, class, kind, goroutine or points-to" json "$sample" --where 'colour 5'
refused "column 14: expected a number not below the first" json "$sample" --where 'size in 0x5..4'
refused "column 6: expected a number that another can be beyond" json "$sample" --where 'size<0'
refused "column 6: expected a record's name" json "$sample" --where 'kind Heap'
refused "--top takes a whole number" top "$sample" --top x
refused "--kind takes a kind of root" roots "$sample" --kind heap
refused "--bytes takes pairs of hexadecimal digits" find "$sample" --bytes abc
refused "--bytes takes pairs of hexadecimal digits" find "$sample" --bytes ''
refused "--bytes and --text exclude each other" find "$sample" --bytes ab --text ab
refused "--text takes 1 to 4096 bytes" find "$sample" --text ''
refused "--size 'size in 5..4', column 12: expected a number not below the first" find "$sample" --size 5..4
refused "--size 'size large', column 6: expected a number below 2^64" find "$sample" --size large
refused "expected a number below 2^64" find "$sample" --size 18446744073709551616
refused "takes a number, or A..B" find "$sample" --size '4 && size 5'
refused "no object holds 0x1" find "$sample" --points-to 1
refused "'here' is no address" object "$sample" here
refused 'an operand is missing' object "$sample"
[ $failed = 0 ] && echo 'ok: what a dump is asked'
exit $failed
