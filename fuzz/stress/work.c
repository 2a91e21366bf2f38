// work: a worker's life, and what it does with objects: allocates, frees, resizes, hands
// over, links, forgets; each result is checked and entered in its ledger.
//
// All memory that it touches is the worker's own (cmake/layers.cmake): what others see goes through
// contents.c, gate.c and the heap.
#include "fuzz/stress/state.h"
#include "oracle/go/state/class.h"
#include "oracle/go/rules.h"

#include <stdlib.h>
#include <string.h>

#define LOTTERY_COUNT   2000
#define COUNTED_AT_ONCE 64

const char *const threads_operation_names[THREADS_OPERATION_COUNT] = {
#define THREADS_OPERATION(name, weight) #name,
#include "fuzz/stress/threads.def"
};

static bool (*const operations[THREADS_OPERATION_COUNT])(struct worker *worker) = {
#define THREADS_OPERATION(name, weight) worker_##name,
#include "fuzz/stress/threads.def"
};

static const uint32_t weights[THREADS_OPERATION_COUNT] = {
#define THREADS_OPERATION(name, weight) (weight),
#include "fuzz/stress/threads.def"
};

// ---- birth

struct birth {
    size_t size_bytes, align_bytes; // align 0: none asked
    const struct gc_layout *layout;
    unsigned flags;
};

static size_t small_size(struct random *random) {
    uint32_t kind = random_below(random, 256);
    if (kind < 170) {
        return 1 + random_below(random, 128);
    }
    if (kind < 230) {
        return 1 + random_below(random, 1024);
    }
    if (kind < 254) { // on and beside the bounds of classes
        size_t bound = go_class_bytes[1 + random_below(random, 45)];
        return bound - 1 + random_below(random, 3);
    }
    return 1 + random_below(random, SMALL_SIZE_MAX);
}

static uint8_t class_for(const struct birth *birth) {
    uint8_t class = birth->align_bytes > HEAP_PAGE_BYTES ? 0 : go_class_of(birth->size_bytes);
    while (class != 0 && birth->align_bytes != 0 &&
           go_class_bytes[class] % birth->align_bytes != 0) {
        class ++;
    }
    return class;
}

static size_t element_bytes_of(uint8_t size_class, size_t size_bytes) {
    return size_class != 0 ? go_class_bytes[size_class]
                           : (size_bytes + HEAP_PAGE_BYTES - 1) / HEAP_PAGE_BYTES * HEAP_PAGE_BYTES;
}

static bool is_noscan(const struct gc_layout *layout) {
    return layout == NULL || layout->pointer_bytes == 0;
}

static bool is_zeroed(const struct birth *birth) {
    return (birth->flags & HEAP_ALLOC_ZERO) != 0 || !is_noscan(birth->layout);
}

static bool check_place(struct worker *worker, const struct object *object, size_t align_bytes) {
    struct rule_book *book = &worker->book;
    rule_count(book, RULE_MODEL_ADDRESS);
    uintptr_t base = heap_base(worker->crew->heap);
    if (object->address - base > HEAP_WINDOW_BYTES - object->element_bytes ||
        (align_bytes != 0 && object->address % align_bytes != 0)) {
        return rule_fail(book, RULE_MODEL_ADDRESS, (struct rule_place){.object = object->address},
                         "outside the window, or not aligned to %zu", align_bytes);
    }
    return true;
}

// Enters a whole slot that the heap has given.
static bool born(struct worker *worker, struct object *object, const struct birth *birth,
                 void *memory) {
    object->address = (uintptr_t)memory;
    object->size_bytes = birth->size_bytes;
    object->layout = is_noscan(birth->layout) ? NULL : birth->layout;
    object->seed = random_next(&worker->random);
    object->size_class = class_for(birth);
    object->element_bytes = element_bytes_of(object->size_class, birth->size_bytes);
    ledger_malloc(&worker->ledger, object->size_class, object->element_bytes);
    worker_store(worker, object->anchor, object->address);
    worker_hold(worker, object);
    if (!check_place(worker, object, birth->align_bytes) ||
        (is_zeroed(birth) && random_once_in(&worker->random, 8) &&
         !contents_verify_zero(&worker->book, object->address, object->size_bytes))) {
        return false;
    }
    object->patterned = !worker_is_told(worker, GATE_HANDS_OFF);
    if (object->patterned) {
        contents_write(object, 0);
    }
    return true;
}

