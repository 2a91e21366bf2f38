#!/bin/bash
# test_dump: the dump subcommands as a user meets them: statuses, one-line errors, files left or not left behind.
#
# holds: cli/cmd_dump.c cli/dump/info.c cli/dump/input.c cli/dump/scan/json.c
# holds: cli/dump/options.c cli/dump/print.c cli/dump/summary.c cli/dump/unpack.c
# holds: cli/dump/verify.c cli/io/tally.c
set -uo pipefail
source=${COUNTERCHECK_SOURCE:?}
countercheck=${COUNTERCHECK:?}
[ -x "$countercheck" ] || { echo "FAIL: $countercheck is not there" && exit 1; }
seeds=$source/corpus/decode/seed
sample=$seeds/all-records-8-little
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

fail() {
    echo "FAIL: $*"
    failed=1
}

# expect STATUS ARGUMENT...: runs `countercheck dump`; leaves its output in out and err.
expect() {
    local wanted=$1 status
    shift
    "$countercheck" dump "$@" >out 2>err
    status=$?
    [ $status = "$wanted" ] || fail "dump $*: status $status, not $wanted: $(cat err)"
    if [ "$wanted" -ge 2 ] && [ "$(wc -l <err)" != 1 ]; then
        fail "dump $*: not one line of error: $(cat err)"
    fi
}

# says TEXT: the last command's output has it.
says() {
    grep -qF -- "$1" out err || fail "'$1' is not said: $(cat out err | head -5)"
}

# ---- good dumps
for dump in "$seeds"/all-records-* "$seeds/smallest"; do
    expect 0 info "$dump"
    expect 0 verify "$dump"
    expect 0 json "$dump"
    expect 0 recode "$dump" copy
    cmp "$dump" copy || fail "recode of $dump gives other bytes"
    expect 0 diff "$dump" copy
    says "no difference"
done
[ "$(stat -c %a copy)" = 600 ] || fail "a recoded dump is readable by others"
expect 0 info "$sample"
[ "$(wc -l <out)" -le 40 ] || fail "info takes more than a screen"
for text in "go1.19.8 on amd64" "chan receive" "HeapObjects" "main.node" "834 bytes"; do
    says "$text"
done
expect 0 info --json "$sample"
[ "$(wc -l <out)" = 1 ] || fail "info --json is not one object on one line"
for text in '"header":"go1.7 heap dump"' '"big_endian":false' '"pointer_size":8' '"AllocSample":2' \
    '"arch":"amd64"' '"cpus":2' '"bytes":834' '"object_bytes":48' '"HeapObjects":3' '"PauseNs":[2500,2500,0'; do
    says "$text"
done
if command -v python3 >/dev/null; then
    python3 - <<'END' || fail "info --json is no JSON, or lacks the lists of the screen"
import json
told = json.load(open("out"))
assert sum(row["bytes"] for row in told["sizes"]) == told["object_bytes"] == 48
assert sum(row["count"] for row in told["sizes"]) == told["records"]["Object"]
assert all(isinstance(row["size"], int) for row in told["sizes"])
assert sum(row["count"] for row in told["goroutines"]) == told["records"]["Goroutine"]
assert any("chan receive" in row["state"] for row in told["goroutines"])
assert any("main.node" in row["leaf"] for row in told["sites"]), told["sites"]
END
    "$countercheck" dump json "$seeds/odd-but-legal" |
        python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' || fail "json lines are no JSON"
    { "$countercheck" dump diff --json "$sample" "$seeds/smallest" || true; } |
        python3 -c 'import json, sys; assert not json.load(sys.stdin)["equal"]' || fail "diff --json is no JSON"
else
    echo "MISSING: python3: the JSON output was not parsed"
fi

# ---- where the bytes come from
"$countercheck" dump info - <"$sample" >out 2>err || fail "stdin is not read"
gzip -c "$sample" | gzip -dc | "$countercheck" dump verify - >/dev/null || fail "a pipe is not read"
for tool in gzip xz zstd; do
    command -v $tool >/dev/null || { echo "MISSING: $tool: its format was not tried" && continue; }
    $tool -c <"$sample" >"packed.$tool"
    expect 0 verify "packed.$tool"
    expect 0 recode "packed.$tool" copy
    cmp "$sample" copy || fail "recode of $tool gives other bytes"
    head -c -20 "packed.$tool" >short
    expect 2 info short
    says "compressed"
    [ $tool = zstd ] || grep -Eq 'good up to byte [1-9]' err || # zstd gives out whole blocks
        fail "what came before the end of $tool is not told: $(cat err)"
    { head -c 60 "packed.$tool" && printf 'XXXXXXXX' && tail -c +69 "packed.$tool"; } >bad
    expect 2 info bad
