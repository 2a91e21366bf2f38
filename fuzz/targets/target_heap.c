// target_heap: any program of operations, under the whole oracle.
//
// Must hold: after every 16 operations (or the cadence of the header) and at the end, every
// statistic agrees with its other accounts, the heap's structure stands, each object keeps its
// contents; one input in eight is dumped and read back at its end; one in 256 runs twice, on a
// fresh and on a reset heap, with equal results. No operation crashes, whatever the system refuses.
// Not covered: real threads, clocks, and the delivery of dumps (target_dump does that).
#include "fuzz/go/machine.h"
#include "fuzz/targets/target.h"

static void open_heap(void) {
    go_is_never_forked = TARGET_IS_NEVER_FORKED; // cmake/targets.cmake, by the engine
}

const struct target_operations target_operations = {
    .machine = &machine_go,
    .open = open_heap,
    .final_dump_share = 8,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    return run_operations(&target_operations, bytes, size_bytes);
}
