// retained: full spans stay with their cache, so that a free in them needs no lock.
//
// The allocator gives a full span to the central lists when its cache needs another one. Here it
// stays the cache's: it stands among the full ones, comes among the partial ones when the owner
// frees an object in it, and is allocated from again before a span is asked of the central lists.
// What others free in it waits in its remote bits until enough of that has come for its owner, when
// it is done with a full span, to look through them. If the owner does not come, the thread that
// frees looks through them in his stead, with the world stopped, and what has room then goes to the
// central lists, for whoever allocates next. Every account is as before: of an owned span all
// slots are live bytes, and the objects are those of its bits.
//
// The slots that the owner freed last in full spans are recent: the next object of their class that
// finds the span at hand full takes one of them, and their span never left its place. They are
// hints, since a span may be moved meanwhile: a slot is taken only where its span is still among
// the cache's full ones, and it still free.
//
// Invariant, held at the end of each free:
//   W1  what waits in a cache's kept spans is at most RETAINED_WAITING_BYTES and an eighth of those
//       spans' bytes, of all classes together, but for what is freed while somebody relieves it
//
// All but retained_note and retained_relieve is for the owner; it enters the heap itself but for
// retained_move, which the fast path calls inside.
#ifndef MALLOC_RETAINED_H
#define MALLOC_RETAINED_H

#include "allocator/pages/mheap.h"
#include "allocator/spans/mcache.h"
#include "allocator/system/world.h"

enum retained_place { // mspan.kept
    KEPT_NOT,         // a cache allocates from it, or nobody keeps it
    KEPT_FULL,        // or so it was when it was last looked at
    KEPT_PARTIAL,
};

// An object of the class, not zeroed, and its span; NULL: no memory.
void *retained_alloc(struct heap *heap, struct mcache *cache, uint8_t size_class,
                     struct mspan **span);

// An object of a kept span was freed by its owner, inside the heap, and the span has to go
// elsewhere. Leaves the heap, so that the fast path ends with this call.
void retained_move(struct heap *heap, struct mcache *cache, struct mspan *span);

// Whether the owner, who has just freed an object of the span, must call retained_move.
static inline bool retained_has_to_move(const struct mspan *span) {
    return span->kept != KEPT_NOT && (span->kept == KEPT_FULL || mspan_alloc_count(span) == 0);
}

#define RETAINED_RECENT_MAX 6 // with their count a line of a processor's cache

struct retained_recent { // slots of a class, the one freed last behind the others; for the owner
    struct mspan *spans[RETAINED_RECENT_MAX];
    uint16_t indices[RETAINED_RECENT_MAX];
    uint32_t count;
};

// Of the cache with this id, a row for each size class.
struct retained_recent *retained_recent_of(uint32_t cache_id);

// Whether the slot that was freed just now is to be recent, and its span stays where it is. Of an
// empty span none is: it may go to the page heap.
static inline bool retained_keep_recent(struct retained_recent *recent, struct mspan *span,
                                        uint32_t index) {
    if (span->kept != KEPT_FULL || mspan_alloc_count(span) == 0 ||
        recent->count == RETAINED_RECENT_MAX) {
        return false;
    }
    recent->spans[recent->count] = span;
    recent->indices[recent->count] = (uint16_t)index;
    recent->count++;
    return true;
}

// How much may wait in one cache's kept spans, whatever they hold (W1).
#define RETAINED_WAITING_BYTES ((uint64_t)512 << 10)

// An object of a span of the cache with this id was freed by somebody else, or not by the fast
// lane. True: too much waits there, and retained_relieve is to be called. Any thread.
bool retained_note(uint32_t cache_id, uint8_t size_class);

// Makes free what waits in the kept spans of the cache with this id, if it is still too much; a
// cache that is gone by now has none. Stops the world. Any thread that stands in no call.
void retained_relieve(struct heap *heap, uint32_t cache_id);

// Gives all of the cache's kept spans to the central lists.
void retained_release(struct heap *heap, struct mcache *cache);

// The kept spans of the cache with this id, full ones first; the world is stopped.
void retained_visit(uint32_t cache_id, void (*visit)(void *context, const struct mspan *span),
                    void *context);

#endif
