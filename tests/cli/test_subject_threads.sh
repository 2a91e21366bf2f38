#!/bin/bash
# test_subject_threads: threads that run freely find what only they can show, say how often it shows and by which command
# again, and find nothing where nothing is wrong.
# holds: fuzz/subject/crowd.c fuzz/subject/crowd_work.c cli/subject/check_threads.c cli/subject/check_told.c
set -uo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"
cc=${CC:-cc}
command -v "$cc" >/dev/null || exit 77

# the example heap under one lock, with a count of objects beside it
cat >heap.c <<'C'
#include "subject/subject.h"
#include "subject/examples/boundary.h"
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile int64_t count, ended; // `count` beside the heap: of objects
static _Thread_local int64_t own;     // of this thread
static void *heap;
static void *create(const struct countercheck_host *host) {
    count = ended = own = 0;
    return heap = boundary_init(host->arena, host->arena_bytes);
}
static void add(int64_t by) {
#ifdef UNLOCKED
    int64_t before = count;
    sched_yield();
    count = before + by;
#elif defined LOST
    own += by;
#else
    pthread_mutex_lock(&mutex);
    count += by;
    pthread_mutex_unlock(&mutex);
#endif
}
static void flush(void *self) {
    pthread_mutex_lock(&mutex);
    count += own;
    pthread_mutex_unlock(&mutex);
    own = 0;
}
static void *allocate(void *self, size_t size) {
    void *object;
    pthread_mutex_lock(&mutex);
    object = boundary_alloc(heap, size + (size == 0));
    pthread_mutex_unlock(&mutex);
    if (object != NULL) {
        add(1);
    }
    return object;
}
static void release(void *self, void *object) {
    pthread_mutex_lock(&mutex);
    boundary_free(heap, object);
    pthread_mutex_unlock(&mutex);
    add(-1);
}
static size_t usable(void *self, void *object) { return boundary_usable(object); }
static size_t footprint(void *self, void *object) { return boundary_footprint(object); }
static const struct countercheck_statistic statistics[] = {
    {"in_use", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""},
    {"peak", COUNTERCHECK_PEAK, 0, 0, 0, "in_use", ""},
    {"count", COUNTERCHECK_PLAIN, 0, 0, 0, NULL, ""},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL}};
static bool read_all(void *self, int64_t *values) {
    struct boundary_stats stats;
    boundary_read(heap, &stats);
    values[0] = stats.in_use_bytes;
    values[1] = stats.peak_bytes;
    values[2] = count;
    return true;
}
#ifndef CAPABILITIES
#define CAPABILITIES COUNTERCHECK_THREADS
#endif
static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof table, .abi = COUNTERCHECK_ABI, .capabilities = COUNTERCHECK_MAY_FAIL | CAPABILITIES,
    .name = "crowded", .alignment = 16, .size_max = 4096, .arena_bytes = 1 << 20, .create = create, .allocate = allocate,
    .release = release, .usable = usable, .footprint = footprint, .statistics = statistics, .read = read_all,
#ifdef LOST
    .flush = flush,
#endif
};
const struct countercheck_subject *countercheck_subject_table(void) { return &table; }
C
# make_one NAME FLAG...
make_one() {
    local name=$1
    shift
    "$cc" -w -shared -fPIC -O1 -I"$source" "$@" heap.c "$source/subject/examples/boundary.c" -lpthread -o "$name.so" || exit 3
}
printf 'used: in_use == live.footprint\nmade: count == live.count when settled\nmost: peak == peak(live.footprint)\n' >rules
make_one right
make_one unlocked -DUNLOCKED
make_one lost -DLOST
make_one alone -DCAPABILITIES=0
check() { # NAME ARGUMENT...
    local name=$1
    shift
    "$command" subject check "./$name.so" --relations rules "$@"
}

ends 0 check right --threads 4 --operations 4000
says out 'lives of 4 threads' "what was done"
grep -q 'peak == peak.*  0  *0  *0  not of threads' out || fail "a peak between two calls is judged: $(cat out)"
ends 0 check right --threads 2 --operations 4000 --json
python3 - out <<'P' || fail "the report of threads that find nothing: $(cat out)"
import json, sys
said = json.load(open(sys.argv[1]))
assert said["threads"] == 2 and said["operations"] >= 4000 and said["barriers"] > said["programs"] * 8
assert said["findings"] == [] and said["rules"][0]["evaluated"] == said["barriers"] and said["rules"][2]["evaluated"] == 0
P

# a counter without a lock: found, again, and by the line that is printed
ends 1 check unlocked --threads 4 --seconds 1
says out '1. subject-relation: made' "an unlocked counter"
grep -Eq 'found in [0-9]+ of 10 more lives' out || fail "how often an unlocked counter shows: $(cat out)"
again=$(sed -n 's/^   again: countercheck //p' out)
[ -n "$again" ] || fail "no line to try again: $(cat out)"
# shellcheck disable=SC2086 # words
ends 1 "$command" $again --json
python3 - out <<'P' || fail "the report of an unlocked counter: $(cat out)"
import json, sys
finding, = json.load(open(sys.argv[1]))["findings"]
assert finding["field"] == "made" and finding["of"] == 10 and 0 <= finding["again"] <= 10 and finding["seed"] >= 1
assert finding["program"] == ""
P

# a thread that ends takes its count with it
ends 1 check lost --threads 4 --operations 2000
says out '1. subject-relation: made' "a lost thread's count"
expect 2 'takes no --threads: its table says no COUNTERCHECK_THREADS' check alone --threads 2
for words in '--threads 1' '--threads 9' '--threads x' '--threads 2 --lanes 2' '--threads 2 --strength'; do
    # shellcheck disable=SC2086 # words
    expect 2 'threads' check right $words
done
expect 2 'of check' "$command" subject describe ./right.so --threads 2
[ $failed = 0 ] && echo "ok: threads that run freely are judged"
exit $failed
