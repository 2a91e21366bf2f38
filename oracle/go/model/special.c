// special: finalizers and cleanups as they were set, queued and run.
#include "oracle/go/model/parts.h"
#include "oracle/go/rules.h"

#include "runtime/finq.h" // struct finalizer

static struct model_finalizer shown_of(const struct finalizer *finalizer) {
    return (struct model_finalizer){finalizer->object, finalizer->function, finalizer->entry,
                                    finalizer->function_type, finalizer->object_type};
}

static bool is_same(const struct model_finalizer *a, const struct model_finalizer *b) {
    return a->object == b->object && a->function == b->function && a->entry == b->entry &&
           a->function_type == b->function_type && a->object_type == b->object_type;
}

// The link of the slot's list that holds the finalizer of `object`, or would.
static uint32_t *find_finalizer(struct model *model, struct slot *slot, uintptr_t object) {
    uint32_t *link = &slot->first_finalizer;
    while (*link != MODEL_NONE && model_finalizer_at(model, *link)->shown.object < object) {
        link = &model_finalizer_at(model, *link)->next;
    }
    return link;
}

// What the index names, if it is of `object`; NULL: it is not, or names nothing.
static const struct model_finalizer *shown_at(struct model *model, uint32_t index,
                                              uintptr_t object) {
    const struct model_finalizer *shown =
        index == MODEL_NONE ? NULL : &model_finalizer_at(model, index)->shown;
    return shown != NULL && shown->object == object ? shown : NULL;
}

// The finalizer that is set on `object`; NULL: none.
static const struct model_finalizer *set_on(struct model *model, struct slot *slot,
                                            uintptr_t object) {
    return shown_at(model, *find_finalizer(model, slot, object), object);
}

// Puts what was taken of the pool in front of what the link leads to.
static void put(struct model *model, uint32_t *link, uint32_t index,
                const struct finalizer *finalizer) {
    *model_finalizer_at(model, index) =
        (struct finalizer_entry){.next = *link, .shown = shown_of(finalizer)};
    *link = index;
}

static void remove_at(struct model *model, uint32_t *link) {
    uint32_t index = *link;
    *link = model_finalizer_at(model, index)->next;
    index_pool_give(&model->finalizers, index);
}

static bool check_status(struct model *model, bool holds, uintptr_t object, const char *what) {
    rule_count(model->book, RULE_FINALIZER_SET);
    return holds || rule_fail(model->book, RULE_FINALIZER_SET,
                              (struct rule_place){.object = object}, "%s", what);
}

// The collector marks what a finalizer set while it runs will need.
static void shade_finalizer(struct model *model, const struct slot *slot, uintptr_t function) {
    for (uint32_t i = slot->first_edge; i != MODEL_NONE; i = model_edge(model, i)->next) {
        model_shade(model, model_edge(model, i)->value);
    }
    model_shade(model, function);
}

bool model_finalizer_added(struct model *model, uint32_t handle, const struct finalizer *finalizer,
                           bool existed) {
    const struct handle_entry *entry = &model->handles[handle];
    if (entry->slot == MODEL_NONE) {
        return true;
    }
    struct slot *slot = model_slot(model, entry->slot);
    if (!check_status(model, (set_on(model, slot, finalizer->object) != NULL) == existed,
                      finalizer->object,
                      existed ? "an object without finalizer was said to have one"
                              : "an object got a second finalizer")) {
        return false;
    }
    if (existed) {
        return true;
    }
    uint32_t index = index_pool_take(&model->finalizers);
    if (index == MODEL_NONE) {
        return false;
    }
    put(model, find_finalizer(model, slot, finalizer->object), index, finalizer);
    shade_finalizer(model, slot, finalizer->function);
    return true;
}

bool model_finalizer_removed(struct model *model, uint32_t handle, bool existed) {
    const struct handle_entry *entry = &model->handles[handle];
    if (entry->slot == MODEL_NONE) {
        return true;
    }
    struct slot *slot = model_slot(model, entry->slot);
    uintptr_t object = entry->shown.address;
    if (!check_status(model, (set_on(model, slot, object) != NULL) == existed, object,
                      existed ? "a finalizer was removed that was never set"
                              : "a finalizer that was set was not found")) {
        return false;
    }
    if (existed) {
        remove_at(model, find_finalizer(model, slot, object));
    }
    return true;
}

// ---- cleanups

// The link of the slot's list behind `age` cleanups of the object, those of lower addresses aside;
// behind all of them when there are fewer.
static uint32_t *find_cleanup(struct model *model, struct slot *slot, uintptr_t object,
                              uint32_t age) {
    uint32_t *link = &slot->first_cleanup;
    while (*link != MODEL_NONE) {
        uintptr_t other = model_finalizer_at(model, *link)->shown.object;
        if (other > object || (other == object && age-- == 0)) {
            break;
        }
        link = &model_finalizer_at(model, *link)->next;
    }
    return link;
}

bool model_cleanup_added(struct model *model, uint32_t handle, const struct finalizer *cleanup) {
    const struct handle_entry *entry = &model->handles[handle];
    if (entry->slot == MODEL_NONE) {
        return true;
    }
    uint32_t index = index_pool_take(&model->finalizers);
    if (index == MODEL_NONE) {
        return false;
    }
    struct slot *slot = model_slot(model, entry->slot);
    put(model, find_cleanup(model, slot, cleanup->object, UINT32_MAX), index, cleanup);
    model_shade(model, cleanup->function);
    return true;
}

const struct model_finalizer *model_cleanup_set(struct model *model, uintptr_t object,
                                                uint32_t age) {
    uint32_t slot = map_find(model, object);
    uint32_t index = slot == MODEL_NONE
                         ? MODEL_NONE
                         : *find_cleanup(model, model_slot(model, slot), object, age);
    return shown_at(model, index, object);
}

