// heap: the public face of a span allocator in the manner of Go's runtime; a heap is an instance.
//
// What is not here: roots, marking and the collection cycle (runtime/), the dump (dump/), and any
// second account of what the heap counts (oracle/).
//
// Threads: a cache belongs to one thread at a time; every call that takes a cache is made by its
// owner. Calls that take no cache lock what they need. Out of memory is NULL or false: no statistic
// has changed and nothing is lost, but an allocation that needs a span may have swept some first. A
// misuse (foreign pointer, double free) aborts with one sentence.
#ifndef ALLOCATOR_HEAP_H
#define ALLOCATOR_HEAP_H

#include "allocator/size_classes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap;
struct heap_start;
struct mcache;

// Where a heap's addresses lie: all arenas in one window, its metadata behind it, the next heap
// a stride further.
#define HEAP_BASE_DEFAULT   ((uintptr_t)0x550000000000)
#define HEAP_WINDOW_BYTES   ((uintptr_t)256 << 30) // arenas lie in [base, base + window)
#define HEAP_METADATA_BYTES ((uintptr_t)64 << 30)  // metadata lies behind the window
#define HEAP_STRIDE_BYTES   (HEAP_WINDOW_BYTES + HEAP_METADATA_BYTES)
#define HEAP_ARENA_BYTES    ((uintptr_t)64 << 20)
#define HEAP_ARENA_PAGES    (HEAP_ARENA_BYTES / HEAP_PAGE_BYTES)
#define HEAP_ARENA_COUNT    (HEAP_WINDOW_BYTES / HEAP_ARENA_BYTES)
#define HEAP_CHUNK_PAGES    512 // pages of a page-allocator chunk: 4 MiB; the unit of growth

// What heap_create() may be told; zeroes are the defaults.
struct heap_options {
    uintptr_t base; // first arena, a multiple of 64 MiB; 0: HEAP_BASE_DEFAULT. If occupied, tries
                    // the next stride, then any address
    const struct heap_start *start; // what it takes up (allocator/start.h); NULL: nothing
};

// Creates a heap; NULL options: the defaults. NULL when the system gives no memory, or what it is
// to start from can be no heap's.
struct heap *heap_create(const struct heap_options *options);

// Gives everything back to the system, caches included.
void heap_destroy(struct heap *heap);

// Makes the heap as one just created: same addresses, same statistics, all memory zero, no cache,
// no fault plan. Cleans what is dirty and keeps the rest mapped and warm. False: no memory; destroy
// it.
bool heap_reset(struct heap *heap);

// Whether AddressSanitizer knows which bytes of a heap are nobody's: its shadow is an eighth of all
// pages that were ever prepared, touched or not. What the allocator was compiled with, and not who
// asks.
bool heap_is_poisoned(void);

// Where the first arena is; differs from options.base when that was taken.
uintptr_t heap_base(const struct heap *heap);

// ---- caches (Go's mcache, one per P)
//
// A cache serves one thread at a time, which may hand it to another between two calls; not while it
// waits inside one for a stopped world, whoever has stopped it.

// A new or revived cache, NULL when out of memory. Any thread. Its id is the lowest that is free.
struct mcache *heap_acquire_cache(struct heap *heap);

// Flushes the cache, adds its counts to the heap's and frees it. The world need not be stopped.
void heap_release_cache(struct heap *heap, struct mcache *cache);

// Returns the cache's spans to the central lists and drops its tiny block. After Go's
// mcache.releaseAll.
void heap_flush_cache(struct heap *heap, struct mcache *cache);

// The cache's number, from 0 on; after its release another one may get it.
uint32_t heap_cache_id(const struct mcache *cache);

// ---- objects

// Where an object's pointers are: one element's layout, repeated over the object. NULL or
// pointer_bytes == 0: no pointers. Bit i of pointer_mask is word i; words at or past pointer_bytes
// hold none. After Go's _type.
struct gc_layout {
    size_t size_bytes;           // of one element, a multiple of 8 when pointer_bytes > 0
    size_t pointer_bytes;        // prefix that holds all pointers
    const uint8_t *pointer_mask; // pointer_bytes / 8 bits
};

// What an allocation asks for, or'ed together.
enum heap_alloc_flags {
    HEAP_ALLOC_ZERO = 1, // the object's bytes are zero; pointerful objects always are
    HEAP_ALLOC_TINY = 2, // a noscan request below 16 bytes may share a block with others: it is
                         // then freed by collection alone
};

// Allocates `size_bytes`; size 0 gives heap_zero_base(), which counts nowhere. NULL: out of memory.
// Alignment as Go's: the class's natural one (tiny: 8, 4, 2 or 1 by the size's own divisibility).
void *heap_alloc(struct heap *heap, struct mcache *cache, size_t size_bytes,
                 const struct gc_layout *layout, unsigned flags);

// As heap_alloc, at a multiple of `align_bytes` (a power of two; above 64 MiB: NULL); never tiny.
// Up to a page: the smallest class that fits and is a multiple. Above: a large object, whatever its
// size. Size 0 above 8 bytes' alignment is size 1.
void *heap_alloc_aligned(struct heap *heap, struct mcache *cache, size_t size_bytes,
                         size_t align_bytes, const struct gc_layout *layout, unsigned flags);

