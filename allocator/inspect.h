// inspect: the heap's state as plain records of raw bits, read-only, for an account that is made a
// second time.
//
// A function that is added here is a new liar: ci/liars makes of this header what oracle/SOURCES.md
// tells, and refuses a declaration that it cannot lie about.
//
// Nothing here is a statistic: no counter that feeds MemStats can be seen through it. A structural
// count that a span keeps (alloc_count) is shown under the name that says so, to be checked, not
// believed. The world is stopped, or single-threaded, while any of it is read; pointers live until
// the next call into the heap.
#ifndef ALLOCATOR_INSPECT_H
#define ALLOCATOR_INSPECT_H

#include "allocator/size_classes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap;
struct mcache;

// ---- spans: every span structure ever made, dead ones too, in the order of Go's allspans

// What a span is: a structure without pages, a span of objects, or pages that the caller
// manages.
enum inspect_span_state { INSPECT_SPAN_DEAD, INSPECT_SPAN_IN_USE, INSPECT_SPAN_MANUAL };

// One span as it stands. The bitmaps and the specials are the heap's own: good until the next
// call that changes the heap.
struct inspect_span {
    const void *identity; // address of the structure
    uintptr_t base;
    size_t page_count;
    size_t element_bytes;
    uint32_t object_count;
    uint32_t free_index;
    uint32_t claimed_alloc_count;  // the span's own count, to be checked
    uint32_t claimed_remote_count; // likewise
    uint32_t bit_words;            // uint64_t words of each bitmap
    const uint64_t *alloc_bits;
    const uint64_t *remote_bits; // freed by another cache, slot not yet given back: not live
    const uint64_t *mark_bits;
    const void *specials; // first, for inspect_special
    uint32_t sweep_generation;
    uint32_t owner_cache; // UINT32_MAX: none
    uint8_t span_class;
    uint8_t state;       // enum inspect_span_state
    uint8_t manual_stat; // enum manual_stat
    bool needzero;
};

// How many there are; indices are below it.
size_t inspect_span_count(const struct heap *heap);
// The record of one; false: `index` is past the last.
bool inspect_span(const struct heap *heap, size_t index, struct inspect_span *span);

// The same record of the span that the page table names for an address; false: none.
bool inspect_span_at(const struct heap *heap, uintptr_t address, struct inspect_span *span);

// The span that the heap's page table names for an address; false: none. Written to `identity`.
bool inspect_span_of_address(const struct heap *heap, uintptr_t address, const void **identity);

// Whether the heap and all its parts keep their own invariants (structure.h names them), by their
// own predicates.
bool inspect_is_sound(const struct heap *heap);

// What a swept span's sweep_generation is now; two less: unswept. Go's sweepgen.
uint32_t inspect_sweep_generation(const struct heap *heap);
// Whether a cycle marks: then nothing is unswept, and mark bits are being set.
bool inspect_is_marking(const struct heap *heap);

// ---- lists: identities of the spans in a central list, in order

// The four lists of a span class's central list.
enum inspect_list {
    INSPECT_PARTIAL_SWEPT,
    INSPECT_PARTIAL_UNSWEPT,
    INSPECT_FULL_SWEPT,
    INSPECT_FULL_UNSWEPT,
    INSPECT_LIST_COUNT
};

// Calls `visit` for each span of the list; stops after `limit` (a cycle is the caller's finding).
// Returns how many.
size_t inspect_list(const struct heap *heap, uint8_t span_class, enum inspect_list list,
                    size_t limit, void (*visit)(void *context, const void *identity),
                    void *context);

// ---- caches

// One cache: its number and the spans that it owns.
struct inspect_cache {
    uint32_t id;
    const void *identity;
    const void *spans[SPAN_CLASS_COUNT]; // identity of the cached span, NULL: none
};
size_t inspect_cache_limit(const struct heap *heap); // ids are below it
bool inspect_cache(const struct heap *heap, uint32_t id,
                   struct inspect_cache *cache); // false: no such

// ---- pages

// One arena and the three bits of each of its pages. The bitmaps are the heap's own.
struct inspect_arena {
    uintptr_t base;
    size_t chunk_count; // chunks of HEAP_CHUNK_PAGES pages
    const uint64_t *
        page_alloc_bits; // chunk_count * HEAP_CHUNK_PAGES bits: 1 = not free (in use, or not grown)
    const uint64_t *page_scavenged_bits; // 1 = given back to the system (or never touched)
    const uint64_t *page_grown_bits;     // 1 = the page was obtained from the system: in HeapSys or
                                         // lent to manual spans
};
// How many arenas the heap has reserved; not all of their pages are grown.
size_t inspect_arena_count(const struct heap *heap);
bool inspect_arena(const struct heap *heap, size_t index,
                   struct inspect_arena *arena); // by address, ascending

