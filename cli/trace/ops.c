// ops: `trace ops`: a window of a trace as a program of operations, what lived before it first.
#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "cli/io/lookup.h"
#include "cli/io/options.h"
#include "cli/trace/trace.h"
#include "cli/trace/walk.h"
#include "fuzz/program/text.h"
#include "oracle/core/harness_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck trace ops FILE [--window A..B]\n"
    "\n"
    "The events from A on and before B as a program of operations, for `countercheck\n"
    "replay`: what lives at A is allocated first, in its order; each thread has a\n"
    "cache of its own. What failed, and a free of what was there before the recorder,\n"
    "is left out. A program has at most 4096 operations and 1024 objects at a time:\n"
    "a window that asks for more is refused, by the event at which it does.\n"
    "  --window A..B  without A from the beginning, without B to the end\n"
    "Exit status: 0 clean, 2 unusable input or call, 3 the environment failed.\n";

#define ALIGN_LOG_MAX 26                   // that an operation can say
#define TOUCHED_MAX   (UINT64_C(64) << 20) // that an operation gives contents to
#define NO_SLOT       UINT32_MAX

// A program in the making.
struct maker {
    struct program program;
    uint64_t owners[OPERATION_SLOTS_WIDE]; // 1 + the object's id; 0: the slot is free
    struct lookup caches;                  // of threads
    uint32_t cache_count;
    struct trace_object *before; // what lives at the window's beginning
    size_t before_count, before_capacity;
    bool has_no_memory;
    const char *excess; // what a program cannot say; NULL: nothing
};

struct window {
    uint64_t first, end;
};

// ---- slots and caches

static uint32_t find_slot(const struct maker *maker, uint64_t owner) {
    uint32_t slot = 0;
    while (slot < OPERATION_SLOTS_WIDE && maker->owners[slot] != owner) {
        slot++;
    }
    return slot < OPERATION_SLOTS_WIDE ? slot : NO_SLOT;
}

static uint32_t cache_of(struct maker *maker, uint32_t thread) {
    uint32_t cache = lookup_get(&maker->caches, thread);
    if (cache == LOOKUP_NONE) {
        cache = maker->cache_count++ % PROGRAM_CACHES_LIMIT;
        maker->has_no_memory = !lookup_put(&maker->caches, thread, cache) || maker->has_no_memory;
    }
    return cache;
}

// ---- operations

static void add(struct maker *maker, enum operation_code code, uint32_t thread, uint32_t slot,
                uint64_t size, uint8_t align_log) {
    struct operation operation = operation_from_words(code, 0);
    operation = operation_set(operation, OPERAND_CACHE, cache_of(maker, thread));
    operation = operation_set(operation, OPERAND_HANDLE, slot);
    operation = operation_set(operation, OPERAND_SIZE, size < SIZE_LIMIT ? size : SIZE_LIMIT);
    operation = operation_set(operation, OPERAND_ALIGN,
                              align_log < ALIGN_LOG_MAX ? align_log : ALIGN_LOG_MAX);
    operation = operation_set(operation, OPERAND_UNTOUCHED, size > TOUCHED_MAX);
    if (!program_append(&maker->program, operation)) {
        maker->excess = "more operations than a program has, which are 4096";
    }
}

static void allocate(struct maker *maker, const struct trace_object *object, uint8_t align_log,
                     bool is_zeroed) {
    uint32_t slot = find_slot(maker, 0);
    if (slot == NO_SLOT) {
        maker->excess = "more objects at a time than a program names, which are 1024";
        return;
    }
    maker->owners[slot] = object->id + 1;
    add(maker, align_log > 0 ? OP_ALLOC_ALIGNED : OP_ALLOC, object->thread, slot, object->size,
        align_log);
    if (is_zeroed && maker->program.count > 0) {
        struct operation *last = &maker->program.operations[maker->program.count - 1];
        *last = operation_set(*last, OPERAND_ZERO, 1);
    }
}

static void release(struct maker *maker, const struct trace_event *event) {
    uint32_t slot = find_slot(maker, event->before.id + 1);
    if (slot != NO_SLOT) {
        maker->owners[slot] = 0;
        add(maker, OP_FREE, event->thread, slot, 0, 0);
    }
}

// One that had begun before the window is an allocation.
static void resize(struct maker *maker, const struct trace_event *event) {
    uint32_t slot = find_slot(maker, event->after.id + 1);
    if (slot == NO_SLOT) {
        allocate(maker, &event->after, 0, false);
    } else {
        add(maker, OP_REALLOC, event->thread, slot, event->after.size, 0);
    }
}

