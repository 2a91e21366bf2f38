// cmd_soak: random programs, one after the other, for a while; no coverage feedback, no clang.
#define _POSIX_C_SOURCE 200809L
#include "cli/io/cli.h"
#include "cli/io/clock.h"
#include "cli/io/escape.h"
#include "cli/run/machine.h"
#include "cli/run/crash.h"
#include "cli/io/input.h"
#include "cli/io/options.h"
#include "cli/run/replay.h"
#include "cli/soak_threads.h"
#include "fuzz/generate/generator.h"
#include "fuzz/program/text.h"
#include "fuzz/targets/target_stats.h"
#include "oracle/core/harness_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck soak [--seconds N] [--seed S] [--operations N] [--table]\n"
    "                         [--wide [--touched]] [--check=cheap|full|paranoid]\n"
    "                         [--threads T]\n"
    "\n"
    "Draws program after program from the seed and runs each under the oracle, until\n"
    "the time or the operations are used up, or there is a finding: its program, the\n"
    "N-th, is then written to soak-S-N.ops. The same seed draws the same programs\n"
    "everywhere, another seed others.\n"
    "  --seconds N      the time (10; with --operations no end)\n"
    "  --operations N   so many, however long they take; then a hash of all results\n"
    "                   is printed, which is the same in every build\n"
    "  --table          the end shows of each operation how often it did something;\n"
    "                   those that seldom do are shown anyway\n"
    "  --wide           the programs say what version 2 of their form alone can:\n"
    "                   values to start from, large objects, many caches; the hash is\n"
    "                   then that of this build's kind: a sanitizer has no room for\n"
    "                   large objects\n"
    "  --touched        with --wide: no object is left untouched, so that those over\n"
    "                   64 MiB do nothing in any build, and all have the same hash\n"
    "  --check=paranoid every program runs on a new heap as well, where the kernel\n"
    "                   can be asked\n"
    "  --threads T      so many real threads use one heap instead, each with a cache\n"
    "                   of its own, while another collects, dumps, reads the\n"
    "                   statistics, and lets the system fail; at barriers all\n"
    "                   accounts are compared. How the threads interleave is the\n"
    "                   machine's, not the seed's: a finding leaves\n"
    "                   findings/threads-S.race, and replay --times N says how often\n"
    "                   it shows\n" MACHINE_HELP
    "Exit status: 0 clean, 1 a finding, 2 unusable call, 3 the environment failed.\n";

#define DRAWN_MAX    512 // operations a program
#define TWICE_SHARE  256
#define DUMP_SHARE   8
#define GRAPH_SHARE  64
#define SHOWN_BEFORE 12

#define ENDLESS           "4294967295" // seconds
#define TOUCHED_PAGES_MAX 8192         // 64 MiB
#define EFFECTIVE_PERCENT 30           // of its executions each operation is to do something

struct soak {
    uint64_t seconds, seed, operations_limit;
    uint64_t program_count, bounded_count;
    uint64_t hash; // of every program's results
    bool is_table, is_wide, is_touched;
    enum oracle_level level;
    struct executor *executor;
};

static struct program program;
static uint8_t program_bytes[PROGRAM_BYTES_MAX];

// Neighbouring seeds share no programs: number and seed are mixed.
static uint32_t seed_of(uint64_t seed, uint64_t number) {
    struct random random = {seed << 32 ^ number};
    return (uint32_t)random_next(&random);
}

// What is larger than a sanitizer has room for is left out by every build then.
static void touch_all(struct program *drawn) {
    for (size_t i = 0; i < drawn->count; i++) {
        struct operation *operation = &drawn->operations[i];
        if (operation_has(operation_code(*operation), OPERAND_UNTOUCHED)) {
            *operation = operation_set(*operation, OPERAND_UNTOUCHED, 0);
        } else if (operation_has(operation_code(*operation), OPERAND_PAGES) &&
                   operation_get(*operation, OPERAND_PAGES) > TOUCHED_PAGES_MAX) {
            *operation = operation_from_bits(OP_NOP);
        }
    }
}

