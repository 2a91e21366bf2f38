// oracle: runs the accounts of a level against the fast one, and keeps what they found.
#include "oracle/go/oracle.h"

#include "oracle/go/state/contents.h"
#include "oracle/go/verify/delta.h"
#include "oracle/go/verify/identities.h"
#include "oracle/go/verify/kernel.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/model/parts.h"
#include "oracle/go/observer/state.h"
#include "oracle/go/verify/poison.h"
#include "oracle/go/program/program.h"
#include "oracle/core/rule.h"
#include "oracle/go/rules.h"
#include "oracle/go/verify/scan.h"
#include "oracle/go/verify/verifier.h"

#include <stdarg.h>
#include <string.h>

struct oracle {
    struct rule_book book;
    struct model model;
    struct observer observer;
    struct view view;
    struct verifier verifier;
    struct scan scan;
    bool has_scan;          // of the last check
    struct memstats before; // at the last check
    bool has_before;
    struct delta delta; // what the operations since may have moved, and must have
};

struct oracle *oracle_create(void) {
    struct oracle *oracle = harness_calloc(1, sizeof *oracle);
    if (oracle != NULL) {
        rule_book_init(&oracle->book, &go_rules);
    }
    if (oracle != NULL && !model_init(&oracle->model, &oracle->book)) {
        harness_free(oracle);
        oracle = NULL;
    }
    return oracle;
}

void oracle_destroy(struct oracle *oracle) {
    if (oracle != NULL) {
        model_fini(&oracle->model);
        observer_fini(&oracle->observer);
        view_fini(&oracle->view);
        verifier_fini(&oracle->verifier);
        harness_free(oracle);
    }
}

void oracle_reset(struct oracle *oracle, struct heap *heap) {
    rule_book_begin(&oracle->book);
    observer_begin(&oracle->observer, &oracle->model, heap);
    oracle->has_before = false;
    oracle->delta = (struct delta){.moves = ORACLE_MOVES_NONE};
}

bool oracle_is_sound(const struct oracle *oracle) {
    return model_is_valid(&oracle->model) && view_is_valid(&oracle->view);
}

struct model *oracle_model(struct oracle *oracle) {
    return &oracle->model;
}

struct observer *oracle_observer(struct oracle *oracle) {
    return &oracle->observer;
}

void oracle_begin(struct oracle *oracle, uint64_t operation, uint64_t moves) {
    oracle->book.operation = operation;
    oracle->delta.moves |= moves;
}

void oracle_count_objects(struct oracle *oracle, uint64_t allocated, uint64_t freed) {
    oracle->delta.counts_objects = true;
    oracle->delta.allocated += allocated;
    oracle->delta.freed += freed;
}

