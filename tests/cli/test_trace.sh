#!/bin/bash
# test_trace: a trace is replayed on an allocator whatever its length, and its faults are found; allocators are compared by it.
#
# holds: cli/run/shared.c cli/trace/compare.c cli/trace/drive.c cli/trace/driven.c cli/trace/feed.c cli/trace/marks.c cli/trace/replay.c
set -euo pipefail
# shellcheck source=tests/cli/support.sh
. "$(dirname "$0")/support.sh"

# ---- a program of 150,000 events: three batches

cat >long.c <<'C'
#include <malloc.h>
#include <stdlib.h>
int main(void) {
    void *kept[500] = {0};
    unsigned x = 1;
    for (int i = 0; i < 75000; i++) {
        x = x * 1664525 + 1013904223;
        void **at = &kept[(x >> 8) % 500];
        size_t size = (x >> 16) % 50 == 0 ? x >> 16 : (x >> 20) % 300;
        if (i % 7 == 0) {
            *at = realloc(*at, size + 1);
        } else {
            free(*at);
            *at = i % 11 == 0 ? calloc(1, size) : i % 13 == 0 ? memalign(256, size) : malloc(size);
        }
    }
}
C
"${CC:-cc}" -O0 -fno-builtin long.c -o long
"$command" record -o t -- ./long
events=$("$command" trace info --json t | grep -oE '"events":[0-9]+' | head -n 1 | sed 's/.*://')
[ "$events" -gt 131072 ] || fail "only $events events"

for subject in "" "--subject slab" "--subject boundary"; do
    # shellcheck disable=SC2086 # words
    ends 0 "$command" trace replay $subject t
    says out " $events events, " "replay $subject"
    says out " 5 checks, no finding" "replay $subject"
done
ends 0 "$command" trace replay --check=none --no-contents t
says out " 0 checks, no finding" "replay without a ledger"
ends 0 "$command" trace replay --json t
says out "\"events\":$events,\"calls\":" "replay --json"
says out '"finding":null}' "replay --json"

# ---- faults that come late

cat >late.c <<'C'
#include "subject/subject.h"
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>
static int64_t calls, used;
static void *last;
static bool is_late(void) { return ++calls == 40000; }
static void *give(void *object) {
    used += object == NULL ? 0 : (int64_t)malloc_usable_size(object);
    return last = object;
}
static void *allocate(void *self, size_t bytes) {
    (void)self;
    if (is_late()) {
#if FAULT == 1 // given out twice
        return last;
#elif FAULT == 2 // a wrong place
        return (char *)malloc(bytes + 64) + 4;
#elif FAULT == 3 // counted twice
        used += 64;
#elif FAULT == 4
        abort();
#elif FAULT == 5
        _exit(0);
#elif FAULT == 6
        return NULL;
#endif
    }
    return give(malloc(bytes));
}
static void *zeroed(void *self, size_t bytes) {
    (void)self;
#if FAULT == 7
    if (++calls > 40000) {
        char *object = give(malloc(bytes + 1));
        object[0] = 7;
        return object;
    }
#endif
    return give(calloc(1, bytes));
}
static void *resize(void *self, void *object, size_t bytes) {
    (void)self;
    used -= (int64_t)malloc_usable_size(object);
#if FAULT == 8 // it keeps too little
    if (++calls > 40000) {
        free(object);
        return give(calloc(1, bytes));
    }
#endif
    return give(realloc(object, bytes));
}
static void release(void *self, void *object) {
    (void)self;
    used -= (int64_t)malloc_usable_size(object);
    free(object);
}
static size_t footprint(void *self, void *object) {
    (void)self;
    return malloc_usable_size(object);
}
static bool read_used(void *self, int64_t *values) {
    (void)self;
    values[0] = used;
    return true;
}
const struct countercheck_subject *countercheck_subject_table(void) {
    static const struct countercheck_statistic statistics[] = {{.name = "used"}, {.name = NULL}};
    static const struct countercheck_subject table = {
        .struct_size_bytes = sizeof table, 
        .abi = COUNTERCHECK_ABI, .capabilities = COUNTERCHECK_GLOBAL, .name = "late", .alignment = 8,
        .allocate = allocate, .allocate_zeroed = zeroed, .reallocate = resize, .release = release,
        .usable = FAULT == 2 ? NULL : footprint, .footprint = FAULT == 2 ? NULL : footprint,
        .statistics = statistics, .read = read_used,
        .relations = FAULT == 2 ? NULL : "used == base.used + live.footprint\n"};
    return &table;
}
C
late() { # FAULT
    "${CC:-cc}" -shared -fPIC -fno-builtin -DFAULT="$1" -I"$source" late.c -o "late$1.so"
}
finds() { # FAULT TEXT
    late "$1"
    ends 1 "$command" trace replay --subject "./late$1.so" t
    says out "$2" "fault $1"
}
late 0
ends 0 "$command" trace replay --subject ./late0.so t
finds 1 "rule subject-contents failed: its bytes are not what was written"
finds 2 "rule subject-alignment failed: not a multiple of 8"
finds 3 "rule subject-relation failed: used == base.used + live.footprint"
finds 4 "late died at event "
says out ": Aborted" "a death"
finds 5 "late died at event "
says out ": it ended the process" "an end"
finds 6 "rule subject-failed failed: nothing was given"
finds 7 "rule subject-zero failed"
finds 8 "rule subject-contents failed: its bytes are not what was written"
ends 1 "$command" trace replay --json --subject ./late3.so t
says out '"finding":"rule subject-relation failed: ' "a finding in JSON"

# ---- side by side

ends 0 "$command" trace compare go-heap slab ./late0.so t
[ "$(grep -cE '^(go-heap|slab|late) +[0-9]+\.[0-9]{2} +[0-9]+\.[0-9]{2} +[0-9]+\.[0-9]{2} ' out)" = 3 ] || fail "compare: $(cat out)"
awk '$1 == "late" && !($2 >= 0.1 && $3 <= $2 && $4 > 0.5 && $4 < 20) { bad = 1 } END { exit bad }' out ||
    fail "what malloc takes: $(cat out)"
ends 1 "$command" trace compare go-heap ./late4.so t
says out "late          died at event " "one that dies"
ends 1 "$command" trace compare --json ./late4.so go-heap t
grep -qE '^\{"events":[0-9]+,"peak_bytes":[0-9]+,"subjects":\[\{"name":"late","peak_rss_bytes":null.*\},\{"name":"go-heap","peak_rss_bytes":[0-9]+,"rss_at_peak_bytes":[0-9]+,"end_rss_bytes":[0-9]+,"fragmentation":[0-9.]+,"cpu_seconds":[0-9.]+,"failed":0\}\]\}$' out ||
    fail "compare --json: $(cat out)"

# ---- calls that are wrong

echo no trace >text
expect 2 "text: byte 0: is no trace" "$command" trace replay text
expect 2 "text: byte 0: is no trace" "$command" trace compare go-heap text
expect 2 "replay: --check takes none or full, not 'half'" "$command" trace replay --check=half t
expect 2 "nobody" "$command" trace replay --subject nobody t
expect 2 "compare: nobody: " "$command" trace compare nobody t
expect 2 "an operand is missing" "$command" trace compare t
cp t broken
printf '\17' | dd of=broken bs=1 seek=$((4096 + 2 * 65536 + 8)) conv=notrunc status=none
expect 2 "broken: byte 135176: what stands there is no record" "$command" trace replay broken
expect 2 "broken: byte 135176: what stands there is no record" "$command" trace compare go-heap broken
[ $failed = 0 ] && echo "ok: traces are replayed and compared"
exit $failed
