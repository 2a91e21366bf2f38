#!/bin/bash
# test_dump_copy: what recode and redact make of a dump: nothing of the program's data is left of a redacted one, its graph is;
# one of several dumps, the good part of a cut one, and what info says of it.
# once: what it copies: the same sources do it in each build
#
# holds: cli/dump/copy/names.c cli/dump/copy/recode.c cli/dump/copy/redact.c cli/dump/copy/target.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
seeds=$source/corpus/decode/seed

# ---- redact: a dump with a secret in each object, segment and frame, beside and inside pointer fields, and in each name
python3 - secret <<'P' || fail 'no dump'
import sys
BASE, STACK = 0xc000002000, 0xc000300000
def number(value):
    return (bytes([value & 127 | 128]) + number(value >> 7)) if value > 127 else bytes([value])
def record(*parts):
    return b"".join(number(len(part)) + part if isinstance(part, bytes) else number(part) for part in parts)
words = lambda *values: b"".join(value.to_bytes(8, "little") for value in values)
secret = int.from_bytes(b"PASSWORD", "little")
fields = lambda *offsets: [part for offset in offsets for part in (1, offset)] + [0]
large = words(BASE + 16) + b"PASSWORD" * 40000 + words(STACK + 8)
with open(sys.argv[1], "wb") as file:
    file.write(b"go1.7 heap dump\n" + record(6, 0, 8, BASE, BASE + 0x200000, b"amd64", b"go1.19", 1))
    file.write(record(3, 0x4a0000, 8, b"PASSWORD", 1) + record(8, 0x4b0000, 0x4a0000) + record(2, b"PASSWORD", BASE))
    file.write(record(1, BASE, words(BASE + 17, secret), *fields(0, 8)) + record(1, BASE + 16, words(secret, secret), 0))
    file.write(record(1, BASE + 0x100000, large, *fields(0, 8, len(large) - 8)))
    file.write(record(4, 0xc000400000, STACK, 7, 0, 4, 0, 0, 0, b"sleep", 0, 0, 0, 0))
    file.write(record(5, STACK, 0, 0, words(BASE, secret), 1, 2, 3, b"PASSWORD", *fields(0)))
    file.write(record(5, STACK + 16, 1, STACK, words(secret, secret, BASE + 0x100008), 1, 2, 3, b"PASSWORD", *fields(0, 8, 16)))
    file.write(record(12, 0x4c0000, words(secret, BASE, secret), *fields(0, 8, 16)) + record(13, 0x4d0000, words(secret), 0))
    file.write(record(10, *[0] * 281) + record(16, 0x4e0000, 16, 2, b"PASSWORD", b"PASSWORD", 1, b"main.main", b"", 2, 1, 0) + record(0))
P
[ "$(grep -aoc PASSWORD secret)" -ge 1 ] || fail 'no secret in the dump'
ends 0 "$command" dump redact secret plain --names key
grep -qa PASSWORD plain && fail 'a secret is in the redacted dump'
[ "$(stat -c %a plain)" = 600 ] || fail 'others may read it'
ends 0 "$command" dump redact secret named
"$command" dump json named | sed 's/"\(function\|file\|name\|description\)":"PASSWORD"//g' | grep -q PASSWORD && fail 'a secret is in more than names'
"$command" dump json named --no-contents | cmp - <("$command" dump json secret --no-contents) || fail 'more than memory changed'
python3 - "$command" <<'P' || fail 'what is left'
import hashlib, hmac, json, subprocess, sys
read = lambda name: [json.loads(line) for line in subprocess.run([sys.argv[1], "dump", "json", name], stdout=subprocess.PIPE).stdout.splitlines()]
kept = {"Object": [{0: 0xc000002011}, {}, {0: 0xc000002010, 320008: 0xc000300008}], "StackFrame": [{0: 0xc000002000}, {16: 0xc000102008}],
        "Data": [{8: 0xc000002000}], "BSS": [{}]}
