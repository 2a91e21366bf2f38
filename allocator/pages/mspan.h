// mspan: a run of pages cut into objects of one size, or one large object, or pages that somebody
// manages.
//
// A span owns its object bits and nothing else: which list it stands in, and whose counters it
// moves, is the business of mcentral, mcache and mheap.
//
// Invariants, checked by mspan_is_valid(), I6 by special_list_is_valid():
//   I1  object_count * element_bytes <= page_count * HEAP_PAGE_BYTES
//   I2  alloc_count == popcount(alloc_bits); remote_count == popcount(remote_bits)
//   I3  every object below free_index is allocated
//   I4  no bit at or above object_count is set in any bitmap
//   I5  remote_bits is a subset of alloc_bits: what is freed remotely waits for the owner
//   I6  specials are sorted by (offset, kind) and lie on allocated objects
//   I7  state and span class fit: a large span has one object, a manual span none
//   I8  a span that no cache owns has no remote bit: its last owner drained them
//   I9  tiny_bits is a subset of alloc_bits, and only a span of tiny blocks has any
#ifndef ALLOCATOR_PAGES_MSPAN_H
#define ALLOCATOR_PAGES_MSPAN_H

#include "allocator/bits.h"
#include "allocator/size_classes.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct special;

// What a span is: a structure without pages, a span of objects, or pages that the caller
// manages.
enum mspan_state { MSPAN_DEAD, MSPAN_IN_USE, MSPAN_MANUAL };

enum mspan_list {       // where a span in use stands
    MSPAN_LIST_NONE,    // being moved, or manual, or dead
    MSPAN_LIST_CACHE,   // in a cache's alloc[] (owner names it)
    MSPAN_LIST_PARTIAL, // of its central list
    MSPAN_LIST_FULL,
};

#define MSPAN_OWNER_NONE 0 // else the cache's id + 1

// The bitmaps of a span of more than 64 objects are one block of three parts.
#define MSPAN_BITMAP_WORDS     (SPAN_OBJECTS_MAX / 64)
#define MSPAN_BITS_BLOCK_BYTES (sizeof(uint64_t) * 3 * MSPAN_BITMAP_WORDS)

// A run of pages cut into objects of one size. Go's mspan.
struct mspan {
    uintptr_t base;
    uint32_t page_count;
    uint32_t object_count;
    uint32_t free_index; // hint: no free object below; written by the owner
    _Atomic uint32_t
        alloc_count;      // written by the owner, or under the central lock when there is none
    size_t element_bytes; // large: page_count * HEAP_PAGE_BYTES
    // Bitmaps, one bit an object, accessed with relaxed atomics, since a remote freer reads beside
    // the owner:
    _Atomic uint64_t *alloc_bits;  // written like alloc_count
    _Atomic uint64_t *remote_bits; // written under the central lock
    _Atomic uint64_t
        *mark_bits; // set by read-modify-write: the marker, and owners that allocate black
    _Atomic uint64_t *tiny_bits; // NULL but in a span of tiny blocks: which objects are such blocks
    _Atomic uint64_t inline_bits[3]; // the three bitmaps of a span of up to 64 objects
    uint32_t remote_count;           // under the central lock
    uint32_t
        sweep_generation;   // heap's - 2: unswept, - 1: being swept, equal: swept (Go's sweepgen)
    _Atomic uint32_t owner; // MSPAN_OWNER_NONE or cache id + 1; changes under the central lock
    uint32_t divide_magic;  // for object index = offset / element_bytes (Go's divMul); 0: large
    uint8_t span_class;
    uint8_t state;      // enum mspan_state
    uint8_t list;       // enum mspan_list
    uint8_t stat;       // enum manual_stat of a manual span
    bool needzero;      // its memory may not be zero
    uint8_t kept;       // for who keeps owned spans beside those of alloc[]; 0: not kept
    struct mspan *next; // in its central list
    struct mspan *previous;
    struct special
        *_Atomic specials; // sorted; changes under special_lock, that it is NULL is seen without
};

// Cuts a new span into the objects of its class (class 0: one large object). It is zero but for its
// place, class and state: no object, owner, list or special, and empty bitmaps. `block` is
// MSPAN_BITS_BLOCK_BYTES of zero bytes when mspan_needs_block() says so, else NULL.
void mspan_init_objects(struct mspan *span, uint64_t *block);

// Whether a span of this class has more objects than its inline bitmaps hold.
bool mspan_needs_block(uint8_t span_class);

// The block that mspan_init_objects was given, NULL: none.
void *mspan_block(const struct mspan *span);

// Checks I1..I9 without I6; a dead span is valid.
bool mspan_is_valid(const struct mspan *span);

// The size class of its objects; 0: one large object.
static inline uint8_t mspan_size_class(const struct mspan *span) {
    return span->span_class >> 1;
}
// Whether its objects hold no pointers.
static inline bool mspan_is_noscan(const struct mspan *span) {
    return (span->span_class & 1) != 0;
}
// Whether it is one large object.
static inline bool mspan_is_large(const struct mspan *span) {
    return span->span_class <= 1;
}
// Words of each bitmap.
static inline uint32_t mspan_bit_words(const struct mspan *span) {
    return (span->object_count + 63) / 64;
}

