// input: a dump file opened for reading, and what is told when it cannot be read.

#define _XOPEN_SOURCE 700 // open flags of POSIX 2008

#include "cli/io/cli.h"
#include "cli/dump/dump.h"
#include "cli/dump/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct dump_input {
    const char *path; // for messages
    int descriptor;
    struct unpack *unpack;
    struct dump_reader *reader;
};

// Which errors are the caller's choice of file, and which the machine's.
static int status_of(int system_error) {
    switch (system_error) {
    case EIO:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return CLI_ENVIRONMENT;
    default:
        return CLI_UNUSABLE;
    }
}

struct dump_input *dump_input_open(const char *path, enum dump_mode mode, int *status) {
    bool is_stdin = strcmp(path, "-") == 0;
    int descriptor = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        cli_message("%s: cannot open: %s", path, strerror(errno));
        *status = status_of(errno);
        return NULL;
    }
    struct dump_input *input = calloc(1, sizeof(*input));
    if (input != NULL) {
        input->path = is_stdin ? "stdin" : path;
        input->descriptor = descriptor;
        input->unpack = unpack_create(descriptor);
        const struct dump_source source = {.read = unpack_read, .context = input->unpack};
        input->reader = input->unpack != NULL ? dump_reader_create(&source, mode) : NULL;
        if (input->reader != NULL) {
            return input;
        }
        dump_input_close(input);
    } else if (!is_stdin) {
        close(descriptor);
    }
    cli_message("%s: out of memory", path);
    *status = CLI_ENVIRONMENT;
    return NULL;
}

// What lenient reading forgave, on one line.
static void tell_forgiven(const struct dump_input *input) {
    char text[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < DUMP_FORGIVEN_COUNT; i++) {
        uint64_t times = dump_reader_forgiven(input->reader, (enum dump_forgiven)i);
        if (times > 0 && used < sizeof(text)) {
            int wanted = snprintf(text + used, sizeof(text) - used, "%s %" PRIu64 " %s",
                                  used > 0 ? "," : "", times, dump_forgiven_names[i]);
            used += wanted > 0 ? (size_t)wanted : 0;
        }
    }
    if (used > 0) {
        cli_message("%s: forgiven:%s", input->path, text);
    }
}

int dump_input_status(const struct dump_input *input) {
    const struct dump_error *error = dump_reader_error(input->reader);
    const char *fault = unpack_fault(input->unpack);
    if (error->kind == DUMP_ERROR_NONE) {
        tell_forgiven(input);
        return CLI_CLEAN;
    }
    if (error->kind == DUMP_ERROR_READ && fault != NULL) {
        cli_message("%s: %s, at compressed byte %" PRIu64 ", good up to byte %" PRIu64, input->path,
                    fault, unpack_offset(input->unpack), error->good_bytes);
        return CLI_UNUSABLE;
    }
    char text[512];
    cli_message("%s: %s", input->path, dump_error_text(error, text, sizeof(text)));
    if (error->kind == DUMP_ERROR_MEMORY) {
        return CLI_ENVIRONMENT;
    }
    return error->kind == DUMP_ERROR_READ ? status_of(error->system_error) : CLI_UNUSABLE;
}

void dump_input_close(struct dump_input *input) {
    if (input == NULL) {
        return;
    }
    dump_reader_destroy(input->reader);
    unpack_destroy(input->unpack);
    if (input->descriptor != STDIN_FILENO) {
        close(input->descriptor);
    }
    free(input);
}

int dump_input_each(const char *path, enum dump_mode mode,
                    bool (*visit)(void *context, const struct dump_record *record,
                                  const struct dump_reader *reader),
                    void *context) {
    int status = CLI_CLEAN;
    struct dump_input *input = dump_input_open(path, mode, &status);
    if (input == NULL) {
        return status;
    }
    bool goes_on = true;
    const struct dump_record *record;
    while (goes_on && (record = dump_reader_next(input->reader)) != NULL) {
        goes_on = visit(context, record, input->reader);
    }
    status = dump_input_status(input);
    dump_input_close(input);
    return status;
}
