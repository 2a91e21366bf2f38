// crowd_work: what one thread of a crowd does, and what it notes of it. Internal to fuzz/subject.
//
// All threads draw tickets from one counter: an allocation after its call, a release before it. So
// two objects overlap in the notes only where the allocator let them.
#ifndef FUZZ_SUBJECT_CROWD_WORK_H
#define FUZZ_SUBJECT_CROWD_WORK_H

#include "fuzz/generate/random.h"
#include "fuzz/subject/lane.h"
#include "oracle/subject/live.h"

#include <pthread.h>
#include <stdatomic.h>

// Bounds of a thread: objects that it holds, operations between two barriers, their events.
#define WORK_HELD_MAX   128
#define WORK_OPERATIONS 192
#define WORK_EVENTS_MAX (2 * WORK_OPERATIONS)
#define WORK_SHELVES    16 // on which threads leave objects to each other

// What a thread notes.
enum work_event_kind {
    WORK_GIVEN,   // an object
    WORK_ENDED,   // is freed from here on
    WORK_MOVING,  // is resized from here on
    WORK_RESIZED, // the end of that
    WORK_REFUSED, // a call gave nothing; what was moving is as it was
};

struct work_event {
    uint64_t ticket;
    enum work_event_kind kind;
    enum call_kind call;
    struct live_block block; // as it is afterwards; of ENDED, MOVING: as it was
    size_t alignment;        // that was asked for
    bool is_wrong;           // its bytes are not zero, or not those of its owner
};

// An object that any thread may take.
struct work_shelf {
    pthread_mutex_t mutex;
    bool is_full;
    struct live_block block;
};

// What all threads have in common.
struct work_place {
    struct lanes *lanes;
    const struct countercheck_subject *table;
    atomic_uint_fast64_t clock;
    struct work_shelf shelves[WORK_SHELVES];
};

// A thread: what it holds, and what it noted since the last barrier.
struct crowd_worker {
    struct work_place *place;
    struct random random;
    uint32_t held_count, event_count;
    struct live_block held[WORK_HELD_MAX];
    struct work_event events[WORK_EVENTS_MAX];
};

// The allocator frees by one of these, in this order.
static inline bool work_can_free(const struct countercheck_subject *table) {
    return table->release != NULL || table->release_sized != NULL;
}

// Frees one of those that it holds. On the thread that calls.
void work_free(struct crowd_worker *worker, uint32_t held);

// Does WORK_OPERATIONS drawn operations. On the thread that calls, beside others.
void work_round(struct crowd_worker *worker);

#endif
