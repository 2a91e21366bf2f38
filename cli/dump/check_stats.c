// check_stats: MemStats against itself and against the objects.

#include "cli/dump/check.h"

#include <inttypes.h>

static void equal(struct dump_check *check, const char *what, uint64_t left, uint64_t right) {
    dump_check_note(check, DUMP_RULE_memstats_identities, left == right,
                    "%s: %" PRIu64 " and %" PRIu64, what, left, right);
}

static void at_most(struct dump_check *check, const char *what, uint64_t left, uint64_t right) {
    dump_check_note(check, DUMP_RULE_memstats_identities, left <= right,
                    "%s: %" PRIu64 " and %" PRIu64, what, left, right);
}

void dump_check_memstats(struct dump_check *check, const struct dump_record_MemStats *memstats) {
    const struct dump_record_MemStats *m = memstats;
    equal(check, "Alloc = HeapAlloc", m->Alloc, m->HeapAlloc);
    equal(check, "HeapObjects = Mallocs - Frees", m->HeapObjects, m->Mallocs - m->Frees);
    equal(check, "HeapSys = HeapInuse + HeapIdle", m->HeapSys, m->HeapInuse + m->HeapIdle);
    equal(check, "Sys = sum of the XSys", m->Sys,
          m->HeapSys + m->StackSys + m->MSpanSys + m->MCacheSys + m->BuckHashSys + m->GCSys +
              m->OtherSys);
    at_most(check, "HeapAlloc <= TotalAlloc", m->HeapAlloc, m->TotalAlloc);
    at_most(check, "HeapAlloc <= HeapInuse", m->HeapAlloc, m->HeapInuse);
    at_most(check, "Frees <= Mallocs", m->Frees, m->Mallocs);
    at_most(check, "HeapReleased <= HeapIdle", m->HeapReleased, m->HeapIdle);
    at_most(check, "StackInuse <= StackSys", m->StackInuse, m->StackSys);
    at_most(check, "MSpanInuse <= MSpanSys", m->MSpanInuse, m->MSpanSys);
    at_most(check, "MCacheInuse <= MCacheSys", m->MCacheInuse, m->MCacheSys);
    check->has_memstats = true;
    check->heap_alloc = m->HeapAlloc;
    check->heap_objects = m->HeapObjects;
}

// Legal slack: Go reads the statistics, then sweeps, then writes the objects: a dump taken before
// the sweep was over shows fewer of them than MemStats counts. Both numbers must then be on the
// same side. Ours sweeps first: none.
void dump_check_totals(struct dump_check *check) {
    if (!check->has_memstats) {
        return;
    }
    check->is_mid_sweep = check->is_go && check->heap_objects > check->object_count &&
                          check->heap_alloc > check->object_bytes;
    dump_check_note(check, DUMP_RULE_heap_alloc,
                    check->heap_alloc == check->object_bytes || check->is_mid_sweep,
                    "HeapAlloc %" PRIu64 ", the objects %" PRIu64 " bytes", check->heap_alloc,
                    check->object_bytes);
    dump_check_note(check, DUMP_RULE_heap_objects,
                    check->heap_objects == check->object_count || check->is_mid_sweep,
                    "HeapObjects %" PRIu64 ", records %" PRIu64, check->heap_objects,
                    check->object_count);
}
