// soak_threads: runs the threads and prints their rates; the finding is one line, and the seed is
// all there is to reproduce it with.
#define _POSIX_C_SOURCE 200809L
#include "cli/soak_threads.h"

#include "cli/io/cli.h"
#include "cli/run/crash.h"
#include "fuzz/stress/threads.h"

#include <inttypes.h>
#include <stdio.h>

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
    if (soak->is_terminal) {
        (void)fprintf(stderr, "\r%.0f of %" PRIu64 " s \033[K", seconds, soak->seconds);
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
    (void)printf("%" PRIu64 " threads, %" PRIu64 " heaps, %" PRIu64
                 " operations, %.0f operations/s, %.0f operations/s/core\n",
                 soak->thread_count, report->round_count, executed,
                 rate_of(executed, report->seconds), rate_of(executed, report->core_seconds));
    (void)printf("checks: %" PRIu64 " at barriers, %" PRIu64 " of a stopped world, %" PRIu64
                 " statistics in flight, %" PRIu64 " dumps; %" PRIu64 " collections, %" PRIu64
                 " failed calls\n",
                 report->barrier_count, report->stop_count, report->read_count, report->dump_count,
                 report->cycle_count, report->fault_count);
}

int soak_threads(const struct soak_threads *soak) {
    struct soak_threads shown = *soak;
    static struct threads_report report; // outlives threads that are stuck
    const struct threads_options options = {.thread_count = (uint32_t)soak->thread_count,
                                            .seconds = soak->seconds,
                                            .seed = soak->seed,
                                            .progress = show_progress,
                                            .context = &shown};
    crash_watch(0); // the conductor knows itself who is stuck
    crash_catch();
    crash_prepare("countercheck: soak: crashed; reproduce: countercheck soak --threads %" PRIu64
                  " --seed %" PRIu64,
                  soak->thread_count, soak->seed);
    enum verdict verdict = threads_run(&options, &report);
    if (soak->is_terminal) {
        (void)fputs("\r\033[K", stderr);
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
