// recode: `dump recode`: a dump decoded and encoded again into a file that appears whole or
// not at all.

#define _GNU_SOURCE // O_TMPFILE, beside mkstemp and fsync

#include "cli/io/cli.h"
#include "cli/dump/dump.h"
#include "dump/recode.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: countercheck dump recode IN OUT [--lenient]\n"
    "Decodes IN and encodes it again: OUT has the same bytes, plain, when IN is a\n"
    "strict dump. OUT is made whole under another name beside it and then renamed;\n"
    "its mode is 0600, as a dump holds secrets. - is stdin or stdout.\n";

struct target {
    const char *path;
    char temporary[PATH_MAX]; // empty: written directly
    int descriptor;
    bool is_unnamed; // temporary is a template still: a death leaves nothing behind
    struct dump_recoder recoder;
};

static int64_t write_descriptor(void *context, const void *bytes, size_t size_bytes) {
    const struct target *target = context;
    ssize_t taken = write(target->descriptor, bytes, size_bytes);
    return taken < 0 ? -errno : taken;
}

static int fail(const struct target *target, const char *what, int error, int status) {
    cli_message("%s: cannot %s: %s", target->path, what, strerror(error));
    return status;
}

// A device or pipe is written directly: a rename would replace it.
static bool is_special(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

// A file without a name beside the path, where the file system has such.
static bool open_unnamed(struct target *target) {
    char folder[PATH_MAX];
    const char *slash = strrchr(target->path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - target->path) + 1;
    if (length >= sizeof(folder) || access("/proc/self/fd", X_OK) != 0) {
        return false;
    }
    memcpy(folder, target->path, length);
    memcpy(folder + length, ".", length > 0 ? 0 : 1);
    folder[length > 0 ? length : 1] = '\0';
    target->descriptor = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR);
    target->is_unnamed = target->descriptor >= 0;
    return target->is_unnamed;
}

// Gives the whole file the name of a temporary, to be renamed at once. False: errno says why.
static bool name_it(struct target *target) {
    char from[64];
    char *suffix = target->temporary + strlen(target->temporary) - 6; // of the template
    snprintf(from, sizeof(from), "/proc/self/fd/%d", target->descriptor);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(suffix, 7, "%06u", ((unsigned)getpid() + i) % 1000000);
        if (linkat(AT_FDCWD, from, AT_FDCWD, target->temporary, AT_SYMLINK_FOLLOW) == 0) {
            target->is_unnamed = false;
            return true;
        }
        if (errno != EEXIST) {
            return false;
        }
    }
    return false;
}

static int open_target(struct target *target) {
    target->temporary[0] = '\0';
    if (strcmp(target->path, "-") == 0) {
        target->descriptor = STDOUT_FILENO;
        return CLI_CLEAN;
    }
    if (is_special(target->path)) {
        target->descriptor = open(target->path, O_WRONLY | O_CLOEXEC);
        return target->descriptor >= 0 ? CLI_CLEAN : fail(target, "write", errno, CLI_UNUSABLE);
    }
    int wanted = snprintf(target->temporary, sizeof(target->temporary), "%s.XXXXXX", target->path);
    if (wanted < 0 || (size_t)wanted >= sizeof(target->temporary)) {
        target->temporary[0] = '\0';
        return fail(target, "write", ENAMETOOLONG, CLI_UNUSABLE);
    }
    if (open_unnamed(target)) {
        return CLI_CLEAN;
    }
    target->descriptor = mkstemp(target->temporary);
    if (target->descriptor < 0) {
        int error = errno;
        target->temporary[0] = '\0';
        bool is_full = error == ENOSPC || error == EDQUOT || error == EIO;
        return fail(target, "create", error, is_full ? CLI_ENVIRONMENT : CLI_UNUSABLE);
    }
    return CLI_CLEAN;
}

// To disk, then under its name.
static int publish(struct target *target) {
    if (target->descriptor == STDOUT_FILENO) {
        return CLI_CLEAN;
    }
    bool is_renamed = target->temporary[0] != '\0';
    if (is_renamed && fsync(target->descriptor) != 0) {
        return fail(target, "write", errno, CLI_ENVIRONMENT);
    }
    if (target->is_unnamed && !name_it(target)) {
        return fail(target, "rename", errno, CLI_UNUSABLE);
    }
    int closed = close(target->descriptor);
    target->descriptor = -1;
    if (closed != 0) {
        return fail(target, "write", errno, CLI_ENVIRONMENT);
    }
    if (is_renamed && rename(target->temporary, target->path) != 0) {
        return fail(target, "rename", errno, CLI_UNUSABLE);
    }
    target->temporary[0] = '\0';
    return CLI_CLEAN;
}

static void close_target(struct target *target) {
    if (target->descriptor > STDERR_FILENO) {
        close(target->descriptor);
    }
    if (target->temporary[0] != '\0' && !target->is_unnamed) {
        unlink(target->temporary);
    }
}

static bool visit(void *context, const struct dump_record *record,
                  const struct dump_reader *reader) {
    struct target *target = context;
    (void)reader;
    return dump_recoder_add(&target->recoder, record);
}

static int recode(struct target *target, const char *from, enum dump_mode mode) {
    const struct dump_output output = {.write = write_descriptor, .context = target};
    dump_recoder_init(&target->recoder, &output);
    int status = dump_input_each(from, mode, visit, target);
    if (status != CLI_CLEAN) {
        return status;
    }
    if (!dump_recoder_finish(&target->recoder)) {
        return fail(target, "write", target->recoder.error, CLI_ENVIRONMENT);
    }
    return publish(target);
}

int dump_recode(int argc, char **argv) {
    struct dump_options options;
    int status = dump_options_parse(&options, argc, argv, 2, false, usage);
    if (status >= 0) {
        return status;
    }
    signal(SIGXFSZ, SIG_IGN); // a file size limit is an error of write(), not a death
    struct target *target = malloc(sizeof(*target));
    if (target == NULL) {
        cli_message("dump recode: out of memory");
        return CLI_ENVIRONMENT;
    }
    target->path = options.files[1];
    target->is_unnamed = false;
    target->descriptor = -1;
    status = open_target(target);
    if (status == CLI_CLEAN) {
        status = recode(target, options.files[0], dump_options_mode(&options));
    }
    close_target(target);
    free(target);
    return status;
}