static enum verdict run_program(struct soak *soak, uint64_t number, const char *path) {
    void (*draw)(struct program *, uint32_t, size_t) =
        soak->is_wide ? generator_program_wide : generator_program;
    draw(&program, seed_of(soak->seed, number), DRAWN_MAX);
    if (soak->is_touched) {
        touch_all(&program);
    }
    size_t size_bytes = program_encode(&program, program_bytes, sizeof program_bytes);
    crash_prepare("countercheck: soak: crashed with seed %" PRIu64 ", program %" PRIu64
                  "; it is in %s",
                  soak->seed, number, path);
    crash_prepare_file(path, program_bytes, size_bytes);
    const struct executor_options options = {.level = soak->level,
                                             .final_dump = number % DUMP_SHARE == 0,
                                             .final_graph = number % GRAPH_SHARE == 0};
    executor_set_options(soak->executor, &options);
    crash_guard();
    soak->program_count++;
    bool runs_twice = number % TWICE_SHARE == 0 || soak->level == ORACLE_PARANOID;
    enum verdict verdict = runs_twice ? executor_run_twice(soak->executor, &program)
                                      : executor_run(soak->executor, &program, false);
    crash_rest();
    soak->bounded_count += verdict == VERDICT_WORK_BOUND;
    const struct executor_counts *counts = executor_counts(soak->executor); // for ci/fuzz
    target_stats_reach(executor_sum(counts->executed), executor_sum(counts->effective));
    soak->hash = (soak->hash ^ executor_hash(soak->executor)) * UINT64_C(0x9e3779b97f4a7c15);
    return verdict;
}

static int tell_finding(struct soak *soak, const char *path) {
    const struct replay replay = {.executor = soak->executor, .name = path};
    char *text = machine_print_program(&program);
    int status = text == NULL ? CLI_ENVIRONMENT : output_write(path, text, strlen(text));
    harness_free(text);
    replay_print_finding(&replay, &program, SHOWN_BEFORE, stdout);
    (void)printf("reproduce: countercheck replay");
    if (machine_call.subject != NULL) {
        (void)printf(" --subject ");
        escape_print_word(machine_call.subject, stdout);
    }
    if (machine_call.relations != NULL) {
        (void)printf(" --relations ");
        escape_print_word(machine_call.relations, stdout);
    }
    (void)printf(" %s\n", path);
    return status == CLI_CLEAN ? CLI_FINDING : status;
}

// An operation that seldom does anything spends its executions for nothing: all such are shown,
// with
// --table all others, too.
static void print_effect(const struct executor_counts *counts, bool all) {
    for (size_t code = 0; code < OP_COUNT; code++) {
        uint64_t executed = counts->executed[code];
        uint64_t effective = counts->effective[code];
        bool seldom = executed > 1000 && effective * 100 < executed * EFFECTIVE_PERCENT;
        bool is_drawn = operation_descriptions[code].weight != 0 || executed != 0;
        if (is_drawn && (all || seldom)) {
            (void)printf("  %-18s %12" PRIu64 " tries, %5.1f%% did something%s\n",
                         operation_descriptions[code].name, executed,
                         executed == 0 ? 0.0 : 100.0 * (double)effective / (double)executed,
                         seldom ? ": too few" : "");
        }
    }
}

static void print_summary(const struct soak *soak, double seconds, bool is_over) {
    const struct executor_counts *counts = executor_counts(soak->executor);
    uint64_t executed = executor_sum(counts->executed);
    double rate = seconds > 0 ? (double)executed / seconds : 0;
    (void)printf("%" PRIu64 " program%s, %" PRIu64 " operation%s (%.0f%% did something), %.0f "
                 "operations/s, %" PRIu64 " stopped at the work bound\n",
                 soak->program_count, cli_s(soak->program_count), executed, cli_s(executed),
                 executed == 0 ? 0.0
                               : 100.0 * (double)executor_sum(counts->effective) / (double)executed,
                 rate, soak->bounded_count);
    if (executed >= soak->operations_limit) {
        (void)printf("results %016" PRIx64 "\n", soak->hash);
    } else if (is_over && soak->operations_limit != UINT64_MAX) {
        (void)printf("no results: %" PRIu64 " s were over before %" PRIu64 " operations\n",
                     soak->seconds, soak->operations_limit);
    }
    print_effect(counts, soak->is_table);
}

static void tell_moved(const struct soak *soak) {
    uintptr_t base = machine_moved_base(soak->executor);
    if (base != 0) {
        cli_message("soak: the heap's own base is taken, it lies at 0x%" PRIxPTR
                    ": the hash of the results is another one than elsewhere",
                    base);
    }
}

