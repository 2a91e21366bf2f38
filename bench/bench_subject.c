// bench_subject: how many operations a second of one core the harness runs on an allocator that is
// linked into it, everything checked after each.
//
// usage: bench_subject NAME one|change [PROGRAMS [SEED [ARENA_BYTES]]]
//   one: all on the first lane. change: each operation on another lane than the one before, of two.
//   ARENA_BYTES: another arena than the table's.
// The programs are the generator's, of up to 128 operations, drawn before the clock starts. A first
// round is not measured. One line: operations/s, of the processor's time of all threads.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/generate/generator.h"
#include "fuzz/generate/random.h"
#include "fuzz/subject/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OPERATIONS_MAX 128

static double processor_seconds(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) {
        abort();
    }
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// Lanes are neither started nor ended within it.
static void place_on_lanes(struct program *program, uint32_t lane_count) {
    size_t kept = 0;
    program->header.caches = (uint8_t)lane_count;
    program->header.check_every = 1;
    for (size_t i = 0; i < program->count; i++) {
        struct operation operation = program->operations[i];
        enum operation_code code = operation_code(operation);
        if (code == OP_ACQUIRE || code == OP_RELEASE) {
            continue;
        }
        if (operation_has(code, OPERAND_CACHE)) {
            operation = operation_set(operation, OPERAND_CACHE, (uint32_t)kept % lane_count);
        }
        program->operations[kept++] = operation;
    }
    program->count = kept;
}

// Operations that were run; 0: one failed.
static uint64_t run_all(struct executor *executor, const struct program *programs, size_t count) {
    uint64_t before = executor_sum(executor_counts(executor)->executed);
    for (size_t i = 0; i < count; i++) {
        enum verdict verdict = executor_run(executor, &programs[i], false);
        if (verdict != VERDICT_CLEAN && verdict != VERDICT_WORK_BOUND) {
            return 0;
        }
    }
    return executor_sum(executor_counts(executor)->executed) - before;
}

static int measure(struct subject *subject, uint32_t lane_count, size_t count, uint64_t seed) {
    const struct executor_options options = {.level = ORACLE_FULL};
    struct executor *executor = executor_create(&subject->machine, subject, &options);
    struct program *programs = calloc(count, sizeof programs[0]);
    struct random random = {seed};
    if (executor == NULL || programs == NULL) {
        (void)fputs("bench_subject: out of memory\n", stderr);
        free(programs);
        return 3;
    }
    for (size_t i = 0; i < count; i++) {
        generator_program(&programs[i], (uint32_t)random_next(&random), OPERATIONS_MAX);
        place_on_lanes(&programs[i], lane_count);
    }
    (void)run_all(executor, programs, count / 10 + 1);
    double begin = processor_seconds();
    uint64_t operations = run_all(executor, programs, count);
    double seconds = processor_seconds() - begin;
    executor_destroy(executor);
    free(programs);
    if (operations == 0) {
        (void)fputs("bench_subject: a program failed\n", stderr);
        return 3;
    }
    (void)printf("%.0f operations/s\n", (double)operations / seconds);
    return 0;
}

int main(int argc, char **argv) {
    char message[SUBJECT_MESSAGE_BYTES];
    struct subject subject;
    bool is_change = argc > 2 && strcmp(argv[2], "change") == 0;
    size_t count = argc > 3 ? strtoul(argv[3], NULL, 10) : 2000;
    size_t arena_bytes = argc > 5 ? strtoul(argv[5], NULL, 10) : 0;
    if (argc < 3 || (!is_change && strcmp(argv[2], "one") != 0) || count == 0) {
        (void)fputs("usage: bench_subject NAME one|change [PROGRAMS [SEED [ARENA_BYTES]]]\n",
                    stderr);
        return 2;
    }
    if (subject_open(&subject, argv[1], NULL, message) != SUBJECT_OPEN) {
        (void)fprintf(stderr, "bench_subject: %s\n", message);
        return 2;
    }
    if (arena_bytes != 0 && subject.table.arena_bytes != 0) {
        subject.table.arena_bytes = arena_bytes;
    }
    int status =
        measure(&subject, is_change ? 2 : 1, count, argc > 4 ? strtoull(argv[4], NULL, 10) : 1);
    subject_close(&subject);
    return status;
}
