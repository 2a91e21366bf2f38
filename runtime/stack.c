// stack: a goroutine's stack, which grows down in a manual span and is moved by copy.
//
// Words that point into the stack follow it: those in its frames, and what the goroutine's record
// keeps of them. A word elsewhere may not point into a stack, as in Go.
#include "runtime/barrier_internal.h"
#include "runtime/frame.h"
#include "runtime/runtime_internal.h"

#include "allocator/check.h"

#include <string.h>

#define WORD_BYTES      sizeof(uintptr_t)
#define STACK_BYTES_MAX ((size_t)1 << 30) // as Go's maxstacksize on 64-bit machines

static size_t used_bytes(const struct goroutine *g) {
    return g->stack_low + g->stack_bytes - goroutine_sp(g);
}

struct stack_move {
    uintptr_t old_sp;
    size_t used_bytes;
    uintptr_t delta; // modulo 2^64
};

static void adjust(const struct stack_move *move, uintptr_t *word) {
    if (*word - move->old_sp < move->used_bytes) { // below sp is nothing to point to
        *word += move->delta;
    }
}

static void adjust_contents(const struct stack_move *move, uintptr_t first, uintptr_t end) {
    for (uintptr_t slot = first; slot < end; slot += WORD_BYTES) {
        adjust(move, (uintptr_t *)slot);
    }
}

static void adjust_records(struct goroutine *g, const struct stack_move *move) {
    for (struct frame *frame = g->innermost; frame != NULL; frame = frame->caller) {
        frame->sp += move->delta;
    }
    for (struct defer *defer = g->defers; defer != NULL; defer = defer->link) {
        defer->sp += move->delta; // at the top, it is past the last byte
        adjust(move, &defer->function);
    }
    for (struct panic *panic = g->panics; panic != NULL; panic = panic->link) {
        adjust(move, &panic->data);
    }
    adjust(move, &g->context);
}

static bool move_stack(struct runtime *runtime, struct goroutine *g, size_t new_bytes) {
    ASSERT(new_bytes >= GOROUTINE_STACK_MIN);
    ASSERT(used_bytes(g) <= new_bytes);
    void *memory = heap_alloc_manual(runtime->heap, new_bytes / HEAP_PAGE_BYTES, MANUAL_STACK);
    if (memory == NULL) {
        return false;
    }
    uintptr_t old_low = g->stack_low;
    uintptr_t new_low = (uintptr_t)memory;
    size_t used = used_bytes(g);
    struct stack_move move = {
        .old_sp = goroutine_sp(g),
        .used_bytes = used,
        .delta = (new_low + new_bytes) - (old_low + g->stack_bytes),
    };
    memcpy((void *)(new_low + new_bytes - used), (void *)goroutine_sp(g), used);
    adjust_records(g, &move);
    g->stack_low = new_low;
    g->stack_bytes = new_bytes;
    adjust_contents(&move, new_low + new_bytes - used, new_low + new_bytes);
    heap_free_manual(runtime->heap, (void *)old_low, MANUAL_STACK);
    return true;
}

// Room for so many more bytes. The last thing of a transaction.
static bool reserve(struct runtime *runtime, struct goroutine *g, size_t size_bytes) {
    size_t used = used_bytes(g);
    if (size_bytes > STACK_BYTES_MAX - used) {
        return false;
    }
    size_t new_bytes = g->stack_bytes;
    while (new_bytes - used < size_bytes) {
        new_bytes *= 2;
    }
    return new_bytes == g->stack_bytes || move_stack(runtime, g, new_bytes);
}

bool runtime_grow_stack(struct runtime *runtime, struct goroutine *g) {
    goroutine_check_alive(g);
    runtime_lock(runtime);
    bool grown = g->stack_bytes < STACK_BYTES_MAX && move_stack(runtime, g, g->stack_bytes * 2);
    ASSERT_SLOW(goroutine_is_valid(g));
    runtime_unlock(runtime);
    return grown;
}

bool runtime_shrink_stack(struct runtime *runtime, struct goroutine *g) {
    goroutine_check_alive(g);
    runtime_lock(runtime);
    bool fits = g->stack_bytes > GOROUTINE_STACK_MIN && used_bytes(g) <= g->stack_bytes / 4;
    bool shrunk = fits && move_stack(runtime, g, g->stack_bytes / 2);
    ASSERT_SLOW(goroutine_is_valid(g));
    runtime_unlock(runtime);
    return shrunk;
}

struct frame *runtime_push_frame(struct runtime *runtime, struct goroutine *g,
                                 const struct frame_description *description) {
    goroutine_check_alive(g);
    runtime_lock(runtime);
    ASSERT_SLOW(goroutine_is_valid(g));
    struct frame *frame = NULL;
    const struct pool_need need = {frame_record_bytes(description, g->innermost), 1};
    if (pool_begin(runtime, &need, 1)) {
        bool reserved = reserve(runtime, g, description->size_bytes);
        pool_end(runtime, reserved);
        frame = reserved ? frame_create(runtime, description, g->innermost) : NULL;
    }
    if (frame != NULL) {
        frame->sp = goroutine_sp(g) - description->size_bytes;
        memset((void *)frame->sp, 0, description->size_bytes);
        barrier_callee_changed(runtime, g->innermost, frame);
        g->innermost = frame;
    }
    ASSERT_SLOW(goroutine_is_valid(g));
    runtime_unlock(runtime);
    return frame;
}
