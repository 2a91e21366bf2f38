// test_writer_descriptor: dumps to pipes, devices and paths, and what is left when they fail.
//
// holds: dump/write/descriptor.c
#define _GNU_SOURCE // RTLD_NEXT

#include "tests/dump/written.h"
#include "tests/test.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// ---- the system's calls that fail on demand; these definitions stand before libc's

static struct fault {
    int fail_at; // the nth call from now fails; 0: none
    int error;
} sync_fault, rename_fault, poll_fault, write_fault, pieces_fault;

static bool is_due(int *fail_at) {
    return *fail_at > 0 && --*fail_at == 0;
}

static long (*real_syscall(void))(long, ...) {
    long (*call)(long, ...);
    *(void **)&call = dlsym(RTLD_NEXT, "syscall");
    return call;
}

#define PIECES_MAX 7 // that one call takes

// A write that fails, or, where the fault names no error, takes nothing: errno is then an old one.
static ssize_t write_or_fail(struct fault *fault, long number, int descriptor, const void *from,
                             size_t count) {
    if (is_due(&fault->fail_at)) {
        errno = fault->error == 0 ? ENOLCK : fault->error;
        return fault->error == 0 ? 0 : -1;
    }
    return real_syscall()(number, descriptor, from, count);
}

ssize_t write(int descriptor, const void *bytes, size_t size_bytes) {
    return write_or_fail(&write_fault, SYS_write, descriptor, bytes, size_bytes);
}

ssize_t writev(int descriptor, const struct iovec *pieces, int count) {
    return write_or_fail(&pieces_fault, SYS_writev, descriptor, pieces,
                         (size_t)(count < PIECES_MAX ? count : PIECES_MAX));
}

// Pieces go this way where the sanitizer's writev() would stop at them.
long syscall(long number, ...) {
    va_list arguments;
    va_start(arguments, number);
    long given[5];
    for (size_t i = 0; i < 5; i++) {
        given[i] = va_arg(arguments, long);
    }
    va_end(arguments);
    if (number == SYS_writev) {
        return writev((int)given[0], (const struct iovec *)given[1], (int)given[2]);
    }
    return real_syscall()(number, given[0], given[1], given[2], given[3], given[4]);
}

