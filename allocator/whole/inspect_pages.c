// inspect_pages: what inspect.h shows of pages, arenas, metadata and memory from the system.
#include "allocator/inspect.h"

#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/pages/arena.h"
#include "allocator/pages/fixalloc.h"
#include "allocator/pages/palloc.h"
#include "allocator/pages/persistentalloc.h"
#include "allocator/structure.h"
#include "allocator/system/sysmem.h"

bool inspect_is_cold(const struct heap *heap) {
    return !heap->sysmem->warm;
}

// ---- pages

// NULL: none in this slot of the window.
static const struct heap_arena *arena_at(const struct heap *heap, size_t slot) {
    return atomic_load_explicit(&heap->arenas[slot], memory_order_acquire);
}

size_t inspect_arena_count(const struct heap *heap) {
    size_t count = 0;
    for (size_t slot = 0; slot < heap->palloc.arena_limit; slot++) {
        count += arena_at(heap, slot) != NULL;
    }
    return count;
}

bool inspect_arena(const struct heap *heap, size_t index, struct inspect_arena *arena) {
    for (size_t slot = 0; slot < heap->palloc.arena_limit; slot++) {
        const struct heap_arena *at = arena_at(heap, slot);
        if (at != NULL && index-- == 0) {
            *arena = (struct inspect_arena){
                .base = heap->base + slot * HEAP_ARENA_BYTES,
                .chunk_count = PALLOC_ARENA_CHUNKS,
                .page_alloc_bits = &at->pages.alloc_bits[0][0],
                .page_scavenged_bits = &at->pages.scavenged_bits[0][0],
                .page_grown_bits = &at->pages.grown_bits[0][0],
            };
            return true;
        }
    }
    return false;
}

uintptr_t inspect_search_address(const struct heap *heap) {
    return heap->palloc.search_address;
}

size_t inspect_summary_count(const struct heap *heap, int level) {
    size_t arena_limit = heap->palloc.arena_limit;
    switch (level) {
    case 0:
        return (arena_limit + PALLOC_GROUP_ARENAS - 1) / PALLOC_GROUP_ARENAS;
    case 1:
        return arena_limit;
    default:
        return arena_limit * PALLOC_ARENA_CHUNKS;
    }
}

static struct inspect_summary shown(const struct palloc_summary *summary) {
    return (struct inspect_summary){.start_pages = summary->start_pages,
                                    .max_pages = summary->max_pages,
                                    .end_pages = summary->end_pages};
}

bool inspect_summary(const struct heap *heap, int level, size_t index,
                     struct inspect_summary *summary) {
    if (index >= inspect_summary_count(heap, level)) {
        return false;
    }
    if (level == 0) {
        *summary = shown(&heap->palloc.group_summary[index]);
        return true;
    }
    const struct heap_arena *arena =
        arena_at(heap, level == 1 ? index : index / PALLOC_ARENA_CHUNKS);
    if (arena == NULL) {
        return false;
    }
    *summary = shown(level == 1 ? &heap->palloc.arena_summary[index]
                                : &arena->pages.chunk_summary[index % PALLOC_ARENA_CHUNKS]);
    return true;
}

// ---- metadata

static const struct fixalloc *fixalloc_of(const struct heap *heap, enum inspect_fixalloc which) {
    switch (which) {
    case INSPECT_FIX_MSPAN:
        return &heap->span_fix;
    case INSPECT_FIX_MCACHE:
        return &heap->cache_fix;
    case INSPECT_FIX_SPECIAL:
        return &heap->special_fix;
    case INSPECT_FIX_BITS:
    case INSPECT_FIX_COUNT:
        break;
    }
    CHECK_EQUAL(which, INSPECT_FIX_BITS);
    return &heap->bits_fix;
}

void inspect_fix(const struct heap *heap, enum inspect_fixalloc which, struct inspect_fix *record) {
    const struct fixalloc *fix = fixalloc_of(heap, which);
    *record = (struct inspect_fix){
        .block_bytes = fix->block_bytes,
        .chunk_bytes = FIXALLOC_CHUNK_BYTES,
        .chunk_count = fix->chunks.count,
        .tail_block_count = fix->chunks.left / fix->block_bytes,
    };
    for (const struct fixalloc_block *at = fix->free_list; at != NULL; at = at->next) {
        record->free_block_count++;
    }
}

void inspect_persistent(const struct heap *heap,
                        void (*visit)(void *context, uintptr_t base, size_t size_bytes,
                                      enum inspect_metadata metadata),
                        void *context) {
    for (size_t i = 0; i < heap->sysmem->range_count; i++) {
        const struct sysmem_range *range = &heap->sysmem->ranges[i];
        if (range->kind != INSPECT_RANGE_PERSISTENT) {
            continue;
        }
        uintptr_t at = range->base;
        const struct persistent_header *block;
        while ((block = persistent_block(at, range->base + range->size_bytes)) != NULL) {
            visit(context, at, block->size_bytes, (enum inspect_metadata)block->metadata);
            at += block->size_bytes;
        }
    }
}

// ---- ranges

bool inspect_range(const struct heap *heap, size_t index, struct inspect_range *range) {
    if (index >= heap->sysmem->range_count) {
        return false;
    }
    const struct sysmem_range *at = &heap->sysmem->ranges[index];
    *range = (struct inspect_range){.base = at->base,
                                    .size_bytes = at->size_bytes,
                                    .prepared_bytes = at->prepared_bytes,
                                    .kind = at->kind,
                                    .metadata = at->metadata};
    return true;
}
