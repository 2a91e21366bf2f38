// bytes: a target of operations without the mutator, so that what the mutator is worth can be
// measured.
//
// libFuzzer changes its inputs byte by byte, and crosses them so. FINAL_DUMP_SHARE makes it
// fuzz_heap's twin (8) or fuzz_dump's (1).
#include "fuzz/go/machine.h"
#include "fuzz/targets/target.h"

const struct machine *target_machine(const void **argument) {
    *argument = NULL;
    return &machine_go;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    return run_operations(bytes, size_bytes, FINAL_DUMP_SHARE);
}
