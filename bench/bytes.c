// bytes: a target of operations without the mutator, so that what the mutator is worth can be
// measured.
//
// libFuzzer changes its inputs byte by byte, and crosses them so. FINAL_DUMP_SHARE makes it
// fuzz_heap's twin (8) or fuzz_dump's (1).
#include "fuzz/go/machine.h"
#include "fuzz/targets/target.h"

static void open_heap(void) {
    go_is_never_forked = true; // libFuzzer's process
}

static const struct target_operations bytes_operations = {
    .machine = &machine_go, .open = open_heap, .final_dump_share = FINAL_DUMP_SHARE};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    return run_operations(&bytes_operations, bytes, size_bytes);
}