// What heap_free() did.
enum heap_free_status {
    HEAP_FREED,         // the object's slot is free
    HEAP_FREE_REMOTE,   // freed for every account; the owner of its span reuses the slot later
    HEAP_FREE_DEFERRED, // part of a tiny block, the zero base, or NULL: nothing happened
};

// Frees the object that begins at `pointer`. Its specials go with it: a finalizer is dropped, a
// profile record is counted as a free. Double free, interior or foreign pointer: aborts.
enum heap_free_status heap_free(struct heap *heap, struct mcache *cache, void *pointer);

// Resizes: in place when old and new size share a span class (or large: page count), else by
// moving; contents are kept up to the lesser size. What is gained is zero when the object has
// pointers, or when HEAP_ALLOC_ZERO came with every call of its life. A pointerful object whose
// span another cache owns always moves; so does a part of a tiny block, with what follows it in the
// block. NULL: out of memory, the old object lives on. NULL or the zero base as `pointer`:
// allocates; size 0: frees, and returns the zero base. Misuse as of heap_free.
void *heap_realloc(struct heap *heap, struct mcache *cache, void *pointer, size_t size_bytes,
                   const struct gc_layout *layout, unsigned flags);

// Bytes usable at an object's start: its class size, or whole pages; 0 for a pointer not of this
// heap.
size_t heap_usable_bytes(struct heap *heap, const void *pointer);

// What an allocation of 0 bytes returns: one address outside the arenas, the same for the heap's
// life. After Go's zerobase.
void *heap_zero_base(const struct heap *heap);

// The object that `address` lies in, free or not: its base, size and index; false when in no span
// in use.
struct heap_object {
    uintptr_t base;
    size_t element_bytes;
    bool noscan;
    bool allocated; // alloc bit set and not freed remotely
    bool marked;
};
// Fills `object`, also for a free slot. False: no span in use is there, or the address lies in the
// waste behind the last object. No lock: the world is stopped, or the object cannot be freed
// meanwhile.
bool heap_find_object(const struct heap *heap, uintptr_t address, struct heap_object *object);

// ---- pages

// Manual spans: pages that the caller manages, charged to the statistic named, never to HeapInuse
// or HeapSys.
enum manual_stat {
    MANUAL_STACK,        // StackInuse
    MANUAL_WORKBUF,      // GCSys
    MANUAL_POINTER_BITS, // GCSys
    MANUAL_OTHER,        // OtherSys
    MANUAL_STAT_COUNT,
};
// The pages hold whatever they held. 0 pages, or no memory: NULL.
void *heap_alloc_manual(struct heap *heap, size_t page_count, enum manual_stat stat);
// Gives the whole span back. `base` is its first byte and `stat` what it was charged to; anything
// else is a misuse.
void heap_free_manual(struct heap *heap, void *base, enum manual_stat stat);

// Memory straight from the system, outside the arenas, charged to StackSys: the stacks of OS
// threads. Zeroed; the size is rounded up to whole heap pages, and 0 is NULL. Unmapping takes the
// size that was asked for.
void *heap_map_os_stack(struct heap *heap, size_t size_bytes);
// Unmaps a stack of heap_map_os_stack. Another address or size is a misuse.
void heap_unmap_os_stack(struct heap *heap, void *base, size_t size_bytes);

// Releases idle pages to the system, highest address first, until at least `size_bytes` (SIZE_MAX:
// all) are released or none is left; returns the bytes released. A failing madvise stops it early.
size_t heap_scavenge(struct heap *heap, size_t size_bytes);

// The fewest bytes that lay idle and unreleased at any moment since the last call of this, or since
// the heap's birth: as much was not needed all that time. The next time begins now. Any thread.
size_t heap_take_idle_low(struct heap *heap);

// Memory for the records of whoever the heap serves: zeroed, at a multiple of 16 bytes, charged to
// OtherSys, at the same address after the same calls; it goes with the heap or its reset. NULL: out
// of memory.
void *heap_metadata_alloc(struct heap *heap, size_t size_bytes);

// All or nothing, for who needs several things at once: what is obtained between the two calls is
// kept, or given back as if it had never been asked for, and no number has moved. Metadata and OS
// stacks, and at most one other thing (pages, a cache, a finalizer of a swept span) as the last;
// when that fails, the transaction is not kept. The world is stopped in between. One inside another
// is a part of it.
void heap_begin_transaction(struct heap *heap);
// Inside a transaction: the word at `place`, of whoever the heap serves, goes back to what it is
// now, should it not be kept.
void heap_save_in_transaction(struct heap *heap, void *place);
// Ends the transaction and starts the world: `keep` what it obtained, or give all of it back.
void heap_end_transaction(struct heap *heap, bool keep);

// ---- stopping the world

// Waits until no other thread is inside a heap call, and keeps it so. Nests on one thread.
void heap_stop_world(struct heap *heap);
// Undoes one heap_stop_world of this thread; the last one lets the others in. Of a thread that has
// stopped nothing: a misuse.
void heap_start_world(struct heap *heap);
// Whether the cache's thread waits inside a call for a stopped world to run again.
bool heap_is_waiting(struct heap *heap, const struct mcache *cache);

// pthread_atfork's three moments: the child's heap is usable whatever the other threads were doing.
void heap_fork_prepare(struct heap *heap);
// After the fork, in the parent: gives back what heap_fork_prepare took.
void heap_fork_parent(struct heap *heap);
// After the fork, in the child: the same, and the barrier of all threads is registered anew.
void heap_fork_child(struct heap *heap);

#endif
