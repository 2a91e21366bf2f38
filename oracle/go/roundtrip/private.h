// private: what the parts of the round trip share: where each list stands, and how a
// difference is told.
#ifndef ORACLE_GO_ROUNDTRIP_PRIVATE_H
#define ORACLE_GO_ROUNDTRIP_PRIVATE_H

#include "allocator/inspect.h"
#include "dump/reader.h"
#include "dump/recode.h"
#include "oracle/go/state/state.h" // struct queue_list
#include "oracle/go/roundtrip/roundtrip.h"
#include "oracle/go/rules.h"
#include "oracle/go/view/record.h"

// Pointer fields that are expected: runs of words, in order.
struct expected_words {
    uint64_t first_offset; // of word 0, bytes
    size_t word_count;
    const uint8_t *bits;  // NULL: every word is a field
    size_t element_words; // the bits repeat after so many words; 0: they do not
    size_t pointer_words; // words of an element that may have their bit set; of use when
                          // element_words > 0
};
struct expected_fields {
    struct expected_words runs[2];
    size_t run, word; // where the next one is looked for
};

struct live_cursor { // over live objects in the spans' order
    size_t span_index;
    size_t object_index;
    struct inspect_span span;
};
struct special_cursor { // over one kind of specials in the spans' order
    size_t span_index;
    const void *special; // next to look at; NULL: of the next span
    uintptr_t span_base;
};

#define RECENT_ROWS       256
#define RECENT_ROW_LENGTH 4
struct recent_types { // Go's cache of types written before, told by age
    struct {
        const struct type *type;
        uint64_t used_at; // 0: never
    } rows[RECENT_ROWS][RECENT_ROW_LENGTH];
    uint64_t now;
};

struct ledger_cursor {         // what comes next of the ledger's program
    const struct model *model; // NULL: it was not told of this runtime
    uint32_t goroutine_place, osthreads, other_roots, itabs;
    const struct goroutine_entry *goroutine; // whose frames, defers and panics come
    uint32_t frames, defers, panics;
    struct expected_fields fields;
    const struct profile_entry *bucket; // whose calls come; NULL: the ledger has it not
    uint32_t bucket_limit;              // the next one's place is below it
    uint64_t buckets, samples;          // that came
};

struct roundtrip {
    struct oracle *oracle;
    struct roundtrip_dump dump;
    const struct heap *heap;
    const struct model *model; // NULL: none
    bool checked[RULE_COUNT];

    struct dump_recoder *recoder;
    size_t recoded_bytes; // the same so far
    struct recent_types recent_types;
    const struct type *written_type; // by the record before, for the itab that follows
    const struct itab *itab;         // next expected; likewise below
    const struct other_root *other_root;
    enum dump_tag tag_before;
    struct live_cursor live;
    uint64_t object_count, object_bytes;
    struct memstats account; // as MemStats has it
    bool has_account;
    const struct goroutine *goroutine; // next
    const struct goroutine *current;   // whose frames, defers and panics come
    const struct frame *frame, *callee;
    uint64_t depth;
    const struct defer *defer;
    const struct panic *panic;
    const struct osthread *thread;
    struct special_cursor finalizers, samples;
    struct queue_list dumped_set, dumped_queue; // of the records, for comparison with the ledger
    const void *bucket;                         // next
    struct inspect_bucket current_bucket;       // whose calls come
    struct expected_fields fields;
    struct ledger_cursor ledger;
};

// ---- differences (judge.c). Each notes that the rule was evaluated, and returns whether it holds.

// Who compares a record, or numbers of one, with what this truth says of them.
struct record_judge roundtrip_judge(struct roundtrip *trip, unsigned rule, const char *truth_name,
                                    uint64_t object);
bool roundtrip_equal(struct roundtrip *trip, unsigned rule, const char *field, uint64_t in_dump,
                     const char *truth_name, uint64_t truth);
bool roundtrip_text_equal(struct roundtrip *trip, unsigned rule, const char *field,
                          const struct dump_string *in_dump, const char *truth);
// A rule about a place, when the comparison was made already. Inline, so that an analyser sees that
// a true result means that it holds.
static inline bool roundtrip_holds(struct roundtrip *trip, unsigned rule, bool holds,
                                   uintptr_t object, const char *what) {
    struct record_judge judge = roundtrip_judge(trip, rule, "", object);
    if (!holds) {
        (void)record_fail(&judge, what);
    }
    return holds;
}
// Memory: that it is whole in this part, and the same as at `address`.
bool roundtrip_memory_equal(struct roundtrip *trip, unsigned rule,
                            const struct dump_memory *in_dump, uintptr_t address);