done
# Memory stays bounded whatever a stream asks for: more than 128 MiB of window is refused as what it is.
if command -v xz >/dev/null; then
    xz -c --lzma2=dict=256MiB <"$sample" >wide.xz
    expect 2 info wide.xz
    says "the xz data wants more than 128 MiB of memory"
fi
if command -v zstd >/dev/null; then
    zstd -qc --ultra --long=31 <"$sample" >wide.zstd
    expect 2 info wide.zstd
    says "the zstd data wants more than 128 MiB of memory"
    zstd -qc --long=27 <"$sample" >large.zstd
    expect 0 verify large.zstd
    # No memory for a window that may be: the machine's fault. A sanitizer's build does not run within a limit.
    if (ulimit -v 65536 && "$countercheck" --version) >/dev/null 2>&1; then
        (ulimit -v 65536 && "$countercheck" dump info large.zstd) >out 2>err
        [ $? = 3 ] && grep -q 'Cannot allocate memory' err || fail "no memory for a window is not status 3: $(cat err)"
    fi
fi
# What lies behind the end of packed data, or before it, is named as what it is.
for tool in gzip xz zstd; do
    command -v $tool >/dev/null || continue
    $tool -c <"$sample" >behind
    cp behind padded && head -c 1000 /dev/zero >>padded
    expect 0 verify padded
    { cat behind && printf 'XY'; } >trailing
    expect 2 verify trailing
    says "bytes after the end of the $tool data"
    { cat padded && printf 'XYZ'; } >trailing
    expect 2 verify trailing
    says "bytes after the end of the $tool data"
done
if command -v xz >/dev/null; then
    { xz -c <(head -c 400 "$sample") && head -c 8 /dev/zero && xz -c <(tail -c +401 "$sample"); } >two.xz
    expect 0 verify two.xz
fi
expect 1 verify "$source/tests/cli/inputs/skip.zst" # it is read; its numbers are wrong
if command -v zstd >/dev/null; then
    { printf '\x5f\x2a\x4d\x18\x03\x00\x00\x00abc' && zstd -c <"$sample" && printf '\x50\x2a\x4d\x18\x00\x00\x00\x00'; } >skip.zst
    expect 0 verify skip.zst
fi
printf 'go1.4 heap dump\n\0' >older
expect 2 verify older
says 'a heap dump of another version: the header is "go1.4 heap dump", not "go1.7 heap dump"'
# A death in the middle of recode leaves nothing: the file has no name before it is whole.
mkdir dies
mkfifo dies/in
"$countercheck" dump recode dies/in dies/copy 2>/dev/null &
recode=$!
exec 3>dies/in
head -c 400 "$sample" >&3
sleep 0.3
ls dies >during
kill -9 $recode
wait $recode 2>/dev/null
exec 3>&-
[ "$(cat during)" = in ] || echo "MISSING: files without a name: $(cat during)"
[ "$(cat during)" != in ] || [ "$(ls dies)" = in ] || fail "a death leaves $(ls dies)"
gzip -c <(head -c 400 "$sample") >two.gz && gzip -c <(tail -c +401 "$sample") >>two.gz
expect 0 verify two.gz

# ---- where the results go
if [ -w /dev/full ]; then
    for subcommand in info json verify; do
        "$countercheck" dump $subcommand "$sample" >/dev/full 2>err
        [ $? = 3 ] && grep -q 'cannot write results: No space left' err || fail "$subcommand to a full disk: $(cat err)"
    done
fi
# A reader that is gone: more than a pipe holds, and its end is closed.
{
    "$countercheck" dump json - < <(head -c -1 "$sample"; for _ in $(seq 3000); do printf '\21\1\1'; done; printf '\0') 2>err
    echo $? >status
} | head -n 1 >/dev/null
if [ "$(cat status)" != 141 ] || [ -s err ]; then # by SIGPIPE and without a word, as any filter
    fail "a reader that is gone: $(cat status err)"
