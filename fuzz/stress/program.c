// program: what a worker does beside objects: goroutines and what they pin, finalizers,
// manual spans, stacks, its cache and its thread.
#include "fuzz/stress/state.h"

#include "allocator/collect.h"
#include "allocator/mprof.h"
#include "oracle/go/verify/identities.h"
#include "oracle/go/rules.h"

#include <string.h>

// ---- pins: a place that holds an object instead of its anchor

static uintptr_t frame_slot(const struct frame *frame) {
    return frame->sp + frame->description.size_bytes - 8;
}

static void clear_pin(struct worker *worker, enum pin pin) {
    struct runtime *runtime = worker->crew->runtime;
    const struct pinned *pinned = &worker->pins[pin];
    switch (pin) {
    case PIN_FRAME:
        runtime_write_pointer(runtime, frame_slot(pinned->frame), 0);
        break;
    case PIN_CONTEXT:
        runtime_set_context(runtime, pinned->goroutine, 0);
        break;
    case PIN_DEFER:
        (void)runtime_pop_defer(runtime, pinned->goroutine);
        break;
    case PIN_PANIC:
        (void)runtime_pop_panic(runtime, pinned->goroutine);
        break;
    case PIN_ROOT:
        runtime_remove_other_root(runtime, pinned->root);
        break;
    case PIN_NONE:
    case PIN_COUNT:
        break;
    }
}

bool worker_unpin(struct worker *worker, enum pin pin) {
    struct object *object = worker->pins[pin].object;
    if (object == NULL) {
        return false;
    }
    worker_store(worker, object->anchor, object->address);
    clear_pin(worker, pin);
    object->pin = PIN_NONE;
    worker->pins[pin] = (struct pinned){.object = NULL};
    return true;
}

static void unpin_goroutine(struct worker *worker, const struct goroutine *g) {
    for (unsigned pin = PIN_FRAME; pin <= PIN_PANIC; pin++) {
        if (worker->pins[pin].goroutine == g) {
            (void)worker_unpin(worker, (enum pin)pin);
        }
    }
}

// False: no memory.
static bool set_pin(struct worker *worker, enum pin pin, struct pinned *pinned) {
    struct runtime *runtime = worker->crew->runtime;
    uintptr_t address = pinned->object->address;
    switch (pin) {
    case PIN_FRAME:
        pinned->frame = pinned->goroutine->innermost;
        runtime_write_pointer(runtime, frame_slot(pinned->frame), address);
        return true;
    case PIN_CONTEXT:
        runtime_set_context(runtime, pinned->goroutine, address);
        return true;
    case PIN_DEFER:
        return runtime_push_defer(runtime, pinned->goroutine, address, 1) != NULL;
    case PIN_PANIC:
        return runtime_push_panic(runtime, pinned->goroutine, NULL, address) != NULL;
    case PIN_ROOT:
        pinned->root = runtime_add_other_root(runtime, "pin", address);
        return pinned->root != NULL;
    case PIN_NONE:
    case PIN_COUNT:
        break;
    }
    return false;
}

static struct goroutine *pick_goroutine(struct worker *worker) {
    return worker->goroutines[random_below(&worker->random, THREADS_GOROUTINES)];
}

bool worker_pin(struct worker *worker) {
    enum pin pin = (enum pin)(PIN_FRAME + random_below(&worker->random, PIN_COUNT - PIN_FRAME));
    if (worker_unpin(worker, pin)) {
        return true;
    }
    struct pinned pinned = {.object = worker_pick_free_one(worker),
                            .goroutine = pin == PIN_ROOT ? NULL : pick_goroutine(worker)};
    if (pinned.object == NULL || (pin != PIN_ROOT && pinned.goroutine == NULL) ||
        (pin == PIN_FRAME &&
         (pinned.goroutine->innermost == NULL ||
          pinned.goroutine->innermost->description.locals_map == FRAME_MAP_EMPTY)) ||
        !set_pin(worker, pin, &pinned)) {
        return false;
    }
    worker_store(worker, pinned.object->anchor, 0);
    pinned.object->pin = (uint8_t)pin;
    worker->pins[pin] = pinned;
    return true;
}

