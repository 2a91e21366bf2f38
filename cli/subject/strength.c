// strength: for each statistic and lie a child runs programs until a rule fails, or all are run.
//
// The first run lies nowhere, and notes beside the truth in which programs each lie would be
// another number: the others need not be run for it.
#define _POSIX_C_SOURCE 200809L
#include "cli/run/shared.h"
#include "cli/subject/strength.h"

#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "fuzz/execute/child.h"
#include "cli/run/machine.h"
#include "cli/subject/trials.h"
#include "fuzz/execute/executor.h"
#include "fuzz/subject/machine.h"
#include "oracle/relations/statistic.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM_COUNT  100 // for each lie: a count and no time, so that the table is the same again
#define GOAL_PERCENT   90
#define STATISTICS_MAX 1024

static const char *const lie_names[LIE_COUNT] = {"truth",   "+1",     "late", "stuck",
                                                 "wrapped", "undone", "share"};
static const char *const cell_words[] = {"-", "yes", "NO", "same"};

// What a child tells.
struct told {
    bool has_noticed, has_differed, is_environment;
    uint8_t differs[STATISTICS_MAX][LIE_COUNT][PROGRAM_COUNT]; // of the run that lies nowhere
};

struct liar {
    struct executor *executor;
    enum strength_lie lie;
    uint32_t place;            // of the value, in what read() writes
    uint32_t places;           // 2 of a rounded one
    uint32_t lane;             // whose read it alters: that of lane 0, or of a lane's own share
    uint64_t onset;            // the operation from which on it lies
    uint64_t operation;        // of the last read
    int64_t now[2], before[2]; // the truth at the last read, and at the end of the operation before
    int64_t kept[2];           // of STUCK
    uint64_t mask;             // of WRAPPED; 0: not yet
    int64_t lost[2];           // of SHARE
    bool has_now, has_kept, has_differed;
};

static struct program program;

// ---- lies

static bool is_on_lane_one(const struct liar *liar) {
    const struct program *runs = executor_program(liar->executor);
    if (liar->operation >= runs->count) {
        return false;
    }
    struct operation operation = runs->operations[liar->operation];
    return operation_has(operation_code(operation), OPERAND_CACHE) &&
           operation_get(operation, OPERAND_CACHE) == 1;
}

// Another operation has begun: what was read last is how the one before ended.
static void step_to(struct liar *liar, uint64_t operation) {
    for (uint32_t i = 0; i < liar->places && liar->has_now; i++) {
        if (is_on_lane_one(liar)) {
            liar->lost[i] += liar->now[i] - liar->before[i];
        }
        liar->before[i] = liar->now[i];
    }
    liar->operation = operation;
}

static uint64_t mask_of(int64_t value) {
    uint64_t mask = 15;
    while ((uint64_t)value > mask && mask < UINT64_MAX / 2) {
        mask = mask * 2 + 1;
    }
    return mask;
}

static int64_t altered(struct liar *liar, uint32_t i, int64_t truth) {
    bool is_late = liar->operation >= liar->onset;
    const struct relations_facts *facts = judge_facts(subject_judge(liar->executor));
    switch (liar->lie) {
    case LIE_PLUS:
        return is_late ? truth + 1 : truth;
    case LIE_LATE:
        return liar->before[i];
    case LIE_STUCK:
        return liar->has_kept ? liar->kept[i] : truth;
    case LIE_WRAPPED:
        return liar->mask == 0 || truth < 0 ? truth : (int64_t)((uint64_t)truth & liar->mask);
    case LIE_UNDONE:
        return truth + facts->operations[RELATIONS_FAILED];
    case LIE_SHARE: {
        int64_t going = is_on_lane_one(liar) ? truth - liar->before[i] : 0;
        return truth - liar->lost[i] - going;
    }
    case LIE_NONE:
    case LIE_COUNT:
        break;
    }
    return truth;
}

