// bench_fuzz: how many programs of 128 to 256 operations, fully checked after every 16, the heap's
// fuzz target runs in a second of one core.
//
// usage: bench_fuzz [PROGRAMS [SEED]]
// The programs are the generator's, drawn before the clock starts: no engine, no mutation, no
// coverage feedback. A first round warms the heap up and is not measured. Two lines: executions/s
// and operations/s, of the processor's time. Built by the preset whose speed is asked for.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/generate/generator.h"
#include "fuzz/targets/target.h"
#include "fuzz/targets/target_stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OPERATIONS_MIN 128
#define OPERATIONS_MAX 256
#define CHECK_EVERY    16

struct input {
    uint8_t *bytes;
    size_t size_bytes;
};

static double processor_seconds(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) {
        abort();
    }
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// The next program of the wanted length that the generator draws.
static void draw_program(struct random *random, struct program *program) {
    size_t length = OPERATIONS_MIN + random_below(random, OPERATIONS_MAX - OPERATIONS_MIN + 1);
    do {
        generator_program(program, (uint32_t)random_next(random), length);
    } while (program->count < OPERATIONS_MIN);
    program->header.check_every = CHECK_EVERY;
}

static struct input *draw_inputs(size_t count, uint64_t seed) {
    static struct program program;
    struct random random = {seed};
    struct input *inputs = calloc(count, sizeof inputs[0]);
    for (size_t i = 0; inputs != NULL && i < count; i++) {
        draw_program(&random, &program);
        size_t capacity_bytes = PROGRAM_HEADER_BYTES + program.count * OPERATION_BYTES;
        inputs[i].bytes = malloc(capacity_bytes);
        if (inputs[i].bytes == NULL) {
            return NULL;
        }
        inputs[i].size_bytes = program_encode(&program, inputs[i].bytes, capacity_bytes);
    }
    return inputs;
}

static void run_all(const struct input *inputs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        (void)LLVMFuzzerTestOneInput(inputs[i].bytes, inputs[i].size_bytes);
    }
}

int main(int argc, char **argv) {
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
    struct input *inputs = draw_inputs(count, argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
    if (inputs == NULL) {
        (void)fputs("bench_fuzz: out of memory\n", stderr);
        return 3;
    }
    run_all(inputs, count < 200 ? count : 200);
    uint64_t operations = target_stats_operations();
    double begin = processor_seconds();
    run_all(inputs, count);
    double seconds = processor_seconds() - begin;
    operations = target_stats_operations() - operations;
    (void)printf("%zu programs, %.0f executions/s\n", count, (double)count / seconds);
    (void)printf("%llu operations, %.0f operations/s\n", (unsigned long long)operations,
                 (double)operations / seconds);
    for (size_t i = 0; i < count; i++) {
        free(inputs[i].bytes);
    }
    free(inputs);
    return 0;
}
