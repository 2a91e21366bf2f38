// goroutines: goroutines that are not dead, their frames, defers and panics, in step with
// the runtime's lists.
#include "oracle/go/roundtrip/private.h"
#include "oracle/go/rules.h"

#define WORD_BYTES 8

// ---- frames

// The low end of a frame is what it gave its callee, by the callee's argument map; without one, all
// of it may point.
static struct expected_words out_argument_words(const struct frame_description *own,
                                                const struct frame_description *callee) {
    if (callee == NULL) {
        return (struct expected_words){0};
    }
    size_t limit_bytes = own->size_bytes;
    size_t size_bytes = callee->argument_bytes > limit_bytes ? limit_bytes : callee->argument_bytes;
    return (struct expected_words){
        .word_count = size_bytes / WORD_BYTES,
        .bits = callee->arguments_map == FRAME_MAP_BITS ? callee->argument_bits : NULL,
    };
}

static struct expected_words local_words(const struct frame_description *own,
                                         size_t out_argument_words) {
    if (own->locals_map == FRAME_MAP_EMPTY) {
        return (struct expected_words){0};
    }
    if (own->locals_map == FRAME_MAP_NONE) {
        return (struct expected_words){
            .first_offset = out_argument_words * WORD_BYTES,
            .word_count = own->size_bytes / WORD_BYTES - out_argument_words,
        };
    }
    return (struct expected_words){
        .first_offset = own->size_bytes - own->local_words * WORD_BYTES,
        .word_count = own->local_words,
        .bits = own->locals_map == FRAME_MAP_BITS ? own->local_bits : NULL,
    };
}

struct expected_fields roundtrip_frame_fields(const struct frame_description *own,
                                              const struct frame_description *callee) {
    struct expected_words out_arguments = out_argument_words(own, callee);
    return (struct expected_fields){
        .runs = {out_arguments, local_words(own, out_arguments.word_count)},
    };
}

static bool check_frame_numbers(struct roundtrip *trip,
                                const struct dump_record_StackFrame *record) {
    const struct frame_description *about = &trip->frame->description;
    uint64_t child_sp = trip->callee == NULL ? 0 : trip->callee->sp;
    const struct func *func = runtime_find_func(trip->dump.runtime, about->entry);
    const char *name = func == NULL || func->name[0] == '\0' ? "unknown function" : func->name;
    unsigned rule = RULE_DUMP_FRAME;
    return roundtrip_equal(trip, rule, "sp", record->sp, "stack", trip->frame->sp) &&
           roundtrip_equal(trip, rule, "depth", record->depth, "stack", trip->depth) &&
           roundtrip_equal(trip, rule, "child_sp", record->child_sp, "stack", child_sp) &&
           roundtrip_equal(trip, rule, "size", record->contents.total_bytes, "stack",
                           about->size_bytes) &&
           roundtrip_equal(trip, rule, "entry", record->entry, "stack", about->entry) &&
           roundtrip_equal(trip, rule, "pc", record->pc, "stack", about->pc) &&
           roundtrip_equal(trip, rule, "continuation_pc", record->continuation_pc, "stack",
                           about->continuation_pc) &&
           roundtrip_text_equal(trip, rule, "function", &record->function, name);
}

static bool check_frame_begin(struct roundtrip *trip, const struct dump_record_StackFrame *record) {
    const struct frame *frame = trip->frame;
    if (!roundtrip_holds(trip, RULE_DUMP_FRAME, frame != NULL, record->sp,
                         "a StackFrame too many") ||
        !check_frame_numbers(trip, record) ||
        !roundtrip_memory_equal(trip, RULE_DUMP_FRAME_CONTENTS, &record->contents, frame->sp)) {
        return false;
    }
    trip->fields = roundtrip_frame_fields(&frame->description,
                                          trip->callee == NULL ? NULL : &trip->callee->description);
    trip->callee = frame;
    trip->frame = frame->caller;
    trip->depth++;
    return true;
}

bool roundtrip_frame(struct roundtrip *trip, const struct dump_record *record) {
    const struct dump_record_StackFrame *frame = &record->as.StackFrame;
    return (!record->is_first || check_frame_begin(trip, frame)) &&
           roundtrip_fields_equal(trip, RULE_DUMP_FRAME_FIELDS, frame->sp, &trip->fields,
                                  &frame->fields, record->is_last);
}

// ---- defers and panics

bool roundtrip_defer(struct roundtrip *trip, const struct dump_record_Defer *record) {
    const struct defer *defer = trip->defer;
    unsigned rule = RULE_DUMP_DEFER;
    if (!roundtrip_holds(trip, rule, defer != NULL, record->address, "a Defer too many")) {
        return false;
    }
    trip->defer = defer->link;
    return roundtrip_equal(trip, rule, "address", record->address, "runtime", (uintptr_t)defer) &&
           roundtrip_equal(trip, rule, "goroutine", record->goroutine, "runtime",
                           (uintptr_t)trip->current) &&
           roundtrip_equal(trip, rule, "sp", record->sp, "runtime", defer->sp) &&
           roundtrip_equal(trip, rule, "pc", record->pc, "runtime", defer->pc) &&
           roundtrip_equal(trip, rule, "function", record->function, "runtime", defer->function) &&
           roundtrip_equal(trip, rule, "entry", record->entry, "runtime",
                           defer->function != 0 ? defer->entry : 0) &&
           roundtrip_equal(trip, rule, "link", record->link, "runtime", (uintptr_t)defer->link);
}