static void lie_about(struct liar *liar, const int64_t *truths, int64_t *said) {
    uint64_t operation = executor_book(liar->executor)->operation;
    if (liar->has_now && operation != liar->operation) {
        step_to(liar, operation);
    }
    for (uint32_t i = 0; i < liar->places; i++) {
        int64_t truth = truths[liar->place + i];
        if (!liar->has_now) {
            liar->before[i] = truth;
        }
        liar->now[i] = truth;
        if (!liar->has_kept && liar->operation >= liar->onset) {
            liar->kept[i] = truth;
            liar->mask = i == 0 ? mask_of(truth) : liar->mask;
        }
        said[i] = altered(liar, i, truth);
        liar->has_differed = liar->has_differed || said[i] != truth;
    }
    liar->has_kept = liar->has_kept || liar->operation >= liar->onset;
    liar->has_now = true;
}

static void lie(void *context, uint32_t lane, int64_t *values) {
    struct liar *liar = context;
    int64_t said[2];
    if (lane == liar->lane) {
        lie_about(liar, values, said);
        memcpy(values + liar->place, said, liar->places * sizeof said[0]);
    }
}

// ---- the child

struct cell {
    uint32_t statistic;
    enum strength_lie lie;
    uint32_t place; // the statistic's first
    uint32_t places, rows;
    bool is_per_lane;
};

static void draw(uint64_t number, const struct cell *cell) {
    trials_draw(&program, number);
    if ((cell->lie == LIE_SHARE || cell->is_per_lane) && program.header.caches < 2) {
        program.header.caches = 2;
    }
}

// A lane's own share lies on one of the first two lanes, and is lost on the second.
static uint32_t lane_of(const struct cell *cell, uint32_t number) {
    return !cell->is_per_lane ? 0 : cell->lie == LIE_SHARE ? 1 : number / cell->rows % 2;
}

static struct liar liar_for(const struct cell *cell, uint32_t number, struct executor *executor) {
    return (struct liar){.executor = executor,
                         .lie = cell->lie,
                         .place = cell->place + number % cell->rows * cell->places,
                         .places = cell->places,
                         .lane = lane_of(cell, number),
                         .onset = 1 + number % 16};
}

// What each lie would say, beside the truth.
struct shadows {
    uint32_t count;
    struct cell cells[STATISTICS_MAX * LIE_COUNT];
    struct liar liars[STATISTICS_MAX * LIE_COUNT];
};
static struct shadows shadows;

static void shadow(void *context, uint32_t lane, int64_t *values) {
    int64_t said[2];
    (void)context;
    for (uint32_t i = 0; i < shadows.count && lane == 0; i++) {
        lie_about(&shadows.liars[i], values, said);
    }
}

static void set_shadows(struct executor *executor, uint32_t number) {
    for (uint32_t i = 0; i < shadows.count; i++) {
        shadows.liars[i] = liar_for(&shadows.cells[i], number, executor);
    }
    judge_set_liar(subject_judge(executor), shadow, NULL);
}

static void tell_shadows(struct told *told, uint32_t number) {
    for (uint32_t i = 0; i < shadows.count; i++) {
        const struct cell *cell = &shadows.cells[i];
        told->differs[cell->statistic][cell->lie][number] = shadows.liars[i].has_differed;
    }
}

// Whether the lie is another number in that program: the programs are those of the first run,
// unless it needs lanes.
static bool is_worth(const struct cell *cell, const struct told *told, uint32_t number) {
    bool is_foreseen = cell->lie != LIE_NONE && cell->lie != LIE_SHARE && !cell->is_per_lane;
    return !is_foreseen || told->differs[cell->statistic][cell->lie][number] != 0;
}

// Programs first .. end - 1, until one is noticed.
static _Noreturn void run_child(const struct cell *cell, uint64_t seed, uint32_t first,
                                uint32_t end, struct told *told) {
    const struct executor_options options = {.level = ORACLE_FULL};
    struct executor *executor = executor_create(machine_now(), machine_argument(), &options);
    if (executor == NULL) {
        told->is_environment = true;
        _exit(0);
    }
    for (uint32_t number = first; number < end && !told->has_noticed; number++) {
        struct liar liar = liar_for(cell, number, executor);
        if (!is_worth(cell, told, number)) {
            continue;
        }
        if (cell->lie == LIE_NONE) {
            set_shadows(executor, number);
        } else {
            judge_set_liar(subject_judge(executor), lie, &liar);
        }
        draw(trials_first(seed) + number, cell);
        enum verdict verdict = executor_run(executor, &program, false);
        told->has_noticed = verdict == VERDICT_FINDING;
        told->has_differed = told->has_differed || liar.has_differed;
        if (cell->lie == LIE_NONE) {
            tell_shadows(told, number);
        }
        if (verdict == VERDICT_ENVIRONMENT) {
            told->is_environment = true;
            break;
        }
    }
    _exit(0);
}

