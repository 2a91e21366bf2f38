#!/bin/bash
# test_bytes: bytes that nobody meant as a program are refused by every command that reads one; --raw takes them as the fuzz
# targets do.
# once: what it refuses: the same sources do it in each build
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
inputs=$source/tests/cli/inputs
exec </dev/null

printf 'nop\n' | gzip >program.gz
printf '\f\nnop\n' >feed.ops
printf 'CCP\3\0\0\0\0\0\0\0\0\0\0\0\0' >version.bin
mkdir -p corpus/heap/regression
cp "$command" elf
cp "$inputs"/{nul,esc,wrong}.ops .

calls=("replay FILE" "replay --trace FILE" "minimize FILE -o small" "bisect FILE" "ops FILE" "ops --encode FILE -o binary"
    "adopt FILE")
for call in "${calls[@]}"; do
    for file in nul.ops esc.ops program.gz feed.ops version.bin elf; do
        # shellcheck disable=SC2086 # a call of words
        expect 2 "(--raw takes any bytes, as the fuzz targets do)" "$command" ${call/FILE/$file}
    done
done
expect 2 "nul.ops: byte 40 is 0x00: no text" "$command" replay nul.ops
expect 2 "esc.ops: byte 21 is 0x1b: no text" "$command" bisect esc.ops
[ -e small ] || [ -e binary ] || [ -n "$(ls corpus/heap/regression)" ] && fail "something was written of refused bytes"

expect 1 "" "$command" replay wrong.ops
expect 0 "" "$command" replay --raw nul.ops
expect 0 "" "$command" bisect --raw nul.ops
expect 0 "" "$command" ops --raw nul.ops
cp out raw.ops
expect 0 "" "$command" ops --raw --encode nul.ops -o binary
expect 0 "" "$command" ops binary
cmp -s out raw.ops || fail "--raw decodes what --raw --encode does not"
expect 2 "no finding, nothing to minimize" "$command" minimize --raw nul.ops -o small
expect 2 "no finding, nothing to minimize" "$command" adopt --raw nul.ops
expect 1 "" "$command" replay --raw wrong.ops # text stays text
"$command" ops --encode wrong.ops -o wrong || fail "wrong.ops is encoded"
expect 1 "" "$command" replay wrong
for call in "replay --raw wrong" "bisect --raw wrong"; do
    # shellcheck disable=SC2086 # a call of words
    expect 0 "" "$command" $call # the targets check no expect
done
expect 2 "--pin goes with no other option" "$command" replay --pin --raw wrong.ops

# ---- version 2: what is reserved is 0, and the header is whole

printf 'program caches=9\nnop\n' >wide.ops
expect 0 "" "$command" ops --encode wide.ops -o wide
expect 0 "" "$command" ops wide
grep -qx 'program caches=9 check=16' out || fail "version 2 keeps its caches"
head -c 223 wide >cut
expect 2 "cut: a program of version 2 whose header of 224 bytes is cut" "$command" replay cut
{ head -c 20 wide; printf 'x'; tail -c +22 wide; } >later
expect 2 "later: byte 20 is 0x78, and is reserved: it would be 0" "$command" replay later
expect 0 "" "$command" replay --raw later

[ $failed = 0 ] && echo "ok: bytes that are no program are refused, and taken with --raw"
exit $failed
