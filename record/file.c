// file: the trace of this process: its name, its header, and the chunks that its threads write to.
#define _GNU_SOURCE // MADV_WIPEONFORK, MAP_POPULATE, O_TMPFILE
#include "record/file.h"

#include "trace/format.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAMES_MAX 1000000 // of one process

static struct file_state nothing;
struct file_state *file_state = &nothing;

static char base_path[4096]; // "": nothing is asked for
static uint64_t last_generation;
static uint32_t version;

void file_lock(unsigned char _Atomic *lock) {
    while (atomic_exchange_explicit(lock, 1, memory_order_acquire) != 0) {
        (void)sched_yield();
    }
}

void file_unlock(unsigned char _Atomic *lock) {
    atomic_store_explicit(lock, 0, memory_order_release);
}

static void lock(void) {
    file_lock(&file_state->lock);
}

static void unlock(void) {
    file_unlock(&file_state->lock);
}

static uint64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

// ---- the file under its name

// Above what programs count on; where fewer are allowed, where it is.
static int raise_descriptor(int low) {
    int high = fcntl(low, F_DUPFD_CLOEXEC, 970);
    if (high >= 0) {
        (void)close(low);
        return high;
    }
    return low;
}

static bool is_ours(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && status.st_dev == file_state->device &&
           status.st_ino == file_state->inode;
}

// The program may have closed it, and may use its number for a file of its own.
static int find_descriptor(void) {
    if (is_ours(file_state->descriptor)) {
        return 0;
    }
    int descriptor = open(file_state->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) {
        return errno;
    }
    if (!is_ours(descriptor)) {
        (void)close(descriptor);
        return ENOENT;
    }
    file_state->descriptor = raise_descriptor(descriptor);
    return 0;
}

// What the file is known by, wherever its descriptor is.
static int take_descriptor(int descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        int error = errno;
        (void)close(descriptor);
        return error;
    }
    file_state->device = status.st_dev;
    file_state->inode = status.st_ino;
    file_state->descriptor = raise_descriptor(descriptor);
    return 0;
}

// Gives the file its name, file_state->path, or makes one there if it has no descriptor yet. -1:
// errno.
static int put_there(int unnamed) {
    char from[32];
    if (unnamed < 0) {
        return open(file_state->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    }
    (void)snprintf(from, sizeof from, "/proc/self/fd/%d", unnamed);
    return linkat(AT_FDCWD, from, AT_FDCWD, file_state->path, AT_SYMLINK_FOLLOW);
}

// The same under the first name that is free. -1: errno.
static int put_under_free_name(int unnamed, bool is_child) {
    int result = -1;
    errno = EEXIST;
    if (!is_child) {
        memcpy(file_state->path, base_path, sizeof base_path);
        result = put_there(unnamed);
    }
    for (unsigned n = 1; result < 0 && errno == EEXIST && n <= NAMES_MAX; n++) {
        int length = snprintf(file_state->path, sizeof file_state->path, "%s.%ld.%u", base_path,
                              (long)getpid(), n);
        if (length < 0 || (size_t)length >= sizeof file_state->path) {
            errno = ENAMETOOLONG;
            return -1;
        }
        result = put_there(unnamed);
    }
    return result;
}

// A file without a name in the folder of the trace. -1: the file system has none.
static int open_unnamed(void) {
    memcpy(file_state->path, base_path, sizeof base_path);
    char *slash = strrchr(file_state->path, '/');
    if (slash != NULL) {
        slash[1] = 0;
    }
    return open(slash == NULL ? "." : file_state->path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

// ---- room

// What goes over the limit of a file's size is a signal that ends the program: it is not tried.
static int take_room(uint64_t offset, size_t size_bytes) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        offset + size_bytes > limit.rlim_cur) {
        return EFBIG;
    }
    int error = find_descriptor();
    return error != 0 ? error
                      : posix_fallocate(file_state->descriptor, (off_t)offset, (off_t)size_bytes);
}

// The child of a fork does not get it. NULL: *error says why.
static uint8_t *map(uint64_t offset, size_t size_bytes, int *error) {
    *error = take_room(offset, size_bytes);
    if (*error != 0) {
        return NULL;
    }
    void *mapped = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                        file_state->descriptor, (off_t)offset);
    if (mapped == MAP_FAILED) {
        *error = errno;
        return NULL;
    }
    (void)madvise(mapped, size_bytes, MADV_DONTFORK);
    return mapped;
}

static void stop(int error) {
    file_state->is_stopped = true;
    if (file_state->header != NULL) {
        file_state->header->error = htole32((uint32_t)error);
        file_state->header->end = htole32(TRACE_END_STOPPED);
    }
}

// ---- beginning