// Allocated slots, those freed remotely included. Exact for the owner; for others, of some moment.
static inline uint32_t mspan_alloc_count(const struct mspan *span) {
    return atomic_load_explicit(&span->alloc_count, memory_order_relaxed);
}

// Whether an object of it has a special. Read without a lock: what others set just now may be
// missed.
static inline bool mspan_has_specials(const struct mspan *span) {
    return atomic_load_explicit(&span->specials, memory_order_relaxed) != NULL;
}

// The owner's cache id + 1, or MSPAN_OWNER_NONE. It changes under the central lock alone.
static inline uint32_t mspan_owner(const struct mspan *span) {
    return atomic_load_explicit(&span->owner, memory_order_relaxed);
}

// ---- single bits; one writer at a time but for mark bits

// A word of a bitmap.
static inline uint64_t mspan_bit_word(const _Atomic uint64_t *bits, uint32_t word) {
    return atomic_load_explicit(&bits[word], memory_order_relaxed);
}

// Whether the bit of object `index` is set.
static inline bool mspan_bit_is_set(const _Atomic uint64_t *bits, uint32_t index) {
    return (mspan_bit_word(bits, index / 64) >> (index % 64) & 1) != 0;
}

// Sets it by a load and a store: other bits of the word may not be written meanwhile.
static inline void mspan_bit_set(_Atomic uint64_t *bits, uint32_t index) {
    uint64_t word = mspan_bit_word(bits, index / 64) | (uint64_t)1 << (index % 64);
    atomic_store_explicit(&bits[index / 64], word, memory_order_relaxed);
}

// Clears it, likewise.
static inline void mspan_bit_clear(_Atomic uint64_t *bits, uint32_t index) {
    uint64_t word = mspan_bit_word(bits, index / 64) & ~((uint64_t)1 << (index % 64));
    atomic_store_explicit(&bits[index / 64], word, memory_order_relaxed);
}

// The bitmap as plain words, for readers of a stopped world.
static inline const uint64_t *mspan_plain_bits(const _Atomic uint64_t *bits) {
    _Static_assert(sizeof(_Atomic uint64_t) == sizeof(uint64_t), "an atomic word is a word");
    return (const uint64_t *)(uintptr_t)bits;
}

// Sets the mark bit; false when it was set before. Any thread.
static inline bool mspan_mark(struct mspan *span, uint32_t index) {
    uint64_t bit = (uint64_t)1 << (index % 64);
    return (atomic_fetch_or_explicit(&span->mark_bits[index / 64], bit, memory_order_relaxed) &
            bit) == 0;
}

// Allocated, and not freed by another cache than the owner.
static inline bool mspan_is_live(const struct mspan *span, uint32_t index) {
    return mspan_bit_is_set(span->alloc_bits, index) && !mspan_bit_is_set(span->remote_bits, index);
}

// ---- objects

// Index of the object that `address` (in the span) lies in; object_count or more: in the waste
// behind the last.
static inline uint32_t mspan_index_of(const struct mspan *span, uintptr_t address) {
    return (uint32_t)((uint64_t)(address - span->base) * span->divide_magic >> 32);
}

// Where object `index` begins; the index is not checked.
static inline uintptr_t mspan_object(const struct mspan *span, uint32_t index) {
    return span->base + index * span->element_bytes;
}

// Finds the lowest free slot at or above `from`; object_count: none.
uint32_t mspan_next_free(const struct mspan *span, uint32_t from);

// Takes the lowest free slot and returns its address, or 0 when the span is full.
// Not thread-safe: the caller owns the span. After Go's mspan.nextFreeIndex.
static inline uintptr_t mspan_alloc(struct mspan *span) {
    uint32_t index = span->free_index;
    if (index >= span->object_count) {
        return 0;
    }
    uint64_t word = mspan_bit_word(span->alloc_bits, index / 64);
    uint64_t free_slots = ~word & UINT64_MAX << (index % 64);
    if (free_slots != 0) {
        index = index / 64 * 64 + bits_ctz64(free_slots);
    } else {
        index = mspan_next_free(span, (index / 64 + 1) * 64);
    }
    if (index >= span->object_count) {
        span->free_index = span->object_count;
        return 0;
    }
    mspan_bit_set(span->alloc_bits, index);
    atomic_store_explicit(&span->alloc_count, mspan_alloc_count(span) + 1, memory_order_relaxed);
    span->free_index = index + 1;
    return mspan_object(span, index);
}

// Gives an allocated slot back. The caller owns the span, or holds the central lock of one that
// nobody owns.
static inline void mspan_free(struct mspan *span, uint32_t index) {
    mspan_bit_clear(span->alloc_bits, index);
    atomic_store_explicit(&span->alloc_count, mspan_alloc_count(span) - 1, memory_order_relaxed);
    if (index < span->free_index) {
        span->free_index = index;
    }
    span->needzero = true;
}

// Marks an allocated slot as freed by another cache than the owner; false when it was. Central lock
// held.
bool mspan_free_remote(struct mspan *span, uint32_t index);

#endif