// ---- the parent

// False: the environment failed. A child that dies has noticed nothing.
static bool run_cell(const struct cell *cell, uint64_t seed, struct told *told) {
    bool is_global = (machine_subject()->table.capabilities & COUNTERCHECK_GLOBAL) != 0;
    uint32_t batch = is_global ? 1 : PROGRAM_COUNT;
    told->has_noticed = told->has_differed = false;
    for (uint32_t first = 0; first < PROGRAM_COUNT && !told->has_noticed; first += batch) {
        bool is_any = false;
        for (uint32_t number = first; number < first + batch; number++) {
            is_any = is_any || is_worth(cell, told, number);
        }
        if (!is_any) {
            continue;
        }
        pid_t child = fork();
        if (child == 0) {
            run_child(cell, seed, first, first + batch, told);
        }
        (void)child_wait(child);
        if (child < 0 || told->is_environment) {
            return false;
        }
    }
    return true;
}

struct table {
    const char *only;                         // begins the names of those that lie; NULL: of all
    uint8_t cells[STATISTICS_MAX][LIE_COUNT]; // enum strength_cell
    uint32_t counts[4];
};

static bool is_asked(const struct table *table, const struct countercheck_statistic *statistic) {
    return table->only == NULL || strncmp(statistic->name, table->only, strlen(table->only)) == 0;
}

static bool names_any(const struct table *table) {
    const struct countercheck_statistic *statistic = machine_subject()->table.statistics;
    while (statistic->name != NULL && !is_asked(table, statistic)) {
        statistic++;
    }
    return statistic->name != NULL;
}

static bool applies(enum strength_lie which) {
    bool has_lanes = (machine_subject()->table.capabilities & COUNTERCHECK_THREADS) != 0;
    return which != LIE_SHARE || has_lanes;
}

static struct cell cell_for(const struct countercheck_statistic *statistic, uint32_t number,
                            uint32_t place, enum strength_lie which) {
    return (struct cell){.statistic = number,
                         .lie = which,
                         .place = place,
                         .places = statistic_places(statistic),
                         .rows = statistic_rows(statistic),
                         .is_per_lane = (statistic->flags & COUNTERCHECK_PER_LANE) != 0};
}

static void list_shadows(const struct table *table) {
    const struct countercheck_statistic *statistic = machine_subject()->table.statistics;
    uint32_t place = 0;
    shadows.count = 0;
    for (uint32_t i = 0; statistic[i].name != NULL && i < STATISTICS_MAX; i++) {
        for (int which = LIE_PLUS; which < LIE_SHARE && is_asked(table, &statistic[i]); which++) {
            shadows.cells[shadows.count++] =
                cell_for(&statistic[i], i, place, (enum strength_lie)which);
        }
        place += statistic_numbers(&statistic[i]);
    }
}

static bool fill(struct table *table, uint64_t seed, struct told *told) {
    const struct countercheck_statistic *statistic = machine_subject()->table.statistics;
    uint32_t place = 0;
    for (uint32_t i = 0; statistic[i].name != NULL && i < STATISTICS_MAX; i++) {
        bool asked = is_asked(table, &statistic[i]);
        for (int which = LIE_PLUS; which < LIE_COUNT && asked; which++) {
            const struct cell cell = cell_for(&statistic[i], i, place, (enum strength_lie)which);
            enum strength_cell what = CELL_NONE;
            if (applies(cell.lie)) {
                if (!run_cell(&cell, seed, told)) {
                    return false;
                }
                what = told->has_noticed    ? CELL_NOTICED
                       : told->has_differed ? CELL_UNNOTICED
                                            : CELL_SAME;
            }
            table->cells[i][which] = (uint8_t)what;
            table->counts[what]++;
        }
        place += statistic_numbers(&statistic[i]);
    }
    return true;
}

