// descriptor: a dump to a descriptor or a path: blocking or not, and no signal kills who
// asked for it.
#define _GNU_SOURCE // realpath, mkostemp, sigtimedwait, syscall

#include "dump/writer.h"

#include "allocator/poison.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// Pieces of the heap may hold bytes that are nobody's: the sanitizer's writev() would stop at them.
#if HEAP_POISON_ACTIVE
#define WRITEV(descriptor, pieces, count) syscall(SYS_writev, descriptor, pieces, count)
#else
#define WRITEV(descriptor, pieces, count) writev(descriptor, pieces, count)
#endif

// ---- signals: a reader that went away, or a file over the process's limit, is an error value. The
// signal is held back from this thread while it writes, and taken away when it was the dump that
// raised it.

static const int raised_signals[] = {SIGPIPE, SIGXFSZ};
#define RAISED_COUNT (sizeof raised_signals / sizeof raised_signals[0])

struct signal_shield {
    sigset_t mask_before;
    sigset_t pending_before;
};

static void shield_raise(struct signal_shield *shield) {
    sigset_t held;
    (void)sigemptyset(&held);
    for (size_t i = 0; i < RAISED_COUNT; i++) {
        (void)sigaddset(&held, raised_signals[i]);
    }
    (void)sigpending(&shield->pending_before);
    (void)pthread_sigmask(SIG_BLOCK, &held, &shield->mask_before);
}

static void shield_lower(const struct signal_shield *shield) {
    for (size_t i = 0; i < RAISED_COUNT; i++) {
        sigset_t one;
        (void)sigemptyset(&one);
        (void)sigaddset(&one, raised_signals[i]);
        if (sigismember(&shield->pending_before, raised_signals[i]) == 0) {
            (void)sigtimedwait(&one, NULL, &(struct timespec){0}); // does not wait
        }
    }
    (void)pthread_sigmask(SIG_SETMASK, &shield->mask_before, NULL);
}

// 0 or an errno value, of a call that returns -1 on failure.
static int error_of(int status) {
    return status == -1 ? errno : 0;
}

// ---- descriptors

// What a sink's write returns, of what the system's did.
static int64_t taken(ssize_t count) {
    return count == -1 ? -(int64_t)errno : (int64_t)count;
}

static int64_t descriptor_write(void *context, const void *bytes, size_t size_bytes) {
    const int *descriptor = context;
    return taken(write(*descriptor, bytes, size_bytes));
}

static int64_t descriptor_write_pieces(void *context, const struct iovec *pieces,
                                       size_t piece_count) {
    const int *descriptor = context;
    return taken(WRITEV(*descriptor, pieces, (int)piece_count));
}

static int descriptor_wait(void *context) {
    const int *descriptor = context;
    struct pollfd poll_one = {.fd = *descriptor, .events = POLLOUT};
    return -error_of(poll(&poll_one, 1, -1)); // what broke meanwhile, the next write tells
}

struct dump_result dump_write_descriptor(struct runtime *runtime, struct mcache *cache,
                                         int descriptor) {
    struct dump_sink sink = {
        .write = descriptor_write,
        .wait = descriptor_wait,
        .context = &descriptor,
        .write_pieces = descriptor_write_pieces,
    };
    struct signal_shield shield;
    shield_raise(&shield);
    struct dump_result result = dump_write(runtime, cache, &sink);
    shield_lower(&shield);
    return result;
}

// ---- paths

#define TEMPORARY_NAME ".heapdump-XXXXXX"

// Where a dump of a path is made before it gets its name.
struct dump_file {
    char path[PATH_MAX];                              // the name; links are resolved
    char temporary[PATH_MAX + sizeof TEMPORARY_NAME]; // beside it
    char directory[PATH_MAX];                         // of both
    int descriptor;
    int directory_descriptor;
};

// Fills the names. A name that is a link stands for what it leads to, when that exists.
static int file_name(struct dump_file *file, const char *path) {
    if (strlen(path) >= PATH_MAX) {
        return ENAMETOOLONG;
    }
    if (realpath(path, file->path) == NULL) {
        memcpy(file->path, path, strlen(path) + 1);
    }
    const char *slash = strrchr(file->path, '/');
    size_t prefix_bytes = slash == NULL ? 0 : (size_t)(slash - file->path) + 1;
    memcpy(file->temporary, file->path, prefix_bytes);
    memcpy(file->temporary + prefix_bytes, TEMPORARY_NAME, sizeof TEMPORARY_NAME);
    memcpy(file->directory, file->path, prefix_bytes);
    memcpy(file->directory + prefix_bytes, ".", slash == NULL ? 2 : 0);
    file->directory[slash == NULL ? 1 : prefix_bytes] = '\0';
    return 0;
}

static int file_open(struct dump_file *file) {
    file->directory_descriptor = open(file->directory, O_RDONLY | O_CLOEXEC);
    if (file->directory_descriptor == -1) {
        return errno;
    }
    file->descriptor = mkostemp(file->temporary, O_CLOEXEC); // mode 0600: a dump holds secrets
    if (file->descriptor == -1) {
        int error = errno;
        (void)close(file->directory_descriptor);
        return error;
    }
    return 0;
}

// A file system that cannot sync a directory says EINVAL: then there is nothing more to be had.
static int sync_directory(int descriptor) {
    int error = error_of(fsync(descriptor));
    return error == EINVAL ? 0 : error;
}

// Gives the file its name, or, when something failed, leaves none. Returns the first error.
static int file_close(struct dump_file *file, int error) {
    if (error == 0) {
        error = error_of(fsync(file->descriptor));
    }
    int close_error = error_of(close(file->descriptor));
    error = error != 0 ? error : close_error;
    if (error == 0) {
        error = error_of(rename(file->temporary, file->path));
    }
    if (error != 0) {
        (void)unlink(file->temporary);
    } else {
        error = sync_directory(file->directory_descriptor);
        if (error != 0) {
            (void)unlink(file->path);
        }
    }
    (void)close(file->directory_descriptor);
    return error;
}

// A device, pipe or socket is written to; it is not replaced by a file.
static struct dump_result write_special(struct runtime *runtime, struct mcache *cache,
                                        const char *path) {
    int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor == -1) {
        return (struct dump_result){.error = errno};
    }
    struct dump_result result = dump_write_descriptor(runtime, cache, descriptor);
    int close_error = error_of(close(descriptor));
    result.error = result.error != 0 ? result.error : close_error;
    return result;
}

struct dump_result dump_write_path(struct runtime *runtime, struct mcache *cache,
                                   const char *path) {
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        return write_special(runtime, cache, path); // of a directory: EISDIR, by open
    }
    struct dump_file file;
    int error = file_name(&file, path);
    if (error == 0) {
        error = file_open(&file);
    }
    if (error != 0) {
        return (struct dump_result){.error = error};
    }
    struct dump_result result = dump_write_descriptor(runtime, cache, file.descriptor);
    result.error = file_close(&file, result.error);
    return result;
}