static void take(struct maker *maker, const struct trace_event *event) {
    switch (event->kind) {
    case TRACE_EVENT_ALLOC:
        allocate(maker, &event->after, event->align_log, event->record == TRACE_CALLOC);
        break;
    case TRACE_EVENT_FREE:
        release(maker, event);
        break;
    case TRACE_EVENT_REALLOC:
        resize(maker, event);
        break;
    case TRACE_EVENT_UNKNOWN:
        if (event->after.address != 0) {
            allocate(maker, &event->after, 0, false);
        }
        break;
    case TRACE_EVENT_FAILED:
        break;
    }
}

// ---- what lived before

static void remember(void *context, const struct trace_object *object) {
    struct maker *maker = context;
    if (!ARRAY_RESERVE(maker->before, maker->before_capacity, maker->before_count + 1)) {
        maker->has_no_memory = true;
        return;
    }
    maker->before[maker->before_count++] = *object;
}

static int by_id(const void *a, const void *b) {
    const struct trace_object *one = a;
    const struct trace_object *other = b;
    return one->id < other->id ? -1 : one->id > other->id;
}

static void allocate_before(struct maker *maker, const struct trace_ledger *ledger) {
    trace_ledger_visit(ledger, remember, maker);
    if (maker->before_count > 1) {
        qsort(maker->before, maker->before_count, sizeof *maker->before, by_id);
    }
    for (size_t i = 0; i < maker->before_count && maker->excess == NULL; i++) {
        allocate(maker, &maker->before[i], 0, false);
    }
}

// ---- the window

static int make(struct maker *maker, struct walk *walk, const struct window *window) {
    struct trace_event event = {.number = 0};
    while (walk->counts->events < window->first && walk_next(walk, &event)) {
    }
    if (walk->status == CLI_CLEAN && walk->counts->events < window->first) {
        cli_message("%s: ends before event %" PRIu64, walk->path, window->first);
        return CLI_UNUSABLE;
    }
    allocate_before(maker, walk->ledger);
    while (!maker->has_no_memory && maker->excess == NULL && walk->status == CLI_CLEAN &&
           walk->counts->events < window->end && walk_next(walk, &event)) {
        take(maker, &event);
    }
    if (maker->has_no_memory) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    if (maker->excess != NULL) {
        cli_message("%s: event %" PRIu64 ": %s (--window)", walk->path, event.number,
                    maker->excess);
        return CLI_UNUSABLE;
    }
    return walk->status;
}

static int print(const struct maker *maker, const struct window *window, uint64_t end) {
    char *text = text_print_program(&maker->program);
    if (text == NULL) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    printf("# events %" PRIu64 "..%" PRIu64 " of a trace; %zu objects lived before them\n%s",
           window->first, end, maker->before_count, text);
    harness_free(text);
    return CLI_CLEAN;
}

static int make_and_print(const char *path, const struct window *window) {
    static struct maker maker;
    struct walk walk;
    int status = CLI_CLEAN;
    memset(&maker, 0, sizeof maker);
    program_clear(&maker.program);
    if (walk_begin(&walk, path)) {
        status = make(&maker, &walk, window);
        if (maker.cache_count > 1) {
            maker.program.header.caches =
                (uint16_t)(maker.cache_count < PROGRAM_CACHES_LIMIT ? maker.cache_count
                                                                    : PROGRAM_CACHES_LIMIT);
        }
        if (status == CLI_CLEAN) {
            status = print(&maker, window, walk.counts->events);
        }
    }
    lookup_fini(&maker.caches);
    free(maker.before);
    int read_status = walk_end(&walk);
    return read_status == CLI_CLEAN ? status : read_status;
}

// ---- the call

static bool parse_end(const char *text, size_t length, uint64_t *event) {
    char digits[24];
    if (length == 0) {
        return true; // as it is
    }
    if (length >= sizeof digits) {
        return false;
    }
    memcpy(digits, text, length);
    digits[length] = 0;
    return cli_number("ops", "--window", digits, INT64_MAX, event);
}

static int parse_window(const char *text, struct window *window) {
    *window = (struct window){0, UINT64_MAX};
    const char *dots = text == NULL ? NULL : strstr(text, "..");
    if (text == NULL) {
        return CLI_CLEAN;
    }
    if (dots == NULL) {
        cli_message("ops: --window takes A..B, not '%s'", text);
        return CLI_UNUSABLE;
    }
    if (!parse_end(text, (size_t)(dots - text), &window->first) ||
        !parse_end(dots + 2, strlen(dots + 2), &window->end)) {
        return CLI_UNUSABLE;
    }
    if (window->end <= window->first) {
        cli_message("ops: --window %s has no events", text);
        return CLI_UNUSABLE;
    }
    return CLI_CLEAN;
}

int trace_ops(int argc, char **argv) {
    const char *text = NULL;
    const struct cli_option options[] = {{"--window", NULL, &text}, {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 1, 1};
    char **operands;
    size_t operand_count;
    struct window window;
    int status = cli_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    status = parse_window(text, &window);
    return cli_finish(status == CLI_CLEAN ? make_and_print(operands[0], &window) : status);
}
