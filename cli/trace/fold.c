// fold: `trace fold`: lines for a flame graph: who holds the memory, by call stack, or by thread
// and size.
#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/io/options.h"
#include "cli/trace/shares.h"
#include "cli/trace/symbols/names.h"
#include "cli/trace/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck trace fold FILE [--of WHAT] [--by stack|thread] [--count]\n"
    "                               [--path FOLDERS]\n"
    "\n"
    "Lines for a flame graph, 'process 7;main;read_all;strdup 4096': bytes that were\n"
    "asked for, by the calls that allocated or resized them last. Of a trace without\n"
    "call stacks 'process 7;thread 8;up to 64 B 4096', by thread and by size.\n"
    "  --of=peak|end|all|temporary  what lived at the peak (else), at the end; all\n"
    "             that was ever allocated; of that, what its thread freed as the\n"
    "             next thing that it did\n"
    "  --by stack|thread  one of the two, whatever the trace has\n"
    "  --count    objects in place of bytes\n"
    "  --path FOLDERS  where programs and libraries are looked for first, separated\n"
    "             by colons\n"
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

// ---- by stack

struct way {
    uint32_t *frames; // the innermost first
    size_t count, capacity;
};

static bool find_way(struct way *way, const struct trace_stacks *stacks, uint32_t frame) {
    for (way->count = 0; frame != 0; frame = trace_stacks_frame(stacks, frame).caller) {
        if (!ARRAY_RESERVE(way->frames, way->capacity, way->count + 1)) {
            return false;
        }
        way->frames[way->count++] = frame;
    }
    return true;
}

static void print_name(const char *name) {
    putchar(';');
    for (const char *at = escape_shown(name); *at != 0; at++) {
        putchar(*at == ';' ? ':' : *at);
    }
}

static bool print_way(const struct way *way, struct names *names) {
    for (size_t i = way->count; i-- > 0;) {
        const struct names_call *calls;
        size_t count = names_calls(names, way->frames[i], &calls);
        if (count == 0) {
            return false;
        }
        for (size_t k = count; k-- > 0;) {
            print_name(calls[k].function);
        }
    }
    return true;
}

static bool print_shares(struct shares *shares, struct names *names, enum shares_of of,
                         bool counts_objects) {
    struct way way = {.frames = NULL};
    bool has_memory = true;
    for (uint32_t i = 0; i < shares->order_count && has_memory; i++) {
        uint32_t stack = shares->order[i];
        const struct summary_row *row = &shares->rows[stack].of[of];
        uint64_t amount = counts_objects ? row->count : row->bytes;
        if (amount != 0) {
            printf("process %" PRIu32, shares->summary.header.process_id);
            has_memory = find_way(&way, shares->stacks, stack) && print_way(&way, names);
            printf("%s %" PRIu64 "\n", stack == 0 ? ";(no stack)" : "", amount);
        }
    }
    free(way.frames);
    return has_memory;
}

static int fold_stacks(const char *path, unsigned whole, bool counts_objects, const char *folders) {
    static const enum shares_of parts[WHOLE_COUNT] = {SHARES_PEAK, SHARES_END, SHARES_ALL,
                                                      SHARES_TEMPORARY};
    static struct shares shares;
    int status = shares_read(&shares, path);
    struct names *names = status == CLI_CLEAN ? names_open(shares.stacks, folders) : NULL;
    if (status == CLI_CLEAN &&
        (names == NULL || !print_shares(&shares, names, parts[whole], counts_objects))) {
        cli_message("out of memory");
        status = CLI_ENVIRONMENT;
    }
    if (status == CLI_CLEAN) {
        names_tell_missing(names);
    }
    names_close(names);
    (void)shares_end(&shares);
    return status;
}

// ---- the call

// *has_stacks: the trace has. A status.
static int look_at(const char *path, bool *has_stacks) {
    struct trace_error error;
    struct trace_reader *reader = trace_reader_open(path, &error);
    if (reader == NULL) {
        return trace_refuse(path, &error);
    }
    *has_stacks = trace_reader_header(reader)->version == TRACE_VERSION_STACKS;
    trace_reader_close(reader);
    return CLI_CLEAN;
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
    const char *by = NULL;
    const char *folders = NULL;
    const struct cli_option options[] = {{"--of", NULL, &whole},
                                         {"--count", &counts_objects, NULL},
                                         {"--by", NULL, &by},
                                         {"--path", NULL, &folders},
                                         {NULL, NULL, NULL}};
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
    bool by_stack = by != NULL && strcmp(by, "stack") == 0;
    if (by != NULL && !by_stack && strcmp(by, "thread") != 0) {
        cli_message("fold: --by takes stack or thread, not '%s'", by);
        return CLI_UNUSABLE;
    }
    status = by == NULL ? look_at(operands[0], &by_stack) : CLI_CLEAN;
    if (status != CLI_CLEAN || by_stack) {
        return status != CLI_CLEAN
                   ? status
                   : cli_finish(fold_stacks(operands[0], fold.whole, counts_objects, folders));
    }
    status = fold.whole == WHOLE_PEAK ? find_peak(&fold, operands[0]) : CLI_CLEAN;
    return cli_finish(status == CLI_CLEAN ? fold_file(&fold, operands[0], counts_objects) : status);
}