// Whom nobody else's program inherits.
static void assert_is_ours_alone(int descriptor) {
    assert_int_equal(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

int fsync(int descriptor) {
    assert_is_ours_alone(descriptor);
    if (is_due(&sync_fault.fail_at)) {
        errno = sync_fault.error;
        return -1;
    }
    return fdatasync(descriptor);
}

int rename(const char *from, const char *to) {
    if (is_due(&rename_fault.fail_at)) {
        errno = rename_fault.error;
        return -1;
    }
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int poll(struct pollfd *descriptors, nfds_t count, int timeout_ms) {
    if (is_due(&poll_fault.fail_at)) {
        errno = poll_fault.error;
        return -1;
    }
    (void)descriptors;
    assert_int_equal(count, 1);
    assert_int_equal(timeout_ms, -1);
    (void)sched_yield();
    return 1; // perhaps too early: the next write then says so
}

struct fixture {
    struct written written;
    char directory[64];
    char path[96];
};

static int setup(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct written *written = &fixture->written;
    written_begin(written, &(struct runtime_options){0});
    for (size_t i = 0; i < 300; i++) { // more than a pipe holds
        assert_non_null(heap_alloc(written->heap, written->cache, 1024, NULL, HEAP_ALLOC_ZERO));
    }
    for (size_t i = 0; i < 20; i++) { // behind them, what goes as pieces
        assert_non_null(heap_alloc(written->heap, written->cache, 20480, NULL, HEAP_ALLOC_ZERO));
    }
    written_dump(written);
    strcpy(fixture->directory, "/tmp/countercheck-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/dump", fixture->directory);
    *state = fixture;
    return 0;
}

static size_t file_count(const char *directory) {
    DIR *entries = opendir(directory);
    size_t count = 0;
    struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    (void)closedir(entries);
    return count;
}

static int teardown(void **state) {
    struct fixture *fixture = *state;
    written_end(&fixture->written);
    (void)unlink(fixture->path);
    assert_int_equal(rmdir(fixture->directory), 0); // nothing else was left
    free(fixture);
    return 0;
}

TEST_FIXTURE(setup, teardown)

static struct dump_result to_path(struct fixture *fixture, const char *path) {
    return dump_write_path(fixture->written.runtime, fixture->written.cache, path);
}

static struct dump_result to_descriptor(struct fixture *fixture, int descriptor) {
    return dump_write_descriptor(fixture->written.runtime, fixture->written.cache, descriptor);
}

// ---- descriptors

struct drain {
    int descriptor;
    uint8_t *bytes;
    size_t size_bytes, capacity;
};

static void *drain_slowly(void *argument) {
    struct drain *drain = argument;
    ssize_t count;
    while ((count = read(drain->descriptor, drain->bytes + drain->size_bytes,
                         drain->capacity - drain->size_bytes)) > 0) {
        drain->size_bytes += (size_t)count;
    }
    return NULL;
}

// Reads what comes to `ends[0]` while the dump goes to the path, or, without one, to `ends[1]`.
static void ends_get_the_whole_dump(struct fixture *fixture, const int *ends, const char *path) {
    size_t capacity = fixture->written.size_bytes + 1;
    struct drain drain = {ends[0], malloc(capacity), 0, capacity};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, drain_slowly, &drain), 0);
    struct dump_result result =
        path != NULL ? to_path(fixture, path) : to_descriptor(fixture, ends[1]);
    (void)close(ends[1]);
    (void)pthread_join(thread, NULL);
    (void)close(ends[0]);
    assert_int_equal(result.error, 0);
    assert_int_equal(drain.size_bytes, fixture->written.size_bytes);
    assert_memory_equal(drain.bytes, fixture->written.bytes, drain.size_bytes);
    free(drain.bytes);
}

static void pipe_gets_the_whole_dump(struct fixture *fixture, bool is_blocking) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    if (!is_blocking) {
        assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    }
    ends_get_the_whole_dump(fixture, ends, NULL);
}

TEST(a_blocking_pipe_gets_the_whole_dump) {
    pipe_gets_the_whole_dump(*state, true);
}

TEST(a_nonblocking_pipe_is_waited_for) {
    pipe_gets_the_whole_dump(*state, false);
}

TEST(a_reader_that_went_away_is_an_error_and_kills_nobody) {
    struct fixture *fixture = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    struct dump_result result = to_descriptor(fixture, ends[1]);
    (void)close(ends[1]);
    assert_int_equal(result.error, EPIPE);
    assert_int_equal(result.offset_bytes, 0);
    sigset_t left;
    (void)sigpending(&left);
    assert_int_equal(sigismember(&left, SIGPIPE), 0);
    (void)pthread_sigmask(SIG_BLOCK, NULL, &left);
    assert_int_equal(sigismember(&left, SIGPIPE), 0);
}

