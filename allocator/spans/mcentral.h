// mcentral: the spans of one span class that are in no cache: partial and full, swept and unswept.
//
// Two lists of each kind; which of the two is the swept one alternates with the sweep generation,
// as in Go. Large spans stand in the lists of size class 0. It alone moves spans between caches,
// lists and the page heap, and it is where an object is freed whose span the freeing cache does not
// own.
//
// A span that is being swept is in no list, and its generation says so until it is back in one: who
// wants it waits.
//
// Invariants, checked by mcentral_is_valid():
//   C1  it is the lists of its own class
//   C2  the links of a list fit: first, last, next, previous
//   C3  who stands in a list is in use, of the class, says so, and has neither owner nor remote bit
//   C4  in a partial list are spans with an object and a free slot, in a full one those without one
//   C5  spans of a swept list are of the heap's sweep generation, of an unswept one of that before
#ifndef ALLOCATOR_SPANS_MCENTRAL_H
#define ALLOCATOR_SPANS_MCENTRAL_H

#include "allocator/heap.h"
#include "allocator/pages/mspan.h"
#include "allocator/system/lock.h"

// A doubly linked list of spans; both ends NULL when empty.
struct mspan_queue {
    struct mspan *first;
    struct mspan *last;
};

// Adds a span that stands in no queue, behind the others. Its owner's alone to call, or under its
// lock.
static inline void mspan_queue_push(struct mspan_queue *queue, struct mspan *span) {
    span->next = NULL;
    span->previous = queue->last;
    if (queue->last == NULL) {
        queue->first = span;
    } else {
        queue->last->next = span;
    }
    queue->last = span;
}

// Takes a span out of the queue that it stands in.
static inline void mspan_queue_remove(struct mspan_queue *queue, struct mspan *span) {
    if (span->previous == NULL) {
        queue->first = span->next;
    } else {
        span->previous->next = span->next;
    }
    if (span->next == NULL) {
        queue->last = span->previous;
    } else {
        span->next->previous = span->previous;
    }
    span->next = span->previous = NULL;
}

// The spans of one class that no cache owns. Go's mcentral.
struct mcentral {
    struct lock lock;
    uint8_t span_class;
    struct mspan_queue partial[2]; // [generation / 2 % 2] is the swept one
    struct mspan_queue full[2];
};

// The lists of every class, as those of a fresh heap. Called by heap_create and heap_reset with
// nobody else in the heap.
void mcentral_init_all(struct heap *heap);

// Checks C1..C5. O(spans of the class). Under its lock, or with the world stopped.
bool mcentral_is_valid(const struct heap *heap, uint8_t span_class);

// A swept span with a free slot for the cache, which owns it from now on: a partial one, else one
// that sweeping makes so, else a new one. NULL: no memory, nothing changed. After Go's
// mcentral.cacheSpan.
struct mspan *mcentral_cache_span(struct heap *heap, struct mcache *cache, uint8_t span_class);

// Takes a span back from its owner: to a list, or to the page heap when no object is left in it.
void mcentral_uncache_span(struct heap *heap, struct mspan *span);

// Makes the slots that other caches have freed in an owned span free; true when the span has a free
// slot then.
bool mcentral_drain(struct heap *heap, struct mspan *span);

// Lists a new large span.
void mcentral_add_large(struct heap *heap, struct mspan *span);

// Frees an object whose span `cache` does not own; HEAP_FREED or HEAP_FREE_REMOTE. Sweeps the span
// first when that is due. Counts nothing but heap_live.
enum heap_free_status mcentral_free_object(struct heap *heap, struct mcache *cache,
                                           struct mspan *span, uint32_t index);

// Gives an object other pointer bits, for `size_bytes`; false when another cache owns its span, or
// a sweep has it.
bool mcentral_set_layout(struct heap *heap, const struct mcache *cache, struct mspan *span,
                         uint32_t index, size_t size_bytes, const struct gc_layout *layout);

// Takes an unswept span off its list, to be swept by the caller, who then puts it on its list.
// NULL: none.
struct mspan *mcentral_claim_unswept(struct heap *heap, uint8_t span_class);

// Whether the caller may sweep a span.
enum mcentral_claim_status {
    MCENTRAL_NOT_DUE,     // it is swept, or a cache owns it
    MCENTRAL_CLAIMED,     // sweep it, and put it on its list
    MCENTRAL_BEING_SWEPT, // by somebody else
};
// Takes this span off its list if it is unswept.
enum mcentral_claim_status mcentral_claim(struct heap *heap, struct mspan *span);

// Lists a span just swept, or returns its pages when no object is left in it.
void mcentral_put_swept(struct heap *heap, struct mspan *span);

// Sweeps the span if that is due, or waits until who sweeps it is done. On nobody's behalf. The
// span may be gone then, unless it holds a marked object. After Go's mspan.ensureSwept.
void mcentral_ensure_swept(struct heap *heap, struct mspan *span);

#endif
