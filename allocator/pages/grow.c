// grow: more pages from the system: the rest of the current arena, or new arenas behind it.
//
// After Go's mheap.grow and sysAlloc. New arenas that lie right behind the current one continue it;
// else what is left of the current one is made usable at once, and growth goes on in the new ones.
#include "allocator/pages/mheap.h"

#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/inspect.h"
#include "allocator/pages/arena.h"
#include "allocator/pages/palloc.h"
#include "allocator/size_classes.h"
#include "allocator/structure.h"
#include "allocator/system/sysmem.h"

struct growth {
    uintptr_t base, end;           // what was asked for
    uintptr_t rest_base, rest_end; // of the arena that is left behind; empty: none
    uintptr_t next_end;            // of the current arena, afterwards
    size_t next_arena_slot;
    struct heap_arena *new_arenas; // not yet in the tables
};

static size_t arenas_for(uintptr_t size_bytes) {
    return (size_bytes + HEAP_ARENA_BYTES - 1) / HEAP_ARENA_BYTES;
}

// Reserves new arenas right behind the current one.
static enum sysmem_status reserve_behind(struct heap *heap, uintptr_t ask_bytes,
                                         struct growth *growth) {
    size_t slot = heap->next_arena_slot;
    size_t arena_count = arenas_for(ask_bytes - (heap->grow_end - heap->grow_next));
    ASSERT(heap->grow_end == heap->base + slot * HEAP_ARENA_BYTES);
    if (slot + arena_count > HEAP_ARENA_COUNT) {
        return SYSMEM_TAKEN;
    }
    enum sysmem_status status = sysmem_reserve_arenas(heap->sysmem, heap->grow_end, arena_count);
    growth->base = heap->grow_next;
    growth->end = heap->grow_next + ask_bytes;
    growth->next_end = heap->grow_end + arena_count * HEAP_ARENA_BYTES;
    growth->next_arena_slot = slot + arena_count;
    return status;
}

// Reserves new arenas anywhere further up; the current one is left behind.
static enum sysmem_status reserve_apart(struct heap *heap, uintptr_t ask_bytes,
                                        struct growth *growth) {
    size_t arena_count = arenas_for(ask_bytes);
    enum sysmem_status status = SYSMEM_TAKEN;
    size_t slot = heap->next_arena_slot;
    for (; status == SYSMEM_TAKEN && slot + arena_count <= HEAP_ARENA_COUNT; slot++) {
        growth->base = heap->base + slot * HEAP_ARENA_BYTES;
        status = sysmem_reserve_arenas(heap->sysmem, growth->base, arena_count);
    }
    growth->end = growth->base + ask_bytes;
    growth->rest_base = heap->grow_next;
    growth->rest_end = heap->grow_end;
    growth->next_end = growth->base + arena_count * HEAP_ARENA_BYTES;
    growth->next_arena_slot = slot - 1 + arena_count;
    return status;
}

static bool reserve(struct heap *heap, uintptr_t ask_bytes, struct growth *growth) {
    if (heap->grow_end - heap->grow_next >= ask_bytes) {
        growth->base = heap->grow_next;
        growth->end = heap->grow_next + ask_bytes;
        growth->next_end = heap->grow_end;
        growth->next_arena_slot = heap->next_arena_slot;
        return true;
    }
    enum sysmem_status status = reserve_behind(heap, ask_bytes, growth);
    if (status == SYSMEM_TAKEN) {
        status = reserve_apart(heap, ask_bytes, growth);
    }
    return status == SYSMEM_OK;
}

// Metadata of each arena of [base, end) that has none.
static bool make_arenas(struct heap *heap, struct growth *growth, uintptr_t base, uintptr_t end) {
    uint64_t *stat = &heap->stats.gc_misc_sys_bytes;
    for (uintptr_t at = base; at < end; at += HEAP_ARENA_BYTES) {
        size_t slot = (at - heap->base) / HEAP_ARENA_BYTES;
        at = heap->base + slot * HEAP_ARENA_BYTES;
        if (atomic_load_explicit(&heap->arenas[slot], memory_order_relaxed) != NULL) {
            continue;
        }
        struct heap_arena *arena = sysmem_map(heap->sysmem, sizeof(*arena), INSPECT_RANGE_DIRECT,
                                              INSPECT_METADATA_GC, true, stat);
        if (arena == NULL) {
            return false;
        }
        arena->slot = slot;
        arena->next = growth->new_arenas;
        growth->new_arenas = arena;
        arena->pointer_bits =
            sysmem_map(heap->sysmem, HEAP_ARENA_PAGES * HEAP_POINTER_BITS_PAGE_BYTES,
                       INSPECT_RANGE_DIRECT, INSPECT_METADATA_GC, true, stat);
        if (arena->pointer_bits == NULL) {
            return false;
        }
    }
    return true;
}

// The rest comes last: its arena may outlive a failure, the new ones go back whole.
static bool prepare(struct heap *heap, const struct growth *growth) {
    uint64_t *stat = &heap->stats.heap_released_bytes;
    size_t rest_bytes = growth->rest_end - growth->rest_base;
    return sysmem_prepare(heap->sysmem, growth->base, growth->end - growth->base, stat) &&
           (rest_bytes == 0 || sysmem_prepare(heap->sysmem, growth->rest_base, rest_bytes, stat));
}

// From here on nothing can fail.
static void commit(struct heap *heap, const struct growth *growth) {
    for (struct heap_arena *arena = growth->new_arenas; arena != NULL; arena = arena->next) {
        palloc_add_arena(&heap->palloc, arena->slot, &arena->pages);
        atomic_store_explicit(&heap->arenas[arena->slot], arena, memory_order_release);
    }
    if (growth->rest_end > growth->rest_base) {
        palloc_grow(&heap->palloc, growth->rest_base,
                    (growth->rest_end - growth->rest_base) / HEAP_PAGE_BYTES);
    }
    palloc_grow(&heap->palloc, growth->base, (growth->end - growth->base) / HEAP_PAGE_BYTES);
    heap->grow_next = growth->end;
    heap->grow_end = growth->next_end;
    heap->next_arena_slot = growth->next_arena_slot;
}

bool mheap_grow(struct heap *heap, size_t page_count) {
    uintptr_t chunk_count = (page_count + HEAP_CHUNK_PAGES - 1) / HEAP_CHUNK_PAGES;
    struct growth growth = {0};
    bool grown = reserve(heap, chunk_count * HEAP_CHUNK_PAGES * HEAP_PAGE_BYTES, &growth) &&
                 make_arenas(heap, &growth, growth.rest_base, growth.rest_end) &&
                 make_arenas(heap, &growth, growth.base, growth.end) && prepare(heap, &growth);
    if (grown) {
        commit(heap, &growth);
    }
    return grown;
}