// Where searches for free pages begin: none is to be below.
uintptr_t inspect_search_address(const struct heap *heap);

// Summary tree: the node's claim of free pages (at its start, the longest run, at its end), to be
// checked.
struct inspect_summary {
    uint32_t start_pages, max_pages, end_pages;
};
enum { INSPECT_SUMMARY_LEVELS = 3 }; // 0: groups of 64 arenas, 1: arenas, 2: chunks
// Nodes of a level, those of arenas that the heap does not have included.
size_t inspect_summary_count(const struct heap *heap, int level);
// Level 2 is indexed by arena slot * chunks per arena + chunk; false: no such node.
bool inspect_summary(const struct heap *heap, int level, size_t index,
                     struct inspect_summary *summary);

// ---- metadata: each fixed-size allocator, and the blocks it hands out

// The allocators of metadata blocks, by what their blocks are.
enum inspect_fixalloc {
    INSPECT_FIX_MSPAN,
    INSPECT_FIX_MCACHE,
    INSPECT_FIX_SPECIAL,
    INSPECT_FIX_BITS,
    INSPECT_FIX_COUNT
};

// One allocator of metadata blocks, in blocks and bytes.
struct inspect_fix {
    size_t block_bytes;
    size_t chunk_bytes;
    size_t chunk_count;      // taken from the persistent allocator
    size_t tail_block_count; // not yet handed out of the last chunk
    size_t free_block_count; // length of the free list, walked now
};
// Fills the record; walks the free list, so that a ring in it does not end.
void inspect_fix(const struct heap *heap, enum inspect_fixalloc which, struct inspect_fix *fix);

// What was taken from the persistent allocator, one record for each block, by the statistic that it
// is charged to.
enum inspect_metadata {
    INSPECT_METADATA_MSPAN,
    INSPECT_METADATA_MCACHE,
    INSPECT_METADATA_BUCKHASH,
    INSPECT_METADATA_GC,
    INSPECT_METADATA_OTHER,
    INSPECT_METADATA_COUNT
};

// Memory from the system: every range, with its statistic when it was taken directly.
enum inspect_range_kind {
    INSPECT_RANGE_ARENA,
    INSPECT_RANGE_PERSISTENT,
    INSPECT_RANGE_DIRECT,
    INSPECT_RANGE_OS_STACK
};
// One range of addresses that the heap reserved from the system.
struct inspect_range {
    uintptr_t base;
    size_t size_bytes;     // reserved
    size_t prepared_bytes; // of it counted in Sys: from the base on
    uint8_t kind;          // enum inspect_range_kind
    uint8_t metadata;      // enum inspect_metadata of a direct range
};
// The index-th by address, ascending; false: past the last.
bool inspect_range(const struct heap *heap, size_t index, struct inspect_range *range);

// The persistent allocator's blocks: `visit` for each (address, size, metadata). They lie in
// persistent ranges, and what of those is taken by nobody belongs to OtherSys.
void inspect_persistent(const struct heap *heap,
                        void (*visit)(void *context, uintptr_t base, size_t size_bytes,
                                      enum inspect_metadata metadata),
                        void *context);

// Never reset since it was created: the kernel's view of released pages is then that of the
// account. A reset heap keeps pages warm that its account gave back.
bool inspect_is_cold(const struct heap *heap);

// ---- specials and profile

// What hangs on an object.
enum inspect_special_kind {
    INSPECT_SPECIAL_FINALIZER,
    INSPECT_SPECIAL_PROFILE,
    INSPECT_SPECIAL_CLEANUP
};
// One special: what hangs on the object at `offset`.
struct inspect_special {
    uint8_t kind;
    size_t offset;          // from the span's base
    uintptr_t bucket;       // of a profile special
    uintptr_t finalizer[4]; // or of a cleanup: function, entry, function_type, object_type
    const void *next;
};
bool inspect_special(const void *special, struct inspect_special *record); // false for NULL

// One bucket of the memory profile: objects of one size from one call stack.
struct inspect_bucket {
    uintptr_t identity;
    size_t object_bytes;
    size_t frame_count;
    const uintptr_t *frames;
    const void *next; // in the list of all
    const void *hash_next;
};
// The newest bucket, for inspect_bucket; NULL: none.
const void *inspect_first_bucket(const struct heap *heap);
// The record of one bucket. False for NULL.
bool inspect_bucket(const void *bucket, struct inspect_bucket *record);
size_t inspect_bucket_hash_rows(const struct heap *heap); // 0: no table yet
// The first bucket of a row (below the count), whose others follow by hash_next; NULL: an empty
// row.
const void *inspect_bucket_hash_row(const struct heap *heap, size_t row);

#endif
