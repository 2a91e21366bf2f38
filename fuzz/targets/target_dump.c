// target_dump: programs that end in a dump to any kind of sink.
//
// Must hold, beside what target_heap asks: a dump to a sink that takes little, is interrupted or
// has to be waited for is whole, decodes under the strict reader and agrees record by record with
// heap, runtime and ledger; one to a sink that fails ends with that error at the byte where it
// failed, is the beginning of the whole dump, and leaves the heap as it was. Not covered:
// descriptors and sockets (tests/dump), hostile dumps (target_decode).
#include "fuzz/go/machine.h"
#include "fuzz/targets/target.h"

static void open_heap(void) {
    go_is_never_forked = TARGET_IS_NEVER_FORKED; // cmake/targets.cmake, by the engine
}

const struct target_operations target_operations = {
    .machine = &machine_go,
    .open = open_heap,
    .final_dump_share = 1,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    return run_operations(&target_operations, bytes, size_bytes);
}
