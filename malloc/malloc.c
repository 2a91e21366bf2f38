// malloc: the C library's functions of memory, each by its own contract, on this process's heap.
//
// An object is at a multiple of 16 bytes, holds no pointers that anybody is told of, and lives
// until it is freed. A request above PTRDIFF_MAX, or one that overflows, is ENOMEM. free keeps
// errno. C++'s new and delete come here by the C++ library.
#define _GNU_SOURCE // reallocarray, memalign, valloc, pvalloc, malloc_usable_size
#include "malloc/allocate.h"
#include "malloc/process.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// NULL: errno says why.
static inline void *obtain(size_t size_bytes, bool zero) {
    size_t last_byte = size_bytes - 1; // of size 0: beyond any limit
    if (last_byte >= process_lane.limit_bytes || --process_lane.tick_count == 0) {
        return allocate_any(size_bytes, zero);
    }
    uint8_t size_class = allocate_class(last_byte);
    void *object = fast_alloc(process_lane_heap, &process_lane, size_class, zero);
    return object != NULL ? object : allocate_recent(size_class, zero);
}

static bool is_power_of_two(size_t number) {
    return number != 0 && (number & (number - 1)) == 0;
}

// SIZE_MAX, which no request can be, when the product is larger.
static size_t product_of(size_t count, size_t size_bytes) {
    bool overflows = size_bytes != 0 && count > SIZE_MAX / size_bytes;
    return overflows ? SIZE_MAX : count * size_bytes;
}

static size_t page_bytes(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

// ---- realloc

// What grows past a large object's end and has to move takes an eighth more than it asks for, so
// that growing by small steps does not copy at each: pages that nobody touches are no memory.
static size_t room_for(size_t old_bytes, size_t size_bytes) {
    bool grows = size_bytes > old_bytes && old_bytes > SMALL_SIZE_MAX;
    return grows && size_bytes < PTRDIFF_MAX / 2 ? size_bytes + size_bytes / 8 : size_bytes;
}

static void *move(void *pointer, size_t old_bytes, size_t size_bytes) {
    void *moved = obtain(room_for(old_bytes, size_bytes), false);
    if (moved != NULL) {
        memcpy(moved, pointer, old_bytes < size_bytes ? old_bytes : size_bytes);
        free(pointer);
    }
    return moved;
}

// Stays where it is when it fits and does not leave more than half of its slot unused, or when it
// is large and the pages behind it are free.
static void *resize(void *pointer, size_t size_bytes) {
    struct heap *heap = process_heap();
    struct mspan *span = heap == NULL ? NULL : fast_object_span(heap, (uintptr_t)pointer);
    if (span == NULL) {
        check_misuse("realloc of a pointer that is no live object", (uintptr_t)pointer);
    }
    size_t old_bytes = span->element_bytes;
    bool fits = size_bytes <= old_bytes && allocate_rounded(size_bytes) > old_bytes / 2;
    if (fits ||
        (size_bytes > old_bytes && mspan_is_large(span) && allocate_larger(span, size_bytes))) {
        return pointer;
    }
    return move(pointer, old_bytes, size_bytes);
}

static void *reallocate(void *pointer, size_t size_bytes) {
    if (pointer == NULL) {
        return obtain(size_bytes, false);
    }
    if (size_bytes == 0) { // as glibc has it
        free(pointer);
        return NULL;
    }
    return resize(pointer, size_bytes);
}

// ---- what the program sees

#pragma GCC visibility push(default)

void *malloc(size_t size_bytes) {
    return obtain(size_bytes, false);
}

void free(void *pointer) {
    if (pointer == NULL) {
        return;
    }
    if (process_lane.cache == NULL ||
        !fast_free(process_lane_heap, &process_lane, (uintptr_t)pointer)) {
        allocate_release(pointer);
    }
}

void *calloc(size_t count, size_t size_bytes) {
    return obtain(product_of(count, size_bytes), true);
}

void *realloc(void *pointer, size_t size_bytes) {
    return reallocate(pointer, size_bytes);
}

void *reallocarray(void *pointer, size_t count, size_t size_bytes) {
    return reallocate(pointer, product_of(count, size_bytes));
}

void *aligned_alloc(size_t align_bytes, size_t size_bytes) {
    if (!is_power_of_two(align_bytes)) {
        errno = EINVAL;
        return NULL;
    }
    return allocate_aligned(align_bytes, size_bytes);
}

int posix_memalign(void **pointer, size_t align_bytes, size_t size_bytes) {
    if (!is_power_of_two(align_bytes) || align_bytes % sizeof(void *) != 0) {
        return EINVAL;
    }
    int error = errno; // it returns its own
    void *object = allocate_aligned(align_bytes, size_bytes);
    errno = error;
    if (object == NULL) {
        return ENOMEM;
    }
    *pointer = object;
    return 0;
}

// The alignment is rounded up to a power of two, as glibc does.
void *memalign(size_t align_bytes, size_t size_bytes) {
    size_t power = ALLOCATE_ALIGN_BYTES;
    if (align_bytes > SIZE_MAX / 2 + 1) {
        errno = EINVAL;
        return NULL;
    }
    while (power < align_bytes) {
        power *= 2;
    }
    return allocate_aligned(power, size_bytes);
}

void *valloc(size_t size_bytes) {
    return allocate_aligned(page_bytes(), size_bytes);
}

// Whole pages. What is too much before it is rounded is so afterwards.
void *pvalloc(size_t size_bytes) {
    size_t page = page_bytes();
    bool fits = size_bytes <= PTRDIFF_MAX - page;
    return allocate_aligned(page, fits ? (size_bytes + page - 1) / page * page : SIZE_MAX);
}

size_t malloc_usable_size(void *pointer) {
    struct heap *heap = pointer == NULL ? NULL : process_heap();
    return heap == NULL ? 0 : heap_usable_bytes(heap, pointer);
}

#pragma GCC visibility pop
