// boundary: blocks side by side from the arena's begin to its end; each knows its size and the size
// of the one before it. The free ones are in a list, the one freed last in front.
#include "subject/examples/boundary.h"

#include <string.h>

#define UNIT      16 // all sizes are multiples of it
#define MIN_BYTES 32 // a header and one unit

struct block {
    uint32_t units;        // of the whole block
    uint32_t before_units; // of the block before; 0: it is the first
    uint32_t is_used;
    uint32_t padding_units; // between the header and the object: said in both places
};
_Static_assert(sizeof(struct block) == UNIT, "an object behind a header is aligned");

struct links { // of a free block, where its object would be
    struct block *before, *after;
};
_Static_assert(sizeof(struct links) <= MIN_BYTES - UNIT, "each free block has room for them");

struct boundary {
    char *begin, *end; // of the blocks
    struct block *free;
    struct boundary_stats stats; // but what boundary_read() adds
};

// ---- blocks

static size_t bytes_of(const struct block *block) {
    return (size_t)block->units * UNIT;
}

static struct block *after(const struct block *block) {
    return (struct block *)(void *)((char *)(uintptr_t)block + bytes_of(block));
}

static struct block *before(struct block *block) {
    return (struct block *)(void *)((char *)block - (size_t)block->before_units * UNIT);
}

static bool is_end(const struct boundary *heap, const struct block *block) {
    return (const char *)block == heap->end;
}

static struct block *first(const struct boundary *heap) {
    return (struct block *)(void *)heap->begin;
}

// In front of each object stands how far its block's header is.
static struct block *block_of(const void *object) {
    const struct block *header = (const struct block *)object - 1;
    return (struct block *)(void *)((char *)(uintptr_t)header -
                                    (size_t)header->padding_units * UNIT);
}

static void set_units(struct boundary *heap, struct block *block, uint32_t units) {
    block->units = units;
    if (!is_end(heap, after(block))) {
        after(block)->before_units = units;
    }
}

// ---- free blocks

static struct links *links_of(struct block *block) {
    return (struct links *)(void *)(block + 1);
}

static void enter(struct boundary *heap, struct block *block) {
    *links_of(block) = (struct links){.after = heap->free};
    if (heap->free != NULL) {
        links_of(heap->free)->before = block;
    }
    heap->free = block;
    heap->stats.free_count++;
}

static void leave(struct boundary *heap, struct block *block) {
    const struct links links = *links_of(block);
    if (links.before == NULL) {
        heap->free = links.after;
    } else {
        links_of(links.before)->after = links.after;
    }
    if (links.after != NULL) {
        links_of(links.after)->before = links.before;
    }
    heap->stats.free_count--;
}

// ---- statistics

static void note_used(struct boundary *heap, size_t more_bytes) {
    heap->stats.in_use_bytes += more_bytes;
    if (heap->stats.in_use_bytes > heap->stats.peak_bytes) {
        heap->stats.peak_bytes = heap->stats.in_use_bytes;
    }
}

// ---- allocation

struct boundary *boundary_init(void *arena, size_t arena_bytes) {
    size_t own_bytes = (sizeof(struct boundary) + UNIT - 1) / UNIT * UNIT;
    size_t units = arena_bytes / UNIT;
    if (arena_bytes < own_bytes + MIN_BYTES || units > UINT32_MAX) {
        return NULL;
    }
    struct boundary *heap = arena;
    memset(heap, 0, sizeof *heap);
    heap->begin = (char *)arena + own_bytes;
    heap->end = (char *)arena + units * UNIT;
    heap->stats.capacity_bytes = (size_t)(heap->end - heap->begin);
    *first(heap) = (struct block){.units = (uint32_t)(heap->stats.capacity_bytes / UNIT)};
    enter(heap, first(heap));
    return heap;
}

// Cuts what is behind the first `units` off a used block, and joins it with a free one behind.
static void give_back_tail(struct boundary *heap, struct block *block, uint32_t units) {
    uint32_t rest = block->units - units;
    if (rest * UNIT < MIN_BYTES) {
        return;
    }
    set_units(heap, block, units);
    struct block *tail = after(block);
    *tail = (struct block){.before_units = units};
    set_units(heap, tail, rest);
    struct block *next = after(tail);
    if (!is_end(heap, next) && !next->is_used) {
        leave(heap, next);
        set_units(heap, tail, rest + next->units);
    }
    enter(heap, tail);
}

// Units of a block whose object has so many bytes; 0: more than there can be.
static uint32_t units_for(size_t size_bytes) {
    size_t bytes = size_bytes < UNIT ? UNIT : size_bytes;
    return bytes > UINT32_MAX ? 0 : (uint32_t)((bytes + UNIT - 1) / UNIT + 1);
}

static void *use(struct boundary *heap, struct block *block, uint32_t units, uint32_t padding) {
    block->is_used = 1;
    leave(heap, block);
    give_back_tail(heap, block, units + padding);
    char *object = (char *)(block + 1) + (size_t)padding * UNIT;
    ((struct block *)(void *)object - 1)->padding_units = padding;
    block->padding_units = padding;
    note_used(heap, bytes_of(block));
    heap->stats.alloc_count++;
    heap->stats.used_count++;
    return object;
}

