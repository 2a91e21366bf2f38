// minimizer: delta debugging by operations, then by what depends on one object, then by operands,
// to a fixpoint.
#include "fuzz/generate/minimizer.h"
#include "oracle/core/harness_memory.h"

#include <string.h>

#define SAMPLED_MIN 4 // operations that are few enough without

struct reduction {
    struct minimizer *minimizer;
    struct program *best;
    struct program *candidate;
};

// The candidate becomes the best when it still shows the same. One operation stays: a program of
// none has no text that could be replayed.
static bool accept(struct reduction *reduction) {
    struct minimizer *minimizer = reduction->minimizer;
    if (reduction->candidate->count == 0) {
        return false;
    }
    if (minimizer->trial_limit != 0 && minimizer->trial_count >= minimizer->trial_limit) {
        return false;
    }
    minimizer->trial_count++;
    if (!minimizer->is_same(minimizer->context, reduction->candidate)) {
        return false;
    }
    *reduction->best = *reduction->candidate;
    return true;
}

static void begin_candidate(struct reduction *reduction) {
    reduction->candidate->header = reduction->best->header;
    reduction->candidate->count = 0;
}

static bool try_without_range(struct reduction *reduction, size_t at, size_t count) {
    const struct program *best = reduction->best;
    begin_candidate(reduction);
    for (size_t i = 0; i < best->count; i++) {
        if (i < at || i >= at + count) {
            (void)program_append(reduction->candidate, best->operations[i]);
        }
    }
    return accept(reduction);
}

// From the end: what comes last is the likeliest to be noise.
static bool remove_ranges(struct reduction *reduction) {
    bool changed = false;
    for (size_t chunk = reduction->best->count; chunk > 0; chunk /= 2) {
        size_t at = reduction->best->count;
        while (at > 0) {
            size_t count = chunk < at ? chunk : at;
            at -= count;
            changed |= try_without_range(reduction, at, count);
            at = at < reduction->best->count ? at : reduction->best->count;
        }
    }
    return changed;
}

static bool mentions(struct operation operation, enum operand operand, uint32_t slot) {
    enum operation_code code = operation_code(operation);
    if (operation_has(code, operand) && operation_get(operation, operand) == slot) {
        return true;
    }
    return operand == OPERAND_HANDLE && operation_has(code, OPERAND_TO) &&
           !operation_target_is_nil(operation) && operation_get(operation, OPERAND_TO) == slot;
}

// Without the operation that fills a slot, and all that names it until it is filled again.
static bool try_without_slot(struct reduction *reduction, size_t at) {
    const struct program *best = reduction->best;
    struct operation maker = best->operations[at];
    enum operand operand = (enum operand)operation_descriptions[operation_code(maker)].operands[0];
    uint32_t slot = operation_get(maker, operand);
    bool is_open = true;
    begin_candidate(reduction);
    for (size_t i = 0; i < best->count; i++) {
        struct operation operation = best->operations[i];
        bool is_maker = operation_descriptions[operation_code(operation)].has_result;
        bool names = i >= at && mentions(operation, operand, slot);
        is_open = is_open && !(names && is_maker && i > at);
        if (!(names && is_open)) {
            (void)program_append(reduction->candidate, operation);
        }
    }
    return accept(reduction);
}

static bool remove_slots(struct reduction *reduction) {
    bool changed = false;
    for (size_t at = reduction->best->count; at > 0; at--) {
        if (at <= reduction->best->count) {
            struct operation operation = reduction->best->operations[at - 1];
            if (operation_descriptions[operation_code(operation)].has_result) {
                changed |= try_without_slot(reduction, at - 1);
            }
        }
    }
    return changed;
}

static bool try_operation(struct reduction *reduction, size_t at, struct operation operation) {
    if (operation_equal(operation, reduction->best->operations[at])) {
        return false;
    }
    *reduction->candidate = *reduction->best;
    reduction->candidate->operations[at] = operation;
    return accept(reduction);
}

static uint64_t value_of(struct operation operation, enum operand operand) {
    return operand == OPERAND_SIZE ? operation_size(operation) : operation_get(operation, operand);
}

// A smaller value of the operand, down to its least, by halves and by ever smaller parts: a number
// that has a bound far above its least is found in few trials. What is no more than a value that
// did not do is not tried again (in this pass: the next begins anew).
static bool shrink_number(struct reduction *reduction, size_t at, enum operand operand) {
    uint64_t least = operand_descriptions[operand].min;
    uint64_t floor = least; // no value up to here is to be tried, but for the least at first
    bool changed = false;
    for (bool is_first = true;; is_first = false) {
        struct operation operation = reduction->best->operations[at];
        uint64_t value = value_of(operation, operand);
        uint64_t steps[] = {least,
                            8,
                            16,
                            value / 2,
                            value - value / 8,
                            value - value / 64,
                            value - value / 512,
                            value - (value - floor) / 2,
                            value - 1};
        bool shrunk = false;
        for (size_t i = 0; i < sizeof steps / sizeof steps[0] && !shrunk; i++) {
            bool is_new = steps[i] > floor || (is_first && i == 0);
            if (steps[i] < value && is_new) {
                shrunk = try_operation(reduction, at, operation_set(operation, operand, steps[i]));
                floor = shrunk ? floor : steps[i];
            }
        }
        if (!shrunk) {
            return changed;
        }
        changed = true;
    }
}

