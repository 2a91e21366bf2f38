// fold: `trace fold`: lines for a flame graph: who holds the memory, by thread and size.
#include "cli/io/cli.h"
#include "cli/io/options.h"
#include "cli/trace/summary.h"
#include "cli/trace/trace.h"
#include "cli/trace/walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck trace fold FILE [--of WHAT] [--count]\n"
    "\n"
    "Lines for a flame graph, 'process 7;thread 8;up to 64 B 4096': bytes that were\n"
    "asked for, by the thread that allocated or resized them last, and by size.\n"
    "  --of=peak|end|all|temporary  what lived at the peak (else), at the end; all\n"
    "             that was ever allocated; of that, what its thread freed as the\n"
    "             next thing that it did\n"
    "  --count    objects in place of bytes\n"
    "Exit status: 0 clean, 2 unusable input or call, 3 the environment failed.\n";

static const char *const wholes[] = {"peak", "end", "all", "temporary"};
enum { WHOLE_PEAK, WHOLE_END, WHOLE_ALL, WHOLE_TEMPORARY, WHOLE_COUNT };

// What a thread has.
struct share {
    struct summary_row sizes[SUMMARY_SIZES];
    uint64_t
        last; // 1 + the id of the object that its last event allocated; 0: it did another thing
};

struct fold {
    unsigned whole;
    uint64_t event_count;  // that are looked at
    struct share **shares; // by thread; NULL: none
    uint32_t thread_count;
    bool has_no_memory;
};

static struct share *share_of(struct fold *fold, uint32_t thread) {
    if (thread >= fold->thread_count) {
        uint32_t count = thread + 1 + fold->thread_count;
        struct share **shares = realloc(fold->shares, count * sizeof(struct share *));
        if (shares == NULL) {
            fold->has_no_memory = true;
            return NULL;
        }
        for (uint32_t i = fold->thread_count; i < count; i++) {
            shares[i] = NULL;
        }
        fold->shares = shares;
        fold->thread_count = count;
    }
    if (fold->shares[thread] == NULL) {
        fold->shares[thread] = calloc(1, sizeof(struct share));
        fold->has_no_memory = fold->has_no_memory || fold->shares[thread] == NULL;
    }
    return fold->shares[thread];
}

static void count(void *context, const struct trace_object *object) {
    struct share *share = share_of(context, object->thread);
    if (share != NULL) {
        summary_count_size(share->sizes, object->size);
    }
}

static void take(struct fold *fold, const struct trace_event *event) {
    struct share *share = share_of(fold, event->thread);
    bool allocates = event->kind == TRACE_EVENT_ALLOC;
    if (share == NULL) {
        return;
    }
    if (fold->whole == WHOLE_ALL && event->after.address != 0) {
        count(fold, &event->after);
    } else if (fold->whole == WHOLE_TEMPORARY && event->kind == TRACE_EVENT_FREE &&
               event->before.id + 1 == share->last) {
        count(fold, &event->before);
    }
    share->last = allocates ? event->after.id + 1 : 0;
}

static int read_all(struct fold *fold, struct walk *walk) {
    struct trace_event event;
    while (!fold->has_no_memory && walk->counts->events < fold->event_count &&
           walk_next(walk, &event)) {
        take(fold, &event);
    }
    if (walk->status == CLI_CLEAN && fold->whole <= WHOLE_END) {
        fold->has_no_memory = !trace_ledger_finish(walk->ledger) || fold->has_no_memory;
        trace_ledger_visit(walk->ledger, count, fold);
    }
    if (fold->has_no_memory) {
        cli_message("out of memory");
        walk->status = CLI_ENVIRONMENT;
    }
    return walk->status;
}

static void print(const struct fold *fold, const struct walk *walk, bool counts_objects) {
    for (uint32_t thread = 0; thread < fold->thread_count; thread++) {
        const struct share *share = fold->shares[thread];
        for (size_t i = 0; share != NULL && i < SUMMARY_SIZES; i++) {
            const struct summary_row *row = &share->sizes[i];
            uint64_t amount = counts_objects ? row->count : row->bytes;
            if (amount != 0) {
                printf("process %" PRIu32 ";thread %" PRIu64 ";up to %" PRIu64 " B %" PRIu64 "\n",
                       trace_reader_header(walk->reader)->process_id,
                       trace_reader_thread_id(walk->reader, thread), summary_size(i), amount);
            }
        }
    }
}

static int fold_file(struct fold *fold, const char *path, bool counts_objects) {
    struct walk walk;
    if (walk_begin(&walk, path) && read_all(fold, &walk) == CLI_CLEAN) {
        print(fold, &walk, counts_objects);
    }
    for (uint32_t i = 0; i < fold->thread_count; i++) {
        free(fold->shares[i]);
    }
    free(fold->shares);
    return walk_end(&walk);
}

// How many events there are up to the peak; 0: nothing lived.
static int find_peak(struct fold *fold, const char *path) {
    static struct summary summary;
    int status = summary_read(&summary, path);
    fold->event_count = summary.counts.peak_bytes == 0 ? 0 : summary.counts.peak_event + 1;
    return status;
}

int trace_fold(int argc, char **argv) {
    const char *whole = wholes[WHOLE_PEAK];
    bool counts_objects = false;
    const struct cli_option options[] = {
        {"--of", NULL, &whole}, {"--count", &counts_objects, NULL}, {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 1, 1};
    char **operands;
    size_t operand_count;
    int status = cli_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    struct fold fold = {.event_count = UINT64_MAX};
    while (fold.whole < WHOLE_COUNT && strcmp(whole, wholes[fold.whole]) != 0) {
        fold.whole++;
    }
    if (fold.whole == WHOLE_COUNT) {
        cli_message("fold: --of takes peak, end, all or temporary, not '%s'", whole);
        return CLI_UNUSABLE;
    }
    status = fold.whole == WHOLE_PEAK ? find_peak(&fold, operands[0]) : CLI_CLEAN;
    return cli_finish(status == CLI_CLEAN ? fold_file(&fold, operands[0], counts_objects) : status);
}
