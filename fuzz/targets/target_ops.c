// target_ops: the laws of the operations' codec, on any bytes.
//
// Must hold: bytes are a program, or text that is refused with a line and a reason; binary -> text
// -> binary and binary -> binary give the same program; text that was printed is printed again the
// same. Not covered: what operations do.
#include "fuzz/targets/target.h"

#include "fuzz/targets/target_stats.h"
#include "fuzz/program/text.h"
#include "oracle/core/harness_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct program program, again;

static void require(bool holds, const char *law) {
    if (!holds) {
        (void)fprintf(stderr, "countercheck: codec: %s\n", law);
        abort();
    }
}

static void text_keeps_the_program(void) {
    struct text_error error;
    char *text = text_print_program(&program);
    require(text != NULL, "a program has a text");
    require(text_parse_program(&again, text, strlen(text), &error), "printed text is taken back");
    require(program_equal(&program, &again), "a program survives its text");
    char *second = text_print_program(&again);
    require(second != NULL && strcmp(text, second) == 0, "printed text is canonical");
    harness_free(second);
    harness_free(text);
}

static void binary_keeps_the_program(void) {
    static uint8_t binary[PROGRAM_BYTES_MAX];
    size_t size_bytes = program_encode(&program, binary, sizeof binary);
    require(size_bytes == program_encoded_bytes(&program), "a program's binary form has its size");
    require(!program_bytes_are_text(binary, size_bytes), "a binary program is not taken for text");
    program_decode(&again, binary, size_bytes);
    require(program_equal(&program, &again), "a program survives its binary form");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    struct text_error error;
    bool is_program = text_read_program(&program, bytes, size_bytes, &error);
    target_stats_add(program.count, program.count);
    require(is_program || (error.line > 0 && error.message[0] != 0),
            "what is refused is refused with a line and a reason");
    text_keeps_the_program(); // of refused text: the part before the line
    binary_keeps_the_program();
    return 0;
}