static bool simplify_operand(struct reduction *reduction, size_t at, enum operand operand) {
    struct operation operation = reduction->best->operations[at];
    switch (operand_descriptions[operand].kind) {
    case OPERAND_KIND_NUMBER:
    case OPERAND_KIND_OPTION:
    case OPERAND_KIND_SIZE:
    case OPERAND_KIND_MASK:
    case OPERAND_KIND_POWER:
        return shrink_number(reduction, at, operand);
    case OPERAND_KIND_SLOT: // a result's slot is renamed with all that names it
        return operand == OPERAND_CACHE &&
               try_operation(reduction, at, operation_set(operation, operand, 0));
    case OPERAND_KIND_FLAG:
    case OPERAND_KIND_CHOICE:
    case OPERAND_KIND_WORD:
        return try_operation(reduction, at, operation_set(operation, operand, 0));
    case OPERAND_KIND_TARGET:
        return try_operation(reduction, at, operation_set_target(operation, true, 0, 0)) ||
               try_operation(reduction, at,
                             operation_set_target(operation, operation_target_is_nil(operation),
                                                  operation_get(operation, OPERAND_TO), 0));
    case OPERAND_KIND_SINK:
        return try_operation(reduction, at, operation_set_sink(operation, SINK_MEMORY, 0));
    case OPERAND_KIND_FIELD:
        break;
    }
    return false;
}

// A run of one says the same without its count; where nothing but one operation is left, that it
// does nothing says that none is needed.
static bool simplify_code(struct reduction *reduction, size_t at) {
    struct operation operation = reduction->best->operations[at];
    enum operation_code code = operation_code(operation);
    enum operation_code plain = code == OP_ALLOC_RUN ? OP_ALLOC : OP_FREE;
    enum operand count = code == OP_ALLOC_RUN ? OPERAND_RUN : OPERAND_FREE_RUN;
    if (reduction->best->count == 1 && try_operation(reduction, at, operation_from_bits(OP_NOP))) {
        return true;
    }
    if ((code != OP_ALLOC_RUN && code != OP_FREE_RUN) || operation_get(operation, count) != 1) {
        return false;
    }
    struct operation one = operation_from_bits(plain);
    const uint8_t *operands = operation_descriptions[plain].operands;
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
        enum operand operand = (enum operand)operands[i];
        one = operation_set(one, operand, value_of(operation, operand));
    }
    return try_operation(reduction, at, one);
}

static bool simplify_operands(struct reduction *reduction) {
    bool changed = false;
    for (size_t at = 0; at < reduction->best->count; at++) {
        changed |= simplify_code(reduction, at);
    }
    for (size_t at = 0; at < reduction->best->count; at++) {
        struct operation operation = reduction->best->operations[at];
        const uint8_t *operands = operation_descriptions[operation_code(operation)].operands;
        for (size_t i = 0; i < OPERATION_OPERANDS_MAX && operands[i] != OPERAND_NONE; i++) {
            changed |= simplify_operand(reduction, at, (enum operand)operands[i]);
        }
    }
    return changed;
}

static bool try_header(struct reduction *reduction, struct program_header header) {
    *reduction->candidate = *reduction->best;
    reduction->candidate->header = header;
    return !program_equal(reduction->candidate, reduction->best) && accept(reduction);
}

// What the heap begins with: each value alone away, and that more may be drawn.
static bool simplify_start(struct reduction *reduction) {
    struct program_header header = reduction->best->header;
    header.is_wide = false;
    bool changed = try_header(reduction, header);
    for (size_t i = 0; i < START_COUNT; i++) {
        header = reduction->best->header;
        header.start[i] = 0;
        changed |= try_header(reduction, header);
    }
    return changed;
}

static bool simplify_header(struct reduction *reduction) {
    struct program_header header = reduction->best->header;
    const struct program_header plain = PROGRAM_HEADER_DEFAULT;
    if (try_header(reduction, plain)) {
        return true;
    }
    bool changed = false;
    header.seed = plain.seed;
    header.groups_off = plain.groups_off;
    changed |= try_header(reduction, header);
    header = reduction->best->header;
    header.fault_at = 0;
    header.fault_call = 0;
    header.fault_and_on = false;
    changed |= try_header(reduction, header);
    changed |= simplify_start(reduction);
    for (header = reduction->best->header; header.caches > 1; header = reduction->best->header) {
        header.caches =
            (uint16_t)(header.caches > PROGRAM_CACHES_MAX ? header.caches / 2 : header.caches - 1);
        if (!try_header(reduction, header)) {
            break;
        }
        changed = true;
    }
    header = reduction->best->header;
    header.check_every = plain.check_every;
    return try_header(reduction, header) || changed;
}

