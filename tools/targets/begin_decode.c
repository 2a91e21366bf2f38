// begin_decode: the fuzz target that decodes dumps, with the command's half beside it: of one dump
// in a few it makes a page, a picture and a profile, which take a thousand times as long as to
// decode.
#include "cli/dump/export/laws.h"
#include "fuzz/targets/decode_also.h"
#include "fuzz/targets/target.h"
#include "oracle/core/hash.h"

#define SHARE 16

static void ask_some(const uint8_t *data, size_t size_bytes) {
    if (hash_bytes(HASH_START, data, size_bytes) % SHARE == 0) {
        export_laws(data, size_bytes);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    target_decode_also = ask_some;
    return 0;
}
