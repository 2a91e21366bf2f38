// finalizers: those set against the spans' specials, those queued against the runtime's
// queue, both against the ledger.
#include "oracle/go/state/state.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/program/queue.h"
#include "oracle/go/roundtrip/private.h"
#include "oracle/go/rules.h"

#include <stdlib.h>

static void list_fini(struct queue_list *list) {
    harness_free(list->items);
}

static void list_sort(struct queue_list *list) {
    if (list->count > 1) {
        qsort(list->items, list->count, sizeof *list->items, queue_finalizer_order);
    }
}

static void add_of_model(void *context, const struct model_finalizer *finalizer) {
    queue_list_put(context, finalizer);
}

static void add_of_runtime(void *context, const struct finalizer *finalizer) {
    queue_list_add(context, finalizer);
}

// ---- comparison

static bool check_lists(struct roundtrip *trip, unsigned rule, const char *truth_name,
                        const struct queue_list *in_dump, const struct queue_list *truth) {
    if (in_dump->is_short || truth->is_short) {
        return true;
    }
    struct record_judge judge = roundtrip_judge(trip, rule, truth_name, 0);
    for (size_t i = 0; i < in_dump->count && i < truth->count; i++) {
        if (!queue_finalizer_equal(&judge, &in_dump->items[i], &truth->items[i])) {
            return false;
        }
    }
    return record_number_equal(&judge, "count", in_dump->count, truth->count);
}

// ---- those set

bool special_next(struct special_cursor *cursor, const struct heap *heap,
                  enum inspect_special_kind kind, struct inspect_special *special) {
    for (;;) {
        while (inspect_special(cursor->special, special)) {
            cursor->special = special->next;
            if (special->kind == kind) {
                return true;
            }
        }
        struct inspect_span span;
        if (!inspect_span(heap, cursor->span_index, &span)) {
            return false;
        }
        cursor->span_index++;
        cursor->special = span.state == INSPECT_SPAN_IN_USE ? span.specials : NULL;
        cursor->span_base = span.base;
    }
}

bool roundtrip_finalizer(struct roundtrip *trip, const struct dump_record_Finalizer *record) {
    struct model_finalizer in_dump = {record->object, record->function, record->entry,
                                      record->function_type, record->object_type};
    queue_list_put(&trip->dumped_set, &in_dump);
    struct inspect_special special;
    bool has_next =
        special_next(&trip->finalizers, trip->heap, INSPECT_SPECIAL_FINALIZER, &special);
    if (!roundtrip_holds(trip, RULE_DUMP_FINALIZER, has_next, record->object,
                         "has a Finalizer too many")) {
        return false;
    }
    struct model_finalizer truth = {trip->finalizers.span_base + special.offset,
                                    special.finalizer[0], special.finalizer[1],
                                    special.finalizer[2], special.finalizer[3]};
    struct record_judge judge = roundtrip_judge(trip, RULE_DUMP_FINALIZER, "special", 0);
    return queue_finalizer_equal(&judge, &in_dump, &truth);
}

bool roundtrip_queued(struct roundtrip *trip, const struct dump_record_QueuedFinalizer *record) {
    struct model_finalizer in_dump = {record->object, record->function, record->entry,
                                      record->function_type, record->object_type};
    queue_list_put(&trip->dumped_queue, &in_dump);
    return true; // compared when all have come
}

// ---- the ends

static bool check_queue(struct roundtrip *trip) {
    struct queue_list queue = {0};
    runtime_visit_queued_finalizers(trip->dump.runtime, add_of_runtime, &queue);
    bool clean = check_lists(trip, RULE_DUMP_QUEUED, "runtime", &trip->dumped_queue, &queue);
    list_fini(&queue);
    return clean;
}

static bool check_set_of_ledger(struct roundtrip *trip) {
    struct queue_list set = {0};
    model_visit_finalizers(trip->model, add_of_model, &set);
    list_sort(&set);
    list_sort(&trip->dumped_set);
    bool clean = check_lists(trip, RULE_DUMP_FINALIZER_MODEL, "ledger", &trip->dumped_set, &set);
    list_fini(&set);
    return clean;
}

static bool check_queue_of_ledger(struct roundtrip *trip) {
    struct record_judge judge = roundtrip_judge(trip, RULE_DUMP_QUEUED_MODEL, "ledger", 0);
    return queue_check(oracle_model(trip->oracle), &judge, &trip->dumped_queue);
}

bool ledger_finalizers_end(struct roundtrip *trip) {
    return trip->model == NULL || (check_set_of_ledger(trip) && check_queue_of_ledger(trip));
}

bool roundtrip_finalizers_end(struct roundtrip *trip) {
    struct inspect_special special;
    bool lost = special_next(&trip->finalizers, trip->heap, INSPECT_SPECIAL_FINALIZER, &special);
    return roundtrip_holds(trip, RULE_DUMP_FINALIZER, !lost,
                           lost ? trip->finalizers.span_base + special.offset : 0,
                           "has a finalizer and no Finalizer record") &&
           check_queue(trip);
}

void roundtrip_finalizers_fini(struct roundtrip *trip) {
    list_fini(&trip->dumped_set);
    list_fini(&trip->dumped_queue);
}
