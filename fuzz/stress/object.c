// object: the records of a worker's objects: who holds them, and what was counted of them.
//
// A worker's own memory alone; their bytes and anchors are contents.c's.
#include "fuzz/stress/state.h"

// ---- who holds what

struct object *worker_take_spare(struct worker *worker) {
    return worker->spare_count == 0 ? NULL : worker->spare[--worker->spare_count];
}

void worker_give_spare(struct worker *worker, struct object *object) {
    uintptr_t anchor = object->anchor;
    *object = (struct object){.anchor = anchor};
    worker->spare[worker->spare_count++] = object;
}

void worker_hold(struct worker *worker, struct object *object) {
    object->held_index = worker->held_count;
    worker->held[worker->held_count++] = object;
}

void worker_unhold(struct worker *worker, struct object *object) {
    struct object *last = worker->held[--worker->held_count];
    worker->held[object->held_index] = last;
    last->held_index = object->held_index;
}

struct object *worker_pick(struct worker *worker) {
    return worker->held_count == 0
               ? NULL
               : worker->held[random_below(&worker->random, worker->held_count)];
}

struct object *worker_pick_free_one(struct worker *worker) {
    for (int tries = 0; tries < 4; tries++) {
        struct object *object = worker_pick(worker);
        if (object != NULL && object->block == NULL && object->child == NULL &&
            object->parent == NULL && object->pin == PIN_NONE) {
            return object;
        }
    }
    return NULL;
}

// ---- ledger

void ledger_malloc(struct ledger *ledger, uint8_t size_class, size_t element_bytes) {
    ledger->malloc_count[size_class]++;
    ledger->large_alloc_bytes += size_class == 0 ? element_bytes : 0;
}

void ledger_free(struct ledger *ledger, uint8_t size_class, size_t element_bytes) {
    ledger->free_count[size_class]++;
    ledger->large_free_bytes += size_class == 0 ? element_bytes : 0;
}