// ---- goroutines

bool worker_goroutine(struct worker *worker) {
    struct runtime *runtime = worker->crew->runtime;
    struct goroutine **place =
        &worker->goroutines[random_below(&worker->random, THREADS_GOROUTINES)];
    if (*place == NULL) {
        *place = runtime_start_goroutine(runtime, 0x1000, random_once_in(&worker->random, 4));
        return *place != NULL;
    }
    if (random_once_in(&worker->random, 2)) {
        static const enum goroutine_status statuses[] = {GOROUTINE_RUNNABLE, GOROUTINE_SYSCALL,
                                                         GOROUTINE_WAITING, GOROUTINE_IDLE};
        runtime_set_goroutine_status(runtime, *place, statuses[random_below(&worker->random, 4)],
                                     "soak");
        return true;
    }
    unpin_goroutine(worker, *place);
    runtime_exit_goroutine(runtime, *place);
    *place = NULL;
    return true;
}

static struct frame_description draw_frame(struct random *random) {
    static const uint8_t all_words[64] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    };
    size_t size_bytes = 32 + 8 * (size_t)random_below(random, 500);
    return (struct frame_description){
        .entry = 0x2000,
        .pc = 0x2004,
        .continuation_pc = 0x2008,
        .size_bytes = size_bytes,
        .argument_bytes = 8 * (size_t)random_below(random, 3),
        .arguments_map = FRAME_MAP_EMPTY,
        .locals_map = (enum frame_map)random_below(random, 4),
        .local_words = size_bytes / 8 - 3,
        .local_bits = all_words,
    };
}

bool worker_frame(struct worker *worker) {
    struct runtime *runtime = worker->crew->runtime;
    struct goroutine *g = pick_goroutine(worker);
    if (g == NULL) {
        return false;
    }
    if (random_once_in(&worker->random, 2)) {
        if (worker->pins[PIN_FRAME].frame == g->innermost) {
            (void)worker_unpin(worker, PIN_FRAME);
        }
        if (worker->pins[PIN_DEFER].goroutine == g) { // it may belong to the frame
            (void)worker_unpin(worker, PIN_DEFER);
        }
        return runtime_pop_frame(runtime, g);
    }
    const struct frame_description description = draw_frame(&worker->random);
    return runtime_push_frame(runtime, g, &description) != NULL;
}

bool worker_stack(struct worker *worker) {
    struct goroutine *g = pick_goroutine(worker);
    if (g == NULL) {
        return false;
    }
    bool grows = g->stack_bytes < 65536 && random_once_in(&worker->random, 2);
    return grows ? runtime_grow_stack(worker->crew->runtime, g)
                 : runtime_shrink_stack(worker->crew->runtime, g);
}

// ---- finalizers

bool worker_finalizer_set(struct worker *worker) {
    struct object *object = worker_pick_free_one(worker);
    if (object == NULL) {
        return false;
    }
    const struct finalizer finalizer = {object->address, 0, 1, 2, 3};
    enum special_status status = runtime_set_finalizer(worker->crew->runtime, &finalizer);
    rule_count(&worker->book, RULE_MODEL_STATUS);
    if (status == SPECIAL_NO_MEMORY) { // a fault: legal whenever the conductor has planned one
        return false;
    }
    if (status != (object->finalized ? SPECIAL_EXISTS : SPECIAL_OK)) {
        return rule_fail(&worker->book, RULE_MODEL_STATUS,
                         (struct rule_place){.object = object->address},
                         "setting a finalizer gave status %d", (int)status);
    }
    worker->ledger.finalizers_set += !object->finalized;
    object->finalized = true;
    return true;
}