static int write_header(void) {
    int error = 0;
    uint8_t *page = map(0, TRACE_HEADER_BYTES, &error);
    if (page == NULL) {
        return error;
    }
    struct trace_header header = {
        .version = htole32(version),
        .chunk_bytes = htole32(TRACE_CHUNK_BYTES),
        .start_ns = htole64(now_ns()),
        .process_id = htole32((uint32_t)getpid()),
        .parent_id = htole32((uint32_t)getppid()),
    };
    memcpy(header.magic, TRACE_MAGIC, sizeof header.magic);
    memcpy(page, &header, sizeof header);
    file_state->header = (struct trace_header *)page;
    return 0;
}

static void forget_unnamed(void) {
    if (file_state->header != NULL) {
        (void)munmap(file_state->header, TRACE_HEADER_BYTES);
        file_state->header = NULL;
    }
    (void)close(file_state->descriptor);
}

// Whoever is killed meanwhile leaves nothing: the file has its name last. False: there is no such
// file system, /proc is not there, or what make_named() will say.
static bool make_whole(bool is_child) {
    int descriptor = open_unnamed();
    if (descriptor < 0 || take_descriptor(descriptor) != 0) {
        return false;
    }
    if (write_header() != 0 || put_under_free_name(file_state->descriptor, is_child) < 0) {
        forget_unnamed();
        return false;
    }
    return true;
}

// Killed meanwhile it is no trace yet. 0, or errno.
static int make_named(bool is_child) {
    int descriptor = put_under_free_name(-1, is_child);
    int error = descriptor < 0 ? errno : take_descriptor(descriptor);
    return error == 0 ? write_header() : error;
}

static int begin_file(bool is_child) {
    int error = make_whole(is_child) ? 0 : make_named(is_child);
    if (error != 0) {
        file_state->is_stopped = true;
        return error;
    }
    file_state->generation = ++last_generation;
    return 0;
}

// Where the system cannot wipe, by the C library: a fork that goes past it writes to the parent's
// trace.
static void wipe(void) {
    memset(file_state, 0, sizeof *file_state);
}

int file_begin(const char *path, uint32_t version_wanted) {
    size_t length = strlen(path);
    if (length >= sizeof base_path) {
        return ENAMETOOLONG;
    }
    void *state =
        mmap(NULL, sizeof *file_state, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (state == MAP_FAILED) {
        return errno;
    }
    if (madvise(state, sizeof *file_state, MADV_WIPEONFORK) != 0) {
        (void)pthread_atfork(NULL, NULL, wipe);
    }
    memcpy(base_path, path, length + 1);
    version = version_wanted;
    file_state = state;
    return begin_file(false);
}

bool file_is_open(void) {
    if (file_state->generation == 0 && base_path[0] != 0 && !file_state->is_stopped) {
        lock();
        if (file_state->generation == 0 && !file_state->is_stopped) {
            (void)begin_file(true);
        }
        unlock();
    }
    return file_state->generation != 0 && !file_state->is_stopped;
}

uint32_t file_add_thread(void) {
    lock();
    uint32_t number = file_state->thread_count++;
    unlock();
    return number;
}

// ---- chunks

static bool take_new(struct chunk *chunk, uint64_t begun_ns) {
    int error = 0;
    uint64_t offset = TRACE_HEADER_BYTES + (uint64_t)file_state->chunk_count * TRACE_CHUNK_BYTES;
    uint8_t *base = map(offset, TRACE_CHUNK_BYTES, &error);
    if (base == NULL) {
        stop(error);
        return false;
    }
    file_state->chunk_count++;
    *chunk =
        (struct chunk){.base = base, .used_bytes = TRACE_CHUNK_HEAD_BYTES, .time_ns = begun_ns};
    uint64_t time_ns = htole64(chunk->time_ns);
    memcpy(base, &time_ns, sizeof time_ns);
    return true;
}

bool file_take(struct chunk *chunk) {
    bool is_taken = true;
    lock();
    if (file_state->is_stopped) {
        is_taken = false;
    } else if (file_state->pool_count > 0) {
        *chunk = file_state->pool[--file_state->pool_count];
    } else {
        is_taken = take_new(chunk, now_ns());
    }
    unlock();
    return is_taken;
}

bool file_take_definitions(struct chunk *chunk) {
    lock();
    bool is_taken = !file_state->is_stopped && take_new(chunk, TRACE_DEFINITIONS_NS);
    unlock();
    return is_taken;
}

void file_give(const struct chunk *chunk) {
    if (chunk->base == NULL) {
        return;
    }
    lock();
    bool has_room = chunk->used_bytes + (size_t)3 * TRACE_RECORD_BYTES_MAX <= TRACE_CHUNK_BYTES;
    bool is_kept = has_room && file_state->pool_count < FILE_POOL_CHUNKS;
    if (is_kept) {
        file_state->pool[file_state->pool_count++] = *chunk;
    }
    unlock();
    if (!is_kept) {
        (void)munmap(chunk->base, TRACE_CHUNK_BYTES);
    }
}

void file_end(void) {
    if (file_state->header != NULL && !file_state->is_stopped) {
        file_state->header->end = htole32(TRACE_END_EXIT);
    }
}
