// report: what the environment asks for: the statistics or a dump of this process, at its end and
// at a signal.
//
// The signal's handler posts a semaphore and does nothing else: a thread that holds all signals
// back waits for it, and writes. So nothing is asked of the program, not even that it allocates,
// and the handler takes no lock. A child of fork has a thread of its own. The end is that of exit:
// who calls _exit, or is killed, writes nothing.
#define _GNU_SOURCE // secure_getenv
#include "malloc/report.h"

#include "dump/write/memstats_print.h"
#include "dump/writer.h"
#include "malloc/process.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *stats_path, *dump_path; // NULL: not asked for
static int report_signal;
static sem_t asked;
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
    (void)fprintf(stderr, "countercheck: malloc: %s %s: %s\n", what, path, strerror(error));
}

// ---- writing: a file is whole under its name, or not there; a device or a pipe is written to

static int print_stats(const char *path) {
    static struct memstats stats; // one at a time
    FILE *stream = fopen(path, "w");
    if (stream == NULL) {
        return errno;
    }
    (void)countercheck_malloc_stats(&stats);
    memstats_print_json(&stats, stream);
    (void)fputc('\n', stream);
    int error = ferror(stream) != 0 ? EIO : 0;
    if (fclose(stream) != 0 && error == 0) {
        error = errno;
    }
    return error;
}

static void write_stats(void) {
    char path[PATH_MAX];
    char temporary[PATH_MAX + 8];
    if (!expand(path, sizeof path, stats_path)) {
        complain("statistics to", stats_path, ENAMETOOLONG);
        return;
    }
    (void)snprintf(temporary, sizeof temporary, "%s.part", path);
    struct stat status;
    bool special = stat(path, &status) == 0 && !S_ISREG(status.st_mode);
    int error = print_stats(special ? path : temporary);
    if (!special && error == 0 && rename(temporary, path) != 0) {
        error = errno;
    }
    if (!special && error != 0) {
        (void)unlink(temporary);
    }
    if (error != 0) {
        complain("statistics to", path, error);
    }
}

static void write_dump(void) {
    char path[PATH_MAX];
    struct runtime *runtime = process_runtime();
    struct mcache *cache = process_enter();
    int error = runtime == NULL || cache == NULL ? ENOMEM : 0;
    if (error == 0) {
        error = expand(path, sizeof path, dump_path) ? dump_write_path(runtime, cache, path).error
                                                     : ENAMETOOLONG;
    }
    if (cache != NULL) {
        process_leave(cache);
    }
    if (error != 0) {
        complain("dump to", dump_path, error);
    }
}

static void write_reports(void) {
    (void)pthread_mutex_lock(&one_at_a_time);
    if (stats_path != NULL) {
        write_stats();
    }
    if (dump_path != NULL) {
        write_dump();
    }
    (void)pthread_mutex_unlock(&one_at_a_time);
}

// ---- the signal

static void note_signal(int number) {
    int error = errno;
    (void)number;
    (void)sem_post(&asked);
    errno = error;
}

static void *wait_for_signals(void *context) {
    for (;;) {
        if (sem_wait(&asked) == 0) {
            write_reports();
        }
    }
    return context;
}

static void start_thread(void) {
    sigset_t all;
    sigset_t before;
    pthread_t thread;
    (void)sem_init(&asked, 0, 0);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, NULL, wait_for_signals, NULL);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0) {
        (void)pthread_detach(thread);
    } else {
        complain("a thread for", "reports", error);
    }
}

// Who wrote in the parent is not here.
static void start_child(void) {
    (void)pthread_mutex_init(&one_at_a_time, NULL);
    start_thread();
}

static void handle_signal(void) {
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    start_thread();
    if (sigaction(report_signal, &action, NULL) != 0) {
        complain("the signal", "COUNTERCHECK_MALLOC_SIGNAL", errno);
        _exit(2);
    }
    (void)pthread_atfork(NULL, NULL, start_child);
}

// ---- what is asked for

// The variable as a number; absent: `otherwise`. Anything else ends the program.
static unsigned long long number_of(const char *name, unsigned long long otherwise,
                                    unsigned long long largest) {
    const char *text = secure_getenv(name);
    char *end;
    if (text == NULL) {
        return otherwise;
    }
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value > largest) {
        (void)fprintf(stderr, "countercheck: malloc: %s=%s is not a number up to %llu\n", name,
                      text, largest);
        _exit(2);
    }
    return value;
}

static const char *path_of(const char *name) {
    const char *text = secure_getenv(name);
    return text == NULL || *text == '\0' ? NULL : text;
}

// The program may change its environment: the paths are kept.
static const char *kept(const char *text) {
    return text == NULL ? NULL : strdup(text);
}

static __attribute__((constructor)) void begin(void) {
    stats_path = kept(path_of("COUNTERCHECK_MALLOC_STATS"));
    dump_path = kept(path_of("COUNTERCHECK_MALLOC_DUMP"));
    unsigned long long rate = number_of("COUNTERCHECK_MALLOC_PROFILE", 0, ULLONG_MAX / 2);
    report_signal = (int)number_of("COUNTERCHECK_MALLOC_SIGNAL", SIGUSR2, (unsigned)SIGRTMAX);
    if (rate != 0) {
        process_set_profile_rate(rate);
    }
    if (report_signal != 0 && (stats_path != NULL || dump_path != NULL)) {
        handle_signal();
    }
}

static __attribute__((destructor)) void end(void) {
    write_reports();
}

#pragma GCC visibility push(default)

int countercheck_malloc_stats(struct memstats *stats) {
    struct heap *heap = process_heap();
    if (heap == NULL) {
        return 0;
    }
    heap_read_memstats(heap, stats);
    return 1;
}

#pragma GCC visibility pop