bool worker_finalizer_remove(struct worker *worker) {
    struct object *object = worker_pick_free_one(worker);
    if (object == NULL) {
        return false;
    }
    bool removed = heap_remove_finalizer(worker->crew->heap, object->address);
    rule_count(&worker->book, RULE_MODEL_STATUS);
    if (removed != object->finalized) {
        return rule_fail(&worker->book, RULE_MODEL_STATUS,
                         (struct rule_place){.object = object->address},
                         "removing a finalizer found %d", (int)removed);
    }
    worker->ledger.finalizers_dropped += removed;
    object->finalized = false;
    return removed;
}

bool worker_finalizer_run(struct worker *worker) {
    struct finalizer running;
    if (!runtime_start_finalizer(worker->crew->runtime, &running)) {
        return false;
    }
    runtime_finish_finalizer(worker->crew->runtime);
    worker->ledger.finalizers_run++;
    rule_count(&worker->book, RULE_FINALIZER_QUEUE);
    return running.entry == 1 || rule_fail(&worker->book, RULE_FINALIZER_QUEUE,
                                           (struct rule_place){.object = running.object},
                                           "a finalizer ran that nobody has set");
}

// ---- memory that is no object

static bool manual_is_whole(struct worker *worker, const struct manual *manual) {
    const uint64_t *first = (const uint64_t *)manual->base;
    const uint64_t *last =
        (const uint64_t *)(manual->base + manual->page_count * HEAP_PAGE_BYTES - 8);
    rule_count(&worker->book, RULE_CONTENTS_PATTERN);
    return (*first == manual->seed && *last == ~manual->seed) ||
           rule_fail(&worker->book, RULE_CONTENTS_PATTERN,
                     (struct rule_place){.span = manual->base}, "a manual span changed");
}

static bool free_manual(struct worker *worker, struct manual *manual) {
    bool whole = manual_is_whole(worker, manual);
    heap_free_manual(worker->crew->heap, (void *)manual->base, manual->stat);
    manual->base = 0;
    return whole;
}

bool worker_manual(struct worker *worker) {
    struct manual *manual = &worker->manuals[random_below(&worker->random, THREADS_MANUALS)];
    if (manual->base != 0) {
        return free_manual(worker, manual);
    }
    manual->page_count = 1 + random_below(&worker->random, 8);
    manual->stat = (enum manual_stat)random_below(&worker->random, MANUAL_STAT_COUNT);
    manual->seed = random_next(&worker->random);
    manual->base =
        (uintptr_t)heap_alloc_manual(worker->crew->heap, manual->page_count, manual->stat);
    if (manual->base != 0) {
        *(uint64_t *)manual->base = manual->seed;
        *(uint64_t *)(manual->base + manual->page_count * HEAP_PAGE_BYTES - 8) = ~manual->seed;
    }
    return manual->base != 0;
}

static void unmap_stack(struct worker *worker, struct os_stack *stack) {
    heap_unmap_os_stack(worker->crew->heap, stack->base, stack->size_bytes);
    stack->base = NULL;
}

bool worker_os_stack(struct worker *worker) {
    struct os_stack *stack = &worker->os_stacks[random_below(&worker->random, THREADS_STACKS)];
    if (stack->base != NULL) {
        unmap_stack(worker, stack);
        return true;
    }
    stack->size_bytes = 1 + random_below(&worker->random, 65536);
    stack->base = heap_map_os_stack(worker->crew->heap, stack->size_bytes);
    return stack->base != NULL;
}

bool worker_os_thread(struct worker *worker) {
    struct runtime *runtime = worker->crew->runtime;
    if (worker->os_thread != NULL) {
        runtime_exit_osthread(runtime, worker->os_thread);
        worker->os_thread = NULL;
        return true;
    }
    worker->os_thread = runtime_start_osthread(runtime, worker->index);
    return worker->os_thread != NULL;
}

// ---- cache, thread, statistics

bool worker_call_stack(struct worker *worker) {
    const uintptr_t frame = 0x1000 + random_below(&worker->random, 2); // few: buckets are shared
    heap_set_call_stack(worker->cache, &frame, random_below(&worker->random, 2));
    return true;
}

