// goroutines: goroutines that are not dead, their frames, defers and panics, in step with
// the runtime's lists.
#include "oracle/go/program/own.h"
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

// Their bytes are another rule's.
static bool check_frame_numbers(struct roundtrip *trip,
                                const struct dump_record_StackFrame *record) {
    struct dump_record_StackFrame own =
        own_frame(trip->dump.runtime, trip->frame, trip->callee, trip->depth);
    own.contents.bytes = NULL;
    struct record_judge judge = roundtrip_judge(trip, RULE_DUMP_FRAME, "stack", record->sp);
    return record_equal_StackFrame(&judge, record, &own);
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
    if (!roundtrip_holds(trip, RULE_DUMP_DEFER, defer != NULL, record->address,
                         "a Defer too many")) {
        return false;
    }
    trip->defer = defer->link;
    struct dump_record_Defer own = own_defer(trip->current, defer);
    struct record_judge judge = roundtrip_judge(trip, RULE_DUMP_DEFER, "runtime", record->address);
    return record_equal_Defer(&judge, record, &own);
}

bool roundtrip_panic(struct roundtrip *trip, const struct dump_record_Panic *record) {
    const struct panic *panic = trip->panic;
    if (!roundtrip_holds(trip, RULE_DUMP_PANIC, panic != NULL, record->address,
                         "a Panic too many")) {
        return false;
    }
    trip->panic = panic->link;
    struct dump_record_Panic own = own_panic(trip->current, panic);
    struct record_judge judge = roundtrip_judge(trip, RULE_DUMP_PANIC, "runtime", record->address);
    return record_equal_Panic(&judge, record, &own);
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

bool roundtrip_goroutine(struct roundtrip *trip, const struct dump_record_Goroutine *record) {
    if (!check_current_end(trip)) {
        return false;
    }
    const struct goroutine *g = own_next_alive(trip->goroutine);
    if (!roundtrip_holds(trip, RULE_DUMP_GOROUTINE, g != NULL, record->address,
                         "a Goroutine too many")) {
        return false;
    }
    struct dump_record_Goroutine own = own_goroutine(g);
    struct record_judge judge =
        roundtrip_judge(trip, RULE_DUMP_GOROUTINE, "runtime", record->address);
    if (!record_equal_Goroutine(&judge, record, &own)) {
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
    const struct goroutine *g = own_next_alive(trip->goroutine);
    return check_current_end(trip) && roundtrip_holds(trip, RULE_DUMP_GOROUTINE, g == NULL,
                                                      (uintptr_t)g, "has no Goroutine record");
}
