// ledger: the program's records against the ledger, which was kept from the operations
// alone: a record that the runtime itself has lost or bent shows here.
#include "oracle/go/roundtrip/private.h"

#include "oracle/go/program/ledger.h"
#include "oracle/go/state/state.h"
#include "oracle/go/view/record.h"

#include "runtime/type.h"
#include "oracle/go/rules.h"

#define WORD_BYTES 8

void ledger_begin(struct roundtrip *trip) {
    const struct model *model = trip->model;
    bool was_told =
        model != NULL && observer_watches(oracle_observer(trip->oracle), trip->dump.runtime);
    trip->ledger =
        (struct ledger_cursor){.model = was_told ? model : NULL, .bucket_limit = UINT32_MAX};
}

static struct record_judge judge_of(struct roundtrip *trip, unsigned rule, uint64_t object) {
    return roundtrip_judge(trip, rule, "ledger", object);
}

static bool is_missing(const struct record_judge *judge) {
    return record_fail(judge, "the ledger has no such record here");
}

static bool judge_whole(struct roundtrip *trip, unsigned rule, bool is_whole) {
    struct record_judge judge = judge_of(trip, rule, 0);
    return is_whole || record_fail(&judge, "the ledger has a record more");
}

// ---- tables

static bool ledger_type_is(struct roundtrip *trip, const struct dump_record_Type *record) {
    if (trip->ledger.model == NULL) {
        return true;
    }
    struct record_judge judge = judge_of(trip, RULE_DUMP_TYPE_MODEL, record->address);
    const struct type *type = ledger_type(trip->ledger.model, (uintptr_t)record->address);
    if (type == NULL) {
        return is_missing(&judge);
    }
    struct dump_record_Type expected = roundtrip_type_record(record, type, record->address);
    return record_equal_Type(&judge, record, &expected);
}

static bool ledger_itab_is(struct roundtrip *trip, const struct dump_record_Itab *record) {
    if (trip->ledger.model == NULL) {
        return true;
    }
    struct dump_record_Itab expected;
    bool has = ledger_itab(trip->ledger.model, trip->ledger.itabs++, &expected);
    struct record_judge judge = judge_of(trip, RULE_DUMP_ITAB_MODEL, record->address);
    return has ? record_equal_Itab(&judge, record, &expected) : is_missing(&judge);
}

static bool ledger_other_root_is(struct roundtrip *trip,
                                 const struct dump_record_OtherRoot *record) {
    if (trip->ledger.model == NULL) {
        return true;
    }
    struct dump_record_OtherRoot expected;
    bool has = ledger_other_root(trip->ledger.model, trip->ledger.other_roots++, &expected);
    struct record_judge judge = judge_of(trip, RULE_DUMP_OTHER_ROOT_MODEL, record->target);
    return has ? record_equal_OtherRoot(&judge, record, &expected) : is_missing(&judge);
}

static bool ledger_osthread_is(struct roundtrip *trip, const struct dump_record_OSThread *record) {
    if (trip->ledger.model == NULL) {
        return true;
    }
    struct dump_record_OSThread expected;
    bool has = ledger_osthread(trip->ledger.model, trip->ledger.osthreads++, &expected);
    struct record_judge judge = judge_of(trip, RULE_DUMP_OSTHREAD_MODEL, record->address);
    return has ? record_equal_OSThread(&judge, record, &expected) : is_missing(&judge);
}

static bool ledger_segment_is(struct roundtrip *trip, const struct dump_record *record) {
    const struct model *model = trip->ledger.model;
    unsigned rule = RULE_DUMP_SEGMENT_MODEL;
    if (model == NULL) {
        return true;
    }
    enum model_segment segment =
        record->tag == DUMP_TAG_BSS ? MODEL_SEGMENT_BSS : MODEL_SEGMENT_DATA;
    struct dump_record_Data in_dump = roundtrip_segment_record(record);
    if (record->is_first) {
        struct dump_record_Data expected;
        ledger_segment(model, segment, &expected);
        struct record_judge judge = judge_of(trip, rule, in_dump.address);
        trip->ledger.fields = (struct expected_fields){
            .runs = {{
                .word_count = model->segments[segment].word_count,
                .bits = model->segments[segment].mask,
            }},
        };
        if (!record_equal_Data(&judge, &in_dump, &expected)) {
            return false;
        }
    }
    return roundtrip_fields_equal(trip, rule, model->segments[segment].base, &trip->ledger.fields,
                                  &in_dump.fields, record->is_last);
}

// ---- goroutines

static bool goroutine_is_whole(struct roundtrip *trip) {
    const struct ledger_cursor *ledger = &trip->ledger;
    const struct goroutine_entry *g = ledger->goroutine;
    return g == NULL ||
           (judge_whole(trip, RULE_DUMP_FRAME_MODEL, ledger->frames == g->frame_count) &&
            judge_whole(trip, RULE_DUMP_DEFER_MODEL, ledger->defers == g->defer_count) &&
            judge_whole(trip, RULE_DUMP_PANIC_MODEL, ledger->panics == g->panic_count));
}

static bool ledger_goroutine_is(struct roundtrip *trip,
                                const struct dump_record_Goroutine *record) {
    struct ledger_cursor *ledger = &trip->ledger;
    if (ledger->model == NULL) {
        return true;
    }
    if (!goroutine_is_whole(trip)) {
        return false;
    }
    ledger->goroutine = ledger_goroutine(ledger->model, &ledger->goroutine_place);
    ledger->frames = 0;
    ledger->defers = 0;
    ledger->panics = 0;
    struct record_judge judge = judge_of(trip, RULE_DUMP_GOROUTINE_MODEL, record->address);
    if (ledger->goroutine == NULL) {
        return is_missing(&judge);
    }
    struct dump_record_Goroutine expected;
    ledger_goroutine_record(ledger->goroutine, &expected);
    return record_equal_Goroutine(&judge, record, &expected);
}

