// input: a dump file opened for reading, and what is told when it cannot be read.

#define _GNU_SOURCE // O_TMPFILE

#include "cli/io/cli.h"
#include "cli/io/clock.h"
#include "cli/io/input.h"
#include "cli/io/open.h"
#include "cli/dump/dump.h"
#include "cli/dump/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES (256u << 10)
#define MIB        (1u << 20)

struct dump_input {
    const char *path; // for messages
    int descriptor;
    enum dump_mode mode;
    struct unpack *unpack;
    struct dump_reader *reader;
    uint64_t read_bytes; // of this reading
    int64_t shown_ms;    // 0: nothing is shown
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

static int64_t read_some(void *context, void *bytes, size_t size_bytes) {
    struct dump_input *input = context;
    int64_t count = unpack_read(input->unpack, bytes, size_bytes);
    input->read_bytes += count > 0 ? (uint64_t)count : 0;
    if (input->shown_ms != 0) {
        cli_tell(&input->shown_ms, "reading %s: %" PRIu64 " MiB", input->path,
                 input->read_bytes / MIB);
    }
    return count;
}

// A reader from where the descriptor stands.
static bool start(struct dump_input *input) {
    const struct dump_source source = {.read = read_some, .context = input};
    input->unpack = unpack_create(input->descriptor);
    input->reader = input->unpack != NULL ? dump_reader_create(&source, input->mode) : NULL;
    return input->reader != NULL;
}

static void stop(struct dump_input *input) {
    dump_reader_destroy(input->reader);
    unpack_destroy(input->unpack);
    input->reader = NULL;
    input->unpack = NULL;
    input->read_bytes = 0;
}

static struct dump_input *input_of(const char *path, int descriptor, enum dump_mode mode,
                                   int *status) {
    struct dump_input *input = calloc(1, sizeof(*input));
    if (input != NULL) {
        *input = (struct dump_input){.path = descriptor == STDIN_FILENO ? "stdin" : path,
                                     .descriptor = descriptor,
                                     .mode = mode};
        if (start(input)) {
            return input;
        }
        dump_input_close(input);
    } else if (descriptor != STDIN_FILENO) {
        close(descriptor);
    }
    cli_message("%s: out of memory", path);
    *status = CLI_ENVIRONMENT;
    return NULL;
}

static int open_file(const char *path, int *status) {
    int descriptor = strcmp(path, "-") == 0 ? STDIN_FILENO : open_in_time(path, O_RDONLY);
    if (descriptor < 0) {
        int error = errno;
        cli_message("%s: cannot open: %s", path, open_error_text(error));
        *status = status_of(error);
    }
    return descriptor;
}

struct dump_input *dump_input_open(const char *path, enum dump_mode mode, int *status) {
    int descriptor = open_file(path, status);
    return descriptor < 0 ? NULL : input_of(path, descriptor, mode, status);
}

// ---- more than one reading

// Copies a pipe to a file without a name, which goes with the process. -1: told.
static int keep_pipe(const char *path, int from, int *status) {
    static char bytes[COPY_BYTES];
    const char *folder = getenv("TMPDIR");
    folder = folder == NULL || folder[0] == 0 ? "/tmp" : folder;
    int to = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    ssize_t count = 1;
    int error = to < 0 ? errno : 0;
    while (error == 0 && count > 0) {
        count = read(from, bytes, sizeof bytes);
        if (count < 0 && errno == EINTR) {
            count = 1;
        } else if (count < 0) {
            cli_message("%s: cannot read: %s", path, strerror(errno));
            *status = status_of(errno);
            close(to);
            return -1;
        } else {
            error = output_write_all(to, bytes, (size_t)count);
        }
    }
    if (error == 0 && lseek(to, 0, SEEK_SET) != 0) {
        error = errno;
    }
    if (error != 0) {
        cli_message("%s: it is read twice, and cannot be kept in %s: %s", path, folder,
                    strerror(error));
        *status = CLI_ENVIRONMENT;
        if (to >= 0) {
            close(to);
        }
        return -1;
    }
    return to;
}

struct dump_input *dump_input_open_again(const char *path, enum dump_mode mode, int *status) {
    int descriptor = open_file(path, status);
    if (descriptor >= 0 && lseek(descriptor, 0, SEEK_SET) != 0) {
        int kept = keep_pipe(path, descriptor, status);
        if (descriptor != STDIN_FILENO) {
            close(descriptor);
        }
        descriptor = kept;
    }
    struct dump_input *input = descriptor < 0 ? NULL : input_of(path, descriptor, mode, status);
    if (input != NULL) {
        input->shown_ms = clock_ms();
    }
    return input;
}

bool dump_input_rewind(struct dump_input *input, int *status) {
    stop(input);
    *status = CLI_ENVIRONMENT;
    if (lseek(input->descriptor, 0, SEEK_SET) != 0) {
        cli_message("%s: cannot read it again: %s", input->path, strerror(errno));
        return false;
    }
    if (!start(input)) {
        cli_message("%s: out of memory", input->path);
        return false;
    }
    return true;
}

bool dump_input_rewind_to(struct dump_input *input, uint64_t offset_bytes, int *status) {
    static uint8_t skipped[COPY_BYTES];
    bool is_there = dump_input_rewind(input, status);
    while (is_there && offset_bytes > 0) {
        size_t wanted = offset_bytes < sizeof skipped ? (size_t)offset_bytes : sizeof skipped;
        int64_t count = read_some(input, skipped, wanted);
        is_there = count > 0 || count == -EINTR;
        offset_bytes -= count > 0 ? (uint64_t)count : 0;
        if (!is_there) {
            cli_message("%s: it changed while it was read", input->path);
            *status = CLI_UNUSABLE;
        }
    }
    return is_there;
}

struct dump_reader *dump_input_reader(struct dump_input *input) {
    return input->reader;
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
    stop(input);
    if (input->descriptor != STDIN_FILENO) {
        close(input->descriptor);
    }
    free(input);
}

void dump_input_each_quietly(struct dump_input *input, dump_visit *visit, void *context) {
    bool goes_on = true;
    const struct dump_record *record;
    while (goes_on && (record = dump_reader_next(input->reader)) != NULL) {
        goes_on = visit(context, record, input->reader);
    }
}

int dump_input_read(struct dump_input *input, dump_visit *visit, void *context) {
    dump_input_each_quietly(input, visit, context);
    return dump_input_status(input);
}

int dump_input_each(const char *path, enum dump_mode mode, dump_visit *visit, void *context) {
    int status = CLI_CLEAN;
    struct dump_input *input = dump_input_open(path, mode, &status);
    if (input != NULL) {
        status = dump_input_read(input, visit, context);
        dump_input_close(input);
    }
    return status;
}
