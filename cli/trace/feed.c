// feed: a trace's events handed to a process of its own, in which an allocator runs under them.
#define _GNU_SOURCE // sem_timedwait
#include "cli/run/shared.h"
#include "cli/trace/feed.h"

#include "cli/io/cli.h"
#include "cli/trace/walk.h"
#include "fuzz/execute/child.h"

#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCHES 2 // one is filled while the other one is used

struct feed {
    sem_t filled, emptied; // how many batches are
    uint64_t event;
    bool is_whole;
    int result;
    unsigned next; // of the child: the batch that it gets next
    bool is_using; // one
    struct feed_batch batches[BATCHES];
};

// ---- the child

const struct feed_batch *feed_next(struct feed *feed) {
    if (feed->is_using) {
        (void)sem_post(&feed->emptied);
    }
    while (sem_wait(&feed->filled) != 0 && errno == EINTR) {
    }
    const struct feed_batch *batch = &feed->batches[feed->next];
    feed->next = (feed->next + 1) % BATCHES;
    feed->is_using = true;
    return batch->count == 0 ? NULL : batch;
}

void feed_at(struct feed *feed, uint64_t event) {
    *(volatile uint64_t *)&feed->event = event;
}

static _Noreturn void run_child(struct feed *feed, feed_work *work, void *context) {
    feed->result = work(context, feed);
    feed->is_whole = true;
    (void)fflush(stdout);
    _exit(0);
}

// ---- the parent

static struct feed_event event_of(const struct trace_event *event) {
    const struct trace_object *object = &event->after;
    struct feed_event made = {.thread = (uint16_t)event->thread};
    bool obtains = event->after.address != 0;
    switch (event->kind) {
    case TRACE_EVENT_ALLOC:
        made.kind = event->record == TRACE_CALLOC ? FEED_ALLOCATE_ZEROED : FEED_ALLOCATE;
        made.align_log = event->align_log;
        break;
    case TRACE_EVENT_FREE:
        object = &event->before;
        made.kind = FEED_RELEASE;
        break;
    case TRACE_EVENT_REALLOC:
        made.kind = FEED_RESIZE;
        break;
    case TRACE_EVENT_UNKNOWN:
        made.kind = obtains ? FEED_ALLOCATE : FEED_NOTHING;
        break;
    case TRACE_EVENT_FAILED:
        break;
    }
    made.size_bytes = object->size;
    made.place = object->place;
    return made;
}

// Whether there is a batch to fill; false: the child has ended, and *status is its.
static bool wait_for_room(struct feed *feed, pid_t child, int *status) {
    for (;;) {
        struct timespec end;
        (void)clock_gettime(CLOCK_REALTIME, &end);
        end.tv_nsec += 50000000;
        end.tv_sec += end.tv_nsec / 1000000000;
        end.tv_nsec %= 1000000000;
        if (sem_timedwait(&feed->emptied, &end) == 0) {
            return true;
        }
        if (errno == ETIMEDOUT && waitpid(child, status, WNOHANG) == child) {
            return false;
        }
    }
}

// The events of one batch. False: there are none any more, and it is empty.
static bool fill(struct feed_batch *batch, struct walk *walk) {
    struct trace_event event;
    batch->count = 0;
    batch->first = walk->counts->events;
    while (batch->count < FEED_BATCH && walk_next(walk, &event)) {
        batch->events[batch->count++] = event_of(&event);
    }
    batch->place_count = trace_ledger_places(walk->ledger);
    return batch->count > 0;
}

// The child's status.
static int feed_all(struct feed *feed, struct walk *walk, pid_t child) {
    int status = 0;
    unsigned next = 0;
    for (bool has_more = true; has_more;) {
        if (!wait_for_room(feed, child, &status)) {
            return status;
        }
        has_more = fill(&feed->batches[next], walk);
        next = (next + 1) % BATCHES;
        (void)sem_post(&feed->filled);
    }
    return child_wait(child);
}

static int run(struct feed *feed, struct walk *walk, feed_work *work, void *context,
               struct feed_end *end) {
    if (sem_init(&feed->filled, 1, 0) != 0 || sem_init(&feed->emptied, 1, BATCHES) != 0) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    (void)fflush(stdout);
    pid_t child = fork();
    if (child < 0) {
        cli_message("no process: try again when fewer run");
        return CLI_ENVIRONMENT;
    }
    if (child == 0) {
        run_child(feed, work, context);
    }
    *end = (struct feed_end){.status = feed_all(feed, walk, child)};
    end->is_whole = feed->is_whole;
    end->result = feed->result;
    end->event = feed->event;
    return walk->status;
}

int feed_run(const char *path, feed_work *work, void *context, struct feed_end *end,
             struct feed_totals *totals) {
    struct walk walk;
    struct feed *feed = shared_map(sizeof *feed);
    if (feed == NULL) {
        return CLI_ENVIRONMENT;
    }
    int status = CLI_UNUSABLE;
    if (walk_begin(&walk, path)) {
        status = run(feed, &walk, work, context, end);
        *totals = (struct feed_totals){walk.counts->events, walk.counts->peak_event,
                                       walk.counts->peak_bytes, walk.counts->peak_objects};
    }
    shared_unmap(feed, sizeof *feed);
    int read_status = walk_end(&walk);
    return read_status != CLI_CLEAN ? read_status : status;
}
