#!/bin/bash
# test_install: what `make install` puts down is whole: the command, its manual, and a library that programs outside, in
# C and in C++, by pkg-config, find_package and add_subdirectory, compile and link with.
#
# holds: fuzz/targets/run_operations.c fuzz/targets/target_hooks.c fuzz/targets/target_subject.c
set -euo pipefail
source=${COUNTERCHECK_SOURCE:?}
command=${COUNTERCHECK:?}
build=$(dirname "$command")
[ -e "$build/libcountercheck-dump.so" ] || {
    echo "skipped: under a sanitizer there is no library for programs outside"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
every=$source/corpus/decode/seed/every-record

fail() {
    echo "FAILED: $1"
    [ ! -f "$work/log" ] || tail -n 20 "$work/log"
    exit 1
}

run() { # COMMAND...: silent as long as it succeeds
    "$@" >"$work/log" 2>&1 || fail "$*"
}

run cmake --install "$build" --prefix "$root"
libraries=$(dirname "$(find "$root" -name libcountercheck-dump.so)")

# ---- the command

"$root/bin/countercheck" --version >/dev/null || fail "the command does not run"
[ -f "$root/share/man/man1/countercheck.1" ] || fail "no manual page"
printf '# run: sh SOURCE\nprintf "name piped\\ndoes free\\nready\\n"\n' >"$work/piped.sh" # a driver, and what compiles it
run "$root/include/countercheck/subject/drivers/compile" "$work/piped.sh" "$work/piped.so"
run "$root/bin/countercheck" subject describe "$work/piped.so"
readelf -dW "$root/bin/countercheck" >"$work/dynamic"
grep -q 'BIND_NOW' "$work/dynamic" || fail "the command binds late"
grep -q 'PIE' "$work/dynamic" || fail "the command is not position-independent"
nm -D "$root/bin/countercheck" >"$work/symbols"
grep -q ' U __stack_chk_fail' "$work/symbols" || fail "the command has no stack protector"
grep -q ' U __[a-z]*_chk' "$work/symbols" || fail "the command has none of the C library's checks"

# ---- malloc

numbers=$(COUNTERCHECK_MALLOC_STATS=/dev/stdout LD_PRELOAD=$libraries/libcountercheck-malloc.so /bin/true)
[[ $numbers == *'"NumGC":0'* ]] || fail "libcountercheck-malloc.so told no statistics"

run "$root/bin/countercheck" record -o "$work/ls.trace" -- ls / # finds the library where it is installed
run "$root/bin/countercheck" trace info "$work/ls.trace"

cat >"$work/asks.c" <<'END'
#include "malloc/countercheck_malloc.h"
#include <stdio.h>
#include <stdlib.h>
#ifdef WEAK
extern __typeof__(countercheck_malloc_stats) countercheck_malloc_stats __attribute__((weak));
#endif
int main(void) {
    struct countercheck_malloc_stats before, after;
#ifdef WEAK
    if (countercheck_malloc_stats == NULL) {
        return puts("another malloc") < 0;
    }
#endif
    int error = countercheck_malloc_stats(&before, sizeof before);
    void *volatile object = malloc(1000);
    error |= countercheck_malloc_stats(&after, sizeof after);
    printf("%d: %d object of %d bytes\n", error, (int)(after.Mallocs - before.Mallocs), (int)(after.HeapAlloc - before.HeapAlloc));
    free(object);
    return 0;
}
END
printf '#include "malloc/countercheck_malloc.h"\nint main() { return countercheck_malloc_dump("/dev/null"); }\n' >"$work/asks.cc"
export PKG_CONFIG_PATH=$libraries/pkgconfig
# shellcheck disable=SC2046 # flags
run "${CC:-cc}" -std=gnu11 -Wall -Wextra -Werror "$work/asks.c" $(pkg-config --cflags --libs countercheck-malloc) -o "$work/asks"
[ "$(LD_LIBRARY_PATH=$libraries "$work/asks")" = "0: 1 object of 1024 bytes" ] || fail "a program that is linked with malloc"
# shellcheck disable=SC2046 # flags
run "${CC:-cc}" -std=gnu11 -DWEAK -Wall -Wextra -Werror "$work/asks.c" $(pkg-config --cflags countercheck-malloc) -o "$work/asks"
[ "$("$work/asks")" = "another malloc" ] || fail "a program that is not linked with malloc"
[ "$(LD_PRELOAD=$libraries/libcountercheck-malloc.so "$work/asks")" = "0: 1 object of 1024 bytes" ] ||
    fail "a program that runs on malloc by LD_PRELOAD"
# shellcheck disable=SC2046 # flags
run "${CXX:-c++}" -Wall -Wextra -Werror "$work/asks.cc" $(pkg-config --cflags --libs countercheck-malloc) -o "$work/asks"
run env LD_LIBRARY_PATH="$libraries" "$work/asks"
if command -v man >"$work/log"; then
    MANWIDTH=200 man --warnings -E UTF-8 -l -Tutf8 -Z "$root/share/man/man3/countercheck-malloc.3" 2>"$work/log" >/dev/null
    [ ! -s "$work/log" ] || fail "the manual page of malloc"
fi

# ---- the reader: a version, and no name that is not declared

soname=$(readelf -dW "$libraries/libcountercheck-dump.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
[[ $soname =~ ^libcountercheck-dump\.so\.[0-9]+$ ]] || fail "its name is $soname"
[ -e "$libraries/$soname" ] || fail "$soname is not installed"
cat "$source"/dump/{reader,recode,graph}.h | sed 's,//.*,,' | tr '\n' ' ' |
    grep -oE '\bdump_[a-z_]+ *(\(|\[[A-Z_]+\] *;)' | tr -d ' (' | sed 's/\[.*//' | sort -u >"$work/declared"
nm -D --defined-only "$libraries/libcountercheck-dump.so" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
    sort -u >"$work/exported"
diff "$work/declared" "$work/exported" >"$work/log" || fail "it exports what its headers do not declare, or lacks some"

# ---- programs outside

reads() { # PROGRAM NAME: the example, built by a stranger
    local status=0
    LD_LIBRARY_PATH=$libraries "$1" <"$every" >"$work/log" 2>&1 || fail "$2: it reads no dump"
    grep -q ' 1152 bytes, the largest of 7 objects$' "$work/log" || fail "$2: what it read"
    head -c 1000 "$every" | LD_LIBRARY_PATH=$libraries "$1" >"$work/log" 2>&1 || status=$?
    [ $status = 2 ] && grep -q 'at byte ' "$work/log" || fail "$2: a cut dump"
}

# shellcheck disable=SC2046 # flags
run "${CC:-cc}" -std=c11 -Wall -Wextra -Werror "$source/ci/examples/reader/largest.c" \
    $(pkg-config --cflags --libs countercheck-dump) -o "$work/largest"
reads "$work/largest" pkg-config
# shellcheck disable=SC2046 # flags
run "${CC:-cc}" -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror "$source/ci/examples/reader/leak.c" \
    $(pkg-config --cflags --libs countercheck-dump) -o "$work/leak"
LD_LIBRARY_PATH=$libraries "$work/leak" "$every" 1000000 >"$work/log" 2>&1 || fail "leak: nothing keeps as much"
printf 'h0 = alloc c0 size=64 type=node\ng0 = go_start\nframe_push g0 words=8 map=bits locals=8 bits=0xff\n' >"$work/leak.ops"
printf 'write_frame g0 frame=0 word=2 to=h0\n' >>"$work/leak.ops"
run "$COUNTERCHECK" replay --dump "$work/leak.dump" "$work/leak.ops"
LD_LIBRARY_PATH=$libraries "$work/leak" "$work/leak.dump" 63 >"$work/log" 2>&1 && fail "leak: a goroutine keeps 64 bytes"
grep -q '^goroutine [0-9]* keeps 64 bytes$' "$work/log" || fail "leak: what it said"

mkdir "$work/found" "$work/below"
cp "$source/ci/examples/reader/largest.c" "$work/found"
cp "$source/ci/examples/reader/largest.c" "$work/below"
cat >"$work/both.cc" <<'END'
#include "dump/reader.h"
#include "dump/recode.h"
static int64_t drop(void *, const void *, size_t size_bytes) { return static_cast<int64_t>(size_bytes); }
int main() {
    static dump_recoder recoder;
    dump_output output = {drop, nullptr};
    dump_recoder_init(&recoder, &output);
    dump_reader *reader = dump_reader_create_memory("x", 1, DUMP_STRICT);
    bool is_refused = dump_reader_next(reader) == nullptr && dump_reader_error(reader)->kind == DUMP_ERROR_HEADER;
    dump_reader_destroy(reader);
    return is_refused && dump_recoder_finish(&recoder) && dump_tag_names[0] != nullptr ? 0 : 1;
}
END
cp "$work/both.cc" "$work/asks.c" "$work/found"
cp "$work/both.cc" "$work/below"
programs='add_executable(largest largest.c)
target_link_libraries(largest PRIVATE countercheck::dump)
add_executable(both both.cc)
target_compile_options(both PRIVATE -Wall -Wextra -Werror)
target_link_libraries(both PRIVATE countercheck::dump)'
asks='add_executable(asks asks.c)
target_link_libraries(asks PRIVATE countercheck::malloc)'
cat >"$work/found/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.21)
project(outside LANGUAGES C CXX)
find_package(countercheck 0.1 REQUIRED)
$programs
$asks
END
# Its own targets have the plainest names, and its own folders those of ours.
cat >"$work/below/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.21)
project(outside LANGUAGES C CXX)
file(WRITE \${CMAKE_BINARY_DIR}/nothing.c "int nothing;")
foreach(name allocator runtime dump oracle fuzz cli malloc flags command)
    add_library(\${name} STATIC \${CMAKE_BINARY_DIR}/nothing.c)
endforeach()
add_subdirectory($source countercheck)
$programs
END
run cmake -S "$work/found" -B "$work/found/build" -DCMAKE_PREFIX_PATH="$root"
run cmake --build "$work/found/build"
reads "$work/found/build/largest" find_package
run env LD_LIBRARY_PATH="$libraries" "$work/found/build/both"
run env LD_LIBRARY_PATH="$libraries" "$work/found/build/asks"

# cmocka, zlib and the others are the command's affair: here none is to be found.
for shared in ON OFF; do
    run env PKG_CONFIG_LIBDIR=/nonexistent cmake -S "$work/below" -B "$work/below/$shared" \
        -DBUILD_SHARED_LIBS=$shared -DCMAKE_DISABLE_FIND_PACKAGE_{ZLIB,LibLZMA,PkgConfig}=ON
    run cmake --build "$work/below/$shared"
    reads "$work/below/$shared/largest" "add_subdirectory, shared $shared"
    run "$work/below/$shared/both"
done
nm -g --defined-only "$work/below/OFF/countercheck/libcountercheck-dump.a" | awk 'NF == 3 { print $3 }' | sort -u |
    diff "$work/declared" - >"$work/log" || fail "the archive shows what its headers do not declare, or lacks some"
# ---- an allocator of a stranger's, by his own CMakeLists.txt

(cd "$work" && run "$root/bin/countercheck" subject new heap)
mkdir "$work/heap/corpus"
printf 'h0 = alloc c0 size=64\nfree c0 h0\n' >"$work/heap/corpus/one.ops"
sed -i 's,^    RELATIONS,    CORPUS corpus OPERATIONS 20000\n&,' "$work/heap/CMakeLists.txt"
engine=gcc
! clang -fsanitize=fuzzer,address -xc - -o "$work/probe" <<<'int LLVMFuzzerTestOneInput(void){return 0;}' 2>/dev/null || engine=clang
run env CC=$engine cmake -S "$work/heap" -B "$work/heap/build" -DCMAKE_PREFIX_PATH="$root"
run cmake --build "$work/heap/build"
run ctest --test-dir "$work/heap/build" --no-tests=error
grep -q '100% tests passed, 0 tests failed out of 2' "$work/log" || fail "a verdict, and a kept program"
if [ $engine = clang ]; then
    run cmake --build "$work/heap/build" --target fuzz_heap
    (cd "$work/heap/build" && run ./fuzz_heap -runs=2000 -seed=1)
    grep -q 'Done 2000 runs' "$work/log" || fail "the fuzzer runs"
    echo 'in_use == live.requested + live.count' >>"$work/heap/heap.relations" # which does not hold
    run cmake --build "$work/heap/build" --target fuzz_heap
    ! (cd "$work/heap/build" && ./fuzz_heap -runs=100000 -seed=1) >"$work/log" 2>&1 || fail "a wrong relation is found"
    grep -q 'rule subject-relation failed: in_use == live.requested + live.count' "$work/log" || fail "and named"
    # the line that the fuzzer prints shows it again, with the file that it wrote
    again=()
    eval "again+=($(sed -n "s,^countercheck: reproduce: countercheck \(replay .*\)FILE\, with.*,\1,p" "$work/log"))" # as a shell would
    ended=0
    "$root/bin/countercheck" "${again[@]}" "$work"/heap/build/crash-* >"$work/log" 2>&1 || ended=$?
    { [ $ended = 1 ] && grep -q 'in_use == live.requested + live.count' "$work/log"; } || fail "and shown again by: ${again[*]}"
fi
echo "ok: installed, and programs outside read dumps with it"