static bool allocate(struct worker *worker, const struct birth *birth) {
    struct object *object = worker_take_spare(worker);
    if (object == NULL) {
        return false;
    }
    struct heap *heap = worker->crew->heap;
    void *memory =
        birth->align_bytes != 0
            ? heap_alloc_aligned(heap, worker->cache, birth->size_bytes, birth->align_bytes,
                                 birth->layout, birth->flags)
            : heap_alloc(heap, worker->cache, birth->size_bytes, birth->layout, birth->flags);
    if (memory == NULL) {
        worker_give_spare(worker, object);
        return false;
    }
    return born(worker, object, birth, memory);
}

static struct birth small_birth(struct random *random) {
    struct birth birth = {.size_bytes = small_size(random)};
    uint32_t kind = random_below(random, 8);
    if (kind < 3) {
        birth.layout = &threads_layouts[random_below(random, THREADS_LAYOUT_COUNT)];
    } else if (kind < 5) {
        birth.flags = HEAP_ALLOC_ZERO;
    }
    return birth;
}

bool worker_alloc(struct worker *worker) {
    const struct birth birth = small_birth(&worker->random);
    return allocate(worker, &birth);
}

bool worker_alloc_large(struct worker *worker) {
    struct birth birth = small_birth(&worker->random);
    uint32_t limit = random_once_in(&worker->random, 64) ? 4u << 20 : 128u << 10;
    birth.size_bytes = SMALL_SIZE_MAX + 1 + random_below(&worker->random, limit);
    return allocate(worker, &birth);
}

bool worker_alloc_aligned(struct worker *worker) {
    struct birth birth = small_birth(&worker->random);
    birth.align_bytes = (size_t)16 << random_below(&worker->random, 9);
    if (random_once_in(&worker->random, 64)) {
        birth.align_bytes = (size_t)HEAP_PAGE_BYTES << random_below(&worker->random, 5);
    }
    return allocate(worker, &birth);
}

// ---- death

bool worker_free_object(struct worker *worker, struct object *object) {
    if (!contents_verify(&worker->book, object, object->size_bytes, CONTENTS_QUICK)) {
        return false;
    }
    worker_store(worker, object->anchor, 0);
    worker_unhold(worker, object);
    enum heap_free_status status =
        heap_free(worker->crew->heap, worker->cache, (void *)object->address);
    rule_count(&worker->book, RULE_MODEL_STATUS);
    if (status == HEAP_FREE_DEFERRED) {
        return rule_fail(&worker->book, RULE_MODEL_STATUS,
                         (struct rule_place){.object = object->address}, "free did nothing");
    }
    ledger_free(&worker->ledger, object->size_class, object->element_bytes);
    worker->ledger.finalizers_dropped += object->finalized;
    worker_give_spare(worker, object);
    return true;
}

void worker_drop_object(struct worker *worker, struct object *object) {
    bool lingers = false;
    while (object != NULL) {
        struct object *child = object->child;
        (void)contents_verify(&worker->book, object, object->size_bytes, CONTENTS_QUICK);
        worker_store(worker, object->anchor, 0);
        worker_unhold(worker, object);
        lingers = lingers || object->finalized; // and what it leads to
        if (object->block == NULL) {
            worker_drop_slot(worker, &(struct dropped){.base = object->address,
                                                       .element_bytes = object->element_bytes,
                                                       .size_class = object->size_class,
                                                       .lingers = lingers});
        } else {
            object->block->part_count--;
            worker_drop_block(worker, object->block);
        }
        worker_give_spare(worker, object);
        object = child;
    }
}

// The anchor first, so that something holds the child at any moment.
static void unlink_child(struct worker *worker, struct object *parent) {
    struct object *child = parent->child;
    worker_store(worker, child->anchor, child->address);
    worker_store(worker, parent->address + object_first_pointer(parent), 0);
    parent->child = NULL;
    child->parent = NULL;
}

