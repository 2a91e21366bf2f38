// summary: all of a trace in numbers, read once.
#include "cli/trace/summary.h"

#include "cli/io/cli.h"
#include "cli/io/clock.h"
#include "cli/trace/trace.h"

#include <errno.h>
#include <string.h>

int trace_refuse(const char *path, const struct trace_error *error) {
    if (error->system != 0) {
        cli_message("%s: %s: %s", path, error->what, strerror(error->system));
        bool is_the_call = error->system != ENOMEM && error->system != EIO;
        return is_the_call ? CLI_UNUSABLE : CLI_ENVIRONMENT;
    }
    cli_message("%s: byte %llu: %s", path, (unsigned long long)error->offset, error->what);
    return CLI_UNUSABLE;
}

uint64_t summary_size(size_t row) {
    return row == 0 ? 0 : row > 64 ? UINT64_MAX : (uint64_t)1 << (row - 1);
}

uint64_t summary_lifetime(size_t row) {
    uint64_t below_us = 10;
    for (size_t i = 0; i < row; i++) {
        below_us *= 10;
    }
    return row < SUMMARY_LIFETIMES ? below_us : 0;
}

static void count(struct summary_row *row, uint64_t bytes) {
    row->count++;
    row->bytes += bytes;
}

static void count_size(struct summary *summary, uint64_t size) {
    size_t row = 0;
    while (row + 1 < SUMMARY_SIZES && size > summary_size(row)) {
        row++;
    }
    count(&summary->sizes[row], size);
}

static void count_lifetime(struct summary *summary, const struct trace_object *object,
                           uint64_t end_ns) {
    uint64_t below_ns = 10000;
    size_t row = 0;
    while (row + 1 < SUMMARY_LIFETIMES && end_ns - object->time_ns >= below_ns) {
        below_ns *= 10;
        row++;
    }
    count(&summary->lifetimes[row], object->size);
}

static void take(struct summary *summary, const struct trace_event *event,
                 const struct trace_counts *counts) {
    if (event->after.address != 0) {
        count_size(summary, event->after.size);
    }
    if (event->kind == TRACE_EVENT_FREE) {
        count_lifetime(summary, &event->before, event->time_ns);
    }
    uint64_t start_ns = summary->header.start_ns;
    summary->duration_ns = event->time_ns > start_ns ? event->time_ns - start_ns : 0;
    timeline_add(&summary->timeline, summary->duration_ns, counts->live_bytes,
                 counts->live_objects);
}

static void count_alive(void *context, const struct trace_object *object) {
    struct summary *summary = context;
    count(&summary->lifetimes[SUMMARY_LIFETIMES], object->size);
}

static int read_all(struct summary *summary, struct trace_reader *reader,
                    struct trace_ledger *ledger, const char *path) {
    struct trace_record record;
    struct trace_error error;
    struct trace_event event;
    const struct trace_counts *counts = trace_ledger_counts(ledger);
    int64_t told_ms = clock_ms();
    enum trace_step step = TRACE_STEP_NONE;
    while (step != TRACE_STEP_NO_MEMORY && trace_reader_next(reader, &record, &error)) {
        step = trace_ledger_take(ledger, &record, &event);
        if (step == TRACE_STEP_EVENT) {
            take(summary, &event, counts);
        }
        if (counts->events % 65536 == 0) {
            cli_tell(&told_ms, "%s: %llu events", path, (unsigned long long)counts->events);
        }
    }
    if (step == TRACE_STEP_NO_MEMORY || !trace_ledger_finish(ledger)) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    if (error.what != NULL) {
        return trace_refuse(path, &error);
    }
    trace_ledger_visit(ledger, count_alive, summary);
    summary->counts = *counts;
    return CLI_CLEAN;
}

int summary_read(struct summary *summary, const char *path) {
    *summary = (struct summary){0};
    struct trace_error error;
    struct trace_reader *reader = trace_reader_open(path, &error);
    if (reader == NULL) {
        return trace_refuse(path, &error);
    }
    struct trace_ledger *ledger = trace_ledger_create();
    int status = CLI_ENVIRONMENT;
    summary->header = *trace_reader_header(reader);
    if (ledger != NULL) {
        status = read_all(summary, reader, ledger, path);
    } else {
        cli_message("out of memory");
    }
    summary->thread_count = trace_reader_thread_count(reader);
    summary->is_cut = trace_reader_is_cut(reader) || summary->header.end == TRACE_END_STOPPED;
    summary->why_cut = trace_reader_is_cut(reader) ? "the file is cut"
                       : summary->is_cut           ? strerror((int)summary->header.error)
                                                   : NULL;
    trace_ledger_destroy(ledger);
    trace_reader_close(reader);
    return status;
}
