// account_lies: one lie in MemStats for each rule that holds MemStats against itself or another
// account.
#ifndef TESTS_CANARY_ACCOUNT_LIES_H
#define TESTS_CANARY_ACCOUNT_LIES_H

#include "tests/canary/liars.h"
#include "tests/canary/scene.h"

#define LIE(name, statement)                                                                       \
    static void name(struct memstats *s) {                                                         \
        statement;                                                                                 \
    }

LIE(lie_inuse, s->HeapInuse += 8192)
LIE(lie_moved, s->GCSys -= 8192; s->OtherSys += 8192)
LIE(lie_class, s->BySize[5].Mallocs++)
LIE(lie_mallocs, s->Mallocs++; s->Frees++)
LIE(lie_ring, s->PauseNs[7] = 1)
LIE(lie_alloc, s->Alloc++)
LIE(lie_objects, s->HeapObjects++)
LIE(lie_released, s->HeapReleased = s->HeapIdle + 8192)
LIE(lie_heap_alloc, s->Alloc = s->HeapAlloc = s->HeapInuse + 1)
LIE(lie_total, s->TotalAlloc = s->HeapAlloc - 1)
LIE(lie_parts, s->MSpanInuse = s->MSpanSys + 1)
LIE(lie_sys, s->Sys += 262144)
LIE(lie_pages, s->HeapIdle++; s->HeapSys++; s->Sys++)
LIE(lie_size, s->BySize[9].Size++)
LIE(lie_top, s->Sys -= s->OtherSys + 8192; s->OtherSys = (uint64_t)0 - 8192)
LIE(lie_lookups, s->Lookups = 1)
LIE(lie_last, s->LastGC = 1)
LIE(lie_decrease, s->TotalAlloc -= 8)
LIE(lie_all, s->Sys += 262144; s->OtherSys += 262144)

static void tell(void (*lie)(struct memstats *stats)) {
    driver_next(&driver); // of which any field may move
    liars.memstats = lie;
    (void)check_fully();
}

#define ACCOUNT(name, lie)                                                                         \
    static void name(void) {                                                                       \
        tell(lie);                                                                                 \
    }
ACCOUNT(scan_field, lie_moved)
ACCOUNT(identity_heap_sys, lie_inuse)
ACCOUNT(by_size, lie_class)
ACCOUNT(model_field, lie_mallocs)
ACCOUNT(model_ring, lie_ring)
ACCOUNT(identity_alloc, lie_alloc)
ACCOUNT(identity_objects, lie_objects)
ACCOUNT(identity_released, lie_released)
ACCOUNT(identity_inuse, lie_heap_alloc)
ACCOUNT(identity_total, lie_total)
ACCOUNT(identity_parts, lie_parts)
ACCOUNT(identity_sys, lie_sys)
ACCOUNT(identity_pages, lie_pages)
ACCOUNT(identity_by_size, lie_size)
ACCOUNT(identity_top_bit, lie_top)
ACCOUNT(identity_constant, lie_lookups)
ACCOUNT(identity_pauses, lie_last)
ACCOUNT(kernel_bytes, lie_all)

static void identity_monotonic(void) {
    (void)check_fully();
    tell(lie_decrease);
}

static void delta_moved(void) {
    (void)driver_check(&driver, ORACLE_CHEAP);
    oracle_begin(driver.oracle, driver.operation, ORACLE_MOVES_NONE);
    (void)heap_alloc_manual(driver.heap, 1, MANUAL_OTHER);
    (void)driver_check(&driver, ORACLE_CHEAP);
}

#endif
