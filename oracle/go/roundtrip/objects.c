// objects: each live object exactly once, in the spans' order, with its size, bytes and
// pointers.
#include "oracle/go/roundtrip/private.h"

#include "oracle/go/view/view.h"
#include "oracle/go/rules.h"

#define WORD_BYTES 8

// Moves to the next live object that is at or behind the cursor; false: there is none.
static bool live_find(struct live_cursor *live, const struct heap *heap) {
    while (inspect_span(heap, live->span_index, &live->span)) {
        const struct inspect_span *span = &live->span;
        if (span->state == INSPECT_SPAN_IN_USE) {
            for (; live->object_index < span->object_count; live->object_index++) {
                if (view_is_live(span, live->object_index)) {
                    return true;
                }
            }
        }
        live->span_index++;
        live->object_index = 0;
    }
    return false;
}

// Finds the live object that begins at `address`. Linear in the spans: asked only about a finding.
static bool live_find_address(struct live_cursor *found, const struct heap *heap,
                              uintptr_t address) {
    *found = (struct live_cursor){0};
    for (; inspect_span(heap, found->span_index, &found->span); found->span_index++) {
        const struct inspect_span *span = &found->span;
        uintptr_t offset = address - span->base;
        if (span->state == INSPECT_SPAN_IN_USE && address >= span->base &&
            offset < span->object_count * span->element_bytes) {
            found->object_index = offset / span->element_bytes;
            return offset % span->element_bytes == 0 && view_is_live(span, found->object_index);
        }
    }
    return false;
}

static uintptr_t live_address(const struct live_cursor *live) {
    return live->span.base + live->object_index * live->span.element_bytes;
}

static bool live_is_behind(const struct live_cursor *a, const struct live_cursor *b) {
    return a->span_index != b->span_index ? a->span_index > b->span_index
                                          : a->object_index > b->object_index;
}

// The record's address is not the next live object's: it is no live object at all, or it comes too
// early, because the next one has no record here, or too late.
static bool fail_place(struct roundtrip *trip, uintptr_t address, bool has_next) {
    struct live_cursor found;
    if (!live_find_address(&found, trip->heap, address)) {
        return roundtrip_holds(trip, RULE_DUMP_OBJECT_DEAD, false, address,
                               "is in the dump and is not live");
    }
    if (has_next && live_is_behind(&found, &trip->live)) {
        return roundtrip_holds(trip, RULE_DUMP_OBJECT_LOST, false, live_address(&trip->live),
                               "is live and has no record at its place");
    }
    return roundtrip_holds(trip, RULE_DUMP_OBJECT_ORDER, false, address,
                           "is in the dump twice, or behind its place");
}

static bool check_place(struct roundtrip *trip, uintptr_t address) {
    bool has_next = live_find(&trip->live, trip->heap);
    if (!has_next || live_address(&trip->live) != address) {
        return fail_place(trip, address, has_next);
    }
    return roundtrip_holds(trip, RULE_DUMP_OBJECT_ORDER, true, address, NULL) &&
           roundtrip_holds(trip, RULE_DUMP_OBJECT_DEAD, true, address, NULL);
}

// What the ledger says of the object.
static bool check_model(struct roundtrip *trip, uintptr_t address, uint64_t size_bytes) {
    struct model_object object;
    bool found = model_find_object(trip->model, address, &object) && object.base == address;
    if (!roundtrip_holds(trip, RULE_DUMP_OBJECT_MODEL, found, address, "is not in the ledger") ||
        !roundtrip_equal(trip, RULE_DUMP_OBJECT_MODEL, "size", size_bytes, "ledger",
                         object.element_bytes)) {
        return false;
    }
    trip->fields = (struct expected_fields){0};
    if (object.layout != NULL && object.layout->pointer_bytes > 0) {
        trip->fields.runs[0] = (struct expected_words){
            .word_count = object.size_bytes / WORD_BYTES,
            .bits = object.layout->pointer_mask,
            .element_words = object.layout->size_bytes / WORD_BYTES,
            .pointer_words = object.layout->pointer_bytes / WORD_BYTES,
        };
    }
    return true;
}

static bool check_begin(struct roundtrip *trip, const struct dump_record_Object *object) {
    trip->object_count++;
    trip->object_bytes += object->contents.total_bytes;
    if (!check_place(trip, object->address) ||
        !roundtrip_equal(trip, RULE_DUMP_OBJECT_SIZE, "size", object->contents.total_bytes, "span",
                         trip->live.span.element_bytes) ||
        !roundtrip_memory_equal(trip, RULE_DUMP_OBJECT_CONTENTS, &object->contents,
                                object->address)) {
        return false;
    }
    trip->live.object_index++;
    return true;
}

// Without a ledger nothing is known of an object's pointers but that a noscan span has none.
bool roundtrip_object(struct roundtrip *trip, const struct dump_record *record) {
    const struct dump_record_Object *object = &record->as.Object;
    if (record->is_first && !check_begin(trip, object)) {
        return false;
    }
    bool may_point = trip->model != NULL || (trip->live.span.span_class & 1) == 0;
    return may_point ||
           roundtrip_holds(trip, RULE_DUMP_OBJECT_FIELDS, object->fields.count == 0,
                           object->address, "has a pointer field in a span without pointers");
}

bool ledger_object_is(struct roundtrip *trip, const struct dump_record *record) {
    const struct dump_record_Object *object = &record->as.Object;
    return trip->model == NULL ||
           ((!record->is_first ||
             check_model(trip, object->address, object->contents.total_bytes)) &&
            roundtrip_fields_equal(trip, RULE_DUMP_OBJECT_FIELDS, object->address, &trip->fields,
                                   &object->fields, record->is_last));
}

bool roundtrip_objects_end(struct roundtrip *trip) {
    bool lost = live_find(&trip->live, trip->heap);
    return roundtrip_holds(trip, RULE_DUMP_OBJECT_LOST, !lost, lost ? live_address(&trip->live) : 0,
                           "is live and not in the dump");
}

bool ledger_objects_end(struct roundtrip *trip) {
    return trip->model == NULL ||
           roundtrip_equal(trip, RULE_DUMP_OBJECT_MODEL, "count", trip->object_count, "ledger",
                           model_object_count(trip->model));
}
