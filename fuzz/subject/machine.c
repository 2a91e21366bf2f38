// machine: the life of a program on a foreign allocator: made, driven, judged, emptied, destroyed.
#include "fuzz/subject/machine.h"

#include "fuzz/subject/state.h"
#include "oracle/core/harness_memory.h"

#include <string.h>

static void destroy(void *state);

static void *create(struct executor *executor, const void *argument) {
    struct subject_machine *machine = harness_calloc(1, sizeof *machine);
    if (machine == NULL) {
        return NULL;
    }
    machine->executor = executor;
    machine->subject = argument;
    machine->table = &machine->subject->table;
    rule_book_init(&machine->book, &core_rules);
    machine->live = live_create();
    machine->lanes = lanes_create(machine->table);
    if (machine->live != NULL) {
        machine->judge = judge_create(machine->table, machine->subject->relations, machine->live,
                                      &machine->book);
    }
    bool has_host = host_init(&machine->host, machine->table->arena_bytes);
    has_host = lane_shares_init(&machine->shares) && has_host;
    if (machine->judge == NULL || machine->lanes == NULL || !has_host) {
        destroy(machine);
        return NULL;
    }
    return machine;
}

static void close_program(void *state) {
    struct subject_machine *machine = state;
    lanes_begin(machine->lanes, machine->self); // ends the others
    if (machine->is_made && machine->table->destroy != NULL) {
        machine->table->destroy(machine->self);
    }
    machine->is_made = false;
    machine->self = NULL;
}

static void destroy(void *state) {
    struct subject_machine *machine = state;
    if (machine->lanes != NULL) {
        close_program(machine);
    }
    lanes_destroy(machine->lanes);
    judge_destroy(machine->judge);
    live_destroy(machine->live);
    host_fini(&machine->host);
    lane_shares_fini(&machine->shares);
    harness_free(machine);
}

// ---- begin

const char *subject_option(const struct subject *subject, uint32_t seed) {
    uint32_t count = 0;
    while (subject->table.options != NULL && subject->table.options[count] != NULL) {
        count++;
    }
    uint32_t choice = seed % (count + 1);
    return choice == 0 ? NULL : subject->table.options[choice - 1];
}

static bool make(struct subject_machine *machine, const char *option) {
    host_begin(&machine->host, option);
    if (machine->table->create != NULL) {
        machine->self = machine->table->create(&machine->host.shown);
        machine->is_made = machine->self != NULL;
        if (!machine->is_made) {
            harness_refused();
            return false;
        }
    }
    lanes_begin(machine->lanes, machine->self);
    return true;
}

static bool begin(void *state, const struct program *program, bool fresh) {
    struct subject_machine *machine = state;
    const char *option = subject_option(machine->subject, program->header.seed);
    int64_t backing[RELATIONS_BACKINGS];
    (void)fresh; // each program gets an allocator of its own
    close_program(machine);
    rule_book_begin(&machine->book);
    machine->has_orphans = false;
    live_begin(machine->live);
    memset(machine->handles, 0xff, sizeof machine->handles); // LIVE_NONE
    if (machine->results != NULL) {
        results_begin(machine->results);
    }
    if (!make(machine, option)) {
        return false;
    }
    host_tell(&machine->host, backing);
    judge_begin(machine->judge, machine->self, machine->host.shown.arena, option, backing);
    if (language_has(&machine->subject->language, CAPABILITY_LANES)) {
        for (uint32_t lane = 1; lane < program->header.caches && lane < LANE_COUNT; lane++) {
            (void)lanes_start(machine->lanes, lane);
        }
    }
    if (program->header.fault_at != 0 &&
        language_has(&machine->subject->language, CAPABILITY_FAULT)) {
        host_set_fault(&machine->host, program->header.fault_at,
                       program->header.fault_and_on ? UINT64_MAX : 0);
    }
    return true;
}

// ---- step, check, finish

static bool step(void *state, struct operation operation) {
    struct subject_machine *machine = state;
    machine->book.operation = executor_position(machine->executor);
    if (machine->results != NULL) {
        machine->results->operation = (uint32_t)executor_position(machine->executor);
    }
    bool is_fork = operation_code(operation) == OP_FORK &&
                   language_has(&machine->subject->language, CAPABILITY_FORK);
    return is_fork ? subject_fork(machine, operation_get(operation, OPERAND_AHEAD))
                   : subject_operate(machine, operation);
}

