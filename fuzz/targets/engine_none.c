// engine_none: a target's main where no engine drives it: runs each file that it is given, once.
//
// usage: fuzz_TARGET FILE...   What is random without an engine is `countercheck soak`.
#include "fuzz/targets/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma weak LLVMFuzzerInitialize

#define INPUT_BYTES_MAX (1 << 20)

static int refuse(int status, const char *what, const char *path) {
    (void)fprintf(stderr, "countercheck: %s %s\n", what, path);
    return status;
}

// Each input lies in memory of its own size: a sanitizer sees what reads past its end.
static int run_file(const char *path) {
    static uint8_t bytes[INPUT_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return refuse(2, "cannot open", path);
    }
    size_t size_bytes = fread(bytes, 1, sizeof bytes, file);
    bool is_read = ferror(file) == 0;
    (void)fclose(file);
    if (!is_read) {
        return refuse(2, "cannot read", path);
    }
    uint8_t *input = malloc(size_bytes == 0 ? 1 : size_bytes);
    if (input == NULL) {
        return refuse(3, "no memory for", path);
    }
    memcpy(input, bytes, size_bytes);
    (void)LLVMFuzzerTestOneInput(input, size_bytes);
    free(input);
    return 0;
}

int main(int argc, char **argv) {
    int status = 0;
    run_operations_has_no_engine = true;
    if (LLVMFuzzerInitialize != NULL) {
        (void)LLVMFuzzerInitialize(&argc, &argv);
    }
    for (int i = 1; i < argc && status == 0; i++) {
        status = run_file(argv[i]);
    }
    return status;
}
