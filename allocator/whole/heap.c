// heap: a heap's birth, its second births, and its end.
//
// Everything that a heap owns lies in its metadata, the structure itself in the first mapping of
// it. A reset takes the account back to where a new heap's stands, and clears just what was used.
#include "allocator/heap.h"

#include "allocator/bits.h"
#include "allocator/check.h"
#include "allocator/fault.h"
#include "allocator/inspect.h"
#include "allocator/pages/arena.h"
#include "allocator/pages/fixalloc.h"
#include "allocator/pages/mspan.h"
#include "allocator/pages/palloc.h"
#include "allocator/pages/persistentalloc.h"
#include "allocator/poison.h"
#include "allocator/size_classes.h"
#include "allocator/spans/mcache.h"
#include "allocator/spans/mcentral.h"
#include "allocator/spans/mprof_internal.h"
#include "allocator/spans/special_internal.h"
#include "allocator/start.h"
#include "allocator/structure.h"
#include "allocator/system/lock.h"
#include "allocator/system/sysmem.h"

#include <string.h>

struct heap_root {
    struct heap heap;
    struct sysmem sysmem;
};

// ---- what a new heap and a reset one begin with

// The structure is zero but for `sysmem`, `base` and `fence_free`.
static bool init(struct heap *heap) {
    lock_init(&heap->lock);
    lock_init(&heap->special_lock);
    lock_init(&heap->profile_lock);
    lock_init(&heap->world_lock);
    heap->stats.other_sys_bytes = sysmem_round_up(sizeof(struct heap_root));
    heap->palloc.base = heap->base;
    heap->palloc.search_address = heap->base;
    heap->grow_next = heap->base;
    heap->grow_end = heap->base + HEAP_ARENA_BYTES;
    heap->next_arena_slot = 1;
    fixalloc_init(&heap->span_fix, sizeof(struct mspan), INSPECT_METADATA_MSPAN);
    fixalloc_init(&heap->cache_fix, sizeof(struct mcache), INSPECT_METADATA_MCACHE);
    fixalloc_init(&heap->special_fix, SPECIAL_BLOCK_BYTES, INSPECT_METADATA_OTHER);
    fixalloc_init(&heap->bits_fix, MSPAN_BITS_BLOCK_BYTES, INSPECT_METADATA_GC);
    mcentral_init_all(heap);
    return mprof_init(heap);
}

struct heap *heap_create(const struct heap_options *options) {
    uintptr_t base = options == NULL || options->base == 0 ? HEAP_BASE_DEFAULT : options->base;
    if (base % HEAP_ARENA_BYTES != 0) {
        check_misuse("heap_create: the base is not a multiple of 64 MiB", base);
    }
    struct sysmem *sysmem =
        sysmem_create(base, sizeof(struct heap_root), offsetof(struct heap_root, sysmem));
    if (sysmem == NULL) {
        return NULL;
    }
    struct heap *heap = (struct heap *)((uintptr_t)sysmem - offsetof(struct heap_root, sysmem));
    heap->sysmem = sysmem;
    heap->base = sysmem->base;
    heap->fence_free = sysmem_register_barrier(sysmem);
    bool starts = options != NULL && options->start != NULL;
    if (!init(heap) || (starts && !heap_start_from(heap, options->start))) {
        sysmem_destroy(sysmem);
        return NULL;
    }
    ASSERT_SLOW(heap_is_valid(heap));
    return heap;
}

void heap_destroy(struct heap *heap) {
    sysmem_destroy(heap->sysmem);
}

uintptr_t heap_base(const struct heap *heap) {
    return heap->base;
}

bool heap_is_poisoned(void) {
    return HEAP_POISON_ACTIVE != 0;
}

// ---- faults

void heap_set_faults(struct heap *heap, enum sysmem_call call, uint64_t fail_at,
                     uint64_t fail_count) {
    lock_acquire(&heap->lock);
    struct sysmem_fault *fault = &heap->sysmem->faults[call];
    *fault = (struct sysmem_fault){
        .fail_at = fail_at, .fail_count = fail_count, .failed_count = fault->failed_count};
    lock_release(&heap->lock);
}

void heap_set_fault(struct heap *heap, enum sysmem_call call, uint64_t fail_at, bool and_on) {
    heap_set_faults(heap, call, fail_at, and_on ? UINT64_MAX : 1);
}

bool heap_refuses_metadata(struct heap *heap) {
    lock_acquire(&heap->lock);
    bool refuses = sysmem_refuses_metadata(heap->sysmem);
    lock_release(&heap->lock);
    return refuses;
}

uint64_t heap_call_count(const struct heap *heap, enum sysmem_call call) {
    return heap->sysmem->faults[call].call_count;
}

uint64_t heap_fault_count(const struct heap *heap) {
    uint64_t sum = 0;
    for (unsigned call = 0; call < SYSMEM_CALL_COUNT; call++) {
        sum += heap->sysmem->faults[call].failed_count;
    }
    return sum;
}

