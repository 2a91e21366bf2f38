// targets: an input of a fuzz target's corpus, run as the target does.
#include "cli/run/targets.h"

#include "cli/dump/export/laws.h"
#include "cli/io/cli.h"
#include "cli/io/input.h"
#include "cli/run/crash.h"
#include "fuzz/targets/decode_also.h"

#include <stdlib.h>

int targets_run(const char *path, enum input_kind kind) {
    uint8_t *bytes;
    size_t size_bytes;
    int status = input_read_bytes(path, &bytes, &size_bytes);
    if (status == CLI_CLEAN) {
        target_decode_also = export_laws;
        crash_prepare("countercheck: %s: crashed in the fuzz target %s", path, kind_names[kind]);
        (void)(kind == KIND_OPS         ? target_ops_input
               : kind == KIND_RELATIONS ? target_relations_input
                                        : target_decode_input)(bytes, size_bytes);
        free(bytes);
    }
    return status;
}
