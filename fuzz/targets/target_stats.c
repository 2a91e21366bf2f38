// target_stats: what a fuzz target did, written where ci/fuzz reads it, however the process ends.
#define _GNU_SOURCE // MADV_HUGEPAGE
#include "fuzz/targets/target_stats.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// The linker's: what is zero at the start of the program, ours and the sanitizers' own.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern char __bss_start[], _end[];

// Who looks for leaks reads each global at the end of the process: 14 MB, most of which nobody has
// touched. By large pages, where the kernel has some at hand, that is a few faults and not 3500,
// half of the time of a short run.
static void take_large_pages(void) {
    enum { PAGE_BYTES = 4096 };
    uintptr_t begin = ((uintptr_t)__bss_start + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    uintptr_t end = (uintptr_t)_end / PAGE_BYTES * PAGE_BYTES;
    if (begin < end) { // a refusal costs time alone
        (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
    }
}

// AddressSanitizer's defaults, found by its name, and asked for before anything else runs: freed
// memory of the harness itself is not what is looked for here, and what leaks shows in the tests.
const char *__asan_default_options(void); // NOLINT(readability-identifier-naming): ASan's name

// NOLINTNEXTLINE(readability-identifier-naming)
const char *__asan_default_options(void) {
    take_large_pages();
    return "quarantine_size_mb=1:malloc_context_size=0:detect_leaks=0";
}

enum { WRITE_INTERVAL = 256 }; // executions between two writes

static struct {
    int file; // -1: nobody asked
    uint64_t executions;
    uint64_t operations;
    uint64_t effective;
} stats = {.file = -1};

// The text only grows, since the counts do, so that each write covers the one before.
static void write_stats(void) {
    char text[128];
    int length = snprintf(text, sizeof text,
                          "{\"executions\":%" PRIu64 ",\"operations\":%" PRIu64
                          ",\"effective\":%" PRIu64 "}\n",
                          stats.executions, stats.operations, stats.effective);
    if (pwrite(stats.file, text, (size_t)length, 0) < 0) {
        stats.file = -1; // the numbers are a courtesy: fuzzing goes on without them
    }
}

static void write_stats_at_exit(void) {
    if (stats.file >= 0) {
        write_stats();
    }
}

static void open_stats(void) {
    const char *path = getenv("COUNTERCHECK_STATS");
    if (path == NULL) {
        return;
    }
    stats.file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (stats.file >= 0 && atexit(write_stats_at_exit) != 0) {
        fputs("countercheck: the last counts will not be written\n", stderr);
    }
}

void target_stats_add(uint64_t operations, uint64_t effective) {
    if (stats.executions == 0) {
        open_stats();
    }
    stats.executions++;
    stats.operations += operations;
    stats.effective += effective;
    bool is_early = (stats.executions & (stats.executions - 1)) == 0; // 1, 2, 4, ...
    if (stats.file >= 0 && (is_early || stats.executions % WRITE_INTERVAL == 0)) {
        write_stats();
    }
}

void target_stats_reach(uint64_t operations, uint64_t effective) {
    target_stats_add(operations - stats.operations, effective - stats.effective);
}

void target_stats_finish(void) {
    write_stats_at_exit();
}

void target_stats_leave(void) {
    stats.file = -1;
    stats.executions += stats.executions == 0; // nothing opens it any more
    stats.operations = 0;
    stats.effective = 0;
}

uint64_t target_stats_operations(void) {
    return stats.operations;
}
