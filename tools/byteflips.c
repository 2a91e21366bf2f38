// byteflips: changes the dump of each program a byte at a time, and counts the changes that nobody
// notices.
//
// byteflips FILE...   programs; of a large dump, bytes are taken that lie evenly apart. A change is
// noticed when the strict reader refuses the dump, or the comparison with the heap, the runtime and
// the ledger finds a difference. Each byte is changed in five ways. Exit status: 0 every change was
// noticed, 1 one was not (each is listed), 2 a file is unusable, 3 no memory.

#include "fuzz/go/machine.h"
#include "fuzz/program/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX    65536
#define LARGE_BYTES       65536 // of a dump larger than this,
#define LARGE_TAKEN_BYTES 512   // about so many bytes are changed

static const uint8_t changes[] = {0x01, 0x10, 0x80, 0xff, 0x55};

static struct totals { uint64_t dumps, bytes, tried, unnoticed; } totals;

static struct program program;

static bool read_program(const char *path) {
    static uint8_t bytes[FILE_BYTES_MAX];
    struct text_error error = {0};
    FILE *file = fopen(path, "rb");
    size_t size_bytes = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file);
    bool is_read = file != NULL && ferror(file) == 0 && fclose(file) == 0;
    if (!is_read || !text_read_program(&program, bytes, size_bytes, &error)) {
        (void)fprintf(stderr, "byteflips: %s: %s\n", path, is_read ? error.message : "unreadable");
        return false;
    }
    return true;
}

static void change_byte(struct executor *executor, const char *path, uint8_t *bytes,
                        size_t size_bytes, size_t at) {
    for (size_t i = 0; i < sizeof changes; i++) {
        bytes[at] ^= changes[i];
        totals.tried++;
        if (machine_go.compare_dump(executor_state(executor), bytes, size_bytes)) {
            totals.unnoticed++;
            (void)printf("%s: byte %zu of %zu ^ 0x%02x is not noticed\n", path, at, size_bytes,
                         changes[i]);
        }
        bytes[at] ^= changes[i];
    }
}

// 0, or the exit status.
static int change_dump(struct executor *executor, const char *path) {
    size_t size_bytes;
    const uint8_t *dump = go_dump_bytes(executor, &size_bytes);
    if (dump == NULL) {
        (void)fprintf(stderr, "byteflips: %s: its last dump was not whole\n", path);
        return 2;
    }
    uint8_t *bytes = malloc(size_bytes);
    if (bytes == NULL) {
        return 3;
    }
    memcpy(bytes, dump, size_bytes);
    if (!machine_go.compare_dump(executor_state(executor), bytes, size_bytes)) {
        (void)fprintf(stderr, "byteflips: %s: its dump is noticed without a change\n", path);
        free(bytes);
        return 2;
    }
    size_t step_bytes = size_bytes <= LARGE_BYTES ? 1 : size_bytes / LARGE_TAKEN_BYTES;
    totals.dumps++;
    totals.bytes += size_bytes;
    for (size_t at = 0; at < size_bytes; at += step_bytes) {
        change_byte(executor, path, bytes, size_bytes, at);
    }
    free(bytes);
    return 0;
}

static int change_dump_of(struct executor *executor, const char *path) {
    if (!read_program(path)) {
        return 2;
    }
    enum verdict verdict = executor_run(executor, &program, false);
    if (verdict != VERDICT_CLEAN) {
        (void)fprintf(stderr, "byteflips: %s: the program is not clean\n", path);
        return verdict == VERDICT_ENVIRONMENT ? 3 : 2;
    }
    return change_dump(executor, path);
}

int main(int argc, char **argv) {
    const struct executor_options options = {.level = ORACLE_FULL, .final_dump = true};
    struct executor *executor = executor_create(&machine_go, NULL, &options);
    if (executor == NULL) {
        return 3;
    }
    int worst = 0;
    for (int i = 1; i < argc; i++) {
        int status = change_dump_of(executor, argv[i]);
        worst = status > worst ? status : worst;
    }
    executor_destroy(executor);
    (void)printf("%" PRIu64 " dumps of %" PRIu64 " bytes, %" PRIu64 " changes, %" PRIu64
                 " not noticed, %.4f %% noticed\n",
                 totals.dumps, totals.bytes, totals.tried, totals.unnoticed,
                 totals.tried == 0
                     ? 0.0
                     : 100.0 * (double)(totals.tried - totals.unnoticed) / (double)totals.tried);
    return worst != 0 ? worst : totals.unnoticed != 0;
}
