// target_dump: programs that end in a dump to a sink of any temper.
//
// Must hold, beside what target_heap asks: a dump to a sink that takes little, is interrupted or
// has to be waited for is whole, decodes under the strict reader and agrees record by record with
// heap, runtime and ledger; one to a sink that fails ends with that error at the byte where it
// failed, is the beginning of the whole dump, and leaves the heap as it was. Not covered:
// descriptors and sockets (tests/dump), hostile dumps (target_decode).
#include "fuzz/generate/mutator.h"
#include "fuzz/go/machine.h"
#include "fuzz/targets/target.h"

// The engines call it before the first input.
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    run_operations_begin(&machine_go, NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    return run_operations(bytes, size_bytes, 1);
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size_bytes, size_t max_bytes,
                               unsigned int seed) {
    const struct mutator_limits limits = {.max_bytes = max_bytes, .ends_in_dump = true};
    return mutator_mutate_bytes(bytes, size_bytes, limits, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_bytes, const uint8_t *second,
                                 size_t second_bytes, uint8_t *out, size_t max_bytes,
                                 unsigned int seed) {
    const struct mutator_limits limits = {.max_bytes = max_bytes, .ends_in_dump = true};
    return mutator_cross_bytes(first, first_bytes, second, second_bytes, out, limits, seed);
}
