// compare: `trace compare`: one trace on several allocators, and what each of them took for it.
#define _GNU_SOURCE // MAP_NORESERVE
#include "cli/run/shared.h"
#include "cli/io/cli.h"
#include "cli/io/clock.h"
#include "cli/io/escape.h"
#include "cli/io/options.h"
#include "cli/run/machine.h"
#include "cli/run/restart.h"
#include "cli/trace/marks.h"
#include "cli/trace/driven.h"
#include "cli/trace/feed.h"
#include "cli/trace/summary.h"
#include "cli/trace/trace.h"

#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const char usage[] =
    "usage: countercheck trace compare SUBJECT... FILE [--json]\n"
    "\n"
    "Does what a trace says to each of the allocators, each in a process of its own,\n"
    "in the order of the trace and by one thread. Each page of an object is touched,\n"
    "and nothing is checked. SUBJECT is a name that `subject list` shows, or the path\n"
    "of an adapter. Memory is what the process has for itself beyond what it had\n"
    "before the first event; the reading of the trace is not in it.\n"
    "  peak, end  the most of it (looked at every 1,024 events); what is left\n"
    "  at peak    when most bytes lived, and how many times those that were asked for\n"
    "  cpu        seconds of the processor, the touching included; ns of an event\n"
    "  --json     one object; null: it died\n"
    "Exit status: 0 clean, 1 one of them died, 2 unusable input or call, 3 the\n"
    "environment failed.\n";

#define SUBJECTS_MAX 16
#define PLACES_MAX   ((size_t)1 << 28) // that are reserved; memory is taken for those in use
#define LOOK_EVERY   1024
#define HANG_SECONDS 120 // of a batch

// An object in its place.
struct object {
    void *address;
    size_t size_bytes;
};

// What an allocator took; it lies in memory that the child shares.
struct row {
    uint64_t peak_bytes, at_peak_bytes, end_bytes;
    uint64_t failed_count;
    double seconds;
    bool is_environment;
};

struct run {
    const struct subject *subject;
    struct row *row;
    uint64_t peak_event;
    struct driven driven;
    struct object *objects;
    int statm;
    uint64_t before_bytes; // of the process's memory
};

// ---- the child