static void print_table(const struct table *table) {
    const struct countercheck_statistic *statistic = machine_subject()->table.statistics;
    (void)printf("%-32s", "statistic");
    for (int which = LIE_PLUS; which < LIE_COUNT; which++) {
        (void)printf(" %8s", lie_names[which]);
    }
    (void)putchar('\n');
    for (uint32_t i = 0; statistic[i].name != NULL && i < STATISTICS_MAX; i++) {
        if (!is_asked(table, &statistic[i])) {
            continue;
        }
        (void)printf("%-32s", statistic[i].name);
        for (int which = LIE_PLUS; which < LIE_COUNT; which++) {
            (void)printf(" %8s", cell_words[table->cells[i][which]]);
        }
        (void)putchar('\n');
    }
    uint32_t asked = table->counts[CELL_NOTICED] + table->counts[CELL_UNNOTICED];
    (void)printf("%u of %u lies are noticed (%.1f %%); %u never differ from the truth in %d "
                 "programs, %u do not apply\n",
                 table->counts[CELL_NOTICED], asked,
                 asked == 0 ? 0.0 : 100.0 * table->counts[CELL_NOTICED] / asked,
                 table->counts[CELL_SAME], PROGRAM_COUNT, table->counts[CELL_NONE]);
}

static void print_json(const struct table *table) {
    static const char *const words[] = {"none", "noticed", "unnoticed", "same"};
    const struct countercheck_statistic *statistic = machine_subject()->table.statistics;
    (void)printf("{\"subject\":\"%s\",\"noticed\":%u,\"unnoticed\":%u,\"same\":%u,\"statistics\":[",
                 machine_subject()->table.name, table->counts[CELL_NOTICED],
                 table->counts[CELL_UNNOTICED], table->counts[CELL_SAME]);
    const char *between = "";
    for (uint32_t i = 0; statistic[i].name != NULL && i < STATISTICS_MAX; i++) {
        if (!is_asked(table, &statistic[i])) {
            continue;
        }
        (void)printf("%s{\"name\":\"%s\"", between, statistic[i].name);
        between = ",";
        for (int which = LIE_PLUS; which < LIE_COUNT; which++) {
            (void)printf(",\"%s\":\"%s\"", lie_names[which], words[table->cells[i][which]]);
        }
        (void)printf("}");
    }
    (void)printf("]}\n");
}

static int run_all(struct table *table, uint64_t seed, bool is_json, struct told *told) {
    const struct cell truth = {.lie = LIE_NONE, .places = 1, .rows = 1};
    list_shadows(table);
    if (!run_cell(&truth, seed, told)) {
        return trials_refused();
    }
    if (told->has_noticed) {
        cli_message("subject: a rule fails without a lie: see `subject check` first");
        return CLI_FINDING;
    }
    if (!fill(table, seed, told)) {
        return trials_refused();
    }
    if (is_json) {
        print_json(table);
    } else {
        print_table(table);
    }
    uint32_t asked = table->counts[CELL_NOTICED] + table->counts[CELL_UNNOTICED];
    return table->counts[CELL_NOTICED] * 100 >= asked * GOAL_PERCENT ? CLI_CLEAN : CLI_FINDING;
}

int subject_strength(uint64_t seed, const char *only, bool is_json) {
    static struct table table;
    if (machine_subject()->table.statistics == NULL) {
        cli_message("subject: it has no statistics that could lie");
        return CLI_UNUSABLE;
    }
    table.only = only;
    if (!names_any(&table)) {
        cli_message("subject: no statistic's name begins with '%s'", escape_shown(only));
        return CLI_UNUSABLE;
    }
    struct told *told = shared_map(sizeof *told);
    if (told == NULL) {
        return CLI_ENVIRONMENT;
    }
    int status = run_all(&table, seed, is_json, told);
    shared_unmap(told, sizeof *told);
    return status;
}
