// executor: the life of a program's run: begin, operations in turn, checks at their cadence, the
// end.
#include "fuzz/execute/executor.h"

#include "fuzz/program/text.h"
#include "oracle/core/harness_memory.h"

#include <stdio.h>
#include <string.h>

struct executor {
    const struct machine *machine;
    void *state; // the machine's
    struct rule_book *book;
    struct executor_options options;

    const struct program *program;
    size_t position;
    size_t checked_at; // position of the last check at the cadence
    bool was_effective;
    uint64_t work_done;
    uint64_t hash;
    uint64_t refusals_before; // of memory, when the program began
    struct executor_counts counts;
};

void executor_work(struct executor *executor, uint64_t units) {
    executor->work_done += units;
}

void executor_note(struct executor *executor, uint64_t value) {
    uint64_t hash = (executor->hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    executor->hash = hash ^ hash >> 29;
}

static void describe(void *context, uint64_t operation, char *text, size_t size_bytes) {
    const struct executor *executor = context;
    text[0] = 0;
    if (operation < executor->program->count) {
        (void)text_print_operation(executor->program->operations[operation], text, size_bytes);
    } else {
        (void)snprintf(text, size_bytes, "the end of the program");
    }
}

struct executor *executor_create(const struct machine *machine, const void *argument,
                                 const struct executor_options *options) {
    struct executor *executor = harness_calloc(1, sizeof *executor);
    if (executor == NULL) {
        return NULL;
    }
    executor->machine = machine;
    executor_set_options(executor, options);
    language_use(machine->language);
    executor->state = machine->create(executor, argument);
    if (executor->state == NULL) {
        harness_free(executor);
        return NULL;
    }
    executor->book = machine->book(executor->state);
    executor->book->describe = describe;
    executor->book->describe_context = executor;
    return executor;
}

void executor_destroy(struct executor *executor) {
    executor->machine->destroy(executor->state);
    harness_free(executor);
}

void executor_set_options(struct executor *executor, const struct executor_options *options) {
    executor->options = *options;
    if (executor->options.work_limit == 0) {
        executor->options.work_limit = EXECUTOR_WORK_LIMIT;
    }
}

void executor_close(struct executor *executor) {
    executor->machine->close(executor->state);
}

// What was found without memory to remember all is no finding.
static enum verdict verdict_now(const struct executor *executor) {
    if (harness_refusal_count() != executor->refusals_before) {
        return VERDICT_ENVIRONMENT;
    }
    if (executor->book->found) {
        return VERDICT_FINDING;
    }
    return executor->work_done > executor->options.work_limit ? VERDICT_WORK_BOUND : VERDICT_CLEAN;
}

enum verdict executor_begin(struct executor *executor, const struct program *program, bool fresh) {
    executor->program = program;
    executor->position = 0;
    executor->checked_at = 0;
    executor->work_done = 0;
    executor->hash = 0;
    executor->refusals_before = harness_refusal_count();
    if (!executor->machine->begin(executor->state, program, fresh)) {
        return VERDICT_ENVIRONMENT;
    }
    return verdict_now(executor);
}

// ---- step

bool executor_check(struct executor *executor, enum oracle_level level) {
    return executor->machine->check(executor->state, level);
}

enum verdict executor_step(struct executor *executor) {
    struct operation operation = executor->program->operations[executor->position];
    enum operation_code code = operation_code(operation);
    executor_work(executor, 1);
    executor->was_effective = executor->machine->step(executor->state, operation);
    executor->counts.executed[code]++;
    executor->counts.effective[code] += executor->was_effective;
    executor_note(executor, executor->was_effective);
    executor->position++;
    if (executor->position - executor->checked_at >= executor->program->header.check_every) {
        executor->checked_at = executor->position;
        (void)executor_check(executor, executor->options.level);
    } else if (executor->options.check_each) {
        (void)executor_check(executor, ORACLE_CHEAP);
    }
    return verdict_now(executor);
}

enum verdict executor_finish(struct executor *executor) {
    executor->machine->finish(executor->state);
    return verdict_now(executor);
}

static bool is_over(enum verdict verdict) {
    return verdict != VERDICT_CLEAN && verdict != VERDICT_WORK_BOUND;
}

enum verdict executor_run(struct executor *executor, const struct program *program, bool fresh) {
    enum verdict verdict = executor_begin(executor, program, fresh);
    while (verdict == VERDICT_CLEAN && executor->position < program->count) {
        verdict = executor_step(executor);
    }
    return is_over(verdict) ? verdict : executor_finish(executor);
}

enum verdict executor_run_again(struct executor *executor) {
    static const char *const heaps[] = {"on a reset heap", "on a new heap"};
    const struct machine *machine = executor->machine;
    uint64_t before = executor->hash;
    bool was_new = machine->is_new(executor->state);
    bool had_twin = machine->has_twin(executor->state);
    enum verdict verdict = executor_run(executor, executor->program, !was_new);
    if (is_over(verdict)) {
        return verdict;
    }
    if (had_twin && machine->has_twin(executor->state)) {
        (void)rule_judge(executor->book, RULE_TWIN_HASH, executor->hash == before, "",
                         (struct rule_value){heaps[was_new], before},
                         (struct rule_value){heaps[!was_new], executor->hash});
    }
    return verdict_now(executor);
}

enum verdict executor_run_twice(struct executor *executor, const struct program *program) {
    enum verdict verdict = executor_run(executor, program, false);
    return is_over(verdict) ? verdict : executor_run_again(executor);
}

// ---- what others ask

size_t executor_position(const struct executor *executor) {
    return executor->position;
}

bool executor_was_effective(const struct executor *executor) {
    return executor->was_effective;
}

const uint64_t *executor_account(struct executor *executor) {
    return executor->machine->read(executor->state);
}

const struct machine *executor_machine(const struct executor *executor) {
    return executor->machine;
}

void *executor_state(struct executor *executor) {
    return executor->state;
}

const struct executor_options *executor_options(const struct executor *executor) {
    return &executor->options;
}

const struct program *executor_program(const struct executor *executor) {
    return executor->program;
}

struct rule_book *executor_book(struct executor *executor) {
    return executor->book;
}

const struct finding *executor_finding(const struct executor *executor) {
    return executor->book->found ? &executor->book->finding : NULL;
}

const struct executor_counts *executor_counts(const struct executor *executor) {
    return &executor->counts;
}

uint64_t executor_sum(const uint64_t counts[OP_COUNT]) {
    uint64_t sum = 0;
    for (size_t i = 0; i < OP_COUNT; i++) {
        sum += counts[i];
    }
    return sum;
}

uint64_t executor_hash(const struct executor *executor) {
    return executor->hash;
}
