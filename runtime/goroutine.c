// goroutine: the records of goroutines, their defers and panics; their stacks stand in stack.c.
#include "runtime/barrier_internal.h"
#include "runtime/frame.h"
#include "runtime/runtime_internal.h"

#include "allocator/check.h"

struct defer_record {
    struct defer defer;        // first
    const struct frame *frame; // that it belongs to
};

void goroutine_check_alive(const struct goroutine *g) {
    if (g->status == GOROUTINE_DEAD) {
        check_misuse("use of a dead goroutine", (uintptr_t)g);
    }
}

uintptr_t goroutine_sp(const struct goroutine *g) {
    return g->innermost == NULL ? g->stack_low + g->stack_bytes : g->innermost->sp;
}

// ---- life

static struct goroutine *find_dead(const struct runtime *runtime) {
    struct goroutine *g = runtime->goroutines.first;
    while (g != NULL && g->status != GOROUTINE_DEAD) {
        g = g->next;
    }
    return g;
}

// The pool has it at hand.
static struct goroutine *new_record(struct runtime *runtime) {
    struct goroutine_table *table = &runtime->goroutines;
    struct goroutine *g = pool_take_reserved(runtime, sizeof(*g));
    g->next = NULL;
    if (table->last == NULL) {
        table->first = g;
    } else {
        table->last->next = g;
    }
    table->last = g;
    return g;
}

// A stack, and with it room for a record. NULL: no memory, nothing changed.
static void *obtain_stack(struct runtime *runtime, bool needs_record) {
    const struct pool_need need = {sizeof(struct goroutine), needs_record ? 1 : 0};
    if (!pool_begin(runtime, &need, 1)) {
        return NULL;
    }
    size_t page_count = GOROUTINE_STACK_MIN / HEAP_PAGE_BYTES;
    void *stack = heap_alloc_manual(runtime->heap, page_count, MANUAL_STACK);
    pool_end(runtime, stack != NULL);
    return stack;
}

struct goroutine *runtime_start_goroutine(struct runtime *runtime, uintptr_t go_pc,
                                          bool is_system) {
    runtime_lock(runtime);
    struct goroutine *g = find_dead(runtime);
    void *stack = obtain_stack(runtime, g == NULL);
    if (stack == NULL) {
        runtime_unlock(runtime);
        return NULL;
    }
    if (g == NULL) {
        g = new_record(runtime);
    }
    *g = (struct goroutine){
        .id = ++runtime->goroutines.last_id,
        .status = GOROUTINE_RUNNABLE,
        .is_system = is_system,
        .wait_reason = "",
        .go_pc = go_pc,
        .stack_low = (uintptr_t)stack,
        .stack_bytes = GOROUTINE_STACK_MIN,
        .next = g->next,
    };
    ASSERT_SLOW(goroutine_is_valid(g));
    runtime_unlock(runtime);
    return g;
}

void runtime_exit_goroutine(struct runtime *runtime, struct goroutine *g) {
    goroutine_check_alive(g);
    runtime_lock(runtime);
    ASSERT_SLOW(goroutine_is_valid(g));
    while (runtime_pop_frame(runtime, g)) {
    }
    while (runtime_pop_defer(runtime, g)) {
    }
    while (runtime_pop_panic(runtime, g)) {
    }
    heap_free_manual(runtime->heap, (void *)g->stack_low, MANUAL_STACK);
    g->status = GOROUTINE_DEAD;
    g->stack_low = 0;
    g->stack_bytes = 0;
    g->context = 0;
    g->thread = NULL;
    ASSERT_SLOW(goroutine_is_valid(g));
    runtime_unlock(runtime);
}

void runtime_set_goroutine_status(struct runtime *runtime, struct goroutine *g,
                                  enum goroutine_status status, const char *wait_reason) {
    goroutine_check_alive(g);
    CHECK(status != GOROUTINE_DEAD); // that is runtime_exit_goroutine's
    runtime_lock(runtime);
    g->status = status;
    if (status == GOROUTINE_WAITING) {
        g->wait_since_ns = runtime_now_ns(runtime);
        g->wait_reason = wait_reason == NULL ? "" : wait_reason;
    }
    runtime_unlock(runtime);
}

void runtime_set_context(struct runtime *runtime, struct goroutine *g, uintptr_t context) {
    goroutine_check_alive(g);
    runtime_lock(runtime);
    barrier_store(runtime, g->context, context);
    g->context = context;
    runtime_unlock(runtime);
}

struct goroutine *runtime_first_goroutine(const struct runtime *runtime) {
    return runtime->goroutines.first;
}

// ---- frames, defers, panics

static bool belongs_to(const struct defer *defer, const struct frame *frame) {
    return ((const struct defer_record *)defer)->frame == frame;
}

bool runtime_pop_frame(struct runtime *runtime, struct goroutine *g) {
    goroutine_check_alive(g);
    runtime_lock(runtime);
    struct frame *frame = g->innermost;
    if (frame != NULL) {
        while (g->defers != NULL && belongs_to(g->defers, frame)) {
            (void)runtime_pop_defer(runtime, g);
        }
        g->innermost = frame->caller;
        barrier_callee_changed(runtime, g->innermost, NULL);
        frame_destroy(runtime, frame);
    }
    ASSERT_SLOW(goroutine_is_valid(g));
    runtime_unlock(runtime);
    return frame != NULL;
}