uint64_t heap_refusal_count(const struct heap *heap) {
    return heap->sysmem->refusal_count;
}

// ---- reset

// Zeroes pages [first, end) of an arena and what the metadata holds of them.
static void clean_pages(struct heap_arena *arena, uintptr_t arena_base, size_t first, size_t end) {
    uintptr_t base = arena_base + first * HEAP_PAGE_BYTES;
    size_t size_bytes = (end - first) * HEAP_PAGE_BYTES;
    sysmem_clean_pages(base, size_bytes);
    heap_poison(base, size_bytes);
    sysmem_clean((uintptr_t)arena->pointer_bits + first * HEAP_POINTER_BITS_PAGE_BYTES,
                 (end - first) * HEAP_POINTER_BITS_PAGE_BYTES);
    memset(&arena->spans[first], 0, (end - first) * sizeof(arena->spans[0]));
}

// Grown pages that may hold something: what was scavenged since it was last handed out does not.
static uint64_t dirty_word(const struct heap_arena *arena, size_t word) {
    size_t chunk = word / PALLOC_CHUNK_WORDS;
    size_t in_chunk = word % PALLOC_CHUNK_WORDS;
    return arena->pages.grown_bits[chunk][in_chunk] & ~arena->pages.scavenged_bits[chunk][in_chunk];
}

// The first page at or above `from` that is dirty (or is not); HEAP_ARENA_PAGES: none.
static size_t find_page(const struct heap_arena *arena, size_t from, bool dirty) {
    for (size_t word = from / 64; word < HEAP_ARENA_PAGES / 64; word++) {
        uint64_t hits = dirty_word(arena, word) ^ (dirty ? 0 : UINT64_MAX);
        if (word == from / 64) {
            hits &= ~bits_low_mask64((uint32_t)(from % 64));
        }
        if (hits != 0) {
            return word * 64 + bits_ctz64(hits);
        }
    }
    return HEAP_ARENA_PAGES;
}

static void clean_arena(struct heap *heap, size_t slot) {
    struct heap_arena *arena = atomic_load_explicit(&heap->arenas[slot], memory_order_relaxed);
    if (arena == NULL) {
        return;
    }
    size_t end = 0;
    for (;;) {
        size_t first = find_page(arena, end, true);
        if (first == HEAP_ARENA_PAGES) {
            break;
        }
        end = find_page(arena, first, false);
        clean_pages(arena, heap->base + slot * HEAP_ARENA_BYTES, first, end);
    }
    memset(&arena->pages, 0, sizeof(arena->pages));
    arena->pointer_bits = NULL;
    arena->next = NULL;
    arena->slot = 0;
    atomic_store_explicit(&heap->arenas[slot], NULL, memory_order_relaxed);
    heap->palloc.arenas[slot] = NULL;
    heap->palloc.arena_summary[slot] = (struct palloc_summary){0};
}

// The end of what was written of [base, end): a fixed-size allocator's last chunk has a tail that
// never was.
static uintptr_t written_end(const struct heap *heap, uintptr_t base, uintptr_t end) {
    const struct fixalloc *const all[] = {&heap->span_fix, &heap->cache_fix, &heap->special_fix,
                                          &heap->bits_fix};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (base < all[i]->chunks.next && all[i]->chunks.next < end) {
            return all[i]->chunks.next;
        }
    }
    return end;
}

static void clean_chunk(const struct heap *heap, uintptr_t base) {
    uintptr_t end = base + PERSISTENT_CHUNK_BYTES;
    const struct persistent_header *block;
    while ((block = persistent_block(base, end)) != NULL) {
        uintptr_t next = base + block->size_bytes;
        memset((void *)base, 0, written_end(heap, base, next) - base);
        base = next;
    }
}

static void clean_structure(struct heap *heap) {
    struct sysmem *sysmem = heap->sysmem;
    uintptr_t base = heap->base;
    bool fence_free = sysmem_register_barrier(sysmem); // as a new one does
    memset(heap, 0, offsetof(struct heap, palloc));
    heap->palloc.arena_limit = 0;
    memset(heap->palloc.group_summary, 0, sizeof(heap->palloc.group_summary));
    heap->sysmem = sysmem;
    heap->base = base;
    heap->fence_free = fence_free;
}

bool heap_reset(struct heap *heap) {
    const struct sysmem *sysmem = heap->sysmem;
    for (size_t slot = 0; slot < heap->palloc.arena_limit; slot++) {
        clean_arena(heap, slot);
    }
    for (size_t i = 0; i < sysmem->range_count; i++) {
        if (sysmem->ranges[i].kind == INSPECT_RANGE_PERSISTENT) {
            clean_chunk(heap, sysmem->ranges[i].base);
        }
    }
    if (heap->all_span_count > 0) {
        memset(heap->all_spans, 0, heap->all_span_count * sizeof(struct mspan *));
    }
    sysmem_reset(heap->sysmem);
    clean_structure(heap);
    bool complete = init(heap);
    ASSERT_SLOW(heap_is_valid(heap));
    return complete;
}
