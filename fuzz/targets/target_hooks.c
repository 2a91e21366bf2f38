// target_hooks: what the engines call of a target of operations, beside each input: its heap is
// there before the first one, and a program is changed and crossed as a program, and not as bytes.
#include "fuzz/generate/mutator.h"
#include "fuzz/targets/target.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    run_operations_begin(&target_operations);
    return 0;
}

static struct mutator_limits limits_of(size_t max_bytes) {
    return (struct mutator_limits){max_bytes, target_operations.final_dump_share == 1};
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size_bytes, size_t max_bytes,
                               unsigned int seed) {
    return mutator_mutate_bytes(bytes, size_bytes, limits_of(max_bytes), seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_bytes, const uint8_t *second,
                                 size_t second_bytes, uint8_t *out, size_t max_bytes,
                                 unsigned int seed) {
    return mutator_cross_bytes(first, first_bytes, second, second_bytes, out, limits_of(max_bytes),
                               seed);
}