void *boundary_alloc_aligned(struct boundary *heap, size_t alignment, size_t size_bytes) {
    uint32_t units = units_for(size_bytes);
    for (struct block *block = heap->free; units != 0 && block != NULL;
         block = links_of(block)->after) {
        uintptr_t object = (uintptr_t)(block + 1);
        uint32_t padding = (uint32_t)((-object & (alignment - 1)) / UNIT);
        if (block->units >= (uint64_t)units + padding) {
            return use(heap, block, units, padding);
        }
    }
    heap->stats.failure_count++;
    return NULL;
}

void *boundary_alloc(struct boundary *heap, size_t size_bytes) {
    return boundary_alloc_aligned(heap, UNIT, size_bytes);
}

static void join(struct boundary *heap, struct block *block) {
    struct block *next = after(block);
    if (!is_end(heap, next) && !next->is_used) {
        leave(heap, next);
        set_units(heap, block, block->units + next->units);
    }
    if (block->before_units != 0 && !before(block)->is_used) {
        struct block *earlier = before(block);
        set_units(heap, earlier, earlier->units + block->units);
    } else {
        enter(heap, block);
    }
}

void boundary_free(struct boundary *heap, void *object) {
    struct block *block = block_of(object);
    heap->stats.in_use_bytes -= bytes_of(block);
    heap->stats.release_count++;
    heap->stats.used_count--;
    block->is_used = 0;
    join(heap, block);
}

// ---- resizing

static bool expand(struct boundary *heap, void *object, size_t size_bytes) {
    struct block *block = block_of(object);
    uint32_t padding = ((struct block *)object - 1)->padding_units;
    uint32_t units = units_for(size_bytes);
    size_t before_bytes = bytes_of(block);
    struct block *next = after(block);
    uint32_t room = is_end(heap, next) || next->is_used ? 0 : next->units;
    if (units == 0 || block->units + (uint64_t)room < (uint64_t)units + padding) {
        return false;
    }
    if (block->units < units + padding) {
        leave(heap, next);
        set_units(heap, block, block->units + room);
    }
    give_back_tail(heap, block, units + padding);
    heap->stats.in_use_bytes -= before_bytes;
    note_used(heap, bytes_of(block));
    return true;
}

bool boundary_expand(struct boundary *heap, void *object, size_t size_bytes) {
    bool did = expand(heap, object, size_bytes);
    heap->stats.resize_count += did;
    heap->stats.failure_count += !did;
    return did;
}

void *boundary_resize(struct boundary *heap, void *object, size_t size_bytes) {
    if (expand(heap, object, size_bytes)) {
        heap->stats.resize_count++;
        return object;
    }
    void *moved = boundary_alloc(heap, size_bytes);
    if (moved == NULL) {
        return NULL;
    }
    size_t kept_bytes = boundary_usable(object);
    memcpy(moved, object, kept_bytes < size_bytes ? kept_bytes : size_bytes);
    boundary_free(heap, object);
    heap->stats.resize_count++;
    return moved;
}

// ---- questions

size_t boundary_usable(const void *object) {
    const struct block *block = block_of(object);
    return (size_t)((const char *)after(block) - (const char *)object);
}

size_t boundary_footprint(const void *object) {
    return bytes_of(block_of(object));
}

void boundary_reset_peak(struct boundary *heap) {
    heap->stats.peak_bytes = heap->stats.in_use_bytes;
}

void boundary_read(const struct boundary *heap, struct boundary_stats *stats) {
    *stats = heap->stats;
    stats->free_bytes = heap->stats.capacity_bytes - heap->stats.in_use_bytes;
    for (struct block *block = heap->free; block != NULL; block = links_of(block)->after) {
        size_t bytes = bytes_of(block);
        bool is_least = stats->smallest_free_bytes == 0 || bytes < stats->smallest_free_bytes;
        stats->smallest_free_bytes = is_least ? bytes : stats->smallest_free_bytes;
        stats->largest_free_bytes =
            bytes > stats->largest_free_bytes ? bytes : stats->largest_free_bytes;
    }
}

static const void *object_of(const struct block *block) {
    return block + 1 + block->padding_units;
}

void boundary_walk(const struct boundary *heap,
                   void (*visit)(void *context, const void *object, size_t block_bytes,
                                 bool is_used),
                   void *context) {
    for (const struct block *block = first(heap); !is_end(heap, block); block = after(block)) {
        visit(context, block->is_used ? object_of(block) : block, bytes_of(block),
              block->is_used != 0);
    }
}

// The list has so many blocks that are free, each behind the one that it says.
static bool list_has(const struct boundary *heap, uint32_t free_count) {
    const struct block *earlier = NULL;
    uint32_t count = 0;
    for (struct block *block = heap->free; block != NULL && count <= free_count;
         block = links_of(block)->after) {
        if (block->is_used || links_of(block)->before != earlier) {
            return false;
        }
        earlier = block;
        count++;
    }
    return count == free_count;
}

const char *boundary_verify(const struct boundary *heap) {
    uint32_t units_before = 0;
    uint32_t free_count = 0;
    bool was_free = false;
    for (const struct block *block = first(heap); !is_end(heap, block); block = after(block)) {
        if (block->units == 0 || (size_t)(heap->end - (const char *)block) < bytes_of(block)) {
            return "a block ends behind the arena";
        }
        if (block->before_units != units_before) {
            return "a block's tag is not the size of the one before it";
        }
        if (was_free && !block->is_used) {
            return "two free blocks stand side by side";
        }
        was_free = !block->is_used;
        free_count += was_free;
        units_before = block->units;
    }
    return list_has(heap, free_count) ? NULL : "the list of free blocks lacks one, or has another";
}