// What the process has for itself: neither files nor what it shares.
static uint64_t own_bytes(const struct run *run) {
    char text[128];
    unsigned long long resident = 0;
    unsigned long long shared = 0;
    ssize_t length = pread(run->statm, text, sizeof text - 1, 0);
    if (length <= 0) {
        return 0;
    }
    text[length] = 0;
    char *at = text;
    (void)strtoull(at, &at, 10);
    resident = strtoull(at, &at, 10);
    shared = strtoull(at, &at, 10);
    return (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t taken_bytes(const struct run *run) {
    uint64_t now_bytes = own_bytes(run);
    return now_bytes > run->before_bytes ? now_bytes - run->before_bytes : 0;
}

static void put(struct run *run, struct object *place, void *address, size_t size_bytes) {
    if (address == NULL) {
        run->row->failed_count += size_bytes > 0;
        return;
    }
    *place = (struct object){address, size_bytes};
    if ((run->driven.table->capabilities & COUNTERCHECK_REMOTE) == 0) {
        marks_touch(address, size_bytes);
    }
}

static void take(struct run *run, const struct feed_event *event) {
    struct object *place = &run->objects[event->place];
    if (event->kind != FEED_RELEASE && !driven_takes(&run->driven, event->size_bytes)) {
        run->row->failed_count++;
        place->address = event->kind == FEED_RESIZE ? place->address : NULL;
        return;
    }
    if (event->kind == FEED_ALLOCATE || event->kind == FEED_ALLOCATE_ZEROED ||
        (event->kind == FEED_RESIZE && place->address == NULL)) {
        const struct driven_wish wish = {event->size_bytes, event->align_log,
                                         event->kind == FEED_ALLOCATE_ZEROED};
        place->address = NULL;
        put(run, place, driven_allocate(&run->driven, &wish), event->size_bytes);
    } else if (event->kind == FEED_RESIZE) {
        size_t size_bytes = event->size_bytes == 0 ? 1 : event->size_bytes;
        put(run, place, driven_resize(&run->driven, place->address, place->size_bytes, size_bytes),
            size_bytes);
    } else if (event->kind == FEED_RELEASE && place->address != NULL) {
        driven_release(&run->driven, place->address, place->size_bytes);
        place->address = NULL;
    }
}

static void look(struct run *run, uint64_t event) {
    uint64_t bytes = taken_bytes(run);
    struct row *row = run->row;
    row->peak_bytes = bytes > row->peak_bytes ? bytes : row->peak_bytes;
    row->end_bytes = bytes;
    if (event == run->peak_event) {
        row->at_peak_bytes = bytes;
    }
}

static bool begin(struct run *run) {
    run->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    void *objects = mmap(NULL, PLACES_MAX * sizeof *run->objects, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (run->statm < 0 || objects == MAP_FAILED || !driven_begin(&run->driven, run->subject)) {
        return false;
    }
    run->objects = objects;
    (void)malloc_trim(0); // what the reading before left, which glibc's malloc would give out
    run->before_bytes = own_bytes(run);
    return true;
}

static int work(void *context, struct feed *feed) {
    struct run *run = context;
    const struct feed_batch *batch;
    if (!begin(run)) {
        run->row->is_environment = true;
        return 0;
    }
    while ((batch = feed_next(feed)) != NULL) {
        if (batch->place_count > PLACES_MAX) {
            run->row->is_environment = true;
            return 0;
        }
        (void)alarm(HANG_SECONDS);
        double begun = clock_processor_seconds();
        for (uint32_t i = 0; i < batch->count; i++) {
            uint64_t event = batch->first + i;
            feed_at(feed, event);
            take(run, &batch->events[i]);
            if (i % LOOK_EVERY == LOOK_EVERY - 1 || event == run->peak_event ||
                i + 1 == batch->count) {
                look(run, event);
            }
        }
        run->row->seconds += clock_processor_seconds() - begun;
    }
    return 0;
}

// ---- the table

struct table {
    const char *path;
    bool is_json;
    size_t count; // rows so far
    bool has_death;
    struct feed_totals totals;
};

static double mib(uint64_t bytes) {
    return (double)bytes / 1048576;
}

static double ratio(uint64_t bytes, uint64_t of) {
    return of == 0 ? 0 : (double)bytes / (double)of;
}

static double per_event(const struct table *table, const struct row *row) {
    return table->totals.events == 0 ? 0 : row->seconds * 1e9 / (double)table->totals.events;
}

static void print_head(const struct table *table, const struct summary *summary) {
    const struct trace_counts *counts = &summary->counts;
    if (table->is_json) {
        printf("{\"events\":%" PRIu64 ",\"peak_bytes\":%" PRIu64 ",\"subjects\":[", counts->events,
               counts->peak_bytes);
        return;
    }
    printf("%" PRIu64 " events, %.2f MiB in %" PRIu64 " objects at the peak\n", counts->events,
           mib(counts->peak_bytes), counts->peak_objects);
    printf("%-12s %9s %9s %7s %9s %8s %7s %7s\n", "", "peak MiB", "at peak", "times", "end MiB",
           "cpu s", "ns", "nothing");
}

static void print_row(struct table *table, const char *name, const struct row *row) {
    double times = ratio(row->at_peak_bytes, table->totals.peak_bytes);
    if (table->is_json) {
        printf("%s{\"name\":", table->count == 0 ? "" : ",");
        escape_print_json(name, strlen(name), stdout);
        printf(",\"peak_rss_bytes\":%" PRIu64 ",\"rss_at_peak_bytes\":%" PRIu64
               ",\"end_rss_bytes\":%" PRIu64
               ",\"fragmentation\":%.3f,\"cpu_seconds\":%.3f,\"failed\":%" PRIu64 "}",
               row->peak_bytes, row->at_peak_bytes, row->end_bytes, times, row->seconds,
               row->failed_count);
    } else {
        printf("%-12s %9.2f %9.2f %7.2f %9.2f %8.3f %7.1f %7" PRIu64 "\n", escape_shown(name),
               mib(row->peak_bytes), mib(row->at_peak_bytes), times, mib(row->end_bytes),
               row->seconds, per_event(table, row), row->failed_count);
    }
    table->count++;
}

static void print_death(struct table *table, const char *name, const struct feed_end *end) {
    const char *what =
        WIFSIGNALED(end->status) ? strsignal(WTERMSIG(end->status)) : "it ended the process";
    table->has_death = true;
    if (table->is_json) {
        printf("%s{\"name\":", table->count == 0 ? "" : ",");
        escape_print_json(name, strlen(name), stdout);
        fputs(",\"peak_rss_bytes\":null,\"rss_at_peak_bytes\":null,\"end_rss_bytes\":null"
              ",\"fragmentation\":null,\"cpu_seconds\":null,\"failed\":null}",
              stdout);
    } else {
        printf("%-12s  died at event %" PRIu64 ": %s\n", escape_shown(name), end->event, what);
    }
    table->count++;
}

// Nothing is printed when one of them is of no use.
static int try_all(char *const *names, size_t count) {
    struct subject subject;
    int status = CLI_CLEAN;
    for (size_t i = 0; i < count && status == CLI_CLEAN; i++) {
        status = restart_with("compare", names[i], subject_environment(names[i]));
    }
    for (size_t i = 0; i < count && status == CLI_CLEAN; i++) {
        status = machine_open_other("compare", names[i], "", &subject);
        if (status == CLI_CLEAN) {
            subject_close(&subject);
        }
    }
    return status;
}

static int run_one(struct table *table, const char *name, struct row *row, uint64_t peak_event) {
    struct subject subject;
    struct feed_end end;
    int status = machine_open_other("compare", name, "", &subject);
    if (status != CLI_CLEAN) {
        return status;
    }
    memset(row, 0, sizeof *row);
    struct run run = {.subject = &subject, .row = row, .peak_event = peak_event};
    status = feed_run(table->path, work, &run, &end, &table->totals);
    if (status == CLI_CLEAN && row->is_environment) {
        cli_message("compare: no memory, or %s cannot be made", name);
        status = CLI_ENVIRONMENT;
    } else if (status == CLI_CLEAN && end.is_whole) {
        print_row(table, subject.table.name, row);
    } else if (status == CLI_CLEAN) {
        print_death(table, subject.table.name, &end);
    }
    subject_close(&subject);
    return status;
}

static int compare(struct table *table, char *const *names, size_t count) {
    static struct summary summary;
    int status = try_all(names, count);
    status = status == CLI_CLEAN ? summary_read(&summary, table->path) : status;
    struct row *row = status == CLI_CLEAN ? shared_map(sizeof *row) : NULL;
    if (row == NULL) {
        return status == CLI_CLEAN ? CLI_ENVIRONMENT : status;
    }
    print_head(table, &summary);
    for (size_t i = 0; i < count && status == CLI_CLEAN; i++) {
        status = run_one(table, names[i], row, summary.counts.peak_event);
    }
    fputs(table->is_json && status == CLI_CLEAN ? "]}\n" : "", stdout);
    shared_unmap(row, sizeof *row);
    return status == CLI_CLEAN && table->has_death ? CLI_FINDING : status;
}

int trace_compare(int argc, char **argv) {
    struct table table = {.path = NULL};
    const struct cli_option options[] = {{"--json", &table.is_json, NULL}, {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 2, SUBJECTS_MAX + 1};
    char **operands;
    size_t operand_count;
    int status = cli_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    machine_add_own();
    table.path = operands[operand_count - 1];
    return cli_finish(compare(&table, operands, operand_count - 1));
}
