// ledger: which objects live, by the records of a trace in order; each call as one event; totals.
//
// An event is a call: a realloc is one, though it has two records. A realloc whose second record
// the trace does not have, because it ends before, has not happened.
#ifndef TRACE_LEDGER_H
#define TRACE_LEDGER_H

#include "trace/reader.h"

// The kinds of events.
enum trace_event_kind {
    TRACE_EVENT_ALLOC,   // malloc, calloc, an aligned one; a realloc of NULL
    TRACE_EVENT_FREE,    // also a realloc to 0 bytes that left nothing
    TRACE_EVENT_REALLOC, // it moved, or has another size where it is
    TRACE_EVENT_UNKNOWN, // a free or realloc of what nobody allocated before: older than the trace
    TRACE_EVENT_FAILED,  // there was no memory
};

// What somebody allocated.
struct trace_object {
    uint64_t address, size;
    uint64_t time_ns; // when it began; a realloc changes it not
    uint64_t id;      // 0, 1, ... in the order of events; a realloc's object keeps it
    uint32_t thread;  // that allocated it or resized it last
    uint32_t stack;   // by which that was; 0: it has none
    uint32_t place;   // a number that no other object has while it lives; the numbers are below the
                      // most that ever lived, but for violations
};

// A call.
struct trace_event {
    enum trace_event_kind kind;
    enum trace_kind record; // the last of its records
    uint8_t align_log;
    uint32_t thread;
    uint64_t number;            // 0, 1, ... in the order of time
    uint64_t time_ns;           // of its last record
    struct trace_object before; // FREE, REALLOC; of UNKNOWN the address alone
    struct trace_object after; // ALLOC, REALLOC; UNKNOWN that is a realloc: size > 0 or address > 0
};

// What the events are, in numbers. events is the sum of those five behind it.
struct trace_counts {
    uint64_t events, allocs, frees, reallocs, unknown, failed;
    uint64_t violations; // an address given out twice without a free between
    uint64_t live_bytes, live_objects;
    uint64_t peak_bytes, peak_objects; // objects: at the peak of bytes
    uint64_t peak_event;               // its number: the first with so many bytes
};

struct trace_ledger;

// NULL: out of memory.
struct trace_ledger *trace_ledger_create(void);
// Frees it; NULL is allowed.
void trace_ledger_destroy(struct trace_ledger *ledger);

// What came of a record.
enum trace_step {
    TRACE_STEP_NONE,  // no event is complete by it
    TRACE_STEP_EVENT, // *event is
    TRACE_STEP_NO_MEMORY,
};

// Takes the next record.
enum trace_step trace_ledger_take(struct trace_ledger *ledger, const struct trace_record *record,
                                  struct trace_event *event);

// There are no more: reallocs without an end have not happened. False: out of memory.
bool trace_ledger_finish(struct trace_ledger *ledger);

// The numbers up to here.
const struct trace_counts *trace_ledger_counts(const struct trace_ledger *ledger);

// The places so far: an object's is below.
uint32_t trace_ledger_places(const struct trace_ledger *ledger);

// Calls visit for each object that lives, in no order.
void trace_ledger_visit(const struct trace_ledger *ledger,
                        void (*visit)(void *context, const struct trace_object *object),
                        void *context);

#endif
