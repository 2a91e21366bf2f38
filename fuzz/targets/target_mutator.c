// target_mutator: libFuzzer's hooks for targets of operations: a program is changed and crossed as
// a program, and not as bytes.
#include "fuzz/generate/mutator.h"
#include "fuzz/targets/target.h"

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size_bytes, size_t max_bytes,
                               unsigned int seed) {
    const struct mutator_limits limits = {max_bytes, target_ends_in_dump};
    return mutator_mutate_bytes(bytes, size_bytes, limits, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_bytes, const uint8_t *second,
                                 size_t second_bytes, uint8_t *out, size_t max_bytes,
                                 unsigned int seed) {
    const struct mutator_limits limits = {max_bytes, target_ends_in_dump};
    return mutator_cross_bytes(first, first_bytes, second, second_bytes, out, limits, seed);
}