// Slots numbered from 0 in the order in which they are first named. A run's neighbours keep their
// distance only when nothing but runs is there, so that the judge has the last word.
static bool renumber(struct reduction *reduction, enum operand operand) {
    uint32_t names[OPERATION_SLOTS_WIDE];
    memset(names, 0xff, sizeof names);
    uint32_t count = 0;
    *reduction->candidate = *reduction->best;
    for (size_t i = 0; i < reduction->candidate->count; i++) {
        struct operation *operation = &reduction->candidate->operations[i];
        enum operation_code code = operation_code(*operation);
        if (operation_has(code, operand)) {
            uint32_t slot = operation_get(*operation, operand);
            names[slot] = names[slot] == UINT32_MAX ? count++ : names[slot];
            *operation = operation_set(*operation, operand, names[slot]);
        }
        if (operand == OPERAND_HANDLE && operation_has(code, OPERAND_TO) &&
            !operation_target_is_nil(*operation)) {
            uint32_t slot = operation_get(*operation, OPERAND_TO);
            names[slot] = names[slot] == UINT32_MAX ? count++ : names[slot];
            *operation = operation_set_target(*operation, false, names[slot],
                                              operation_target_offset(*operation));
        }
    }
    return !program_equal(reduction->candidate, reduction->best) && accept(reduction);
}

// All handles lower by as much, so that the lowest is 0 and runs stay together.
static void lower_handles(struct reduction *reduction) {
    uint32_t lowest = UINT32_MAX;
    for (size_t i = 0; i < reduction->best->count; i++) {
        struct operation operation = reduction->best->operations[i];
        if (operation_has(operation_code(operation), OPERAND_TO) &&
            !operation_target_is_nil(operation)) {
            return; // what names other slots as well keeps its names
        }
        if (operation_has(operation_code(operation), OPERAND_HANDLE)) {
            uint32_t slot = operation_get(operation, OPERAND_HANDLE);
            lowest = slot < lowest ? slot : lowest;
        }
    }
    *reduction->candidate = *reduction->best;
    for (size_t i = 0; i < reduction->candidate->count && lowest != UINT32_MAX; i++) {
        struct operation *operation = &reduction->candidate->operations[i];
        if (operation_has(operation_code(*operation), OPERAND_HANDLE)) {
            uint32_t slot = operation_get(*operation, OPERAND_HANDLE);
            *operation = operation_set(*operation, OPERAND_HANDLE, slot - lowest);
        }
    }
    if (!program_equal(reduction->candidate, reduction->best)) {
        (void)accept(reduction);
    }
}

// A finding that needs a sample needs as many bytes allocated before it, in just that order. With
// every allocation sampled the rest may go; where none is needed, this goes as well.
static void sample_all(struct reduction *reduction) {
    const struct program *best = reduction->best;
    struct operation rate = operation_set(operation_from_bits(OP_PROFILE_RATE), OPERAND_RATE, 1);
    if (best->count <= SAMPLED_MIN || best->count == PROGRAM_OPERATIONS_MAX) {
        return;
    }
    begin_candidate(reduction);
    (void)program_append(reduction->candidate, rate);
    for (size_t i = 0; i < best->count; i++) {
        (void)program_append(reduction->candidate, best->operations[i]);
    }
    (void)accept(reduction);
}

// A check after each operation blames the one at fault; at a cadence the others of its batch would
// have to stay, so that the batch ends where it did.
static void check_each(struct reduction *reduction) {
    struct program_header header = reduction->best->header;
    header.check_every = 1;
    (void)try_header(reduction, header);
}

void minimizer_reduce(struct minimizer *minimizer, struct program *program) {
    struct reduction reduction = {minimizer, program, harness_alloc(sizeof *program)};
    if (reduction.candidate == NULL) {
        return; // as it is, it is a reproducer as well
    }
    check_each(&reduction);
    sample_all(&reduction);
    bool changed = true;
    while (changed) {
        changed = remove_ranges(&reduction);
        changed |= remove_slots(&reduction);
        changed |= simplify_operands(&reduction);
        changed |= simplify_header(&reduction);
    }
    static const enum operand slots[] = {OPERAND_HANDLE, OPERAND_GOROUTINE, OPERAND_THREAD,
                                         OPERAND_ROOT, OPERAND_MANUAL};
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        (void)renumber(&reduction, slots[i]);
    }
    lower_handles(&reduction);
    harness_free(reduction.candidate);
}
