#!/bin/bash
# test_subject_environment: what a table wants set before its process starts is set when its library is loaded, in each
# command that takes --subject; what cannot be set is refused.
#
# holds: cli/run/restart.c
set -u
countercheck=${COUNTERCHECK:?}
source_dir=${COUNTERCHECK_SOURCE:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-cc}
command -v "$cc" >/dev/null || exit 77
unset MINE GLIBC_TUNABLES
failed=0

fail() {
    echo "FAIL: $*: $(head -n 3 "$work/out" "$work/err")"
    failed=1
}

# An allocator that looks at its environment when it is loaded, as one that replaces malloc does, and cannot be made when
# it was not set. Its one statistic is how many parts GLIBC_TUNABLES had.
cat >"$work/mine.c" <<'C'
#include "subject/subject.h"
#include <stdlib.h>
#include <string.h>
static int was_set, parts;
__attribute__((constructor)) static void look(void) {
    const char *mine = getenv("MINE"), *tunables = getenv("GLIBC_TUNABLES");
    was_set = mine != NULL && strcmp(mine, "a b=c") == 0 && tunables != NULL;
    for (; tunables != NULL; tunables = strchr(tunables + 1, ':')) parts++;
}
static void *create(const struct countercheck_host *host) { return was_set ? host->arena : 0; }
static void *allocate(void *self, size_t size) { (void)self; (void)size; return 0; }
static void release(void *self, void *object) { (void)self; (void)object; }
static bool read_all(void *self, int64_t *values) { (void)self; values[0] = parts; return true; }
static const struct countercheck_statistic statistics[] = {
    {"parts", COUNTERCHECK_CONSTANT, 0, 0, 0, 0, 0}, {0, COUNTERCHECK_PLAIN, 0, 0, 0, 0, 0}};
static const char *const environment[] = {ENVIRONMENT, 0};
static const struct countercheck_subject table = {.struct_size_bytes = sizeof table, .abi = COUNTERCHECK_ABI, .name = "mine",
    .alignment = 8, .arena_bytes = 4096, .capabilities = COUNTERCHECK_MAY_FAIL, .environment = environment, .create = create,
    .allocate = allocate, .release = release, .statistics = statistics, .read = read_all};
const struct countercheck_subject *countercheck_subject_table(void) { return &table; }
C
build() { # NAME ENVIRONMENT
    "$cc" -shared -fPIC -I "$source_dir" -DENVIRONMENT="$2" "$work/mine.c" -o "$work/$1.so" || { echo "FAIL: $1"; exit 1; }
}
status() { # WANTED COMMAND...
    local wanted=$1 got
    shift
    "$@" >"$work/out" 2>"$work/err" <"$work/stdin"
    got=$?
    [ $got = "$wanted" ] || fail "$*: status $got, not $wanted"
}

build mine '"MINE=a b=c", "GLIBC_TUNABLES=glibc.malloc.tcache_count=0"'
echo 'parts == 1' | tee "$work/one" >"$work/stdin"
echo 'parts == 2' >"$work/two"
printf 'h0 = alloc c0 size=8\n' >"$work/a.ops"
status 0 "$countercheck" subject check "$work/mine.so" --operations 100 --relations "$work/one"
status 0 env MINE=other "$countercheck" subject check "$work/mine.so" --operations 100 --relations "$work/one"
status 0 "$countercheck" subject check --relations - --operations 100 "$work/mine.so" # stdin is read by the last one alone
status 0 "$countercheck" replay --subject "$work/mine.so" --relations "$work/one" "$work/a.ops"
status 0 "$countercheck" soak --subject "$work/mine.so" --operations 100
status 0 env COUNTERCHECK_SUBJECTS="$work" "$countercheck" subject check mine --operations 100
# parts of GLIBC_TUNABLES that are there stay, and none comes twice
status 0 env GLIBC_TUNABLES=glibc.malloc.check=0 "$countercheck" subject check "$work/mine.so" --operations 100 --relations "$work/two"
status 0 env MINE='a b=c' GLIBC_TUNABLES=glibc.malloc.tcache_count=0 \
    "$countercheck" subject check "$work/mine.so" --operations 100 --relations "$work/one"
status 1 "$countercheck" subject check "$work/mine.so" --operations 100 --relations "$work/two"
status 0 "$countercheck" subject describe "$work/mine.so"
grep -q '^set       MINE=a b=c$' "$work/out" || fail 'describe does not name it'

refuses() { # ENVIRONMENT WORDS
    build bad "$1"
    status 2 "$countercheck" subject check "$work/bad.so" --operations 100
    grep -q -- "$2" "$work/err" || fail "nothing says '$2'"
    [ "$(grep -c . "$work/err")" = 1 ] || fail 'not one line'
}
refuses '"MINE"' 'no list of NAME=value'
refuses '"=x"' 'no list of NAME=value'
refuses '"MINE=1", "MINE=2"' 'two values of MINE'

[ $failed = 0 ] && echo 'ok: adapters find the environment that they want'
exit $failed