static void show_progress(const struct soak *soak, double elapsed) {
    if (soak->operations_limit == UINT64_MAX) {
        (void)cli_progress("%.0f of %" PRIu64 " s, %" PRIu64 " programs ", elapsed, soak->seconds,
                           soak->program_count);
    } else {
        (void)cli_progress("%" PRIu64 " of %" PRIu64 " operations, %.0f s ",
                           executor_sum(executor_counts(soak->executor)->executed),
                           soak->operations_limit, elapsed);
    }
}

static int run_soak(struct soak *soak) {
    char path[64];
    double begin = clock_seconds();
    double elapsed = 0;
    enum verdict verdict = VERDICT_CLEAN;
    crash_catch();
    for (uint64_t number = 0; verdict == VERDICT_CLEAN || verdict == VERDICT_WORK_BOUND; number++) {
        if (soak->program_count % 32 == 0) {
            elapsed = clock_seconds() - begin;
            show_progress(soak, elapsed);
        }
        const struct executor_counts *counts = executor_counts(soak->executor);
        if (elapsed >= (double)soak->seconds ||
            executor_sum(counts->executed) >= soak->operations_limit) {
            break;
        }
        (void)snprintf(path, sizeof path, "soak-%" PRIu64 "-%" PRIu64 ".ops", soak->seed, number);
        verdict = run_program(soak, number, path);
        if (number == 0) {
            tell_moved(soak);
        }
    }
    (void)cli_progress("");
    int status = CLI_CLEAN;
    if (verdict == VERDICT_FINDING) {
        status = tell_finding(soak, path);
    } else if (verdict == VERDICT_ENVIRONMENT) {
        status = cli_refused("soak");
    }
    print_summary(soak, clock_seconds() - begin, status == CLI_CLEAN);
    return status;
}

static int run_threads(const struct soak *soak, const char *threads) {
#if COUNTERCHECK_HAS_GO
    if (machine_call.subject != NULL) {
        cli_message("soak: --threads goes with no --subject; another allocator's are those of "
                    "`subject check NAME --threads N`");
        return CLI_UNUSABLE;
    }
    struct soak_threads run = {.leaves_race = true, .seconds = soak->seconds, .seed = soak->seed};
    if (!cli_count("soak", "--threads", threads, SOAK_THREADS_MAX, &run.thread_count)) {
        return CLI_UNUSABLE;
    }
    if (soak->operations_limit != UINT64_MAX) {
        cli_message("soak: --threads takes no --operations beside it");
        return CLI_UNUSABLE;
    }
    return cli_finish(soak_threads(&run));
#else
    (void)soak;
    (void)threads;
    cli_message("soak: --threads needs the Go-like heap, which this build leaves out");
    return CLI_UNUSABLE;
#endif
}

int cmd_soak(int argc, char **argv) {
    const char *seconds = NULL;
    const char *seed = "1";
    const char *operations = NULL;
    const char *threads = NULL;
    const char *level = NULL;
    struct soak soak = {.operations_limit = UINT64_MAX};
    const struct cli_option options[] = {
        {"--seconds", NULL, &seconds},
        {"--seed", NULL, &seed},
        {"--operations", NULL, &operations},
        {"--threads", NULL, &threads},
        {"--table", &soak.is_table, NULL},
        {"--wide", &soak.is_wide, NULL},
        {"--touched", &soak.is_touched, NULL},
        {"--check", NULL, &level},
        MACHINE_OPTIONS,
        {NULL, NULL, NULL},
    };
    const struct cli_call call = {usage, options, 0, 0};
    char **operands;
    size_t operand_count;
    int status = machine_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    if (seconds == NULL) {
        seconds = operations == NULL ? "10" : ENDLESS;
    }
    if (!cli_number("soak", "--seconds", seconds, UINT32_MAX, &soak.seconds) ||
        !cli_number("soak", "--seed", seed, UINT32_MAX, &soak.seed) ||
        (operations != NULL &&
         !cli_number("soak", "--operations", operations, UINT64_MAX / 2, &soak.operations_limit)) ||
        !replay_parse_level("soak", level, &soak.level)) {
        return CLI_UNUSABLE;
    }
    if (threads != NULL) {
        return run_threads(&soak, threads);
    }
    const struct executor_options executor_options = {.level = ORACLE_FULL};
    soak.executor = replay_open(&executor_options);
    if (soak.executor == NULL) {
        return CLI_ENVIRONMENT;
    }
    status = run_soak(&soak);
    executor_destroy(soak.executor);
    return cli_finish(status);
}
