// target: a file that appears whole or not at all.

#define _GNU_SOURCE // O_TMPFILE, beside mkstemp and fsync

#include "cli/dump/copy/target.h"

#include "cli/io/cli.h"
#include "cli/io/open.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t write_descriptor(void *context, const void *bytes, size_t size_bytes) {
    const struct target *target = context;
    ssize_t taken = write(target->descriptor, bytes, size_bytes);
    return taken < 0 ? -errno : taken;
}

static int fail(const struct target *target, const char *what, int error, int status) {
    cli_message("%s: cannot %s: %s", target->path, what, open_error_text(error));
    return status;
}

// A device or pipe is written directly: a rename would replace it.
static bool is_special(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

// A file without a name beside the path, where the file system has such.
static bool open_unnamed(struct target *target) {
    char folder[TARGET_PATH_BYTES];
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

static int open_file(struct target *target) {
    target->temporary[0] = '\0';
    if (strcmp(target->path, "-") == 0) {
        target->descriptor = STDOUT_FILENO;
        return CLI_CLEAN;
    }
    if (is_special(target->path)) {
        target->descriptor = open_in_time(target->path, O_WRONLY);
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

void target_close(struct target *target) {
    if (target == NULL) {
        return;
    }
    if (target->descriptor > STDERR_FILENO) {
        close(target->descriptor);
    }
    if (target->temporary[0] != '\0' && !target->is_unnamed) {
        unlink(target->temporary);
    }
    free(target);
}

struct target *target_open(const char *path, int *status) {
    struct target *target = malloc(sizeof(*target));
    signal(SIGXFSZ, SIG_IGN); // a file size limit is an error of write(), not a death
    if (target == NULL) {
        cli_message("%s: out of memory", path);
        *status = CLI_ENVIRONMENT;
        return NULL;
    }
    target->path = path;
    target->is_unnamed = false;
    target->descriptor = -1;
    *status = open_file(target);
    if (*status != CLI_CLEAN) {
        target_close(target);
        return NULL;
    }
    const struct dump_output output = {.write = write_descriptor, .context = target};
    dump_recoder_init(&target->recoder, &output);
    return target;
}

int target_finish(struct target *target) {
    if (!dump_recoder_finish(&target->recoder)) {
        return fail(target, "write", target->recoder.error, CLI_ENVIRONMENT);
    }
    return publish(target);
}

int target_write(const char *path, const void *bytes, size_t size_bytes) {
    int status;
    struct target *target = target_open(path, &status);
    if (target == NULL) {
        return status;
    }
    const uint8_t *at = bytes;
    while (size_bytes > 0 && status == CLI_CLEAN) {
        int64_t taken = write_descriptor(target, at, size_bytes);
        if (taken > 0) {
            at += taken;
            size_bytes -= (size_t)taken;
        } else if (taken != -EINTR) {
            status = fail(target, "write", taken == 0 ? ENOSPC : (int)-taken, CLI_ENVIRONMENT);
        }
    }
    status = status == CLI_CLEAN ? publish(target) : status;
    target_close(target);
    return status;
}
