#!/bin/bash
# test_adapters: each adapter whose library is installed compiles, and the library holds what its relations say.
set -u
source=${COUNTERCHECK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
countercheck=${COUNTERCHECK:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# a sanitizer replaces malloc itself, and an adapter of a malloc would be given that
if grep -qE "__(asan_report|tsan_read)" "$countercheck"; then
    echo "left out: a command with a sanitizer loads no malloc"
    exit 77
fi
"$source/subject/adapters/check" --operations 40000 --output "$work" >"$work/out" 2>&1
status=$?
grep -E 'programs,|left out|FAILED' "$work/out"
if [ $status != 0 ]; then
    echo "FAIL: status $status"
    cat "$work/out"
    exit 1
fi
# talloc is held to an impossible rule, so that silence above means something
if [ -f "$work/talloc.so" ]; then
    echo 'total_size == live.requested + live.count / 2' >"$work/wrong"
    "$countercheck" subject check "$work/talloc.so" --relations "$work/wrong" --seconds 1 >/dev/null 2>&1
    [ $? = 1 ] || { echo "FAIL: an impossible rule holds"; exit 1; }
fi
echo "ok: the adapters hold"
