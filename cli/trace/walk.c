// walk: a trace from its first event to its last, with what lives by it.
#include "cli/trace/walk.h"

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

static bool has_no_memory(struct walk *walk) {
    cli_message("out of memory");
    walk->status = CLI_ENVIRONMENT;
    return false;
}

bool walk_begin(struct walk *walk, const char *path) {
    struct trace_error error;
    *walk = (struct walk){.path = path, .status = CLI_CLEAN, .told_ms = clock_ms()};
    walk->reader = trace_reader_open(path, &error);
    if (walk->reader == NULL) {
        walk->status = trace_refuse(path, &error);
        return false;
    }
    walk->ledger = trace_ledger_create();
    if (walk->ledger == NULL) {
        return has_no_memory(walk);
    }
    walk->counts = trace_ledger_counts(walk->ledger);
    return true;
}

static void tell(struct walk *walk) {
    if (walk->counts->events % 65536 == 0) {
        cli_tell(&walk->told_ms, "%s: %llu events", walk->path,
                 (unsigned long long)walk->counts->events);
    }
}

bool walk_next(struct walk *walk, struct trace_event *event) {
    struct trace_record record;
    struct trace_error error;
    while (trace_reader_next(walk->reader, &record, &error)) {
        enum trace_step step = trace_ledger_take(walk->ledger, &record, event);
        if (step == TRACE_STEP_NO_MEMORY) {
            return has_no_memory(walk);
        }
        if (step == TRACE_STEP_EVENT) {
            tell(walk);
            return true;
        }
    }
    if (error.what != NULL) {
        walk->status = trace_refuse(walk->path, &error);
    } else if (!trace_ledger_finish(walk->ledger)) {
        return has_no_memory(walk);
    }
    return false;
}

int walk_end(struct walk *walk) {
    trace_ledger_destroy(walk->ledger);
    trace_reader_close(walk->reader);
    return walk->status;
}
