// malloc: the C library's functions of memory, each by its own contract, on this process's heap.
//
// An object is at a multiple of 16 bytes, holds no pointers that anybody is told of, and lives
// until it is freed. A request above PTRDIFF_MAX, or one that overflows, is ENOMEM. free keeps
// errno. C++'s new and delete come here by the C++ library.
#define _GNU_SOURCE // reallocarray, memalign, valloc, pvalloc, malloc_usable_size
#include "malloc/hot.h"
#include "malloc/process.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIGN_BYTES ((size_t)16) // of max_align_t

// Every class of a multiple of 16 bytes is one itself. 0: size 1, so that each pointer is unique.
static size_t rounded(size_t size_bytes) {
    return (size_bytes + (size_bytes == 0) + ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1);
}

// ---- what all of them come to; NULL: errno says why

static void *allocate(size_t size_bytes, unsigned flags) {
    struct mcache *cache = size_bytes > PTRDIFF_MAX ? NULL : process_enter();
    void *object = NULL;
    if (cache != NULL) {
        object = heap_alloc(process_lane_heap, cache, rounded(size_bytes), NULL, flags);
        process_leave(cache);
    }
    if (object == NULL) {
        errno = ENOMEM;
    }
    return object;
}

// `align_bytes` is a power of two.
static void *allocate_aligned(size_t align_bytes, size_t size_bytes) {
    struct mcache *cache = size_bytes > PTRDIFF_MAX ? NULL : process_enter();
    void *object = NULL;
    if (cache != NULL) {
        size_t at_bytes = align_bytes < ALIGN_BYTES ? ALIGN_BYTES : align_bytes;
        object =
            heap_alloc_aligned(process_lane_heap, cache, rounded(size_bytes), at_bytes, NULL, 0);
        process_leave(cache);
    }
    if (object == NULL) {
        errno = ENOMEM;
    }
    return object;
}

// A pointer that this heap did not give, or that was freed before, ends the program in one
// sentence.
static void release(void *pointer) {
    int error = errno;
    struct mcache *cache = process_enter();
    if (cache == NULL) {
        check_misuse("free of a foreign pointer", (uintptr_t)pointer);
    }
    const struct mspan *span = mheap_span_of(process_lane_heap, (uintptr_t)pointer);
    uint32_t owner = span == NULL ? MSPAN_OWNER_NONE : mspan_owner(span);
    uint8_t size_class = span == NULL ? 0 : mspan_size_class(span); // the span may be gone below
    (void)heap_free(process_lane_heap, cache, pointer);
    if (owner != MSPAN_OWNER_NONE) {
        kept_note(owner - 1, size_class);
    }
    process_leave(cache);
    errno = error;
}

static inline void *allocate_hot(size_t size_bytes, bool zero) {
    struct mcache *cache = process_lane;
    if (cache != NULL && size_bytes <= SMALL_SIZE_MAX) {
        return hot_alloc(process_lane_heap, cache, size_class_of(rounded(size_bytes)), zero);
    }
    return NULL;
}

static inline void *obtain(size_t size_bytes) {
    void *object = allocate_hot(size_bytes, false);
    return object != NULL ? object : allocate(size_bytes, 0);
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

// Stays where it is when it fits and does not leave more than half of its slot unused. What grows
// past a large object's end takes an eighth more than it asks for, so that growing by small steps
// does not copy at each page: pages that nobody touches are no memory.
static size_t room_for(size_t old_bytes, size_t size_bytes) {
    bool grows = size_bytes > old_bytes && old_bytes > SMALL_SIZE_MAX;
    return grows && size_bytes < PTRDIFF_MAX / 2 ? size_bytes + size_bytes / 8 : size_bytes;
}

static void *resize(void *pointer, size_t size_bytes) {
    struct heap *heap = process_heap();
    size_t old_bytes = heap == NULL ? 0 : heap_usable_bytes(heap, pointer);
    if (old_bytes == 0) {
        check_misuse("realloc of a pointer that is no live object", (uintptr_t)pointer);
    }
    if (size_bytes <= old_bytes && rounded(size_bytes) > old_bytes / 2) {
        return pointer;
    }
    void *moved = obtain(room_for(old_bytes, size_bytes));
    if (moved != NULL) {
        memcpy(moved, pointer, old_bytes < size_bytes ? old_bytes : size_bytes);
        free(pointer);
    }
    return moved;
}

static void *reallocate(void *pointer, size_t size_bytes) {
    if (pointer == NULL) {
        return obtain(size_bytes);
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
    return obtain(size_bytes);
}

void free(void *pointer) {
    if (pointer == NULL) {
        return;
    }
    struct mcache *cache = process_lane;
    if (cache == NULL || !hot_free(process_lane_heap, cache, (uintptr_t)pointer)) {
        release(pointer);
    }
}

void *calloc(size_t count, size_t size_bytes) {
    size_t all_bytes = product_of(count, size_bytes);
    void *object = allocate_hot(all_bytes, true);
    return object != NULL ? object : allocate(all_bytes, HEAP_ALLOC_ZERO);
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
    size_t power = ALIGN_BYTES;
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
