// crowd_work: allocates, resizes, frees, hands objects to other threads and takes theirs, as drawn.
#include "fuzz/subject/crowd_work.h"

#include "fuzz/subject/subject.h"
#include "oracle/subject/pattern.h"

#define LARGE_SHARE   64        // one size of so many is large
#define LARGE_BYTES   (1 << 18) // at most
#define SMALL_BITS    12        // others are below a power of two up to this one
#define FLUSH_SHARE   128
#define ALIGNED_SHARE 8

static struct work_event *note(struct crowd_worker *worker, enum work_event_kind kind,
                               const struct live_block *block) {
    struct work_event *event = &worker->events[worker->event_count++];
    *event = (struct work_event){
        .ticket = atomic_fetch_add(&worker->place->clock, 1), .kind = kind, .block = *block};
    return event;
}

static size_t draw_size(struct crowd_worker *worker) {
    struct random *random = &worker->random;
    uint32_t most = random_once_in(random, LARGE_SHARE)
                        ? LARGE_BYTES
                        : (uint32_t)1 << random_below(random, SMALL_BITS + 1);
    size_t size_bytes = subject_size_for(worker->place->table, 1 + random_below(random, most));
    return size_bytes == 0 ? 1 : size_bytes;
}

static struct live_block block_from(const struct crowd_worker *worker, const struct call *call,
                                    uint64_t seed) {
    return (struct live_block){
        .address = (uintptr_t)call->result,
        .requested_bytes = call->size_bytes,
        .usable_bytes = call->usable_bytes,
        .footprint_bytes = call->footprint_bytes,
        .row = call->row,
        .seed = seed,
        .is_touched = (worker->place->table->capabilities & COUNTERCHECK_REMOTE) == 0,
    };
}

// ---- operations

// Of those that the allocator has, one; `alignment` of what it gives.
static struct call draw_allocation(struct crowd_worker *worker, size_t *alignment) {
    const struct countercheck_subject *table = worker->place->table;
    struct random *random = &worker->random;
    struct call call = {.kind = CALL_ALLOCATE, .size_bytes = draw_size(worker)};
    *alignment = table->alignment;
    if (table->allocate_aligned != NULL && random_once_in(random, ALIGNED_SHARE)) {
        call.kind = CALL_ALLOCATE_ALIGNED;
        *alignment <<= random_below(random, 7);
        while (*alignment > subject_alignment_max(table)) {
            *alignment /= 2;
        }
        call.alignment = *alignment;
    } else if (table->allocate_zeroed != NULL && random_once_in(random, 4)) {
        call.kind = CALL_ALLOCATE_ZEROED;
    }
    return call;
}

static void allocate(struct crowd_worker *worker) {
    size_t alignment;
    struct call call = draw_allocation(worker, &alignment);
    lanes_call(worker->place->lanes, &call);
    struct live_block block = block_from(worker, &call, random_next(&worker->random));
    struct work_event *event =
        note(worker, call.result == NULL ? WORK_REFUSED : WORK_GIVEN, &block);
    event->call = call.kind;
    event->alignment = alignment;
    if (call.result == NULL) {
        return;
    }
    event->is_wrong = call.kind == CALL_ALLOCATE_ZEROED && block.is_touched &&
                      !pattern_is_zero(block.address, block.requested_bytes);
    if (block.is_touched) {
        pattern_fill(&block);
    }
    worker->held[worker->held_count++] = block;
}

static struct live_block take(struct crowd_worker *worker, uint32_t held) {
    struct live_block block = worker->held[held];
    worker->held[held] = worker->held[--worker->held_count];
    return block;
}

void work_free(struct crowd_worker *worker, uint32_t held) {
    struct live_block block = take(worker, held);
    bool has_sized = worker->place->table->release_sized != NULL;
    bool is_sized =
        has_sized && (worker->place->table->release == NULL || random_once_in(&worker->random, 2));
    struct call call = {.kind = is_sized ? CALL_RELEASE_SIZED : CALL_RELEASE,
                        .object = (void *)block.address,
                        .size_bytes = block.requested_bytes};
    bool is_wrong = !pattern_holds(&block, block.address, SIZE_MAX);
    note(worker, WORK_ENDED, &block)->is_wrong = is_wrong;
    lanes_call(worker->place->lanes, &call);
}

static void resize(struct crowd_worker *worker, uint32_t held, enum call_kind kind) {
    struct live_block *block = &worker->held[held];
    struct live_block before = *block;
    struct call call = {
        .kind = kind, .object = (void *)before.address, .size_bytes = draw_size(worker)};
    bool is_wrong = !pattern_holds(&before, before.address, SIZE_MAX);
    note(worker, WORK_MOVING, &before)->is_wrong = is_wrong;
    lanes_call(worker->place->lanes, &call);
    if (call.result == NULL) {
        note(worker, WORK_REFUSED, &before)->call = kind;
        return;
    }
    size_t kept =
        before.requested_bytes < call.size_bytes ? before.requested_bytes : call.size_bytes;
    *block = block_from(worker, &call, random_next(&worker->random));
    struct work_event *event = note(worker, WORK_RESIZED, block);
    event->call = kind;
    event->alignment = worker->place->table->alignment;
    event->is_wrong = !pattern_holds(&before, block->address, kept);
    if (block->is_touched) {
        pattern_fill(block);
    }
}

// Leaves an object where another thread finds it, and takes what lies there.
static void exchange(struct crowd_worker *worker, uint32_t held) {
    struct work_shelf *shelf = &worker->place->shelves[random_below(&worker->random, WORK_SHELVES)];
    (void)pthread_mutex_lock(&shelf->mutex);
    struct live_block there = shelf->block;
    bool was_full = shelf->is_full;
    shelf->block = take(worker, held);
    shelf->is_full = true;
    (void)pthread_mutex_unlock(&shelf->mutex);
    if (was_full) {
        worker->held[worker->held_count++] = there;
    }
}

static void operate(struct crowd_worker *worker) {
    const struct countercheck_subject *table = worker->place->table;
    uint32_t choice = random_below(&worker->random, 100);
    if (table->flush != NULL && random_once_in(&worker->random, FLUSH_SHARE)) {
        struct call call = {.kind = CALL_FLUSH};
        lanes_call(worker->place->lanes, &call);
        return;
    }
    if (worker->held_count == 0 || (choice < 45 && worker->held_count < WORK_HELD_MAX)) {
        allocate(worker);
        return;
    }
    uint32_t held = random_below(&worker->random, worker->held_count);
    if (choice < 65 && table->reallocate != NULL) {
        resize(worker, held, CALL_REALLOCATE);
    } else if (choice < 70 && table->expand != NULL) {
        resize(worker, held, CALL_EXPAND);
    } else if (choice < 85) {
        exchange(worker, held);
    } else {
        work_free(worker, held);
    }
}

void work_round(struct crowd_worker *worker) {
    for (int i = 0; i < WORK_OPERATIONS; i++) {
        operate(worker);
    }
}
