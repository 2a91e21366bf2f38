// summary: all of a trace in numbers, read once.
#include "cli/trace/summary.h"

#include "cli/trace/walk.h"

#include <string.h>

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

void summary_count_size(struct summary_row *rows, uint64_t size) {
    size_t row = 0;
    while (row + 1 < SUMMARY_SIZES && size > summary_size(row)) {
        row++;
    }
    count(&rows[row], size);
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
        summary_count_size(summary->sizes, event->after.size);
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

int summary_read(struct summary *summary, const char *path) {
    struct walk walk;
    struct trace_event event;
    *summary = (struct summary){0};
    if (walk_begin(&walk, path)) {
        summary->header = *trace_reader_header(walk.reader);
        while (walk_next(&walk, &event)) {
            take(summary, &event, walk.counts);
        }
        trace_ledger_visit(walk.ledger, count_alive, summary);
        summary->counts = *walk.counts;
        summary->thread_count = trace_reader_thread_count(walk.reader);
        bool is_cut = trace_reader_is_cut(walk.reader);
        summary->is_cut = is_cut || summary->header.end == TRACE_END_STOPPED;
        summary->why_cut = is_cut            ? "the file is cut"
                           : summary->is_cut ? strerror((int)summary->header.error)
                                             : NULL;
    }
    return walk_end(&walk);
}
