#!/bin/bash
# test_dump_answers: what a dump is asked, as a user meets it: screens, what is refused. Whether the answers are right,
# tests/cli/graph_reference.py says, object by object, of the dumps of test_dump_graph.
#
# holds: cli/dump/graph/duplicates.c cli/dump/graph/explain.c cli/dump/graph/object.c cli/dump/graph/roots.c cli/dump/graph/top.c
# holds: cli/dump/graph/what.c cli/dump/scan/find.c cli/dump/scan/goroutines.c cli/dump/scan/spans.c cli/dump/scan/stacks.c
# holds: cli/dump/scan/where.c cli/dump/scan/whole.c cli/io/json.c cli/io/lookup.c cli/io/table.c
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
    # shellcheck disable=SC2206 # words
    words=("${how%@*}" "$sample" ${how#"${how%@*}"})
    words=("${words[@]/#@/}")
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

# ---- what is refused
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
