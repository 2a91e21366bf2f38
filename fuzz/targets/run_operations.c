// run_operations: one fuzz input of operations, from bytes to verdict; what the targets of
// operations share.
#include "fuzz/targets/target.h"

#include "fuzz/execute/executor.h"
#include "fuzz/execute/fork.h"
#include "fuzz/program/text.h"
#include "fuzz/targets/target_stats.h"
#include "oracle/core/hash.h"

#include <stdio.h>
#include <stdlib.h>

#define GRAPH_SHARE  8     // of the dumps at an end, one in so many is walked as a graph
#define TWICE_SHARE  256   // one input in so many runs twice
#define SHOWN_BEFORE 12    // operations that a finding shows before the one that failed
#define WORK_LIMIT   20000 // about 2 ms: an input that wants more keeps a hundred others waiting

static struct executor *executor; // lives as long as the process: its heap stays warm
static struct program program;
const char *run_operations_call = "";
bool run_operations_has_no_engine;

static void print_operations_before(const struct finding *finding) {
    char text[TEXT_LINE_BYTES];
    size_t last =
        finding->operation < program.count ? (size_t)finding->operation + 1 : program.count;
    size_t first = last > SHOWN_BEFORE ? last - SHOWN_BEFORE : 0;
    for (size_t i = first; i < last; i++) {
        (void)text_print_operation(program.operations[i], text, sizeof text);
        (void)fprintf(stderr, "  %4zu  %s\n", i, text);
    }
}

static _Noreturn void report(bool is_raw) {
    char line[512];
    const struct finding *finding = executor_finding(executor);
    (void)finding_line(finding, line, sizeof line);
    (void)fprintf(stderr, "countercheck: %s\n", line);
    finding_print(finding, stderr);
    print_operations_before(finding);
    (void)fprintf(stderr,
                  "countercheck: reproduce: countercheck replay %s%sFILE, with the file that "
                  "the engine writes now\n",
                  run_operations_call, is_raw ? "--raw " : "");
    abort();
}

// Not by exit(): engines take that for a finding.
static _Noreturn void give_up(const char *why) {
    (void)fprintf(stderr, "countercheck: %s\n", why);
    target_stats_finish();
    _Exit(3);
}

#ifdef TARGET_HAS_AFL                 // cmake/targets.cmake
extern unsigned char *__afl_area_ptr; // AFL++'s map of edges, which a child shares with its parent
extern uint32_t __afl_map_size;

static void leave_coverage(void) {
    unsigned char *own = calloc(1, __afl_map_size);
    if (own == NULL) {
        _Exit(3);
    }
    __afl_area_ptr = own;
}
static void (*const begin_child)(void) = leave_coverage;
#else
static void (*const begin_child)(void) = NULL;
#endif

void run_operations_begin(const struct target_operations *target) {
    const struct executor_options options = {.level = ORACLE_FULL};
    if (executor != NULL) {
        return;
    }
    fork_begins = begin_child;
    if (target->open != NULL) {
        target->open();
    }
    executor = executor_create(target->machine, target->argument, &options);
    if (executor == NULL) {
        give_up("out of memory");
    }
    program = (struct program){.header = PROGRAM_HEADER_DEFAULT};
    (void)executor_run(executor, &program, false);
    executor_close(executor);
}

int run_operations(const struct target_operations *target, const uint8_t *bytes,
                   size_t size_bytes) {
    uint32_t share = target->final_dump_share;
    struct text_error error;
    run_operations_begin(target);
    if (!text_read_program(&program, bytes, size_bytes, &error)) {
        return -1;
    }
    uint64_t hash = hash_bytes(HASH_START, bytes, size_bytes);
    hash ^= hash >> 32;
    const struct executor_options options = {
        .level = ORACLE_FULL,
        .final_dump = share != 0 && hash / TWICE_SHARE % share == 0,
        .final_graph = share != 0 && hash / TWICE_SHARE / share % GRAPH_SHARE == 0,
        .work_limit = WORK_LIMIT,
    };
    executor_set_options(executor, &options);
    enum verdict verdict = hash % TWICE_SHARE == 0 ? executor_run_twice(executor, &program)
                                                   : executor_run(executor, &program, false);
    const struct executor_counts *counts = executor_counts(executor);
    target_stats_reach(executor_sum(counts->executed), executor_sum(counts->effective));
    if (verdict == VERDICT_FINDING) {
        target_stats_finish();
        report(!program_bytes_are_binary(bytes, size_bytes) &&
               !program_bytes_are_text(bytes, size_bytes));
    }
    if (verdict == VERDICT_ENVIRONMENT) {
        give_up("the system refused memory, a thread or a file: nothing is shown");
    }
    executor_close(executor); // now, so that an engine sees it in this input and not in the next
    return 0;
}
