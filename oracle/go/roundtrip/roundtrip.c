// roundtrip: reads the dump strictly, hands each record to its check, and demands that every list
// came to its end.
#include "oracle/go/roundtrip/roundtrip.h"

#include "oracle/core/harness_memory.h"
#include "oracle/go/roundtrip/private.h"
#include "oracle/go/rules.h"

#include <string.h>

// ---- records

static bool check_record(struct roundtrip *trip, const struct dump_record *record) {
    switch (record->tag) {
    case DUMP_TAG_Params:
        return roundtrip_params(trip, &record->as.Params);
    case DUMP_TAG_Type:
        return roundtrip_type(trip, &record->as.Type);
    case DUMP_TAG_Itab:
        return roundtrip_itab(trip, &record->as.Itab);
    case DUMP_TAG_OtherRoot:
        return roundtrip_other_root(trip, &record->as.OtherRoot);
    case DUMP_TAG_Object:
        return roundtrip_object(trip, record);
    case DUMP_TAG_Goroutine:
        return roundtrip_goroutine(trip, &record->as.Goroutine);
    case DUMP_TAG_StackFrame:
        return roundtrip_frame(trip, record);
    case DUMP_TAG_Defer:
        return roundtrip_defer(trip, &record->as.Defer);
    case DUMP_TAG_Panic:
        return roundtrip_panic(trip, &record->as.Panic);
    case DUMP_TAG_OSThread:
        return roundtrip_osthread(trip, &record->as.OSThread);
    case DUMP_TAG_Data:
    case DUMP_TAG_BSS:
        return roundtrip_segment(trip, record);
    case DUMP_TAG_Finalizer:
        return roundtrip_finalizer(trip, &record->as.Finalizer);
    case DUMP_TAG_QueuedFinalizer:
        return roundtrip_queued(trip, &record->as.QueuedFinalizer);
    case DUMP_TAG_MemStats:
        return roundtrip_memstats(trip, &record->as.MemStats);
    case DUMP_TAG_MemProf:
        return roundtrip_memprof(trip, record);
    case DUMP_TAG_AllocSample:
        return roundtrip_sample(trip, &record->as.AllocSample);
    case DUMP_TAG_EOF:
    case DUMP_TAG_COUNT:
        break;
    }
    return true;
}

// ---- the dump

static bool check_decoded(struct roundtrip *trip, const struct dump_reader *reader) {
    const struct dump_error *error = dump_reader_error(reader);
    if (error->kind == DUMP_ERROR_MEMORY) {
        harness_refused();
        return true;
    }
    trip->checked[RULE_DUMP_DECODE] = true;
    if (error->kind == DUMP_ERROR_NONE) {
        return true;
    }
    struct rule_book *book = oracle_book(trip->oracle);
    char text[FINDING_TEXT_BYTES];
    char sentence[FINDING_SENTENCE_BYTES]; // the text without its offset
    (void)snprintf(sentence, sizeof sentence, "error %d in record %s", (int)error->kind,
                   error->record == NULL ? "" : error->record);
    return rule_fail_words(book, RULE_DUMP_DECODE, "", sentence,
                           dump_error_text(error, text, sizeof text));
}

static bool check_ends(struct roundtrip *trip) {
    return roundtrip_recode_end(trip) && roundtrip_lists_end(trip) && roundtrip_objects_end(trip) &&
           roundtrip_goroutines_end(trip) && roundtrip_finalizers_end(trip) &&
           roundtrip_profile_end(trip);
}

// Heap and ledger judge each record, whatever the other says: a truth that is set aside hides
// nothing from the others.
static bool check_records(struct roundtrip *trip, struct dump_reader *reader) {
    const struct dump_record *record;
    bool clean = true;
    while ((record = dump_reader_next(reader)) != NULL) {
        clean = roundtrip_recode(trip, record) && check_record(trip, record) && clean;
        clean = ledger_record_is(trip, record) && clean;
        if (!clean && oracle_finding(trip->oracle) != NULL) {
            rule_add_record(oracle_book(trip->oracle), dump_tag_names[record->tag],
                            record->offset_bytes);
            return false;
        }
        trip->tag_before = record->tag;
    }
    clean = check_decoded(trip, reader) && check_ends(trip) && clean;
    clean = ledger_end(trip) && clean;
    return roundtrip_account_end(trip) && clean;
}

// An evaluation is one pass over the dump.
static void count_checked(const struct roundtrip *trip) {
    for (unsigned rule = 0; rule < RULE_COUNT; rule++) {
        if (trip->checked[rule]) {
            rule_count(oracle_book(trip->oracle), rule);
        }
    }
}

static struct roundtrip trip_begin(struct oracle *oracle, const struct roundtrip_dump *dump) {
    const struct runtime *runtime = dump->runtime;
    const struct heap *heap = runtime_heap(runtime);
    return (struct roundtrip){
        .oracle = oracle,
        .dump = *dump,
        .heap = heap,
        .model = dump->has_model ? oracle_model(oracle) : NULL,
        .itab = runtime_first_itab(runtime),
        .other_root = runtime_first_other_root(runtime),
        .goroutine = runtime_first_goroutine(runtime),
        .thread = runtime_first_osthread(runtime),
        .bucket = inspect_first_bucket(heap),
    };
}

bool roundtrip_check(struct oracle *oracle, const struct roundtrip_dump *dump) {
    if (dump->has_model && !observe_sweep_finished(oracle_observer(oracle))) {
        return false; // the dumper sweeps first of all
    }
    struct dump_reader *reader =
        dump_reader_create_memory(dump->bytes, dump->size_bytes, DUMP_STRICT);
    if (reader == NULL) {
        harness_refused();
        return true; // nothing was judged, and no rule counts as evaluated
    }
    struct dump_recoder recoder;
    struct roundtrip trip = trip_begin(oracle, dump);
    trip.recoder = &recoder;
    roundtrip_recode_begin(&trip);
    ledger_begin(&trip);
    bool clean = check_records(&trip, reader) && ledger_graph_is(&trip);
    count_checked(&trip);
    roundtrip_finalizers_fini(&trip);
    dump_reader_destroy(reader);
    return clean;
}
