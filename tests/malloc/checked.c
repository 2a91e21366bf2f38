// checked: the oracle in a process that runs on this heap: it holds the fast statistics to its
// scan.
//
// It is linked with the parts of libcountercheck-malloc.so, for tests and benchmarks, and checks
// when it is asked to and at the process's end, where a finding makes the status 1. Its own memory
// is of the heap that it checks, and so is obtained by a first round that does not count.
#include "tests/malloc/checked.h"

#include "allocator/collect.h"
#include "allocator/heap.h"
#include "allocator/memstats.h"
#include "malloc/process.h"
#include "oracle/identities.h"
#include "oracle/rule.h"
#include "oracle/scan.h"
#include "oracle/verifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct view view;
static struct verifier verifier;
static struct rule_book book;
static struct scan scan;

static bool is_sound(struct heap *heap) {
    static struct memstats stats;
    rule_book_begin(&book);
    heap_read_memstats(heap, &stats);
    if (!view_take(&view, heap) || !verifier_check(&verifier, &book, &view, true)) {
        return false;
    }
    scan_heap(&scan, &view);
    return identities_check(&book, &stats, true) && scan_compare(&book, &scan, &stats) &&
           scan_compare_live(&book, &scan, heap_live_bytes(heap));
}

#pragma GCC visibility push(default)

bool countercheck_malloc_check(void) {
    struct heap *heap = process_heap();
    if (heap == NULL) {
        return false;
    }
    heap_stop_world(heap);
    (void)is_sound(heap);
    bool sound = is_sound(heap);
    heap_start_world(heap);
    if (!sound && book.found) {
        finding_print(&book.finding, stderr);
    }
    return sound;
}

#pragma GCC visibility pop

static __attribute__((destructor)) void end(void) {
    if (!countercheck_malloc_check()) {
        (void)fprintf(stderr, "countercheck: malloc: the account is not what the scan finds\n");
        _exit(1);
    }
    if (getenv("COUNTERCHECK_MALLOC_CHECKED") != NULL) {
        (void)fprintf(stderr, "countercheck: malloc: checked\n");
    }
}