static bool frame_begins(struct roundtrip *trip, const struct dump_record_StackFrame *record) {
    struct ledger_cursor *ledger = &trip->ledger;
    struct dump_record_StackFrame expected;
    uint32_t depth = ledger->frames++;
    struct record_judge judge = judge_of(trip, RULE_DUMP_FRAME_MODEL, record->sp);
    if (!ledger_frame(ledger->model, ledger->goroutine, depth, &expected)) {
        return is_missing(&judge);
    }
    struct frame_description own = ledger_frame_description(ledger->goroutine, depth);
    struct frame_description callee = own;
    if (depth > 0) {
        callee = ledger_frame_description(ledger->goroutine, depth - 1);
    }
    ledger->fields = roundtrip_frame_fields(&own, depth > 0 ? &callee : NULL);
    return record_equal_StackFrame(&judge, record, &expected);
}

static bool ledger_frame_is(struct roundtrip *trip, const struct dump_record *record) {
    const struct dump_record_StackFrame *frame = &record->as.StackFrame;
    return trip->ledger.model == NULL ||
           ((!record->is_first || frame_begins(trip, frame)) &&
            roundtrip_fields_equal(trip, RULE_DUMP_FRAME_MODEL, frame->sp, &trip->ledger.fields,
                                   &frame->fields, record->is_last));
}

static bool ledger_defer_is(struct roundtrip *trip, const struct dump_record_Defer *record) {
    if (trip->ledger.model == NULL) {
        return true;
    }
    struct dump_record_Defer expected;
    bool has = ledger_defer(trip->ledger.goroutine, trip->ledger.defers++, &expected);
    struct record_judge judge = judge_of(trip, RULE_DUMP_DEFER_MODEL, record->address);
    return has ? record_equal_Defer(&judge, record, &expected) : is_missing(&judge);
}

static bool ledger_panic_is(struct roundtrip *trip, const struct dump_record_Panic *record) {
    if (trip->ledger.model == NULL) {
        return true;
    }
    struct dump_record_Panic expected;
    bool has = ledger_panic(trip->ledger.goroutine, trip->ledger.panics++, &expected);
    struct record_judge judge = judge_of(trip, RULE_DUMP_PANIC_MODEL, record->address);
    return has ? record_equal_Panic(&judge, record, &expected) : is_missing(&judge);
}

// ---- any record, and the end

// Params is nothing that the ledger knows; MemStats is compared with all accounts; finalizers are,
// when all have come.
bool ledger_record_is(struct roundtrip *trip, const struct dump_record *record) {
    switch (record->tag) {
    case DUMP_TAG_Type:
        return ledger_type_is(trip, &record->as.Type);
    case DUMP_TAG_Itab:
        return ledger_itab_is(trip, &record->as.Itab);
    case DUMP_TAG_OtherRoot:
        return ledger_other_root_is(trip, &record->as.OtherRoot);
    case DUMP_TAG_Object:
        return ledger_object_is(trip, record);
    case DUMP_TAG_Goroutine:
        return ledger_goroutine_is(trip, &record->as.Goroutine);
    case DUMP_TAG_StackFrame:
        return ledger_frame_is(trip, record);
    case DUMP_TAG_Defer:
        return ledger_defer_is(trip, &record->as.Defer);
    case DUMP_TAG_Panic:
        return ledger_panic_is(trip, &record->as.Panic);
    case DUMP_TAG_OSThread:
        return ledger_osthread_is(trip, &record->as.OSThread);
    case DUMP_TAG_Data:
    case DUMP_TAG_BSS:
        return ledger_segment_is(trip, record);
    case DUMP_TAG_MemProf:
        return ledger_memprof_is(trip, record);
    case DUMP_TAG_AllocSample:
        return ledger_sample_is(trip, &record->as.AllocSample);
    case DUMP_TAG_EOF:
    case DUMP_TAG_Params:
    case DUMP_TAG_Finalizer:
    case DUMP_TAG_QueuedFinalizer:
    case DUMP_TAG_MemStats:
    case DUMP_TAG_COUNT:
        break;
    }
    return true;
}

static bool program_end(struct roundtrip *trip) {
    struct ledger_cursor *ledger = &trip->ledger;
    const struct model *model = ledger->model;
    return model == NULL ||
           (goroutine_is_whole(trip) &&
            judge_whole(trip, RULE_DUMP_GOROUTINE_MODEL,
                        ledger_goroutine(model, &ledger->goroutine_place) == NULL) &&
            judge_whole(trip, RULE_DUMP_ITAB_MODEL, ledger->itabs == model->itab_count) &&
            judge_whole(trip, RULE_DUMP_OTHER_ROOT_MODEL,
                        ledger->other_roots == model->root_count) &&
            judge_whole(trip, RULE_DUMP_OSTHREAD_MODEL,
                        ledger->osthreads == model->osthread_count));
}

bool ledger_end(struct roundtrip *trip) {
    bool clean = ledger_objects_end(trip);
    clean = ledger_finalizers_end(trip) && clean;
    clean = ledger_profile_end(trip) && clean;
    return program_end(trip) && clean;
}
