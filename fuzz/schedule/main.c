// main: lives of a heap under its threads, each with a seed of its own and in a process of its own.
//
// usage: schedule [--threads N] [--seed N] [--seconds N] [-o FILE]   until one has a finding
//        schedule FILE [-o FILE]                                     replays what -o has written
//        schedule --minimize FILE [--seconds N] [-o FILE]            the same finding by fewer
//        switches
// --seconds are the processor's.
// Exit status: 0 clean, 1 a finding, 2 the call or the file is unusable, 3 the environment failed.
#define _GNU_SOURCE
#include "fuzz/schedule/life.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define CPU_SECONDS 20 // of one life, which takes less than one

enum { CLEAN, FINDING, UNUSABLE, ENVIRONMENT };

struct call {
    struct schedule_head head; // thread_count 0: drawn
    uint64_t seconds;
    const char *file, *out;
    bool minimizes;
};

// ---- a life

static struct schedule_log *make_log(void) {
    void *memory = mmap(NULL, sizeof(struct schedule_log), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static uint32_t threads_of(const struct call *call) {
    return call->head.thread_count != 0 ? call->head.thread_count
                                        : 1 + (uint32_t)(call->head.seed % 4);
}

static _Noreturn void live(const struct call *call, const struct schedule_options *schedule) {
    static char finding[SCHEDULE_LINE_BYTES];
    const struct rlimit limit = {CPU_SECONDS, CPU_SECONDS};
    const struct schedule_head head = {call->head.seed, threads_of(call)};
    (void)setrlimit(RLIMIT_CPU, &limit);
    schedule_begin(schedule);
    enum verdict verdict = schedule_life(&head, finding);
    schedule_end();
    if (verdict == VERDICT_FINDING) {
        memcpy(schedule->log->finding, finding, sizeof finding);
    }
    _exit(verdict == VERDICT_CLEAN ? CLEAN : verdict == VERDICT_FINDING ? FINDING : ENVIRONMENT);
}

static int end_of_life(int status, struct schedule_log *log) {
    if (WIFEXITED(status)) {
        return WEXITSTATUS(status);
    }
    if (log->finding[0] == 0) {
        (void)snprintf(log->finding, sizeof log->finding, "%s",
                       WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL
                           ? "no end: threads make no step any more"
                           : strsignal(WTERMSIG(status)));
    }
    return FINDING;
}

static int run_life(const struct call *call, const struct schedule_options *schedule) {
    int status;
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        live(call, schedule);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child < 0 ? ENVIRONMENT : end_of_life(status, schedule->log);
}

// ---- what is said of a finding

// Of the processor, in which lives ran: a busy machine finds as much.
static double used_seconds(void) {
    struct rusage used;
    (void)getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

// In which lines of the sources: addr2line says it, or nobody.
static void say_place(uintptr_t place) {
    char address[32];
    char program[64];
    (void)snprintf(address, sizeof address, "0x%zx", (size_t)place - 1);
    (void)snprintf(program, sizeof program, "/proc/%ld/exe", (long)getpid());
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)execlp("addr2line", "addr2line", "-i", "-e", program, address, (char *)NULL);
        (void)printf("%s\n", address);
        (void)fflush(NULL);
        _exit(0);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
}

static void say(const struct call *call, const struct schedule_log *log) {
    (void)printf("%s\n", log->finding);
    for (size_t i = 0; i < 2 && log->places[i] != 0; i++) {
        (void)printf("  %s:\n", i == 0 ? "at" : "after");
        say_place(log->places[i]);
    }
    (void)printf("seed %" PRIu64 ", %u threads, %" PRIu64 " accesses, %u runs, after %.1f s of the "
                 "processor\n",
                 call->head.seed, threads_of(call), log->accesses, log->run_count, used_seconds());
}

static int keep(const struct call *call, const struct schedule_log *log) {
    FILE *file = fopen(call->out, "w");
    if (file == NULL) {
        (void)fprintf(stderr, "schedule: %s: %s\n", call->out, strerror(errno));
        return ENVIRONMENT;
    }
    (void)fprintf(file, "# %s\nschedule threads=%u seed=%" PRIu64 "\n", log->finding,
                  threads_of(call), call->head.seed);
    schedule_print(file, log->runs, log->run_count);
    return fclose(file) == 0 ? FINDING : ENVIRONMENT;
}

static int tell(const struct call *call, const struct schedule_log *log) {
    say(call, log);
    return call->out == NULL ? FINDING : keep(call, log);
}

// ---- many lives

static int search(struct call *call, struct schedule_log *log) {
    uint64_t accesses = 0;
    uint64_t lives = 0;
    for (; lives == 0 || used_seconds() < (double)call->seconds; call->head.seed++, lives++) {
        int end = run_life(call, &(struct schedule_options){.seed = call->head.seed, .log = log});
        if (end == FINDING) {
            return tell(call, log);
        }
        if (end != CLEAN) {
            return end;
        }
        accesses += log->accesses;
    }
    (void)printf("%" PRIu64 " lives, %" PRIu64 " accesses, %.1f s of the processor: clean\n", lives,
                 accesses, used_seconds());
    return CLEAN;
}

// ---- fewer switches

// Enough of a finding to know it again: where it is, or the words before the first number.
static bool is_same(const struct schedule_log *log, const struct schedule_log *wanted) {
    size_t words = strcspn(wanted->finding, "0123456789");
    return memcmp(log->places, wanted->places, sizeof log->places) == 0 &&
           strncmp(log->finding, wanted->finding, words) == 0;
}

// Leaves out `count` runs from `first` on. What has run then, where that is shorter and ends the
// same, is the better schedule: `best` becomes it.
static bool leave_out(const struct call *call, struct schedule_log *best, struct schedule_log *log,
                      uint32_t first, uint32_t count) {
    static struct schedule_run runs[SCHEDULE_RUNS_MAX];
    uint32_t rest = best->run_count - first - count;
    memcpy(runs, best->runs, first * sizeof runs[0]);
    memcpy(runs + first, best->runs + first + count, rest * sizeof runs[0]);
    const struct schedule_options options = {
        .seed = call->head.seed, .runs = runs, .run_count = first + rest, .log = log};
    bool is_better = run_life(call, &options) == FINDING && is_same(log, best) &&
                     log->run_count < best->run_count;
    if (is_better) {
        memcpy(best, log, sizeof *best);
    }
    return is_better;
}

// Other seeds come to the same place, some with few switches.
static void try_seeds(struct call *call, struct schedule_log *best, struct schedule_log *log) {
    uint64_t first = call->head.seed + 1;
    for (uint64_t seed = first; used_seconds() < (double)call->seconds / 2; seed++) {
        const struct schedule_head before = call->head;
        call->head.seed = seed;
        if (run_life(call, &(struct schedule_options){.seed = seed, .log = log}) == FINDING &&
            is_same(log, best) && log->run_count < best->run_count) {
            memcpy(best, log, sizeof *best);
        } else {
            call->head = before;
        }
    }
}

// Half of the time goes to other seeds, the rest to leaving runs out, large pieces first.
static int minimize(struct call *call, struct schedule_log *log) {
    struct schedule_log *best = make_log();
    if (best == NULL) {
        return ENVIRONMENT;
    }
    memcpy(best, log, sizeof *best);
    uint32_t before = best->run_count;
    try_seeds(call, best, log);
    for (uint32_t piece = best->run_count / 2; piece > 0; piece /= 2) {
        uint32_t first = 0;
        while (first + piece <= best->run_count && used_seconds() < (double)call->seconds) {
            first += leave_out(call, best, log, first, piece) ? 0 : piece;
        }
    }
    (void)printf("%u runs before\n", before);
    return tell(call, best);
}

// ---- a file

static int unusable(const char *file, unsigned long line, const char *what) {
    (void)fprintf(stderr, "schedule: %s:%lu: %s\n", file, line, what);
    return UNUSABLE;
}

static int read_file(struct call *call, struct schedule_run *runs, size_t *count) {
    char line[256];
    FILE *file = fopen(call->file, "r");
    if (file == NULL) {
        (void)fprintf(stderr, "schedule: %s: %s\n", call->file, strerror(errno));
        return UNUSABLE;
    }
    int status = CLEAN;
    unsigned long number = 0;
    while (status == CLEAN && fgets(line, sizeof line, file) != NULL) {
        number++;
        line[strcspn(line, "\n")] = 0;
        if (line[0] == '#') {
            continue;
        }
        if (call->head.thread_count == 0) {
            if (!schedule_read_head(line, &call->head)) {
                status = unusable(call->file, number, "no line 'schedule threads=T seed=S'");
            }
        } else if (*count == SCHEDULE_RUNS_MAX || !schedule_read_run(line, &runs[*count])) {
            status = unusable(call->file, number, "no run of a thread");
        } else {
            (*count)++;
        }
    }
    (void)fclose(file);
    return call->head.thread_count == 0 && status == CLEAN
               ? unusable(call->file, number, "it is empty")
               : status;
}

static int replay(struct call *call, struct schedule_log *log) {
    size_t count = 0;
    struct schedule_run *runs = calloc(SCHEDULE_RUNS_MAX, sizeof runs[0]);
    if (runs == NULL) {
        return ENVIRONMENT;
    }
    int status = read_file(call, runs, &count);
    if (status == CLEAN) {
        const struct schedule_options options = {
            .seed = call->head.seed, .runs = runs, .run_count = count, .log = log};
        status = run_life(call, &options);
        if (status == FINDING) {
            status = call->minimizes ? minimize(call, log) : tell(call, log);
        }
    }
    free(runs);
    return status;
}

// ---- the call

static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number) {
    char *end;
    if (text == NULL || *text < '0' || *text > '9') {
        return false;
    }
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *end == 0 && *number >= least && *number <= most;
}

static bool read_call(char **arguments, struct call *call) {
    bool is_good = true;
    uint64_t number = 0;
    for (char **at = arguments + 1; is_good && *at != NULL; at++) {
        if (strcmp(*at, "--threads") == 0) {
            is_good = read_number(*++at, 1, SCHEDULE_WORKERS, &number);
            call->head.thread_count = (uint32_t)number;
        } else if (strcmp(*at, "--seed") == 0) {
            is_good = read_number(*++at, 0, UINT32_MAX, &call->head.seed);
        } else if (strcmp(*at, "--seconds") == 0) {
            is_good = read_number(*++at, 0, 86400, &call->seconds);
        } else if (strcmp(*at, "--minimize") == 0) {
            call->minimizes = true;
        } else if (strcmp(*at, "-o") == 0) {
            call->out = *++at;
            is_good = call->out != NULL;
        } else {
            is_good = call->file == NULL && **at != '-';
            call->file = *at;
        }
    }
    return is_good && (call->file != NULL || !call->minimizes);
}

int main(int count, char **arguments) {
    struct call call = {.seconds = 60, .head.seed = 1};
    (void)count;
    if (!read_call(arguments, &call)) {
        (void)fprintf(stderr, "usage: schedule [--threads N] [--seed N] [--seconds N] [-o FILE] | "
                              "schedule [--minimize] FILE [-o FILE]\n");
        return UNUSABLE;
    }
    struct schedule_log *log = make_log();
    int status = ENVIRONMENT;
    if (log != NULL) {
        status = call.file != NULL ? replay(&call, log) : search(&call, log);
    }
    if (status == ENVIRONMENT) {
        (void)fprintf(stderr, "schedule: the system refused memory or a process\n");
    }
    return status;
}
