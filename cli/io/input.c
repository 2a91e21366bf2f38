// input: what a path holds, and one line when it holds nothing of use.
#define _POSIX_C_SOURCE 200809L
#include "cli/io/input.h"

#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/io/open.h"
#include "fuzz/program/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP_BYTES      65536
#define INPUT_BYTES_MAX ((size_t)64 << 20) // 64 MiB of text; a program is at most 32 KiB of binary

static int out_of_memory(void) {
    cli_message("out of memory");
    return CLI_ENVIRONMENT;
}

static int unusable(const char *path, const char *what) {
    cli_message("%s: %s", path, what);
    return CLI_UNUSABLE;
}

// Reads to the end.
static int read_all(const char *path, int descriptor, uint8_t **bytes, size_t *size_bytes) {
    size_t capacity = 0;
    *size_bytes = 0;
    while (ARRAY_RESERVE(*bytes, capacity, *size_bytes + STEP_BYTES + 1)) {
        ssize_t count = read(descriptor, *bytes + *size_bytes, STEP_BYTES);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            (*bytes)[*size_bytes] = 0;
            return count == 0 ? CLI_CLEAN : unusable(path, strerror(errno));
        }
        *size_bytes += (size_t)count;
        if (*size_bytes > INPUT_BYTES_MAX) {
            return unusable(path, "larger than 64 MiB: more than is read of such a file");
        }
    }
    return out_of_memory();
}

int input_read_bytes(const char *path, uint8_t **bytes, size_t *size_bytes) {
    bool is_stdin = strcmp(path, "-") == 0;
    int descriptor = is_stdin ? STDIN_FILENO : open_in_time(path, O_RDONLY);
    *bytes = NULL;
    if (descriptor < 0) {
        return unusable(path, open_error_text(errno));
    }
    int status = read_all(path, descriptor, bytes, size_bytes);
    if (!is_stdin) {
        (void)close(descriptor);
    }
    if (status != CLI_CLEAN) {
        free(*bytes);
        *bytes = NULL;
    }
    return status;
}

char *input_read_text(const char *path, int *status) {
    uint8_t *bytes;
    size_t size_bytes;
    *status = input_read_bytes(path, &bytes, &size_bytes);
    if (*status != CLI_CLEAN) {
        return NULL;
    }
    char *text = (char *)bytes;
    if (size_bytes == 0) { // all that it would check is left out
        free(text);
        cli_message("%s: an empty file", escape_shown(path));
        *status = CLI_UNUSABLE;
        return NULL;
    }
    if (strlen(text) != size_bytes) {
        cli_message("%s: byte %zu is 0: this is no text", escape_shown(path), strlen(text));
        free(text);
        *status = CLI_UNUSABLE;
        return NULL;
    }
    return text;
}

// Why the bytes are no program that somebody meant; NULL: they may be one.
static const char *why_no_program(const uint8_t *bytes, size_t size_bytes, char *text,
                                  size_t text_bytes) {
    static const char dump_header[] = "go1.7 heap dump\n";
    if (size_bytes == 0) {
        return "an empty file";
    }
    if (size_bytes >= sizeof dump_header - 1 &&
        memcmp(bytes, dump_header, sizeof dump_header - 1) == 0) {
        return "a heap dump, not operations (countercheck dump reads it)";
    }
    size_t at = program_bytes_control(bytes, size_bytes);
    if (program_bytes_are_cut(bytes, size_bytes)) {
        (void)snprintf(text, text_bytes, "a program of version 2 whose header of %d bytes is cut",
                       PROGRAM_WIDE_HEADER_BYTES);
        return text;
    }
    size_t reserved = program_bytes_reserved(bytes, size_bytes);
    if (reserved < size_bytes) {
        (void)snprintf(text, text_bytes, "byte %zu is 0x%02x, and is reserved: it would be 0",
                       reserved, bytes[reserved]);
        return text;
    }
    if (program_bytes_are_binary(bytes, size_bytes) || at == size_bytes) {
        return NULL;
    }
    (void)snprintf(text, text_bytes,
                   "byte %zu is 0x%02x: no text, and no binary program with its magic (--raw takes "
                   "any bytes, as the fuzz targets do)",
                   at, bytes[at]);
    return text;
}

