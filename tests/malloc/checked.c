// checked: the oracle in a process that runs on this heap: it holds the fast statistics to its
// scan.
//
// It is linked with the parts of libcountercheck-malloc.so, for tests and benchmarks. It checks at
// the process's end, when the program asks, and when the environment does (malloc/report.h); a
// finding makes the status 1. Nothing of it is of the heap that it checks: its memory is the
// harness's own memory, and its words go to a descriptor of their own.
#define _DEFAULT_SOURCE // SIGRTMAX
#include "tests/malloc/checked.h"

#include "allocator/collect.h"
#include "allocator/heap.h"
#include "allocator/memstats.h"
#include "malloc/retained.h"
#include "malloc/process.h"
#include "malloc/say.h"
#include "malloc/variable.h"
#include "malloc/watch.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/rules.h"
#include "oracle/go/verify/identities.h"
#include "oracle/core/rule.h"
#include "oracle/go/verify/scan.h"
#include "oracle/go/verify/verifier.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct view view;
static struct verifier verifier;
static struct rule_book book = {.rules = &go_rules};
static struct scan scan;

enum result {
    RESULT_SOUND,
    RESULT_WRONG,
    RESULT_NONE, // the system had no memory for a check
};

// ---- the places of kept spans: the oracle knows none of them, so that its rule of places is set
// aside, and is this: an owned span stands in its owner's alloc[], or once among those it keeps.

static uint8_t *places; // of the view's spans: how many were met
static uint32_t place_capacity;
static const struct inspect_cache *caches[HEAP_CACHE_MAX]; // of the view, by id
static bool places_hold;

static bool make_places(void) {
    if (view.span_count > place_capacity) {
        uint8_t *grown = harness_realloc(places, view.capacity);
        if (grown == NULL) {
            return false;
        }
        places = grown;
        place_capacity = view.capacity;
    }
    if (view.span_count > 0) {
        memset(places, 0, view.span_count);
    }
    return true;
}

static void visit_kept(void *context, const struct mspan *span) {
    uint32_t index = view_find_identity(&view, span);
    const uint32_t *cache_id = context;
    places_hold = places_hold && index != VIEW_NONE && places[index]++ == 0 &&
                  view.spans[index].owner_cache == *cache_id &&
                  (span->kept == KEPT_FULL || span->kept == KEPT_PARTIAL);
}

static bool is_in_alloc(const struct inspect_span *span) {
    const struct inspect_cache *cache =
        span->owner_cache < HEAP_CACHE_MAX ? caches[span->owner_cache] : NULL;
    return cache != NULL && cache->spans[span->span_class] == span->identity;
}

static bool each_owned_span_has_one_place(void) {
    places_hold = true;
    memset(caches, 0, sizeof caches);
    for (uint32_t i = 0; i < view.cache_count; i++) {
        caches[view.caches[i].id] = &view.caches[i];
        retained_visit(view.caches[i].id, visit_kept, &view.caches[i].id);
    }
    for (uint32_t i = 0; i < view.span_count && places_hold; i++) {
        const struct inspect_span *span = &view.spans[i];
        bool is_owned = span->state == INSPECT_SPAN_IN_USE && span->owner_cache != UINT32_MAX;
        unsigned found = places[i] + (is_owned && is_in_alloc(span) ? 1u : 0u);
        places_hold = found == (is_owned ? 1 : 0);
    }
    return places_hold;
}

// ---- a check; the world is stopped

static enum result check(struct heap *heap) {
    static struct memstats stats;
    uint64_t refusals = harness_refusal_count();
    rule_book_begin(&book);
    book.is_set_aside[RULE_SPAN_PLACE] = true;
    places_hold = true;
    heap_read_memstats(heap, &stats);
    bool holds = view_take(&view, heap) && make_places() &&
                 verifier_check(&verifier, &book, &view, true) && each_owned_span_has_one_place();
    if (holds) {
        scan_heap(&scan, &view);
        holds = identities_check(&book, &stats, true) && scan_compare(&book, &scan, &stats) &&
                scan_compare_live(&book, &scan, heap_live_bytes(heap));
    }
    if (!holds && harness_refusal_count() != refusals && !book.found && places_hold) {
        return RESULT_NONE;
    }
    return holds ? RESULT_SOUND : RESULT_WRONG;
}

// What was found, as text; the next check may begin while it is told.
static void describe(char *text, size_t size_bytes) {
    if (book.found) {
        (void)finding_block(&book.finding, text, size_bytes);
    } else if (!places_hold) {
        (void)snprintf(text, size_bytes, "an owned span stands in no place, or in two\n");
    }
}

static enum result check_and_tell(void) {
    struct heap *heap = process_heap();
    char text[FINDING_BLOCK_BYTES] = "";
    if (heap == NULL) {
        return RESULT_NONE;
    }
    heap_stop_world(heap);
    enum result result = check(heap);
    if (result == RESULT_WRONG) {
        describe(text, sizeof text);
    }
    heap_start_world(heap);
    if (result == RESULT_WRONG) {
        say_text(text, strlen(text));
        say("the account is not what the scan finds");
    } else if (result == RESULT_NONE) {
        say("not checked: out of memory");
    }
    return result;
}

#pragma GCC visibility push(default)

bool countercheck_malloc_check(void) {
    return check_and_tell() == RESULT_SOUND;
}

bool countercheck_malloc_memstats(struct memstats *stats) {
    struct heap *heap = process_heap();
    if (heap != NULL) {
        heap_read_memstats(heap, stats);
    }
    return heap != NULL;
}

#pragma GCC visibility pop

// ---- when

static void check_or_end(void) {
    enum result result = check_and_tell();
    if (result == RESULT_WRONG) {
        _exit(1);
    }
    if (result == RESULT_SOUND && getenv("COUNTERCHECK_MALLOC_CHECKED") != NULL) {
        say("checked");
    }
}

static __attribute__((constructor)) void begin(void) {
    static struct watch watch = {.act = check_or_end};
    say_begin();
    watch.each_ms = variable_number("COUNTERCHECK_MALLOC_CHECK_MS", 0, INT_MAX);
    watch.signal = (int)variable_number("COUNTERCHECK_MALLOC_CHECK_SIGNAL", 0, (unsigned)SIGRTMAX);
    int error = watch.each_ms != 0 || watch.signal != 0 ? watch_begin(&watch) : 0;
    if (error != 0) {
        say("checks each %llu ms and at signal %d: %s", watch.each_ms, watch.signal,
            strerror(error));
        _exit(2);
    }
}

static __attribute__((destructor)) void end(void) {
    check_or_end();
}
