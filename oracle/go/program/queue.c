// queue: compares two queues batch by batch. Both sides of a batch are sorted: its order is open.
#include "oracle/go/program/queue.h"

#include "oracle/go/state/state.h"

#include "runtime/finq.h" // struct finalizer

#include <stdlib.h>

void queue_list_put(struct queue_list *list, const struct model_finalizer *finalizer) {
    if (HARNESS_RESERVE(list->items, list->capacity, list->count + 1)) {
        list->items[list->count++] = *finalizer;
    } else {
        list->is_short = true;
    }
}

void queue_list_add(struct queue_list *list, const struct finalizer *finalizer) {
    const struct model_finalizer shown = {finalizer->object, finalizer->function, finalizer->entry,
                                          finalizer->function_type, finalizer->object_type};
    queue_list_put(list, &shown);
}

bool queue_finalizer_equal(const struct record_judge *judge, const struct model_finalizer *left,
                           const struct model_finalizer *right) {
    return record_number_equal(judge, "object", left->object, right->object) &&
           record_number_equal(judge, "function", left->function, right->function) &&
           record_number_equal(judge, "entry", left->entry, right->entry) &&
           record_number_equal(judge, "function_type", left->function_type, right->function_type) &&
           record_number_equal(judge, "object_type", left->object_type, right->object_type);
}

static int order_of(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

int queue_finalizer_order(const void *left, const void *right) {
    const struct model_finalizer *a = left;
    const struct model_finalizer *b = right;
    int order = order_of(a->object, b->object);
    order = order != 0 ? order : order_of(a->function, b->function);
    order = order != 0 ? order : order_of(a->entry, b->entry);
    order = order != 0 ? order : order_of(a->function_type, b->function_type);
    return order != 0 ? order : order_of(a->object_type, b->object_type);
}

// The ledger's next batch, from `index` on, into `due`. Returns where the one after it begins.
static uint32_t next_batch(const struct model *model, uint32_t index, struct queue_list *due) {
    uint32_t batch = model_finalizer_at(model, index)->batch;
    due->count = 0;
    while (index != MODEL_NONE && model_finalizer_at(model, index)->batch == batch) {
        queue_list_put(due, &model_finalizer_at(model, index)->shown);
        index = model_finalizer_at(model, index)->next;
    }
    return index;
}

static bool batch_equal(const struct record_judge *judge, struct model_finalizer *seen,
                        struct queue_list *due) {
    qsort(seen, due->count, sizeof *seen, queue_finalizer_order);
    qsort(due->items, due->count, sizeof *seen, queue_finalizer_order);
    for (uint32_t i = 0; i < due->count; i++) {
        if (!queue_finalizer_equal(judge, &seen[i], &due->items[i])) {
            return false;
        }
    }
    return true;
}

static uint32_t count_due(const struct model *model) {
    uint32_t count = model->has_running;
    for (uint32_t i = model->queue_head; i != MODEL_NONE; i = model_finalizer_at(model, i)->next) {
        count++;
    }
    return count;
}

bool queue_check(struct model *model, const struct record_judge *judge, struct queue_list *seen) {
    struct queue_list *due = &model->queue_due;
    if (seen->is_short || due->is_short) {
        return true;
    }
    uint32_t due_count = count_due(model);
    if (seen->count != due_count) {
        return record_number_equal(judge, "count", seen->count, due_count);
    }
    uint32_t at = 0;
    if (model->has_running && !queue_finalizer_equal(judge, &seen->items[at++], &model->running)) {
        return false;
    }
    for (uint32_t index = model->queue_head; index != MODEL_NONE; at += due->count) {
        index = next_batch(model, index, due);
        if (due->is_short) {
            return true;
        }
        if (!batch_equal(judge, seen->items + at, due)) {
            return false;
        }
    }
    return true;
}
