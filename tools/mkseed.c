// mkseed: one program of operations, text or binary, from stdin to stdout in binary: the form that
// mutators read.
#include "fuzz/program/text.h"

#include <stdio.h>

#define INPUT_BYTES_MAX ((size_t)1 << 20)

int main(void) {
    static uint8_t bytes[INPUT_BYTES_MAX];
    static uint8_t encoded[PROGRAM_BYTES_MAX];
    static struct program program;
    struct text_error error;
    size_t size_bytes = fread(bytes, 1, sizeof bytes, stdin);
    if (!text_read_program(&program, bytes, size_bytes, &error)) {
        (void)fprintf(stderr, "mkseed: line %zu: %s\n", error.line, error.message);
        return 2;
    }
    size_t encoded_bytes = program_encode(&program, encoded, sizeof encoded);
    bool written = fwrite(encoded, 1, encoded_bytes, stdout) == encoded_bytes;
    return fflush(stdout) == 0 && written ? 0 : 3;
}