struct defer *runtime_push_defer(struct runtime *runtime, struct goroutine *g, uintptr_t function,
                                 uintptr_t entry) {
    goroutine_check_alive(g);
    runtime_lock(runtime);
    struct defer_record *record = pool_alloc(runtime, sizeof(*record));
    if (record != NULL) {
        const struct frame *frame = g->innermost;
        record->frame = frame;
        record->defer = (struct defer){
            .sp = goroutine_sp(g),
            .pc = frame == NULL ? 0 : frame->description.pc,
            .function = function,
            .entry = entry,
            .link = g->defers,
        };
        g->defers = &record->defer;
        barrier_shade(runtime, function);
    }
    ASSERT_SLOW(goroutine_is_valid(g));
    runtime_unlock(runtime);
    return record == NULL ? NULL : &record->defer;
}

bool runtime_pop_defer(struct runtime *runtime, struct goroutine *g) {
    goroutine_check_alive(g);
    runtime_lock(runtime);
    struct defer *defer = g->defers;
    if (defer != NULL) {
        g->defers = defer->link;
        pool_free(runtime, defer, sizeof(struct defer_record));
    }
    runtime_unlock(runtime);
    return defer != NULL;
}

struct panic *runtime_push_panic(struct runtime *runtime, struct goroutine *g,
                                 const struct type *type, uintptr_t data) {
    goroutine_check_alive(g);
    runtime_lock(runtime);
    struct panic *panic = pool_alloc(runtime, sizeof(*panic));
    if (panic != NULL) {
        *panic = (struct panic){.type = type, .data = data, .link = g->panics};
        g->panics = panic;
        barrier_shade(runtime, data);
    }
    runtime_unlock(runtime);
    return panic;
}

bool runtime_pop_panic(struct runtime *runtime, struct goroutine *g) {
    goroutine_check_alive(g);
    runtime_lock(runtime);
    struct panic *panic = g->panics;
    if (panic != NULL) {
        g->panics = panic->link;
        pool_free(runtime, panic, sizeof(*panic));
    }
    runtime_unlock(runtime);
    return panic != NULL;
}

// ---- roots

struct slot_visit {
    void (*visit)(void *context, uintptr_t value);
    void *context;
};

static void visit_slot(void *context, uintptr_t slot) {
    const struct slot_visit *visit = context;
    visit->visit(visit->context, *(const uintptr_t *)slot);
}

static void visit_goroutine(const struct goroutine *g, struct slot_visit *visit) {
    const struct frame *callee = NULL;
    for (const struct frame *frame = g->innermost; frame != NULL; frame = frame->caller) {
        frame_visit_slots(frame, callee, visit_slot, visit);
        callee = frame;
    }
    for (const struct defer *defer = g->defers; defer != NULL; defer = defer->link) {
        visit->visit(visit->context, defer->function);
    }
    for (const struct panic *panic = g->panics; panic != NULL; panic = panic->link) {
        visit->visit(visit->context, panic->data);
    }
    visit->visit(visit->context, g->context);
}

void goroutine_visit_roots(struct runtime *runtime, void (*visit)(void *context, uintptr_t value),
                           void *context) {
    struct slot_visit slots = {visit, context};
    for (const struct goroutine *g = runtime->goroutines.first; g != NULL; g = g->next) {
        visit_goroutine(g, &slots); // a dead one has nothing
    }
}

// ---- validity: all is looked at, so that no order of the invariants hides one

static bool frames_are_valid(const struct goroutine *g) { // G3
    uintptr_t top = g->stack_low + g->stack_bytes;
    uintptr_t sp = goroutine_sp(g);
    const struct frame *frame = g->innermost;
    bool valid = (sp >= g->stack_low) & (sp <= top);
    while ((frame != NULL) & valid) {
        valid &= (frame->sp == sp) & (frame->description.size_bytes <= top - sp);
        sp += frame->description.size_bytes;
        frame = frame->caller;
    }
    return valid & (sp == top);
}

static bool defers_are_valid(const struct goroutine *g) { // G4
    uintptr_t low = goroutine_sp(g);
    bool valid = true;
    for (const struct defer *defer = g->defers; defer != NULL; defer = defer->link) {
        valid &= (defer->sp >= low) & (defer->sp <= g->stack_low + g->stack_bytes);
        low = defer->sp;
    }
    return valid;
}

bool goroutine_is_valid(const struct goroutine *g) {
    if (g->status == GOROUTINE_DEAD) { // G1
        return (g->stack_low == 0) & (g->stack_bytes == 0) & (g->innermost == NULL) &
               (g->defers == NULL) & (g->panics == NULL) & (g->context == 0) & (g->thread == NULL);
    }
    bool valid = (g->stack_bytes >= GOROUTINE_STACK_MIN) &
                 ((g->stack_bytes & (g->stack_bytes - 1)) == 0) & (g->stack_low != 0) &
                 (g->stack_low % HEAP_PAGE_BYTES == 0); // G2
    valid &= frames_are_valid(g);
    valid &= defers_are_valid(g);
    return valid;
}