bool roundtrip_panic(struct roundtrip *trip, const struct dump_record_Panic *record) {
    const struct panic *panic = trip->panic;
    unsigned rule = RULE_DUMP_PANIC;
    if (!roundtrip_holds(trip, rule, panic != NULL, record->address, "a Panic too many")) {
        return false;
    }
    trip->panic = panic->link;
    return roundtrip_equal(trip, rule, "address", record->address, "runtime", (uintptr_t)panic) &&
           roundtrip_equal(trip, rule, "goroutine", record->goroutine, "runtime",
                           (uintptr_t)trip->current) &&
           roundtrip_equal(trip, rule, "type", record->type, "runtime", (uintptr_t)panic->type) &&
           roundtrip_equal(trip, rule, "data", record->data, "runtime", panic->data) &&
           roundtrip_equal(trip, rule, "defer", record->defer, "constant", 0) &&
           roundtrip_equal(trip, rule, "link", record->link, "runtime", (uintptr_t)panic->link);
}

// ---- goroutines

// All of the goroutine before has come.
static bool check_current_end(struct roundtrip *trip) {
    uintptr_t address = (uintptr_t)trip->current;
    return roundtrip_holds(trip, RULE_DUMP_FRAME, trip->frame == NULL, address,
                           "lacks a StackFrame") &&
           roundtrip_holds(trip, RULE_DUMP_DEFER, trip->defer == NULL, address, "lacks a Defer") &&
           roundtrip_holds(trip, RULE_DUMP_PANIC, trip->panic == NULL, address, "lacks a Panic");
}

static void skip_dead(struct roundtrip *trip) {
    while (trip->goroutine != NULL && trip->goroutine->status == GOROUTINE_DEAD) {
        trip->goroutine = trip->goroutine->next;
    }
}

// Nobody runs while the world stands still: what ran, or had not begun to, is runnable.
static uint64_t stopped_status(const struct goroutine *g) {
    switch (g->status) {
    case GOROUTINE_SYSCALL:
    case GOROUTINE_WAITING:
    case GOROUTINE_DEAD:
        return g->status;
    case GOROUTINE_IDLE:
    case GOROUTINE_RUNNABLE:
    case GOROUTINE_RUNNING:
        break;
    }
    return GOROUTINE_RUNNABLE;
}

static bool check_links(struct roundtrip *trip, const struct dump_record_Goroutine *record,
                        const struct goroutine *g) {
    unsigned rule = RULE_DUMP_GOROUTINE;
    return roundtrip_equal(trip, rule, "context", record->context, "runtime", g->context) &&
           roundtrip_equal(trip, rule, "thread", record->thread, "runtime", (uintptr_t)g->thread) &&
           roundtrip_equal(trip, rule, "defers", record->defers, "runtime", (uintptr_t)g->defers) &&
           roundtrip_equal(trip, rule, "panics", record->panics, "runtime", (uintptr_t)g->panics);
}

static bool check_numbers(struct roundtrip *trip, const struct dump_record_Goroutine *record,
                          const struct goroutine *g) {
    uint64_t sp = g->innermost != NULL ? g->innermost->sp : g->stack_low + g->stack_bytes;
    unsigned rule = RULE_DUMP_GOROUTINE;
    return roundtrip_equal(trip, rule, "address", record->address, "runtime", (uintptr_t)g) &&
           roundtrip_equal(trip, rule, "sp", record->sp, "runtime", sp) &&
           roundtrip_equal(trip, rule, "id", record->id, "runtime", g->id) &&
           roundtrip_equal(trip, rule, "go_pc", record->go_pc, "runtime", g->go_pc) &&
           roundtrip_equal(trip, rule, "status", record->status, "runtime", stopped_status(g)) &&
           roundtrip_equal(trip, rule, "is_system", record->is_system, "runtime", g->is_system) &&
           roundtrip_equal(trip, rule, "is_background", record->is_background, "constant", 0) &&
           roundtrip_equal(trip, rule, "wait_since", record->wait_since, "runtime",
                           g->wait_since_ns) &&
           roundtrip_text_equal(trip, rule, "wait_reason", &record->wait_reason, g->wait_reason);
}

bool roundtrip_goroutine(struct roundtrip *trip, const struct dump_record_Goroutine *record) {
    if (!check_current_end(trip)) {
        return false;
    }
    skip_dead(trip);
    const struct goroutine *g = trip->goroutine;
    if (!roundtrip_holds(trip, RULE_DUMP_GOROUTINE, g != NULL, record->address,
                         "a Goroutine too many") ||
        !check_numbers(trip, record, g) || !check_links(trip, record, g)) {
        return false;
    }
    trip->goroutine = g->next;
    trip->current = g;
    trip->frame = g->innermost;
    trip->callee = NULL;
    trip->depth = 0;
    trip->defer = g->defers;
    trip->panic = g->panics;
    return true;
}

bool roundtrip_goroutines_end(struct roundtrip *trip) {
    skip_dead(trip);
    return check_current_end(trip) &&
           roundtrip_holds(trip, RULE_DUMP_GOROUTINE, trip->goroutine == NULL,
                           (uintptr_t)trip->goroutine, "has no Goroutine record");
}