// In bytes that an engine drew nobody meant a number: an expect does nothing, as in the targets.
static void forget_expectations(struct program *program) {
    for (size_t i = 0; i < program->count; i++) {
        if (operation_code(program->operations[i]) == OP_EXPECT) {
            program->operations[i] = operation_from_bits(OP_NOP);
        }
    }
}

int input_read_program_as(const char *path, bool is_raw, struct program *program) {
    uint8_t *bytes;
    size_t size_bytes;
    char text[160];
    struct text_error error;
    int status = input_read_bytes(path, &bytes, &size_bytes);
    if (status != CLI_CLEAN) {
        return status;
    }
    const char *why = is_raw ? NULL : why_no_program(bytes, size_bytes, text, sizeof text);
    if (why != NULL) {
        status = unusable(path, why);
    } else if (!text_read_program(program, bytes, size_bytes, &error)) {
        cli_message("%s:%zu: %s", path, error.line, error.message);
        status = CLI_UNUSABLE;
    } else if (is_raw && !program_bytes_are_text(bytes, size_bytes)) {
        forget_expectations(program);
    }
    free(bytes);
    return status;
}

int input_read_program(const char *path, struct program *program) {
    return input_read_program_as(path, false, program);
}

int output_write_all(int descriptor, const void *bytes, size_t size_bytes) {
    const uint8_t *at = bytes;
    while (size_bytes > 0) {
        ssize_t count = write(descriptor, at, size_bytes);
        if (count < 0 && errno != EINTR) {
            return errno;
        }
        at += count > 0 ? count : 0;
        size_bytes -= count > 0 ? (size_t)count : 0;
    }
    return 0;
}

static int write_to_disk(int descriptor, const void *bytes, size_t size_bytes) {
    int error = output_write_all(descriptor, bytes, size_bytes);
    return error != 0 || fsync(descriptor) == 0 || errno == EINVAL ? error : errno;
}

int output_failed(const char *path, int error) {
    cli_message("%s: %s", path, open_error_text(error));
    bool is_the_machine = error == ENOSPC || error == EDQUOT || error == EIO || error == ENOMEM ||
                          error == EMFILE || error == ENFILE;
    return is_the_machine ? CLI_ENVIRONMENT : CLI_UNUSABLE;
}

static int write_directly(const char *path, const void *bytes, size_t size_bytes) {
    int descriptor = open_in_time(path, O_WRONLY);
    int error = descriptor < 0 ? errno : write_to_disk(descriptor, bytes, size_bytes);
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return error == 0 ? CLI_CLEAN : output_failed(path, error);
}

// The file appears whole or not at all. rename() replaces what is there, link() refuses to.
static int write_beside(const char *path, const void *bytes, size_t size_bytes, bool replaces) {
    size_t name_bytes = strlen(path) + sizeof ".XXXXXX";
    char *temporary = malloc(name_bytes);
    if (temporary == NULL) {
        return out_of_memory();
    }
    (void)snprintf(temporary, name_bytes, "%s.XXXXXX", path);
    int descriptor = mkstemp(temporary);
    int error = descriptor < 0 ? errno : write_to_disk(descriptor, bytes, size_bytes);
    if (descriptor >= 0) {
        (void)fchmod(descriptor, 0644);
        error = close(descriptor) != 0 && error == 0 ? errno : error;
        bool moved =
            error == 0 && (replaces ? rename(temporary, path) : link(temporary, path)) == 0;
        error = moved || error != 0 ? error : errno;
        if (!moved || !replaces) {
            (void)unlink(temporary);
        }
    }
    free(temporary);
    return error == 0 ? CLI_CLEAN : output_failed(path, error);
}

int output_write(const char *path, const void *bytes, size_t size_bytes) {
    struct stat existing;
    if (strcmp(path, "-") == 0) {
        (void)fwrite(bytes, 1, size_bytes, stdout);
        return cli_finish(CLI_CLEAN);
    }
    if (stat(path, &existing) == 0 && !S_ISREG(existing.st_mode)) {
        return write_directly(path, bytes, size_bytes); // a device or pipe cannot be replaced
    }
    return write_beside(path, bytes, size_bytes, true);
}

int output_write_new(const char *path, const void *bytes, size_t size_bytes) {
    return write_beside(path, bytes, size_bytes, false);
}