bool model_cleanup_removed(struct model *model, uint32_t handle, bool existed) {
    const struct handle_entry *entry = &model->handles[handle];
    if (entry->slot == MODEL_NONE) {
        return true;
    }
    uintptr_t object = entry->shown.address;
    bool is_set = model_cleanup_set(model, object, 0) != NULL;
    if (!check_status(model, is_set == existed, object,
                      existed ? "a cleanup was removed that was never set"
                              : "a cleanup that was set was not found")) {
        return false;
    }
    if (existed) {
        remove_at(model, find_cleanup(model, model_slot(model, entry->slot), object, 0));
    }
    return true;
}

// ---- queue

// Moves the first of a slot's list to the end of the queue.
static void queue_first(struct model *model, uint32_t *list) {
    uint32_t index = *list;
    struct finalizer_entry *entry = model_finalizer_at(model, index);
    *list = entry->next;
    entry->next = MODEL_NONE;
    entry->batch = model->queue_batch;
    if (model->queue_head == MODEL_NONE) {
        model->queue_head = index;
    } else {
        model_finalizer_at(model, model->queue_tail)->next = index;
    }
    model->queue_tail = index;
}

void model_queue_finalizers(struct model *model, uint32_t index) {
    struct slot *slot = model_slot(model, index);
    while (slot->first_finalizer != MODEL_NONE) {
        queue_first(model, &slot->first_finalizer);
    }
}

void model_queue_cleanups(struct model *model, uint32_t index) {
    struct slot *slot = model_slot(model, index);
    while (slot->first_cleanup != MODEL_NONE) {
        model_finalizer_at(model, slot->first_cleanup)->shown.object = 0;
        queue_first(model, &slot->first_cleanup);
    }
}

static void unlink_queued(struct model *model, uint32_t before, uint32_t index) {
    uint32_t next = model_finalizer_at(model, index)->next;
    if (before == MODEL_NONE) {
        model->queue_head = next;
    } else {
        model_finalizer_at(model, before)->next = next;
    }
    if (model->queue_tail == index) {
        model->queue_tail = before;
    }
    index_pool_give(&model->finalizers, index);
}

// What was swept between two looks may have been queued in any order; what was swept before that
// comes first.
bool model_finalizer_started(struct model *model, const struct finalizer *running) {
    struct model_finalizer shown = shown_of(running);
    rule_count(model->book, RULE_FINALIZER_QUEUE);
    uint32_t before = MODEL_NONE;
    uint32_t index = model->queue_head;
    uint32_t batch = index == MODEL_NONE ? 0 : model_finalizer_at(model, index)->batch;
    for (; index != MODEL_NONE && model_finalizer_at(model, index)->batch == batch;
         before = index, index = model_finalizer_at(model, index)->next) {
        if (is_same(&model_finalizer_at(model, index)->shown, &shown)) {
            model->running = shown;
            model->has_running = true;
            unlink_queued(model, before, index);
            return true;
        }
    }
    return rule_fail(model->book, RULE_FINALIZER_QUEUE,
                     (struct rule_place){.object = running->object},
                     "a finalizer runs that is not due");
}

bool model_finalizer_not_started(struct model *model) {
    rule_count(model->book, RULE_FINALIZER_QUEUE);
    return model->has_running || model->queue_head == MODEL_NONE ||
           rule_fail(model->book, RULE_FINALIZER_QUEUE,
                     (struct rule_place){
                         .object = model_finalizer_at(model, model->queue_head)->shown.object},
                     "a finalizer is due and none was started");
}

bool model_finalizer_finished(struct model *model) {
    model->has_running = false;
    return true;
}

void model_visit_finalizers(const struct model *model,
                            void (*visit)(void *context, const struct model_finalizer *finalizer),
                            void *context) {
    for (uint32_t i = 0; i < model->live_count; i++) {
        const struct slot *slot = model_slot(model, model->live[i]);
        for (uint32_t f = slot->first_finalizer; f != MODEL_NONE;
             f = model_finalizer_at(model, f)->next) {
            visit(context, &model_finalizer_at(model, f)->shown);
        }
    }
}

// ---- what is set

static size_t length_of(const struct model *model, uint32_t first) {
    size_t count = 0;
    for (uint32_t f = first; f != MODEL_NONE; f = model_finalizer_at(model, f)->next) {
        count++;
    }
    return count;
}

size_t model_finalizer_set_count(const struct model *model) {
    size_t count = 0;
    if (model->finalizers.count == 0) { // none was ever set
        return 0;
    }
    for (uint32_t i = 0; i < model->live_count; i++) {
        count += length_of(model, model_slot(model, model->live[i])->first_finalizer);
    }
    return count;
}

size_t model_cleanup_set_count(const struct model *model) {
    size_t count = 0;
    if (model->finalizers.count == 0) { // cleanups are of that pool too
        return 0;
    }
    for (uint32_t i = 0; i < model->live_count; i++) {
        count += length_of(model, model_slot(model, model->live[i])->first_cleanup);
    }
    return count;
}

const struct model_finalizer *model_finalizer_set(struct model *model, uintptr_t object) {
    uint32_t slot = map_find(model, object);
    return slot == MODEL_NONE ? NULL : set_on(model, model_slot(model, slot), object);
}

// How many places for finalizers the runtime needs is its own business; each stays for good.
void model_places_made(struct model *model, size_t count) {
    for (; model->place_count < count; model->place_count++) {
        // with a link
        model_block_used(model, sizeof(struct finalizer) + sizeof(uintptr_t));
    }
}
