#!/bin/bash
# test_subject_fork: fork as an operation: what is wrong in the child alone is found and made small, its death is one, and
# lanes that its parent had are orphans there.
# holds: fuzz/subject/fork.c
set -u
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
countercheck=$command work=$folder

cat >"$work/one.c" <<'C'
#include "subject/subject.h"
#include <stdlib.h>
#include <unistd.h>
static pid_t maker;
static int64_t gone;
static _Thread_local int64_t own;
static void *create(const struct countercheck_host *host) {
    (void)host;
    maker = getpid();
    gone = own = 0;
    return &maker;
}
static void lane_begin(void *self) {
    (void)self;
    own = 0;
}
static void flush(void *self) { // the thread's count goes to all
    (void)self;
    gone += own;
    own = 0;
}
static void *allocate(void *self, size_t size) {
    (void)self;
#ifdef DIES
    if (getpid() != maker) {
        abort();
    }
#endif
#ifdef HANGS
    while (getpid() != maker) {
        pause();
    }
#endif
    own++;
#ifdef FORGETS
    own -= getpid() != maker;
#endif
    return malloc(size + 1);
}
static void release(void *self, void *object) {
    (void)self;
    free(object);
}
static const struct countercheck_statistic statistics[] = {
    {"own", COUNTERCHECK_PLAIN, COUNTERCHECK_PER_LANE, 0, 0, NULL, ""},
    {"gone", COUNTERCHECK_PLAIN, 0, 0, 0, NULL, ""},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL}};
static bool read_all(void *self, int64_t *values) {
    (void)self;
    values[0] = own;
    values[1] = gone;
    return true;
}
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof table, .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_RANDOM | COUNTERCHECK_FORK | THREADS, .name = "one", .alignment = 16, .hang_ms = HANG_MS,
    .create = create, .lane_begin = lane_begin, .lane_end = flush, .allocate = allocate, .release = release,
    .flush = flush, .statistics = statistics, .read = read_all};
const struct countercheck_subject *countercheck_subject_table(void) { return &table; }
C

# make_one NAME FLAG...
make_one() {
    local name=$1
    shift
    ${CC:-cc} -w -shared -fPIC -I"$source" -DHANG_MS=20000 "$@" "$work/one.c" -o "$work/$name.so" || exit 3
}
# on STATUS NAME COMMAND ARGUMENT...: the command on that adapter
on() {
    local wanted=$1 name=$2 got
    shift 2
    "$countercheck" "$@" --relations "$work/rules" >"$work/out" 2>"$work/err"
    got=$?
    [ $got = "$wanted" ] || fail "$name: $*: status $got, not $wanted: $(cat "$work/err" "$work/out")"
}
says() { grep -q -- "$1" "$work/out" "$work/err" || fail "nothing says '$1': $(cat "$work/out")"; }

make_one right -DTHREADS=0
make_one lanes -DTHREADS=COUNTERCHECK_THREADS
make_one forgets -DTHREADS=0 -DFORGETS
make_one dies -DTHREADS=0 -DDIES
make_one hangs -DTHREADS=0 -DHANGS -UHANG_MS -DHANG_MS=500
echo 'made: lanes(own) + gone == ops.alloc' >"$work/rules"

# the text, and what the child does: its operations and no others, and a check
cat >"$work/a.ops" <<'P'
h0 = alloc c0 size=64
fork operations=2
free c0 h0
h1 = alloc c0 size=32
h2 = alloc c0 size=32
P
on 0 right replay --strict --subject "$work/right.so" "$work/a.ops"
on 1 forgets replay --subject "$work/forgets.so" "$work/a.ops"
says 'operation  3: h1 = alloc'
says 'made: lanes(own) + gone == ops.alloc: 1 and 2'
sed -i 's/operations=2/operations=1/' "$work/a.ops"
on 0 forgets replay --subject "$work/forgets.so" "$work/a.ops"
printf 'fork operations=0\nfork operations=3\nfork operations=1\nh0 = alloc c0 size=8\n' >"$work/nested.ops"
on 0 right replay --strict --subject "$work/right.so" "$work/nested.ops"
on 1 forgets replay --subject "$work/forgets.so" "$work/nested.ops"
cp "$work/nested.ops" "$work/bits.ops"
"$countercheck" ops --subject "$work/right.so" --encode "$work/nested.ops" -o "$work/bits" &&
    "$countercheck" ops "$work/bits" | cmp -s - <("$countercheck" ops "$work/nested.ops") || fail "binary and text differ"

# found from nothing, and made small
on 1 forgets subject check "$work/forgets.so" --seconds 2 --json
python3 - "$work/out" <<'P' || fail "the report of what a child forgets: $(cat "$work/out")"
import json, sys
finding, = json.load(open(sys.argv[1]))["findings"]
assert finding["rule"] == "subject-relation" and finding["operations"] <= 2 and "fork " in finding["program"], finding
P
on 1 dies subject check "$work/dies.so" --seconds 2
says '1. crash'
says '  fork operations='
on 1 hangs replay --timeout 2 --subject "$work/hangs.so" "$work/nested.ops" "$work/bits.ops"
says 'hang'

# orphans: what lanes of the parent had not handed over is lost in the child, and so it is neither settled nor quiet
cat >"$work/a.ops" <<'P'
c1 = acquire
h0 = alloc c1 size=64
fork operations=1
settle
P
on 1 lanes replay --subject "$work/lanes.so" "$work/a.ops"
for condition in settled quiet; do
    echo "made: lanes(own) + gone == ops.alloc when $condition" >"$work/rules"
    on 0 lanes replay --subject "$work/lanes.so" "$work/a.ops"
    on 0 lanes subject check "$work/lanes.so" --seconds 1
done
sed -i '/alloc/d; s/operations=1/operations=2/' "$work/a.ops"
printf 'h0 = alloc c1 size=64\nfree c1 h0\n' >>"$work/a.ops"
echo 'kept: live.count == 0 when lanes 1' >"$work/rules"
on 1 lanes replay --subject "$work/lanes.so" "$work/a.ops"
says 'operation  3: h0 = alloc c1'
sed -i 's/operations=2/operations=3/' "$work/a.ops"
on 0 lanes replay --subject "$work/lanes.so" "$work/a.ops"
[ $failed = 0 ] && echo "ok: children of a fork are judged"
exit $failed