void worker_untie(struct worker *worker, struct object *object) {
    if (object->pin != PIN_NONE) {
        (void)worker_unpin(worker, (enum pin)object->pin);
    }
    if (object->parent != NULL) {
        unlink_child(worker, object->parent);
    }
    if (object->child != NULL) {
        unlink_child(worker, object);
    }
}

// Without room a worker soon holds nothing but parts of blocks, and can do next to nothing.
static bool has_room_for_drops(struct worker *worker) {
    if (worker->dropped_count < THREADS_DROPPED) {
        return true;
    }
    worker_asks_for_rest(worker);
    return false;
}

bool worker_free(struct worker *worker) {
    struct object *object = worker_pick(worker);
    if (object == NULL) {
        return false;
    }
    if (object->block != NULL) { // is freed by a collection alone
        return worker_drop(worker);
    }
    worker_untie(worker, object);
    return worker_free_object(worker, object);
}

bool worker_drop(struct worker *worker) {
    struct object *object = worker_pick(worker);
    if (object == NULL || object->pin != PIN_NONE || object->parent != NULL ||
        !has_room_for_drops(worker)) {
        return false;
    }
    worker_drop_object(worker, object);
    return true;
}

// ---- change

static bool resized(struct worker *worker, struct object *object, const struct birth *birth,
                    void *memory) {
    bool moved = (uintptr_t)memory != object->address;
    size_t kept_bytes =
        birth->size_bytes < object->size_bytes ? birth->size_bytes : object->size_bytes;
    struct object old = *object;
    object->address = (uintptr_t)memory;
    object->size_bytes = birth->size_bytes;
    object->size_class = class_for(birth);
    object->element_bytes = element_bytes_of(object->size_class, birth->size_bytes);
    if (moved) {
        ledger_malloc(&worker->ledger, object->size_class, object->element_bytes);
        ledger_free(&worker->ledger, old.size_class, old.element_bytes);
        worker->ledger.finalizers_dropped += old.finalized;
        object->finalized = false;
        worker_store(worker, object->anchor, object->address);
    }
    if (!contents_verify(&worker->book, object, kept_bytes, CONTENTS_FRONT)) {
        return false;
    }
    if (worker_is_told(worker, GATE_HANDS_OFF)) {
        object->patterned = object->patterned && kept_bytes == object->size_bytes &&
                            (kept_bytes == old.size_bytes || kept_bytes <= THREADS_FRONT_BYTES);
    } else if (object->patterned) {
        contents_write(object, kept_bytes);
    }
    rule_count(&worker->book, RULE_MODEL_STATUS);
    return moved ||
           (object->size_class == old.size_class && object->element_bytes == old.element_bytes) ||
           rule_fail(&worker->book, RULE_MODEL_STATUS, (struct rule_place){.object = old.address},
                     "resized in place, though it changes its class");
}

bool worker_realloc(struct worker *worker) {
    struct object *object = worker_pick_free_one(worker);
    if (object == NULL ||
        !contents_verify(&worker->book, object, object->size_bytes, CONTENTS_QUICK)) {
        return false;
    }
    struct birth birth = {.layout = object->layout, .size_bytes = small_size(&worker->random)};
    if (random_once_in(&worker->random, 2)) { // often within the class
        birth.size_bytes = object->size_bytes + random_below(&worker->random, 16);
    }
    const struct crew *crew = worker->crew;
    void *pointer = (void *)object->address;
    void *memory = worker_is_told(worker, GATE_BARRIER)
                       ? runtime_realloc(crew->runtime, worker->cache, pointer, birth.size_bytes,
                                         birth.layout, birth.flags)
                       : heap_realloc(crew->heap, worker->cache, pointer, birth.size_bytes,
                                      birth.layout, birth.flags);
    return memory != NULL && resized(worker, object, &birth, memory);
}

// Puts an object into a mailbox and takes what was there, which is now this worker's.
bool worker_exchange(struct worker *worker) {
    struct object *sent = worker_pick_free_one(worker);
    if (sent != NULL) {
        worker_unhold(worker, sent);
    }
    struct object *got =
        crew_swap_mail(worker->crew, random_below(&worker->random, THREADS_MAILBOXES), sent);
    if (got == NULL) {
        return false;
    }
    worker_hold(worker, got);
    return random_once_in(&worker->random, 3) ||
           worker_free_object(worker, got); // often a remote free
}

