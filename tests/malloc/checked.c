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
#include "malloc/kept.h"
#include "malloc/process.h"
#include "oracle/go/rules.h"
#include "oracle/go/verify/identities.h"
#include "oracle/core/rule.h"
#include "oracle/go/verify/scan.h"
#include "oracle/go/verify/verifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct view view;
static struct verifier verifier;
static struct rule_book book = {.rules = &go_rules};
static struct scan scan;

// ---- the places of kept spans: the oracle knows none of them, so that its rule of places is set
// aside, and is this: an owned span stands in its owner's alloc[], or once among those it keeps.

static uint8_t places[1 << 20]; // of the view's spans
static bool places_hold;

static void visit_kept(void *context, const struct mspan *span) {
    uint32_t index = view_find_identity(&view, span);
    const uint32_t *cache_id = context;
    bool known = index != VIEW_NONE && index < sizeof places;
    places_hold = places_hold && known && places[index]++ == 0 &&
                  view.spans[index].owner_cache == *cache_id &&
                  (span->kept == KEPT_FULL || span->kept == KEPT_PARTIAL);
}

static bool is_in_alloc(const struct inspect_span *span, const struct inspect_cache *cache) {
    return cache->spans[span->span_class] == span->identity;
}

static bool each_owned_span_has_one_place(void) {
    places_hold = view.span_count <= sizeof places;
    memset(places, 0, sizeof places);
    for (uint32_t i = 0; i < view.cache_count; i++) {
        kept_visit(view.caches[i].id, visit_kept, &view.caches[i].id);
    }
    for (uint32_t i = 0; i < view.span_count && places_hold; i++) {
        const struct inspect_span *span = &view.spans[i];
        bool found = places[i] != 0;
        for (uint32_t j = 0; j < view.cache_count && span->state == INSPECT_SPAN_IN_USE; j++) {
            if (view.caches[j].id == span->owner_cache && is_in_alloc(span, &view.caches[j])) {
                places_hold = !found; // not both
                found = true;
            }
        }
        bool is_owned = span->state == INSPECT_SPAN_IN_USE && span->owner_cache != UINT32_MAX;
        places_hold = places_hold && found == is_owned;
    }
    return places_hold;
}

static bool is_sound(struct heap *heap) {
    static struct memstats stats;
    rule_book_begin(&book);
    book.is_set_aside[RULE_SPAN_PLACE] = true;
    heap_read_memstats(heap, &stats);
    if (!view_take(&view, heap) || !verifier_check(&verifier, &book, &view, true)) {
        return false;
    }
    if (!each_owned_span_has_one_place()) {
        (void)fprintf(stderr,
                      "countercheck: malloc: an owned span stands in no place, or in two\n");
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