// Whether another run of the program ends with the same numbers.
static bool is_repeatable(const struct subject_machine *machine) {
    return (machine->table->capabilities & (COUNTERCHECK_GLOBAL | COUNTERCHECK_RANDOM)) == 0;
}

static void note_values(struct subject_machine *machine) {
    const int64_t *values = is_repeatable(machine) ? judge_values(machine->judge) : NULL;
    for (unsigned i = 0; values != NULL && i < machine->subject->schema.count; i++) {
        executor_note(machine->executor, (uint64_t)values[machine->subject->field_at[i]]);
    }
}

static bool check(void *state, enum oracle_level level) {
    struct subject_machine *machine = state;
    if (relations_need_lanes(machine->subject->relations)) {
        lane_shares_read(&machine->shares, machine->lanes, machine->judge);
    }
    bool clean = judge_check(machine->judge, level);
    note_values(machine);
    executor_work(machine->executor,
                  level == ORACLE_CHEAP ? 1 : 4 + live_count(machine->live) / 16);
    return clean;
}

static void end_all(struct subject_machine *machine) {
    const struct countercheck_subject *table = machine->table;
    if (table->release == NULL && table->release_sized == NULL && table->drop == NULL) {
        if (table->reset != NULL) {
            (void)subject_operate(machine, operation_from_bits(OP_RESET));
        }
        return;
    }
    bool collects = (table->capabilities & COUNTERCHECK_COLLECTS) != 0;
    for (uint32_t place = 0; !collects && live_count(machine->live) > 0 && !machine->book.found;) {
        if (!subject_free_block(machine, 0, live_at(machine->live, place))) {
            break;
        }
    }
}

// At rest, then with no other lane, then with nothing alive.
static void finish(void *state) {
    struct subject_machine *machine = state;
    const struct executor_options *options = executor_options(machine->executor);
    enum oracle_level level = options->level == ORACLE_CHEAP ? ORACLE_FULL : options->level;
    machine->book.operation = executor_program(machine->executor)->count;
    host_set_fault(&machine->host, 0, 0);
    for (int stage = 0; stage < 3 && !machine->book.found; stage++) {
        if (stage == 1) {
            lanes_begin(machine->lanes, machine->self);
        } else if (stage == 2) {
            end_all(machine);
        }
        if (!machine->book.found) {
            subject_settle(machine);
            (void)check(machine, level);
        }
    }
}

// ---- what others ask

static struct rule_book *book(void *state) {
    struct subject_machine *machine = state;
    return &machine->book;
}

static bool is_new(const void *state) {
    (void)state;
    return true;
}

static bool has_twin(const void *state) {
    return is_repeatable(state);
}

static const uint64_t *read_account(void *state) {
    struct subject_machine *machine = state;
    const struct subject *subject = machine->subject;
    int64_t *values = machine->shares.values[0];
    struct call call = {.kind = CALL_READ, .values = values};
    lanes_do(machine->lanes, 0, &call);
    memset(machine->account, 0, sizeof machine->account);
    if (!call.has_done) {
        machine->account[0] = subject->table.statistics == NULL ? live_count(machine->live) : 0;
        return machine->account;
    }
    for (unsigned i = 0; i < subject->schema.count; i++) {
        for (uint32_t row = 0; row < subject->field_rows[i]; row++) {
            machine->account[i] +=
                (uint64_t)values[subject->field_at[i] + row * subject->field_places[i]];
        }
    }
    return machine->account;
}

struct judge *subject_judge(struct executor *executor) {
    struct subject_machine *machine = executor_state(executor);
    return machine->judge;
}

void subject_tell_results(struct executor *executor, struct results *results) {
    struct subject_machine *machine = executor_state(executor);
    machine->results = results;
}

void subject_machine(struct subject *subject) {
    subject->machine = (struct machine){
        .language = &subject->language,
        .account = &subject->schema,
        .create = create,
        .destroy = destroy,
        .begin = begin,
        .step = step,
        .check = check,
        .finish = finish,
        .close = close_program,
        .read = read_account,
        .book = book,
        .is_new = is_new,
        .has_twin = has_twin,
    };
}