fi
"$countercheck" dump info "$source/tests/cli/inputs/evil-c1.dump" >out 2>err || fail "evil-c1.dump: $(cat err)"
LC_ALL=C grep -qaP '\xc2[\x80-\x9f]|\x1b' out err && fail "a control character of a dump reaches the terminal"
says '\u{9b}31mRED\u{9d}0;T'

# ---- what cannot be read
: >empty
expect 2 info empty
says "empty: truncated, field header, at byte 0, good up to byte 0"
expect 2 info .
says "Is a directory"
expect 2 verify missing
says "missing: cannot open: No such file"
if [ "$(id -u)" != 0 ]; then
    cp "$sample" secret && chmod 000 secret
    expect 2 info secret
    says "Permission denied"
elif command -v setpriv >/dev/null; then
    cp "$sample" secret && chmod 000 secret && chmod 755 "$work"
    setpriv --reuid 65534 --clear-groups "$countercheck" dump info secret >out 2>err
    [ $? = 2 ] || fail "an unreadable file is not status 2: $(cat err)"
    says "Permission denied"
else
    echo "MISSING: setpriv: root reads every file: the unreadable one was not tried"
fi
for size in 1 15 16 17 40 200 500 833; do
    head -c $size "$sample" >short
    for subcommand in info verify json; do
        expect 2 $subcommand short
        says "good up to byte"
    done
done
printf 'go1.3 heap dump\n' >old
expect 2 info old
says "header"

# ---- strict and lenient
expect 2 verify "$seeds/lenient"
says "OSThread cannot stand at the start, record OSThread, at byte 16, good up to byte 16"
expect 0 info --lenient "$seeds/lenient"
says "missing_memstats"
expect 1 verify --lenient "$seeds/lenient"
says "forgiven: 2 order, 1 repeated, 1 missing_memstats, 3 padded_varint, 2 field_kind, 1 wide_address"
expect 1 verify "$seeds/odd-but-legal"
says "FAIL  fields_in_objects"
expect 1 verify --json "$seeds/odd-but-legal"
says '"ok":false'
expect 1 diff "$sample" "$seeds/smallest"
says "HeapObjects"

# ---- recode leaves nothing behind
mkdir out.d
expect 2 recode "$seeds/huge-length" out.d/new
[ -z "$(ls -A out.d)" ] || fail "a failed recode leaves $(ls -A out.d)"
echo old >out.d/kept
expect 2 recode "$seeds/huge-length" out.d/kept
[ "$(cat out.d/kept)" = old ] || fail "a failed recode changed its target"
expect 3 recode "$sample" /dev/full
says "No space left"
[ -c /dev/full ] || fail "recode replaced a device"
expect 2 recode "$sample" no/such/folder
cp "$sample" same && expect 0 recode same same
cmp "$sample" same || fail "recode onto itself lost bytes"
"$countercheck" dump recode "$sample" - 2>/dev/null | cmp - "$sample" || fail "recode to stdout gives other bytes"
(ulimit -f 0 && "$countercheck" dump recode "$sample" out.d/limited) 2>err
[ $? = 3 ] || fail "a file size limit is not status 3: $(cat err)"
[ "$(ls -A out.d)" = kept ] || fail "a file size limit leaves $(ls -A out.d)"

# ---- output that cannot be written
"$countercheck" dump json "$sample" >/dev/full 2>err
[ $? = 3 ] || fail "a full stdout is not status 3"
"$countercheck" dump info "$sample" >/dev/full 2>err
[ $? = 3 ] || fail "a full stdout is not status 3 of info"

# ---- unusable calls
expect 2
expect 2 frobnicate
says "unknown subcommand frobnicate"
expect 2 info
expect 2 info "$sample" "$sample"
expect 2 info --frobnicate "$sample"
expect 2 diff "$sample"
expect 2 diff - -
for subcommand in info json verify recode diff; do
    expect 0 $subcommand --help
    says "usage: countercheck dump $subcommand"
done
expect 0 --help
[ $failed = 0 ] && echo "ok: dump info, json, verify, recode, diff"
exit $failed
