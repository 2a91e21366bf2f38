// table: what the program defined once and for all (types, itabs, functions), and its OS
// threads.
#include "oracle/go/model/parts.h"
#include "oracle/core/harness_memory.h"

#include "runtime/osthread.h" // OSTHREAD_STACK_BYTES
#include "runtime/type.h"
#include "oracle/go/rules.h"

void model_table_reset(struct model *model) {
    model->osthread_count = 0;
    model->osthread_starts = 0;
    model->osthread_failures = 0;
    model->osthread_record_count = 0;
    model->type_count = 0;
    model->itab_count = 0;
    model->func_count = 0;
    model->funcs_next = 0;
}

void model_table_fini(struct model *model) {
    harness_free(model->osthreads);
    harness_free(model->types);
    harness_free(model->itabs);
    harness_free(model->funcs);
}

bool model_type_defined(struct model *model, uintptr_t address, const struct type *description) {
    if (!HARNESS_RESERVE(model->types, model->type_capacity, model->type_count + 1)) {
        return false;
    }
    model->types[model->type_count++] = (struct type_entry){address, description};
    model_block_type(model, description);
    return true;
}

bool model_itab_defined(struct model *model, uintptr_t address, uintptr_t type, bool negative) {
    if (!HARNESS_RESERVE(model->itabs, model->itab_capacity, model->itab_count + 1)) {
        return false;
    }
    model->itabs[model->itab_count++] = (struct itab_entry){address, type, negative};
    model_block_used(model, sizeof(struct itab));
    return true;
}

bool model_func_defined(struct model *model, const struct func *description) {
    rule_count(model->book, RULE_MODEL_OVERLAP);
    for (uint32_t i = 0; i < model->func_count; i++) {
        if (description->entry < model->funcs[i].end && model->funcs[i].entry < description->end) {
            return rule_fail(model->book, RULE_MODEL_OVERLAP,
                             (struct rule_place){.object = description->entry},
                             "a function was defined on another's code");
        }
    }
    if (!HARNESS_RESERVE(model->funcs, model->func_capacity, model->func_count + 1)) {
        return false;
    }
    model_block_func(model, description);
    model->funcs[model->func_count++] = *description;
    return true;
}

// ---- OS threads

static bool check_id(struct model *model, uint64_t id) {
    uint64_t least = model->osthread_starts;
    uint64_t most = least + model->osthread_failures;
    return rule_equal(model->book, RULE_MODEL_STATUS, "id of a thread",
                      (struct rule_value){"runtime", id},
                      (struct rule_value){"ledger", id < least  ? least
                                                    : id > most ? most
                                                                : id});
}

bool model_osthread_started(struct model *model, const struct model_osthread *started) {
    rule_count(model->book, RULE_MODEL_OVERLAP);
    for (uint32_t i = 0; i < model->osthread_count; i++) {
        if (model->osthreads[i].address == started->address) {
            return rule_fail(model->book, RULE_MODEL_OVERLAP,
                             (struct rule_place){.object = started->address},
                             "a thread was given the record of one that runs");
        }
    }
    if (!check_id(model, started->id) ||
        !HARNESS_RESERVE(model->osthreads, model->osthread_capacity, model->osthread_count + 1)) {
        return false;
    }
    model->osthread_starts = started->id + 1;
    model->osthread_failures = 0;
    model->osthreads[model->osthread_count++] = *started;
    model_block_osthread(model);
    return model_os_stack_mapped(model, started->stack, OSTHREAD_STACK_BYTES);
}

bool model_osthread_failed(struct model *model) {
    model->osthread_failures++;
    return true;
}

static void leave_goroutines(struct model *model, uintptr_t thread) {
    for (uint32_t i = 0; i < model->goroutine_count; i++) {
        if (model->goroutines[i].thread == thread) {
            model->goroutines[i].thread = 0;
        }
    }
}

bool model_osthread_exited(struct model *model, uintptr_t address) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < model->osthread_count; i++) {
        const struct model_osthread thread = model->osthreads[i];
        if (thread.address == address) {
            (void)model_os_stack_unmapped(model, thread.stack);
        } else {
            model->osthreads[kept++] = thread;
        }
    }
    model->osthread_count = kept;
    leave_goroutines(model, address);
    return true;
}
