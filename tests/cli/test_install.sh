#!/bin/bash
# test_install: what `make install` puts down is whole: the command, its manual, and a library that a program outside
# compiles and links with.
set -euo pipefail
source=${COUNTERCHECK_SOURCE:?}
command=${COUNTERCHECK:?}
build=$(dirname "$command")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Its objects ask for a sanitizer's runtime, which a program outside does not have.
symbols=$(nm "$build/libcountercheck-dump.a" 2>/dev/null)
if grep -qE ' U __(asan|ubsan|tsan|llvm_profile|gcov)_' <<<"$symbols"; then
    echo "skipped: the build's library is a sanitizer's"
    exit 77
fi
cmake --install "$build" --prefix "$work/root" >"$work/log"
test -x "$work/root/bin/countercheck"
test -f "$work/root/share/man/man1/countercheck.1"
"$work/root/bin/countercheck" --version >/dev/null
malloc=$(find "$work/root" -name libcountercheck-malloc.so)
[ "$(COUNTERCHECK_MALLOC_STATS=/dev/stdout LD_PRELOAD=$malloc /bin/true | grep -o '"NumGC":0')" = '"NumGC":0' ]

PKG_CONFIG_PATH=$(dirname "$(find "$work/root" -name countercheck-dump.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046 # flags
${CC:-cc} -std=c11 -Wall -Wextra -Werror "$source/ci/examples/reader/largest.c" \
    $(pkg-config --cflags --libs countercheck-dump) -o "$work/largest"
"$work/largest" <"$source/corpus/decode/seed/every-record" >"$work/out"
grep -q ' 1152 bytes, the largest of 7 objects$' "$work/out" || { cat "$work/out" && exit 1; }
status=0
head -c 1000 "$source/corpus/decode/seed/every-record" | "$work/largest" >"$work/out" 2>"$work/err" || status=$?
[ $status = 2 ] && grep -q 'at byte ' "$work/err" || { cat "$work/err" && exit 1; }
echo "ok: installed, and a program outside reads dumps with it"
