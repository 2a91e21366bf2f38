// view: the heap's spans and caches copied out of inspect once per check, so that they can be
// looked up by identity and by address.
//
// Raw records and nothing derived. Valid until the next call into the heap: bitmaps and specials
// are the heap's own.
//
// Invariants, checked by view_is_valid():
//   V1  no array holds more than it has room for; the table is a power of two, half of it free
//   V2  by_address names each span that is not dead once, by (base, index), and no other
//   V3  the table finds each span by its identity
//   V4  in_order is all false between two takes
//   V5  caches stand by id, ascending
#ifndef ORACLE_GO_VIEW_VIEW_H
#define ORACLE_GO_VIEW_VIEW_H

#include "allocator/inspect.h"
#include "oracle/core/bits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// No span.
#define VIEW_NONE UINT32_MAX

// A copy of the heap's spans and caches at one moment. Their bitmaps are the heap's own, and so
// the view is good until the heap changes.
struct view {
    const struct heap *heap;
    struct inspect_span *spans; // as inspect orders them, dead ones too
    uint32_t *by_address;       // indices of the spans that are not dead, by base, ascending
    bool *in_order;             // of each span, while by_address is made: it stands there already
    uint32_t *identity_table;   // open hash of indices + 1
    struct inspect_cache *caches;
    uint32_t span_count;
    uint32_t standing_count; // of by_address
    uint32_t table_size;     // a power of two
    uint32_t capacity;       // of spans and by_address
    uint32_t cache_count;    // those that exist, by id
    uint32_t cache_capacity;
    uint32_t sweep_generation;
    bool marking;
};

// A zeroed struct is an empty view. Copies the heap's state in. False: out of memory.
bool view_take(struct view *view, const struct heap *heap);
// Frees its arrays; the view is empty then.
void view_fini(struct view *view);

// Checks V1..V5. O(spans).
bool view_is_valid(const struct view *view);

// Index of the span with that identity, VIEW_NONE: none.
uint32_t view_find_identity(const struct view *view, const void *identity);

// Index of the span, in use or manual, that `address` lies in; VIEW_NONE: none.
uint32_t view_find_address(const struct view *view, uintptr_t address);

// Objects of the span that are live for every account: allocated, and not freed by another cache.
static inline uint32_t view_live_count(const struct inspect_span *span) {
    uint32_t count = 0;
    uint32_t whole = span->object_count / 64;
    for (uint32_t word = 0; word < whole; word++) {
        count += bits_count(span->alloc_bits[word] & ~span->remote_bits[word]);
    }
    if (span->object_count % 64 != 0) {
        uint64_t mask = ((uint64_t)1 << (span->object_count % 64)) - 1;
        count += bits_count(span->alloc_bits[whole] & ~span->remote_bits[whole] & mask);
    }
    return count;
}
// Whether object `index` of the span is live for every account.
static inline bool view_is_live(const struct inspect_span *span, size_t index) {
    return bits_at(span->alloc_bits, index) && !bits_at(span->remote_bits, index);
}

// Whether the sweep of the last cycle has been over the span.
static inline bool view_is_swept(const struct view *view, const struct inspect_span *span) {
    return span->sweep_generation == view->sweep_generation;
}

#endif