digits = hmac.new(b"key", b"PASSWORD", hashlib.sha256).hexdigest()[:16]
names = []
for record in read("plain"):
    if "contents" in record:
        memory = bytes.fromhex(record["contents"])
        wanted = bytearray(len(memory))
        for offset, value in kept[record["record"]].pop(0).items():
            wanted[offset:offset + 8] = value.to_bytes(8, "little")
        assert memory == bytes(wanted), record["record"]
    for of in [record, *record.get("stack", [])]:
        names += [of[key] for key in ("function", "file", "name", "description") if isinstance(of.get(key), str) and not of[key].startswith("0x")]
assert names.count(digits) == 6 and "" in names and len(names) == 8, names
P
for query in 'retained --top 0' 'top --top 0' 'retained --by root --top 0' 'spans'; do
    # shellcheck disable=SC2086 # words
    cmp <("$command" dump $query named --json) <("$command" dump $query secret --json) || fail "$query of a redacted dump"
done
"$command" replay --dump ours "$source/corpus/heap/slow/ae063c8a6224d542.ops" >/dev/null || fail 'no dump'
for dump in ours "$seeds/every-record" "$seeds/all-records-4-big"; do
    ends 0 "$command" dump redact "$dump" plain
    "$command" dump verify "$dump" >before 2>&1
    "$command" dump verify plain >after 2>&1
    cmp before after || fail "$dump: verify says something else"
    cmp <("$command" dump retained --top 0 "$dump" --json) <("$command" dump retained --top 0 plain --json) || fail "$dump: another graph"
done
expect 2 "--names takes a key" "$command" dump redact ours plain --names ''
expect 2 'good up to byte' "$command" dump redact <(head -c 300 ours) left
expect 3 'No space left' "$command" dump redact ours /dev/full
[ ! -e left ] || fail 'a redaction that failed leaves a file'

# ---- recode --take
cat "$seeds/smallest" "$seeds/every-record" ours >three
ends 0 "$command" dump recode three one --take 1 && cmp one "$seeds/smallest"
ends 0 "$command" dump recode three one --take 2 && cmp one "$seeds/every-record"
gzip -nc three | "$command" dump recode - one --take 3 && cmp one ours || fail 'the third, by a pipe'
expect 2 'it holds 3 dumps, not 4' "$command" dump recode three one --take 4
expect 2 'it holds 1 dump, not 2' "$command" dump recode ours one --take 2
expect 2 'bytes after the end' "$command" dump recode three one
expect 2 '--take takes at least 1' "$command" dump recode three one --take 0
expect 2 'exclude each other' "$command" dump recode three one --take 1 --repair

# ---- recode --repair: whatever is lost, what is left is a dump, with all that came before
whole=$seeds/every-record
size=$(stat -c %s "$whole")
for at in $(seq 60 131 $((size - 1))); do
    head -c "$at" "$whole" >cut
    "$command" dump recode cut fixed --repair 2>err || { ! "$command" dump json cut 2>/dev/null | grep -q . || fail "cut at $at: $(cat err)" && continue; }
    says err 'lost from byte' "cut at $at"
    # into files: whoever writes to a head that has enough dies of it
    "$command" dump json cut 2>/dev/null >shown
    "$command" dump json fixed >after
    grep -v '"Type"' shown >before
    grep -v '"Type"' after >untyped
    count=$(wc -l <before)
    cmp -s <(head -n "$count" after) before || cmp -s <(head -n "$count" untyped) before ||
        fail "cut at $at: records are not what they were"
    "$command" dump info fixed >/dev/null || fail "cut at $at: not repaired"
done
ends 0 "$command" dump recode "$whole" fixed --repair
[ ! -s err ] && cmp fixed "$whole" || fail 'a whole dump is repaired'
expect 2 'good up to byte' "$command" dump recode <(head -c 20 "$whole") fixed --repair

# ---- info of a cut dump
ends 2 "$command" dump info <(head -c 500 "$seeds/all-records-8-little")
says out 'go1.19.8 on amd64' 'a cut dump'
says err 'good up to byte' 'a cut dump'
ends 2 "$command" dump info <(head -c 500 "$seeds/all-records-8-little") --json
says out '"complete":false' 'a cut dump'
[ $failed = 0 ] && echo 'ok: redact, recode --take and --repair, info of a cut dump'
exit $failed