// Lets a pointer in one object hold another alive, or takes such a link back.
bool worker_link(struct worker *worker) {
    struct object *parent = worker_pick(worker);
    if (parent == NULL) {
        return false;
    }
    if (parent->child != NULL) {
        unlink_child(worker, parent);
        return true;
    }
    size_t offset = object_first_pointer(parent);
    struct object *child = worker_pick_free_one(worker);
    if (offset == SIZE_MAX || parent->depth == THREADS_DEPTH || child == NULL || child == parent) {
        return false;
    }
    worker_store(worker, parent->address + offset, child->address);
    worker_store(worker, child->anchor, 0);
    parent->child = child;
    child->parent = parent;
    child->depth = (uint8_t)(parent->depth + 1);
    return true;
}

// What the heap says of an object that this worker holds.
bool worker_look(struct worker *worker) {
    const struct object *object = worker_pick(worker);
    if (object == NULL) {
        return false;
    }
    struct rule_book *book = &worker->book;
    struct heap *heap = worker->crew->heap;
    struct heap_object found;
    rule_count(book, RULE_MODEL_SCAN);
    if (!heap_find_object(heap, object->address, &found) || !found.allocated ||
        found.noscan != (object->layout == NULL)) {
        return rule_fail(book, RULE_MODEL_SCAN, (struct rule_place){.object = object->address},
                         "an object that a thread holds is not in the heap");
    }
    size_t usable_bytes = heap_usable_bytes(heap, (void *)object->address);
    size_t expected_bytes =
        object->address == found.base ? object->element_bytes : 0; // inside a tiny block
    return rule_equal(book, RULE_MODEL_SIZE, "usable bytes",
                      (struct rule_value){"heap", usable_bytes},
                      (struct rule_value){"class table", expected_bytes}) &&
           contents_verify(book, object, object->size_bytes, CONTENTS_WHOLE);
}

// ---- a life

static enum threads_operation draw_operation(struct worker *worker) {
    uint32_t lot = random_below(&worker->random, LOTTERY_COUNT);
    for (unsigned i = 0; i < THREADS_OPERATION_COUNT; i++) {
        if (lot < weights[i]) {
            return (enum threads_operation)i;
        }
        lot -= weights[i];
    }
    if (random_once_in(&worker->random, 4096)) {
        worker->wanted_count = random_below(&worker->random, THREADS_OBJECTS);
    }
    bool grows = worker->held_count < worker->wanted_count || random_once_in(&worker->random, 3);
    return grows && worker->spare_count > 0 ? THREADS_alloc : THREADS_free;
}

static void step(struct worker *worker) {
    enum threads_operation operation =
        worker->cache == NULL ? THREADS_attach : draw_operation(worker);
    worker->executed[operation]++;
    worker->effective[operation] += operations[operation](worker);
}

void worker_empty(struct worker *worker) {
    worker_end_program(worker);
    while (worker->held_count > 0 && !worker->book.found) {
        struct object *object = worker->held[worker->held_count - 1];
        worker_untie(worker, object);
        if (object->block == NULL && worker->cache != NULL && random_once_in(&worker->random, 2)) {
            (void)worker_free_object(worker, object);
        } else {
            worker_drop_object(worker, object);
        }
    }
    worker_forget_blocks(worker);
}

void *worker_run(void *context) {
    struct worker *worker = context;
    worker->cache = runtime_attach(worker->crew->runtime);
    worker_receives(worker);
    for (uint64_t count = 0; worker_passes_gate(worker); count++) {
        if (count % COUNTED_AT_ONCE == 0) {
            worker_sends(worker, count);
        }
        if (!worker->book.found) {
            step(worker);
        } else {
            crew_take_finding(worker->crew, &worker->book);
        }
    }
    worker_empty(worker);
    worker->cache = NULL;
    if (worker->index % 2 == 0) { // else the thread's end does it
        runtime_detach(worker->crew->runtime);
    }
    return NULL;
}
