// lane: a thread that is handed one call at a time, so that a program with several of them is
// deterministic.
//
// Lane 0 is the thread that runs the program; the others are started and ended by the program's
// operations. One thread hands over; it waits until the call is done. Work is handed to all at
// once.
#ifndef FUZZ_SUBJECT_LANE_H
#define FUZZ_SUBJECT_LANE_H

#include "subject/subject.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LANE_COUNT 8 // the most that a program has

// Which function of the table is called.
enum call_kind {
    CALL_ALLOCATE,
    CALL_ALLOCATE_ZEROED,
    CALL_ALLOCATE_ALIGNED,
    CALL_REALLOCATE,
    CALL_EXPAND,
    CALL_RELEASE,
    CALL_RELEASE_SIZED,
    CALL_DROP,
    CALL_RESET,
    CALL_FLUSH,
    CALL_PURGE,
    CALL_COLLECT,
    CALL_RESET_PEAKS,
    CALL_READ,
    CALL_WORK,
    CALL_NOTHING,
};

// What lanes do side by side, each on its own thread.
typedef void lane_work(void *context, uint32_t lane);

struct call { // what is asked of the subject, and what it answers
    enum call_kind kind;
    uint32_t lane; // of WORK
    lane_work *work;
    void *context;
    void *object;
    size_t size_bytes, alignment;
    int64_t *values;                      // of READ
    void *result;                         // an object; NULL: none
    size_t usable_bytes, footprint_bytes; // of the object afterwards
    uint32_t row;                         // UINT32_MAX: none
    bool has_done;                        // EXPAND, READ
};

struct lanes;

// NULL: refused. The table must live as long.
struct lanes *lanes_create(const struct countercheck_subject *table);
void lanes_destroy(struct lanes *lanes);           // ends those that live
void lanes_begin(struct lanes *lanes, void *self); // a program begins; only lane 0 lives

// Whether it was started and has not ended; lane 0 always lives.
bool lanes_is_alive(const struct lanes *lanes, uint32_t lane);
uint32_t lanes_count(const struct lanes *lanes); // that live
// Starts it; false: it lives, there is none such, or the system refused a thread.
bool lanes_start(struct lanes *lanes, uint32_t lane);
// Ends it, its last call is lane_end; false: it does not live, or is lane 0.
bool lanes_end(struct lanes *lanes, uint32_t lane);

// In the child of a fork: all but lane 0 are threads of the parent's. Whether there were any.
bool lanes_forget(struct lanes *lanes);

// Has the lane do it, and waits. The lane must live.
void lanes_do(struct lanes *lanes, uint32_t lane, struct call *call);

// Has all lanes that live do the work at the same time, and waits for each.
void lanes_work(struct lanes *lanes, lane_work *work, void *context);
// Makes the call on the thread that asks, for work that lanes do.
void lanes_call(struct lanes *lanes, struct call *call);

#endif