// The fields of Go's struct by the finding's name; false: it is no plain field.
static bool field_of(const struct memstats *stats, const char *name, uint64_t *value) {
#define MEMSTATS_FIELD(field, unit, meaning, truths)                                               \
    if (strcmp(name, #field) == 0) {                                                               \
        *value = stats->field;                                                                     \
        return true;                                                                               \
    }
#include "allocator/memstats_fields.def"
    return false;
}

// Adds to a fresh finding how both accounts moved since the check before.
static void add_change(struct oracle *oracle) {
    const struct finding *finding = &oracle->book.finding;
    uint64_t fast_before;
    uint64_t right_before;
    if (!oracle->has_before || !finding->has_values ||
        !field_of(&oracle->before, finding->field, &fast_before)) {
        return;
    }
    right_before = fast_before; // both agreed then
    rule_add_before(&oracle->book, fast_before, right_before);
}

void oracle_start_from(struct oracle *oracle, const struct memstats *fast) {
    oracle->before = *fast;
    oracle->has_before = true;
    oracle->delta = (struct delta){.counts_objects = oracle->delta.counts_objects};
}

static bool check_cheap(struct oracle *oracle, const struct memstats *fast, bool whole) {
    struct rule_book *book = &oracle->book;
    observe_sweeps(&oracle->observer, 0);
    bool clean = model_compare(&oracle->model, fast, whole); // first: it says which number is wrong
    clean &= identities_check(book, fast, whole);
    if (oracle->has_before) {
        clean &= delta_check(book, &oracle->before, fast, &oracle->delta);
        clean &= identities_check_since(book, &oracle->before, fast);
    }
    return clean;
}

static bool check_heap(struct oracle *oracle, const struct memstats *fast, const struct heap *heap,
                       bool paranoid) {
    struct rule_book *book = &oracle->book;
    if (!view_take(&oracle->view, heap)) {
        return true; // refused: this run proves nothing
    }
    bool clean = verifier_check(&oracle->verifier, book, &oracle->view, paranoid);
    if (!clean) {
        return false; // what follows trusts the structure
    }
    scan_heap(&oracle->scan, &oracle->view);
    oracle->has_scan = true;
    clean &= scan_compare(book, &oracle->scan, fast);
    clean &= observe_objects(&oracle->observer, &oracle->view, oracle->scan.slow.HeapObjects);
    clean &= observe_manual(&oracle->observer, &oracle->view);
    clean &= observe_specials(&oracle->observer, &oracle->view);
    clean = clean && program_check(&oracle->model, oracle->observer.runtime);
    clean = clean &&
            (paranoid ? contents_check_all(&oracle->model) : contents_check_some(&oracle->model));
    clean = clean && poison_check(&oracle->model, &oracle->view, paranoid);
    return clean && (!paranoid || kernel_check(book, &oracle->view, inspect_is_cold(heap), fast));
}

bool oracle_check(struct oracle *oracle, enum oracle_level level, struct heap *heap,
                  const struct memstats *fast) {
    bool found_before = oracle->book.found;
    oracle->has_scan = false;
    bool clean = check_cheap(oracle, fast, level != ORACLE_CHEAP);
    if (level != ORACLE_CHEAP) {
        clean &= check_heap(oracle, fast, heap, level == ORACLE_PARANOID);
    }
    if (!clean && !found_before) {
        add_change(oracle);
    }
    oracle_start_from(oracle, fast);
    oracle->book.checked_before = oracle->book.operation + 1;
    return !oracle->book.found;
}

bool oracle_check_account(struct oracle *oracle, const struct heap *heap,
                          const struct memstats *account, bool has_model) {
    struct rule_book *book = &oracle->book;
    bool clean = !has_model || model_compare(&oracle->model, account, true);
    clean &= identities_check(book, account, true);
    if (view_take(&oracle->view, heap)) { // else: refused
        scan_heap(&oracle->scan, &oracle->view);
        clean &= scan_compare(book, &oracle->scan, account);
    }
    return clean;
}

bool oracle_check_live(struct oracle *oracle, uint64_t live_bytes) {
    return !oracle->has_scan || scan_compare_live(&oracle->book, &oracle->scan, live_bytes);
}

bool oracle_check_bucket(struct oracle *oracle, const struct mprof_bucket_record *bucket) {
    return model_bucket_published(&oracle->model, bucket);
}

bool oracle_check_contents(struct oracle *oracle) {
    return contents_check_all(&oracle->model) && !oracle->book.found;
}

const struct finding *oracle_finding(const struct oracle *oracle) {
    return oracle->book.found ? &oracle->book.finding : NULL;
}

void oracle_forget_finding(struct oracle *oracle) {
    oracle->book.found = false;
}

bool oracle_rule(struct oracle *oracle, unsigned rule, bool holds, const char *field,
                 const char *left_name, uint64_t left, const char *right_name, uint64_t right) {
    return rule_judge(&oracle->book, rule, holds, field, (struct rule_value){left_name, left},
                      (struct rule_value){right_name, right});
}

bool oracle_rule_text(struct oracle *oracle, unsigned rule, bool holds, uintptr_t object,
                      const char *format, ...) {
    rule_count(&oracle->book, rule);
    if (holds) {
        return true;
    }
    va_list arguments;
    va_start(arguments, format);
    bool result = rule_fail_list(&oracle->book, rule, (struct rule_place){.object = object}, format,
                                 arguments);
    va_end(arguments);
    return result;
}

struct rule_book *oracle_book(struct oracle *oracle) {
    return &oracle->book;
}

uint64_t oracle_evaluated(const struct oracle *oracle, unsigned rule) {
    return oracle->book.evaluated[rule];
}

uint64_t oracle_fired(const struct oracle *oracle, unsigned rule) {
    return oracle->book.fired[rule];
}
