// shares: what was obtained by each call stack of a trace, read twice: for its peak, and for what
// lived then.
#include "cli/trace/shares.h"

#include "cli/io/cli.h"
#include "cli/trace/trace.h"

#include <stdlib.h>
#include <string.h>

static void add(struct share_row *row, enum shares_of of, uint64_t bytes) {
    row->of[of].count++;
    row->of[of].bytes += bytes;
}

static void count(struct shares *shares, enum shares_of of, const struct trace_object *object) {
    add(&shares->rows[object->stack], of, object->size);
    add(&shares->total, of, object->size);
}

static void count_peak(void *context, const struct trace_object *object) {
    count(context, SHARES_PEAK, object);
}

static void count_end(void *context, const struct trace_object *object) {
    count(context, SHARES_END, object);
}

// The thread's last event; NULL: out of memory.
static uint64_t *last_of(struct shares *shares, uint32_t thread) {
    if (thread >= shares->thread_count) {
        uint32_t wanted = thread + 1 + shares->thread_count;
        uint64_t *last = realloc(shares->last, wanted * sizeof *last);
        if (last == NULL) {
            shares->has_no_memory = true;
            return NULL;
        }
        memset(last + shares->thread_count, 0, (wanted - shares->thread_count) * sizeof *last);
        shares->last = last;
        shares->thread_count = wanted;
    }
    return &shares->last[thread];
}

static void take(struct shares *shares, const struct trace_event *event) {
    uint64_t *last = last_of(shares, event->thread);
    if (last == NULL) {
        return;
    }
    if (event->after.address != 0) {
        count(shares, SHARES_ALL, &event->after);
    }
    if (event->kind == TRACE_EVENT_FREE && event->before.id + 1 == *last) {
        count(shares, SHARES_TEMPORARY, &event->before);
    }
    *last = event->kind == TRACE_EVENT_ALLOC ? event->after.id + 1 : 0;
}

static bool make_rows(struct shares *shares) {
    shares->stacks = trace_reader_stacks(shares->walk.reader);
    size_t row_count = trace_stacks_frame_count(shares->stacks) + (size_t)1;
    shares->rows = calloc(row_count, sizeof *shares->rows);
    shares->order = malloc(row_count * sizeof *shares->order);
    shares->has_no_memory = shares->rows == NULL || shares->order == NULL;
    return !shares->has_no_memory;
}

// All frames are known with the first event.
static void read_all(struct shares *shares) {
    struct walk *walk = &shares->walk;
    struct trace_event event;
    bool has_rows = false;
    while (!shares->has_no_memory && walk_next(walk, &event)) {
        has_rows = has_rows || make_rows(shares);
        if (has_rows) {
            take(shares, &event);
            if (event.number == shares->summary.counts.peak_event) {
                trace_ledger_visit(walk->ledger, count_peak, shares);
            }
        }
    }
    if (!has_rows && !shares->has_no_memory && walk->status == CLI_CLEAN) {
        has_rows = make_rows(shares);
    }
    if (has_rows && walk->status == CLI_CLEAN) {
        trace_ledger_visit(walk->ledger, count_end, shares);
    }
}

static void find_order(struct shares *shares) {
    uint32_t row_count = trace_stacks_frame_count(shares->stacks) + 1;
    for (uint32_t i = 0; i < row_count; i++) {
        if (shares->rows[i].of[SHARES_ALL].count != 0) {
            shares->order[shares->order_count++] = i;
        }
    }
}

int shares_read(struct shares *shares, const char *path) {
    *shares = (struct shares){.has_no_memory = false};
    int status = summary_read(&shares->summary, path);
    if (status == CLI_CLEAN && shares->summary.header.version != TRACE_VERSION_STACKS) {
        cli_message("%s: has no call stacks: record --with-stacks", path);
        status = CLI_UNUSABLE;
    }
    if (status == CLI_CLEAN) {
        if (walk_begin(&shares->walk, path)) {
            read_all(shares);
        }
        status = shares->walk.status;
    }
    if (shares->has_no_memory) {
        cli_message("out of memory");
        status = CLI_ENVIRONMENT;
    }
    if (status == CLI_CLEAN) {
        find_order(shares);
    }
    return status;
}

int shares_end(struct shares *shares) {
    free(shares->rows);
    free(shares->last);
    free(shares->order);
    return walk_end(&shares->walk);
}

// ---- order

static const struct share_row *sorted_rows;
static enum shares_of sorted_of;

static int by_bytes(const void *a, const void *b) {
    uint32_t one = *(const uint32_t *)a;
    uint32_t other = *(const uint32_t *)b;
    uint64_t one_bytes = sorted_rows[one].of[sorted_of].bytes;
    uint64_t other_bytes = sorted_rows[other].of[sorted_of].bytes;
    if (one_bytes != other_bytes) {
        return one_bytes > other_bytes ? -1 : 1;
    }
    return one < other ? -1 : one > other;
}

void shares_sort(struct shares *shares, enum shares_of of) {
    sorted_rows = shares->rows;
    sorted_of = of;
    if (shares->order_count > 1) {
        qsort(shares->order, shares->order_count, sizeof *shares->order, by_bytes);
    }
}