// What was raised before the dump by somebody else still comes.
TEST(a_signal_that_was_pending_before_stays_pending) {
    struct fixture *fixture = *state;
    sigset_t pipe_signal, before;
    (void)sigemptyset(&pipe_signal);
    (void)sigaddset(&pipe_signal, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    (void)pthread_kill(pthread_self(), SIGPIPE);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    assert_int_equal(to_descriptor(fixture, ends[1]).error, EPIPE);
    (void)close(ends[1]);
    sigset_t left;
    (void)sigpending(&left);
    assert_int_equal(sigismember(&left, SIGPIPE), 1);
    assert_int_equal(sigtimedwait(&pipe_signal, NULL, &(struct timespec){0}), SIGPIPE);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

TEST(a_poll_that_fails_is_an_error) {
    struct fixture *fixture = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    poll_fault.fail_at = 1;
    poll_fault.error = ENOMEM;
    struct dump_result result = to_descriptor(fixture, ends[1]);
    assert_int_equal(result.error, ENOMEM);
    assert_true(result.offset_bytes > 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

// The first write of each kind, and one in their midst, ends so; the file then holds
// `offset_bytes`.
static void each_write_that_ends_in(struct fixture *fixture, int error, int expected) {
    struct fault *const faults[] = {&write_fault, &pieces_fault};
    for (size_t i = 0; i < 4; i++) {
        struct fault *fault = faults[i % 2];
        *fault = (struct fault){.fail_at = i < 2 ? 1 : 3, .error = error};
        FILE *file = tmpfile();
        assert_non_null(file);
        struct dump_result result = to_descriptor(fixture, fileno(file));
        assert_int_equal(fault->fail_at, 0);
        assert_int_equal(result.error, expected);
        assert_int_equal(result.offset_bytes, lseek(fileno(file), 0, SEEK_END));
        assert_int_equal(result.offset_bytes == fixture->written.size_bytes, expected == 0);
        assert_int_equal(result.offset_bytes == 0, i == 0 && expected != 0);
        (void)fclose(file);
    }
}

TEST(a_disk_that_is_full_is_an_error) {
    each_write_that_ends_in(*state, ENOSPC, ENOSPC);
}

TEST(a_write_that_takes_nothing_is_an_error) {
    each_write_that_ends_in(*state, 0, EIO);
}

TEST(a_write_that_was_interrupted_is_repeated) {
    each_write_that_ends_in(*state, EINTR, 0);
}

TEST(a_descriptor_that_is_none_is_an_error) {
    assert_int_equal(to_descriptor(*state, -1).error, EBADF);
}

// ---- paths

static void assert_file_holds_the_dump(struct fixture *fixture, const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t capacity = fixture->written.size_bytes + 1;
    uint8_t *bytes = malloc(capacity);
    assert_int_equal(fread(bytes, 1, capacity, file), fixture->written.size_bytes);
    assert_memory_equal(bytes, fixture->written.bytes, fixture->written.size_bytes);
    free(bytes);
    (void)fclose(file);
}

TEST(a_path_gets_the_dump_for_its_owner_alone) {
    struct fixture *fixture = *state;
    struct dump_result result = to_path(fixture, fixture->path);
    assert_int_equal(result.error, 0);
    assert_int_equal(result.offset_bytes, fixture->written.size_bytes);
    assert_file_holds_the_dump(fixture, fixture->path);
    struct stat status;
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(file_count(fixture->directory), 1);
}

static void make_old_file(struct fixture *fixture) {
    FILE *file = fopen(fixture->path, "w");
    assert_non_null(file);
    (void)fputs("old", file);
    (void)fclose(file);
}

TEST(a_dump_replaces_the_file_before_it) {
    struct fixture *fixture = *state;
    make_old_file(fixture);
    assert_int_equal(to_path(fixture, fixture->path).error, 0);
    assert_file_holds_the_dump(fixture, fixture->path);
    assert_int_equal(file_count(fixture->directory), 1);
}

TEST(a_path_without_a_folder_is_in_the_current_one) {
    struct fixture *fixture = *state;
    int here = open(".", O_RDONLY | O_DIRECTORY);
    assert_int_equal(chdir(fixture->directory), 0);
    assert_int_equal(to_path(fixture, "dump").error, 0);
    assert_int_equal(fchdir(here), 0);
    (void)close(here);
    assert_file_holds_the_dump(fixture, fixture->path);
}

TEST(a_link_is_followed) {
    struct fixture *fixture = *state;
    make_old_file(fixture);
    char link[96];
    (void)snprintf(link, sizeof link, "%s/link", fixture->directory);
    assert_int_equal(symlink("dump", link), 0);
    assert_int_equal(to_path(fixture, link).error, 0);
    assert_file_holds_the_dump(fixture, fixture->path);
    struct stat status;
    assert_int_equal(lstat(link, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    (void)unlink(link);
}

// The process may write no file longer than this while the function runs.
static struct dump_result to_path_with_limit(struct fixture *fixture, rlim_t limit_bytes) {
    struct rlimit before, limited;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limited = before;
    limited.rlim_cur = limit_bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
    struct dump_result result = to_path(fixture, fixture->path);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    return result;
}

TEST(a_failed_dump_leaves_nothing) {
    struct fixture *fixture = *state;
    struct dump_result result = to_path_with_limit(fixture, 100000);
    assert_int_equal(result.error, EFBIG);
    assert_int_equal(result.offset_bytes, 100000);
    assert_int_equal(file_count(fixture->directory), 0);
}

TEST(a_failed_dump_leaves_the_file_before_it) {
    struct fixture *fixture = *state;
    make_old_file(fixture);
    assert_int_equal(to_path_with_limit(fixture, 100000).error, EFBIG);
    assert_int_equal(file_count(fixture->directory), 1);
    struct stat status;
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_size, 3);
}

TEST(a_folder_that_is_not_there_is_an_error) {
    struct fixture *fixture = *state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/none/dump", fixture->directory);
    assert_int_equal(to_path(fixture, path).error, ENOENT);
}

TEST(a_folder_is_no_place_for_a_dump) {
    struct fixture *fixture = *state;
    assert_int_equal(to_path(fixture, fixture->directory).error, EISDIR);
}

TEST(a_path_that_is_too_long_is_an_error) {
    char path[PATH_MAX + 10];
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(to_path(*state, path).error, ENAMETOOLONG);
}

TEST(a_folder_that_takes_no_file_is_an_error) {
    assert_int_equal(to_path(*state, "/proc/self/dump").error, ENOENT);
}

TEST(a_dump_that_the_disk_refuses_in_the_end_leaves_nothing) {
    struct fixture *fixture = *state;
    for (int call = 1; call <= 2; call++) { // the file's sync, then the folder's
        sync_fault.fail_at = call;
        sync_fault.error = EIO;
        struct dump_result result = to_path(fixture, fixture->path);
        assert_int_equal(result.error, EIO);
        assert_int_equal(result.offset_bytes, fixture->written.size_bytes);
        assert_int_equal(file_count(fixture->directory), 0);
    }
    rename_fault.fail_at = 1;
    rename_fault.error = EACCES;
    assert_int_equal(to_path(fixture, fixture->path).error, EACCES);
    assert_int_equal(file_count(fixture->directory), 0);
}

TEST(a_folder_that_cannot_be_synced_is_no_error) {
    struct fixture *fixture = *state;
    sync_fault.fail_at = 2;
    sync_fault.error = EINVAL;
    assert_int_equal(to_path(fixture, fixture->path).error, 0);
    assert_file_holds_the_dump(fixture, fixture->path);
}

TEST(a_socket_that_cannot_be_opened_is_an_error) {
    struct fixture *fixture = *state;
    assert_int_equal(mknod(fixture->path, S_IFSOCK | 0600, 0), 0);
    assert_int_equal(to_path(fixture, fixture->path).error, ENXIO);
}

// Stands for every device: of the system's own none is risked, since who tests may be root.
TEST(a_pipe_with_a_name_is_written_to_and_not_replaced) {
    struct fixture *fixture = *state;
    assert_int_equal(mkfifo(fixture->path, 0600), 0);
    int ends[2];
    ends[0] = open(fixture->path, O_RDONLY | O_NONBLOCK);
    ends[1] = open(fixture->path, O_WRONLY);
    assert_int_equal(fcntl(ends[0], F_SETFL, 0), 0);
    ends_get_the_whole_dump(fixture, ends, fixture->path);
    int end = open(fixture->path, O_RDONLY | O_NONBLOCK);
    write_fault = (struct fault){.fail_at = 1, .error = ENOSPC};
    assert_int_equal(to_path(fixture, fixture->path).error, ENOSPC);
    (void)close(end);
    struct stat status;
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_true(S_ISFIFO(status.st_mode));
}
