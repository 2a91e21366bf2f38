// target_heap: any program of operations, under the whole oracle.
//
// Must hold: after every 16 operations (or the cadence of the header) and at the end, every
// statistic agrees with its other accounts, the heap's structure stands, each object keeps its
// contents; one input in eight is dumped and read back at its end; one in 256 runs twice, on a
// fresh and on a reset heap, with equal results. No operation crashes, whatever the system refuses.
// Not covered: real threads, clocks, and the delivery of dumps (target_dump does that).
#include "fuzz/generate/mutator.h"
#include "fuzz/go/machine.h"
#include "fuzz/targets/target.h"

#define FINAL_DUMP_SHARE 8

// The engines call it before the first input.
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    run_operations_begin(&machine_go, NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    return run_operations(bytes, size_bytes, FINAL_DUMP_SHARE);
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size_bytes, size_t max_bytes,
                               unsigned int seed) {
    const struct mutator_limits limits = {.max_bytes = max_bytes};
    return mutator_mutate_bytes(bytes, size_bytes, limits, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_bytes, const uint8_t *second,
                                 size_t second_bytes, uint8_t *out, size_t max_bytes,
                                 unsigned int seed) {
    const struct mutator_limits limits = {.max_bytes = max_bytes};
    return mutator_cross_bytes(first, first_bytes, second, second_bytes, out, limits, seed);
}
