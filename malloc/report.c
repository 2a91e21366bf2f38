// report: what the environment asks for: the statistics or a dump of this process, at its end and
// at a signal.
//
// The end is that of exit: who calls _exit, or is killed, writes nothing.
#define _GNU_SOURCE // SIGRTMAX, mkostemp
#include "malloc/report.h"

#include "allocator/memstats.h"
#include "allocator/mprof.h"
#include "dump/write/memstats_print.h"
#include "dump/writer.h"
#include "malloc/process.h"
#include "malloc/say.h"
#include "malloc/sites.h"
#include "malloc/variable.h"
#include "malloc/watch.h"
#include "runtime/runtime.h"
#include "unwind/unwind.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *stats_path, *dump_path; // NULL: not asked for
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

// ---- paths

// The path with the process's id in it. False: too long.
static bool expand(char *path, size_t path_bytes, const char *pattern) {
    const char *mark = strstr(pattern, "%p");
    int length = mark == NULL ? snprintf(path, path_bytes, "%s", pattern)
                              : snprintf(path, path_bytes, "%.*s%ld%s", (int)(mark - pattern),
                                         pattern, (long)getpid(), mark + 2);
    return length >= 0 && (size_t)length < path_bytes;
}

static void complain(const char *what, const char *path, int error) {
    say("%s %s: %s", what, path, strerror(error));
}

// ---- writing: a file is whole under its name, or not there; a device or a pipe is written to

static int print_stats(int descriptor) {
    static struct memstats stats; // one at a time
    FILE *stream = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    if (stream == NULL) {
        int error = errno;
        (void)close(descriptor);
        return error;
    }
    struct heap *heap = process_heap();
    if (heap != NULL) {
        heap_read_memstats(heap, &stats);
    }
    memstats_print_json(&stats, stream);
    (void)fputc('\n', stream);
    int error = ferror(stream) != 0 ? EIO : 0;
    if (fclose(stream) != 0 && error == 0) {
        error = errno;
    }
    return error;
}

// Whether it is one, or leads to one by a link that is ours or root's: who else may make links in
// the folder does not choose what is written to.
static bool is_special(const char *path) {
    struct stat link;
    struct stat status;
    if (lstat(path, &link) != 0 || stat(path, &status) != 0 || S_ISREG(status.st_mode)) {
        return false;
    }
    return !S_ISLNK(link.st_mode) || link.st_uid == 0 || link.st_uid == geteuid();
}

// Nobody else may read it, and the temporary is new: no link that somebody laid there is followed.
static int replace_stats(const char *path) {
    char temporary[PATH_MAX + 8];
    (void)snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    int descriptor = mkostemp(temporary, O_CLOEXEC); // mode 0600
    if (descriptor < 0) {
        return errno;
    }
    int error = print_stats(descriptor);
    if (error == 0 && rename(temporary, path) != 0) {
        error = errno;
    }
    if (error != 0) {
        (void)unlink(temporary);
    }
    return error;
}

static void write_stats(void) {
    char path[PATH_MAX];
    if (!expand(path, sizeof path, stats_path)) {
        complain("statistics to", stats_path, ENAMETOOLONG);
        return;
    }
    int error = is_special(path) ? print_stats(open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY))
                                 : replace_stats(path);
    if (error != 0) {
        complain("statistics to", path, error);
    }
}

// No collection ever publishes what the profile has counted: a dump does, in the moment that it
// shows. Allocations and frees by hand count two cycles ahead.
static void publish_profile(struct heap *heap) {
    heap_profile_next_cycle(heap);
    heap_profile_next_cycle(heap);
    heap_profile_flush(heap);
}

// An errno, or 0. One at a time.
static int write_dump(const char *pattern) {
    char path[PATH_MAX];
    if (!expand(path, sizeof path, pattern)) {
        return ENAMETOOLONG;
    }
    struct runtime *runtime = process_runtime();
    struct mcache *cache = process_enter();
    int error = runtime == NULL || cache == NULL ? ENOMEM : 0;
    if (error == 0) {
        runtime_stop_world(runtime);
        publish_profile(runtime_heap(runtime));
        sites_name(runtime);
        error = dump_write_path(runtime, cache, path).error;
        runtime_start_world(runtime);
    }
    if (cache != NULL) {
        process_leave(cache);
    }
    return error;
}

static void write_reports(void) {
    (void)pthread_mutex_lock(&one_at_a_time);
    if (stats_path != NULL) {
        write_stats();
    }
    if (dump_path != NULL) {
        int error = write_dump(dump_path);
        if (error != 0) {
            complain("dump to", dump_path, error);
        }
    }
    (void)pthread_mutex_unlock(&one_at_a_time);
}

// ---- what is asked for

// Who wrote in the parent is not here.
static void begin_child(void) {
    (void)pthread_mutex_init(&one_at_a_time, NULL);
}

static void watch_signal(int number) {
    static struct watch watch = {.act = write_reports};
    watch.signal = number;
    int error = watch_begin(&watch);
    if (error != 0) {
        say("COUNTERCHECK_MALLOC_SIGNAL=%d: %s", number, strerror(error));
        _exit(2);
    }
}

static __attribute__((constructor)) void begin(void) {
    (void)pthread_atfork(NULL, NULL, begin_child);
    stats_path = variable_path("COUNTERCHECK_MALLOC_STATS");
    dump_path = variable_path("COUNTERCHECK_MALLOC_DUMP");
    unsigned long long rate = variable_number("COUNTERCHECK_MALLOC_PROFILE", 0, ULLONG_MAX / 2);
    int number = (int)variable_number("COUNTERCHECK_MALLOC_SIGNAL", SIGUSR2, (unsigned)SIGRTMAX);
    if (rate != 0) {
        if (!sites_begin()) {
            say("COUNTERCHECK_MALLOC_PROFILE: counts alone: %s", UNWIND_NONE);
        }
        process_set_profile_rate(rate);
    }
    if (stats_path != NULL || dump_path != NULL) {
        say_begin();
        if (number != 0) {
            watch_signal(number);
        }
    }
}

static __attribute__((destructor)) void end(void) {
    write_reports();
}

// ---- what the program calls

_Static_assert(COUNTERCHECK_MALLOC_CLASS_COUNT == SIZE_CLASS_COUNT, "a row for each class");

#pragma GCC visibility push(default)

int countercheck_malloc_stats(struct countercheck_malloc_stats *stats, size_t stats_bytes) {
    if (stats_bytes != sizeof *stats) {
        return EINVAL;
    }
    struct heap *heap = process_heap();
    if (heap == NULL) {
        return ENOMEM;
    }
    struct memstats read;
    heap_read_memstats(heap, &read);
#define MEMSTATS_FIELD(name, unit, meaning, truths) stats->name = read.name;
#include "allocator/memstats_fields.def"
    for (uint8_t class = 0; class < SIZE_CLASS_COUNT; class ++) {
        stats->BySize[class] = (struct countercheck_malloc_class){
            read.BySize[class].Size, read.BySize[class].Mallocs, read.BySize[class].Frees};
    }
    return 0;
}

int countercheck_malloc_dump(const char *path) {
    if (path == NULL) {
        return EINVAL;
    }
    (void)pthread_mutex_lock(&one_at_a_time);
    int error = write_dump(path);
    (void)pthread_mutex_unlock(&one_at_a_time);
    return error;
}

#pragma GCC visibility pop