bool worker_flush(struct worker *worker) {
    heap_flush_cache(worker->crew->heap, worker->cache);
    worker_forget_blocks(worker);
    return true;
}

bool worker_sweep(struct worker *worker) {
    return heap_sweep_one(worker->crew->heap, worker->cache) != 0;
}

bool worker_scavenge(struct worker *worker) {
    return heap_scavenge(worker->crew->heap, (size_t)1 << random_below(&worker->random, 21)) != 0;
}

bool worker_read(struct worker *worker) {
    struct memstats now;
    heap_read_memstats(worker->crew->heap, &now);
    bool clean =
        identities_check(&worker->book, &now, true) &&
        (!worker->has_stats || identities_check_since(&worker->book, &worker->stats, &now));
    worker->stats = now;
    worker->has_stats = true;
    return clean;
}

// A type, an itab of the newest one, or a function; a few of each kind are enough.
bool worker_define(struct worker *worker) {
    struct runtime *runtime = worker->crew->runtime;
    uint32_t kind = random_below(&worker->random, 3);
    if (kind == 0) {
        const struct type description = {.layout = threads_layouts[0], .name = "soak.T"};
        worker->type = runtime_define_type(runtime, &description);
        return worker->type != NULL;
    }
    if (kind == 1) {
        return worker->type != NULL && runtime_define_itab(runtime, worker->type, false) != NULL;
    }
    uintptr_t entry = 0x100000 + 16 * (uintptr_t)random_below(&worker->random, 1024);
    return runtime_define_func(runtime, &(struct func){.entry = entry, .end = entry + 16});
}

// What paces collections; nobody starts one for it.
bool worker_pace(struct worker *worker) {
    struct runtime *runtime = worker->crew->runtime;
    if (random_once_in(&worker->random, 2)) {
        return runtime_gc_is_due(runtime);
    }
    (void)runtime_set_gc_percent(runtime, (int32_t)random_below(&worker->random, 200) - 1);
    return true;
}

bool worker_profile(struct worker *worker) {
    (void)heap_profile_rate(worker->crew->heap);
    if (random_once_in(&worker->random, 2)) {
        heap_profile_next_cycle(worker->crew->heap);
    } else {
        heap_profile_flush(worker->crew->heap);
    }
    return true;
}

// Whether the conductor waits; that there is one, its first order has told.
bool worker_wait(struct worker *worker) {
    const struct crew *crew = worker->crew;
    return worker->order != 0 && crew->cache != NULL && heap_is_waiting(crew->heap, crew->cache);
}

// Gives the cache up and takes another; without memory for one it tries again next time.
bool worker_attach(struct worker *worker) {
    if (worker->cache != NULL) {
        runtime_detach(worker->crew->runtime);
        worker_forget_blocks(worker);
    }
    worker->cache = runtime_attach(worker->crew->runtime);
    return worker->cache != NULL;
}

void worker_end_program(struct worker *worker) {
    for (unsigned pin = PIN_FRAME; pin < PIN_COUNT; pin++) {
        (void)worker_unpin(worker, (enum pin)pin);
    }
    for (size_t i = 0; i < THREADS_GOROUTINES; i++) {
        if (worker->goroutines[i] != NULL) {
            runtime_exit_goroutine(worker->crew->runtime, worker->goroutines[i]);
            worker->goroutines[i] = NULL;
        }
    }
    for (size_t i = 0; i < THREADS_MANUALS; i++) {
        if (worker->manuals[i].base != 0) {
            (void)free_manual(worker, &worker->manuals[i]);
        }
    }
    for (size_t i = 0; i < THREADS_STACKS; i++) {
        if (worker->os_stacks[i].base != NULL) {
            unmap_stack(worker, &worker->os_stacks[i]);
        }
    }
    if (worker->os_thread != NULL) {
        runtime_exit_osthread(worker->crew->runtime, worker->os_thread);
        worker->os_thread = NULL;
    }
}