// ---- fields (fields.c)

// The next expected field's offset; false: there is none.
bool expected_fields_next(struct expected_fields *expected, uint64_t *offset);
// Compares one part of a record's fields; after the last part none may be missing.
bool roundtrip_fields_equal(struct roundtrip *trip, unsigned rule, uintptr_t object,
                            struct expected_fields *expected, const struct dump_fields *in_dump,
                            bool is_last);
// The words of a frame that may point, by its own maps and its callee's (NULL: none).
struct expected_fields roundtrip_frame_fields(const struct frame_description *own,
                                              const struct frame_description *callee);
// The record of that type at its address. The name is the dump's if that is "package.name", or the
// name alone where there is no package.
struct dump_record_Type roundtrip_type_record(const struct dump_record_Type *in_dump,
                                              const struct type *type, uint64_t address);

// ---- records, one function each; and what must have come when the list is over

void roundtrip_recode_begin(struct roundtrip *trip);
bool roundtrip_recode(struct roundtrip *trip, const struct dump_record *record);
bool roundtrip_recode_end(struct roundtrip *trip);
bool roundtrip_params(struct roundtrip *trip, const struct dump_record_Params *params);
bool roundtrip_memstats(struct roundtrip *trip, const struct dump_record_MemStats *stats);
bool roundtrip_account_end(struct roundtrip *trip);
bool roundtrip_type(struct roundtrip *trip, const struct dump_record_Type *type);
bool roundtrip_itab(struct roundtrip *trip, const struct dump_record_Itab *itab);
bool roundtrip_other_root(struct roundtrip *trip, const struct dump_record_OtherRoot *root);
bool roundtrip_osthread(struct roundtrip *trip, const struct dump_record_OSThread *thread);
bool roundtrip_lists_end(struct roundtrip *trip);
bool roundtrip_object(struct roundtrip *trip, const struct dump_record *record);
bool roundtrip_objects_end(struct roundtrip *trip);
bool roundtrip_goroutine(struct roundtrip *trip, const struct dump_record_Goroutine *goroutine);
bool roundtrip_frame(struct roundtrip *trip, const struct dump_record *record);
bool roundtrip_defer(struct roundtrip *trip, const struct dump_record_Defer *defer);
bool roundtrip_panic(struct roundtrip *trip, const struct dump_record_Panic *panic);
bool roundtrip_goroutines_end(struct roundtrip *trip);
bool roundtrip_segment(struct roundtrip *trip, const struct dump_record *record);   // Data or BSS
struct dump_record_Data roundtrip_segment_record(const struct dump_record *record); // either's
bool roundtrip_finalizer(struct roundtrip *trip, const struct dump_record_Finalizer *finalizer);
bool roundtrip_queued(struct roundtrip *trip, const struct dump_record_QueuedFinalizer *finalizer);
bool roundtrip_finalizers_end(struct roundtrip *trip);
void roundtrip_finalizers_fini(struct roundtrip *trip);

// The next special of the kind in the spans' order, its span's base in the cursor; false: there is
// none.
bool special_next(struct special_cursor *cursor, const struct heap *heap,
                  enum inspect_special_kind kind, struct inspect_special *special);
bool roundtrip_memprof(struct roundtrip *trip, const struct dump_record *record);
bool roundtrip_sample(struct roundtrip *trip, const struct dump_record_AllocSample *sample);
bool roundtrip_profile_end(struct roundtrip *trip);

// ---- the same records against the ledger of the program (ledger.c); true when there is
// none

void ledger_begin(struct roundtrip *trip);
// A record of any kind; then that none is missing.
bool ledger_record_is(struct roundtrip *trip, const struct dump_record *record);
bool ledger_end(struct roundtrip *trip);
bool ledger_object_is(struct roundtrip *trip, const struct dump_record *record);
bool ledger_objects_end(struct roundtrip *trip);
bool ledger_memprof_is(struct roundtrip *trip, const struct dump_record *record);
bool ledger_sample_is(struct roundtrip *trip, const struct dump_record_AllocSample *sample);
bool ledger_profile_end(struct roundtrip *trip);
bool ledger_finalizers_end(struct roundtrip *trip);
// What the graph of the dump calls alive (graph.c); of a dump in which all else was clean.
bool ledger_graph_is(struct roundtrip *trip);

#endif
