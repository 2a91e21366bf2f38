// record: the C library's functions of memory: each calls the one behind this library, and records
// the call and its result.
//
// Calls that the allocator makes of itself are not recorded. A call of a signal handler that
// interrupts the allocator is recorded as the program's.
#define _GNU_SOURCE // reallocarray, memalign, valloc, pvalloc
#include "record/next.h"
#include "record/record.h"
#include "record/writer.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void free_sized(void *pointer, size_t size_bytes);
void free_aligned_sized(void *pointer, size_t align_bytes, size_t size_bytes);

static _Thread_local volatile sig_atomic_t inside; // calls of the allocator

static const struct next *behind(void) {
    return next_known != NULL ? next_known : next_find();
}

// Whether the allocator itself calls. One of its functions may end with the call, which seems to be
// ours then, as ours has called that.
static bool is_its_own(const struct next *next, const void *caller) {
    uintptr_t place = (uintptr_t)caller;
    return inside != 0 && (place - next->begin < next->limit - next->begin ||
                           place - next->own_begin < next->own_limit - next->own_begin);
}

#define IS_ITS_OWN(next) is_its_own(next, __builtin_return_address(0))

void record_enter(void) {
    inside = inside + 1;
    atomic_signal_fence(memory_order_acq_rel);
}

void record_leave(void) {
    atomic_signal_fence(memory_order_acq_rel);
    inside = inside - 1;
}

static void *note(enum trace_kind kind, void *object, size_t size_bytes, size_t align_bytes) {
    writer_note(object != NULL ? kind : TRACE_FAILED, object, size_bytes, align_bytes);
    return object;
}

static size_t page_bytes(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

// ---- realloc

static void *move_early(const struct next *next, void *pointer, size_t size_bytes) {
    void *object = next->malloc(size_bytes);
    if (object != NULL) {
        size_t rest = (size_t)((uintptr_t)next_early_limit() - (uintptr_t)pointer);
        memcpy(object, pointer, size_bytes < rest ? size_bytes : rest);
    }
    return note(TRACE_MALLOC, object, size_bytes, 0);
}

static void *reallocate(const struct next *next, void *pointer, size_t size_bytes) {
    if (pointer != NULL) {
        writer_note(TRACE_REALLOC_FROM, pointer, 0, 0);
    }
    record_enter();
    void *object = next->realloc(pointer, size_bytes);
    record_leave();
    if (pointer == NULL) {
        return note(TRACE_MALLOC, object, size_bytes, 0);
    }
    enum trace_kind kind = size_bytes == 0 ? TRACE_REALLOC_FREED : TRACE_REALLOC_FAILED;
    writer_note(object != NULL ? TRACE_REALLOC_TO : kind, object, size_bytes, 0);
    return object;
}

static void *resize(const struct next *next, void *pointer, size_t size_bytes, bool is_its) {
    if (next == NULL) {
        return pointer == NULL ? next_early(size_bytes) : NULL;
    }
    if (next_is_early(pointer)) {
        return move_early(next, pointer, size_bytes);
    }
    return is_its ? next->realloc(pointer, size_bytes) : reallocate(next, pointer, size_bytes);
}

// ---- what the program sees

#pragma GCC visibility push(default)

void *malloc(size_t size_bytes) {
    const struct next *next = behind();
    if (next == NULL) {
        return next_early(size_bytes);
    }
    if (IS_ITS_OWN(next)) {
        return next->malloc(size_bytes);
    }
    record_enter();
    void *object = next->malloc(size_bytes);
    record_leave();
    return note(TRACE_MALLOC, object, size_bytes, 0);
}

// The product of what is too much is recorded as SIZE_MAX.
void *calloc(size_t count, size_t size_bytes) {
    const struct next *next = behind();
    bool overflows = size_bytes != 0 && count > SIZE_MAX / size_bytes;
    size_t whole_bytes = overflows ? SIZE_MAX : count * size_bytes;
    if (next == NULL) {
        return next_early(whole_bytes);
    }
    if (IS_ITS_OWN(next)) {
        return next->calloc(count, size_bytes);
    }
    record_enter();
    void *object = next->calloc(count, size_bytes);
    record_leave();
    return note(TRACE_CALLOC, object, whole_bytes, 0);
}

void free(void *pointer) {
    if (pointer == NULL || next_is_early(pointer)) {
        return;
    }
    const struct next *next = behind();
    if (next == NULL || IS_ITS_OWN(next)) {
        if (next != NULL) {
            next->free(pointer);
        }
        return;
    }
    writer_note(TRACE_FREE, pointer, 0, 0);
    record_enter();
    next->free(pointer);
    record_leave();
}

void *realloc(void *pointer, size_t size_bytes) {
    const struct next *next = behind();
    return resize(next, pointer, size_bytes, next != NULL && IS_ITS_OWN(next));
}

void *reallocarray(void *pointer, size_t count, size_t size_bytes) {
    if (size_bytes != 0 && count > SIZE_MAX / size_bytes) {
        errno = ENOMEM;
        return NULL;
    }
    const struct next *next = behind();
    return resize(next, pointer, count * size_bytes, next != NULL && IS_ITS_OWN(next));
}

void *aligned_alloc(size_t align_bytes, size_t size_bytes) {
    const struct next *next = behind();
    if (next == NULL || next->aligned_alloc == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    if (IS_ITS_OWN(next)) {
        return next->aligned_alloc(align_bytes, size_bytes);
    }
    record_enter();
    void *object = next->aligned_alloc(align_bytes, size_bytes);
    record_leave();
    return note(TRACE_ALIGNED, object, size_bytes, align_bytes);
}

int posix_memalign(void **pointer, size_t align_bytes, size_t size_bytes) {
    const struct next *next = behind();
    if (next == NULL || next->posix_memalign == NULL) {
        return ENOMEM;
    }
    if (IS_ITS_OWN(next)) {
        return next->posix_memalign(pointer, align_bytes, size_bytes);
    }
    record_enter();
    int error = next->posix_memalign(pointer, align_bytes, size_bytes);
    record_leave();
    (void)note(TRACE_ALIGNED, error == 0 ? *pointer : NULL, size_bytes, align_bytes);
    return error;
}

void *memalign(size_t align_bytes, size_t size_bytes) {
    const struct next *next = behind();
    if (next == NULL || next->memalign == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    if (IS_ITS_OWN(next)) {
        return next->memalign(align_bytes, size_bytes);
    }
    record_enter();
    void *object = next->memalign(align_bytes, size_bytes);
    record_leave();
    return note(TRACE_ALIGNED, object, size_bytes, align_bytes);
}

void *valloc(size_t size_bytes) {
    const struct next *next = behind();
    if (next == NULL || next->valloc == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    if (IS_ITS_OWN(next)) {
        return next->valloc(size_bytes);
    }
    record_enter();
    void *object = next->valloc(size_bytes);
    record_leave();
    return note(TRACE_ALIGNED, object, size_bytes, page_bytes());
}

void *pvalloc(size_t size_bytes) {
    const struct next *next = behind();
    if (next == NULL || next->pvalloc == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    if (IS_ITS_OWN(next)) {
        return next->pvalloc(size_bytes);
    }
    record_enter();
    void *object = next->pvalloc(size_bytes);
    record_leave();
    return note(TRACE_ALIGNED, object, size_bytes, page_bytes());
}

void free_sized(void *pointer, size_t size_bytes) {
    (void)size_bytes;
    free(pointer);
}

void free_aligned_sized(void *pointer, size_t align_bytes, size_t size_bytes) {
    (void)align_bytes;
    (void)size_bytes;
    free(pointer);
}

#pragma GCC visibility pop
