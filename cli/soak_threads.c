// soak_threads: runs the threads and prints their rates. A finding is one line. The seed, which
// alone can reproduce it, goes to a file that replay takes.
#define _POSIX_C_SOURCE 200809L
#include "cli/soak_threads.h"

#include "cli/io/cli.h"
#include "cli/io/input.h"
#include "cli/run/crash.h"
#include "fuzz/stress/threads.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER      "findings"
#define SECONDS_MAX 86400

_Static_assert(SOAK_THREADS_MAX == THREADS_MAX, "as many as there are places for");

static uint64_t sum(const uint64_t *counts) {
    uint64_t total = 0;
    for (size_t i = 0; i < THREADS_OPERATION_COUNT; i++) {
        total += counts[i];
    }
    return total;
}

static void show_progress(void *context, double seconds) {
    const struct soak_threads *soak = context;
    if (soak->leaves_race) {
        (void)cli_progress("%.0f of %" PRIu64 " s ", seconds, soak->seconds);
    }
}

static double rate_of(uint64_t count, double seconds) {
    return seconds > 0 ? (double)count / seconds : 0;
}

static void print_report(const struct soak_threads *soak, const struct threads_report *report) {
    uint64_t executed = sum(report->executed);
    for (size_t i = 0; i < THREADS_OPERATION_COUNT; i++) {
        double share = report->executed[i] == 0
                           ? 0
                           : 100.0 * (double)report->effective[i] / (double)report->executed[i];
        (void)printf("  %-17s %12" PRIu64 "  %3.0f%% did something\n", threads_operation_names[i],
                     report->executed[i], share);
    }
    (void)printf("%" PRIu64 " thread%s, %" PRIu64 " heap%s, %" PRIu64
                 " operations, %.0f operations/s, %.0f operations/s/core\n",
                 soak->thread_count, cli_s(soak->thread_count), report->round_count,
                 cli_s(report->round_count), executed, rate_of(executed, report->seconds),
                 rate_of(executed, report->core_seconds));
    (void)printf("checks: %" PRIu64 " at barriers, %" PRIu64 " of a stopped world, %" PRIu64
                 " read%s in flight, %" PRIu64 " dump%s, %" PRIu64 " %s; %" PRIu64
                 " collection%s, %" PRIu64 " failed call%s\n",
                 report->barrier_count, report->stop_count, report->read_count,
                 cli_s(report->read_count), report->dump_count, cli_s(report->dump_count),
                 report->fork_count, report->fork_count == 1 ? "child" : "children",
                 report->cycle_count, cli_s(report->cycle_count), report->fault_count,
                 cli_s(report->fault_count));
}

// ---- the file of a race

struct race {
    char path[64];
    char text[768];
};

static size_t print_race(struct race *race, const struct soak_threads *soak, const char *found) {
    (void)snprintf(race->path, sizeof race->path, FOLDER "/threads-%" PRIu64 ".race", soak->seed);
    int length = snprintf(race->text, sizeof race->text,
                          "# found by threads: countercheck replay --times 20 FILE says how often "
                          "it shows\nrace threads=%" PRIu64 " seed=%" PRIu64 " seconds=%" PRIu64
                          "\n# %.500s\n",
                          soak->thread_count, soak->seed, soak->seconds, found);
    return length < 0 ? 0 : (size_t)length;
}

// A crash writes the file as well, so that its folder has to be there before.
static void prepare_race(struct race *race, const struct soak_threads *soak) {
    size_t length = print_race(race, soak, "a crash");
    (void)mkdir(FOLDER, 0777);
    crash_prepare_file(race->path, (const uint8_t *)race->text, length);
}

static void leave_race(struct race *race, const struct soak_threads *soak, const char *found) {
    size_t length = print_race(race, soak, found);
    if (output_write(race->path, race->text, length) == CLI_CLEAN) {
        (void)printf("kept: %s; countercheck replay --times 20 %s\n", race->path, race->path);
    }
}

static bool read_key(const char *line, const char *key, uint64_t max, uint64_t *value) {
    const char *at = strstr(line, key);
    char *end;
    if (at == NULL) {
        return false;
    }
    at += strlen(key);
    *value = strtoull(at, &end, 10);
    return end > at && *at >= '0' && *at <= '9' && *value <= max &&
           (*end == ' ' || *end == '\n' || *end == 0);
}

bool soak_threads_read(const char *path, struct soak_threads *soak) {
    uint8_t *bytes;
    size_t size_bytes;
    if (input_read_bytes(path, &bytes, &size_bytes) != CLI_CLEAN) {
        return false;
    }
    char text[1024];
    size_t kept = size_bytes < sizeof text - 1 ? size_bytes : sizeof text - 1;
    memcpy(text, bytes, kept);
    text[kept] = 0;
    free(bytes);
    char *line = strncmp(text, "race ", 5) == 0 ? text : strstr(text, "\nrace ");
    if (line != NULL) {
        line[1 + strcspn(line + 1, "\n")] = 0;
    }
    if (line == NULL || !read_key(line, " threads=", THREADS_MAX, &soak->thread_count) ||
        !read_key(line, " seed=", UINT32_MAX, &soak->seed) ||
        !read_key(line, " seconds=", SECONDS_MAX, &soak->seconds) || soak->thread_count == 0) {
        cli_message("%s: no race: a line 'race threads=1..%d seed=0..%" PRIu32
                    " seconds=0..%d' is missing",
                    path, THREADS_MAX, UINT32_MAX, SECONDS_MAX);
        return false;
    }
    return true;
}

int soak_threads(const struct soak_threads *soak) {
    struct soak_threads shown = *soak;
    static struct race race;
    static struct threads_report report; // outlives threads that are stuck
    const struct threads_options options = {.thread_count = (uint32_t)soak->thread_count,
                                            .seconds = soak->seconds,
                                            .seed = soak->seed,
                                            .progress = show_progress,
                                            .context = &shown};
    crash_watch(0, 0); // the conductor knows itself who is stuck
    crash_catch();
    if (soak->leaves_race) {
        prepare_race(&race, soak);
    }
    crash_prepare("countercheck: soak: crashed with %" PRIu64 " threads and seed %" PRIu64 "%s%s",
                  soak->thread_count, soak->seed,
                  soak->leaves_race ? "; kept: countercheck replay --times 20 " : "", race.path);
    enum verdict verdict = threads_run(&options, &report);
    crash_prepare_file(NULL, NULL, 0);
    if (soak->leaves_race) {
        (void)cli_progress("");
    }
    if (soak->leaves_race && verdict == VERDICT_FINDING) {
        leave_race(&race, soak, report.finding);
    } else if (soak->leaves_race) {
        (void)rmdir(FOLDER); // unless something is in it
    }
    if (verdict == VERDICT_ENVIRONMENT) {
        return cli_refused("soak");
    }
    print_report(soak, &report);
    if (verdict == VERDICT_FINDING) {
        (void)printf("%s; reproduce: countercheck soak --threads %" PRIu64 " --seed %" PRIu64 "\n",
                     report.finding, soak->thread_count, soak->seed);
        return CLI_FINDING;
    }
    return CLI_CLEAN;
}
