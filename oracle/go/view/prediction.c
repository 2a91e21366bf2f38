// prediction: pages and owners as the bits show them, before an operation changes them.
#include "oracle/go/view/prediction.h"

#include "allocator/heap.h"
#include "oracle/go/view/view.h"

#define WORD_PAGES 64

// A run of free pages, as far as it has been followed.
struct run {
    uintptr_t base;
    size_t page_count;
};

// Follows the run through one word of pages, whose first lies at `base`. True: it is long enough.
static bool follow(struct run *run, uint64_t used, uintptr_t base, size_t wanted) {
    if (used == UINT64_MAX) {
        run->page_count = 0;
        return false;
    }
    for (size_t page = 0; page < WORD_PAGES; page++) {
        if ((used >> page & 1) != 0) {
            run->page_count = 0;
            continue;
        }
        if (run->page_count == 0) {
            run->base = base + page * HEAP_PAGE_BYTES;
        }
        run->page_count++;
        if (run->page_count == wanted) {
            return true;
        }
    }
    return false;
}

uintptr_t predict_fit(const struct heap *heap, size_t page_count) {
    struct run run = {0};
    struct inspect_arena arena;
    uintptr_t end = 0; // of the arena before
    for (size_t i = 0; inspect_arena(heap, i, &arena); i++) {
        if (arena.base != end) {
            run.page_count = 0;
        }
        size_t words = arena.chunk_count * (HEAP_CHUNK_PAGES / WORD_PAGES);
        for (size_t word = 0; word < words; word++) {
            uintptr_t base = arena.base + word * WORD_PAGES * HEAP_PAGE_BYTES;
            if (follow(&run, arena.page_alloc_bits[word], base, page_count)) {
                return run.base;
            }
        }
        end = arena.base + words * WORD_PAGES * HEAP_PAGE_BYTES;
    }
    return 0;
}

bool predict_has_room(const struct heap *heap, size_t size_bytes, size_t align_bytes) {
    struct inspect_range range;
    uintptr_t used = 0; // of the window, up to the end of the highest arena
    for (size_t i = 0; inspect_range(heap, i, &range); i++) {
        uintptr_t end = range.base + range.size_bytes - heap_base(heap);
        if (range.kind == INSPECT_RANGE_ARENA && end <= HEAP_WINDOW_BYTES && end > used) {
            used = end;
        }
    }
    return size_bytes <= HEAP_WINDOW_BYTES && align_bytes <= HEAP_ARENA_BYTES &&
           size_bytes + align_bytes + HEAP_ARENA_BYTES <= HEAP_WINDOW_BYTES - used;
}

size_t predict_idle_pages(const struct heap *heap) {
    size_t count = 0;
    struct inspect_arena arena;
    for (size_t i = 0; inspect_arena(heap, i, &arena); i++) {
        size_t words = arena.chunk_count * (HEAP_CHUNK_PAGES / WORD_PAGES);
        for (size_t word = 0; word < words; word++) {
            count += bits_count(~arena.page_alloc_bits[word] & ~arena.page_scavenged_bits[word]);
        }
    }
    return count;
}

bool predict_is_remote(const struct heap *heap, uintptr_t object, uint32_t cache_id) {
    struct inspect_span span;
    return inspect_span_at(heap, object, &span) && span.owner_cache != UINT32_MAX &&
           span.owner_cache != cache_id;
}

bool predict_is_being_swept(const struct heap *heap, uintptr_t address) {
    struct inspect_span span;
    return inspect_span_at(heap, address, &span) &&
           span.sweep_generation == inspect_sweep_generation(heap) - 1;
}
