#!/bin/bash
# test_adapters: each adapter and driver whose allocator is installed compiles, and the allocator holds what its relations say.
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

# what one needs stands in a line of its own: it would be left out for ever, by no name
tree=$work/tree
mkdir -p "$tree/ci" && cp -r "$source/subject" "$tree" && cp "$source/ci/setup" "$tree/ci" || exit 1
sed -i 's,^// needs: ,// It needs: ,' "$tree/subject/adapters/lua.c"
sed -i 's,^# needs: ,# It needs: ,' "$tree/subject/drivers/ruby.rb"
refuses() { # NAME COMMAND...
    local name=$1 got
    shift
    (cd "$tree" && "$@") >"$work/out" 2>&1
    got=$?
    [ $got = 3 ] && grep -q "$name: its head says no 'needs: PACKAGE'" "$work/out" || { echo "FAIL: $*: status $got: $(cat "$work/out")"; exit 1; }
}
refuses lua.c subject/adapters/check --build-only --output "$tree" lua
refuses ruby.rb subject/adapters/check --build-only --output "$tree" ruby
refuses lua.c ci/setup --tell subjects
cp "$source/subject/adapters/lua.c" "$tree/subject/adapters"
refuses ruby.rb ci/setup --tell subjects

# check OPERATIONS FOLDER: those of subject/FOLDER; a driver is asked through a pipe, and is slower
check() {
    local names
    mapfile -t names < <(cd "$source/subject/$2" && ls ./*.relations)
    names=("${names[@]#./}")
    "$source/subject/adapters/check" --operations "$1" --output "$work" "${names[@]%.relations}" >>"$work/out" 2>&1
}
check 40000 adapters && check 2000 drivers
status=$?
grep -E 'programs,|left out|FAILED' "$work/out"
if [ $status != 0 ]; then
    echo "FAIL: status $status"
    cat "$work/out"
    exit 1
fi
# what a command prints takes nothing from the malloc that it judges
if [ -f "$work/glibc.so" ]; then
    for i in 1 2 3 4 5 6; do echo "h$i = alloc size=$((i * 40))"; done >"$work/traced.ops"
    "$countercheck" replay --trace --subject "$work/glibc.so" --relations "$source/subject/adapters/glibc.relations" "$work/traced.ops" >"$work/trace" 2>&1 ||
        { echo "FAIL: a trace is in the way: $(cat "$work/trace")"; exit 1; }
fi
# talloc is held to an impossible rule, so that silence above means something
if [ -f "$work/talloc.so" ]; then
    echo 'total_size == live.requested + live.count / 2' >"$work/wrong"
    "$countercheck" subject check "$work/talloc.so" --relations "$work/wrong" --seconds 1 >/dev/null 2>&1
    [ $? = 1 ] || { echo "FAIL: an impossible rule holds"; exit 1; }
fi
# Go's heap dump is read by a command that finds fault with each
if [ -f "$work/go.so" ]; then
    COUNTERCHECK=/bin/false "$countercheck" subject check "$work/go.so" --operations 100 >"$work/dump" 2>/dev/null
    [ $? = 1 ] && grep -q 'its heap dump does not verify' "$work/dump" || { echo "FAIL: no dump is verified"; exit 1; }
fi
echo "ok: the adapters hold"
