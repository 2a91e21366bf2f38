// lane: the hand-over, and what a call does on the lane's thread.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/subject/lane.h"

#include "oracle/core/harness_memory.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

struct lane {
    struct lanes *lanes;
    pthread_t thread;
    sem_t asked, answered;
    struct call *call; // to be done; NULL: the lane is to end
    bool is_alive;
};

struct lanes {
    const struct countercheck_subject *table;
    void *self;
    struct lane lane[LANE_COUNT];
};

// ---- calls

// What the allocator says of an object that it has just given.
static void ask_of_object(const struct countercheck_subject *table, void *self, void *object,
                          struct call *call) {
    call->usable_bytes = table->usable != NULL ? table->usable(self, object) : call->size_bytes;
    call->footprint_bytes =
        table->footprint != NULL ? table->footprint(self, object) : call->usable_bytes;
    call->row = table->class_of != NULL ? table->class_of(self, object) : UINT32_MAX;
}

void lanes_call(struct lanes *lanes, struct call *call) {
    const struct countercheck_subject *table = lanes->table;
    void *self = lanes->self;
    void *object = call->object;
    switch (call->kind) {
    case CALL_ALLOCATE:
        call->result = table->allocate(self, call->size_bytes);
        break;
    case CALL_ALLOCATE_ZEROED:
        call->result = table->allocate_zeroed(self, call->size_bytes);
        break;
    case CALL_ALLOCATE_ALIGNED:
        call->result = table->allocate_aligned(self, call->alignment, call->size_bytes);
        break;
    case CALL_REALLOCATE:
        call->result = table->reallocate(self, object, call->size_bytes);
        break;
    case CALL_EXPAND:
        call->has_done = table->expand(self, object, call->size_bytes);
        call->result = call->has_done ? object : NULL;
        break;
    case CALL_RELEASE:
        table->release(self, object);
        break;
    case CALL_RELEASE_SIZED:
        table->release_sized(self, object, call->size_bytes);
        break;
    case CALL_DROP:
        table->drop(self, object);
        break;
    case CALL_RESET:
        table->reset(self);
        break;
    case CALL_FLUSH:
        table->flush(self);
        break;
    case CALL_PURGE:
        table->purge(self);
        break;
    case CALL_COLLECT:
        table->collect(self);
        break;
    case CALL_RESET_PEAKS:
        table->reset_peaks(self);
        break;
    case CALL_READ:
        call->has_done = table->read != NULL && table->read(self, call->values);
        break;
    case CALL_WORK:
        call->work(call->context, call->lane);
        break;
    case CALL_NOTHING:
        break;
    }
    if (call->result != NULL) {
        ask_of_object(table, self, call->result, call);
    }
}

// ---- threads

static void wait_for(sem_t *semaphore) {
    while (sem_wait(semaphore) != 0 && errno == EINTR) {
    }
}

static void *run_lane(void *context) {
    struct lane *lane = context;
    const struct countercheck_subject *table = lane->lanes->table;
    if (table->lane_begin != NULL) {
        table->lane_begin(lane->lanes->self);
    }
    for (wait_for(&lane->asked); lane->call != NULL; wait_for(&lane->asked)) {
        lanes_call(lane->lanes, lane->call);
        (void)sem_post(&lane->answered);
    }
    if (table->lane_end != NULL) {
        table->lane_end(lane->lanes->self);
    }
    return NULL;
}

struct lanes *lanes_create(const struct countercheck_subject *table) {
    struct lanes *lanes = harness_calloc(1, sizeof *lanes);
    if (lanes == NULL) {
        return NULL;
    }
    lanes->table = table;
    for (uint32_t i = 0; i < LANE_COUNT; i++) {
        lanes->lane[i].lanes = lanes;
        (void)sem_init(&lanes->lane[i].asked, 0, 0);
        (void)sem_init(&lanes->lane[i].answered, 0, 0);
    }
    return lanes;
}

void lanes_destroy(struct lanes *lanes) {
    if (lanes != NULL) {
        for (uint32_t i = 1; i < LANE_COUNT; i++) {
            (void)lanes_end(lanes, i);
        }
        harness_free(lanes);
    }
}

void lanes_begin(struct lanes *lanes, void *self) {
    for (uint32_t i = 1; i < LANE_COUNT; i++) {
        (void)lanes_end(lanes, i);
    }
    lanes->self = self;
    lanes->lane[0].is_alive = true;
}

bool lanes_is_alive(const struct lanes *lanes, uint32_t lane) {
    return lane < LANE_COUNT && lanes->lane[lane].is_alive;
}

uint32_t lanes_count(const struct lanes *lanes) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < LANE_COUNT; i++) {
        count += lanes->lane[i].is_alive;
    }
    return count;
}

bool lanes_start(struct lanes *lanes, uint32_t number) {
    if (number >= LANE_COUNT || lanes->lane[number].is_alive) {
        return false;
    }
    struct lane *lane = &lanes->lane[number];
    if (pthread_create(&lane->thread, NULL, run_lane, lane) != 0) {
        harness_refused();
        return false;
    }
    lane->is_alive = true;
    struct call nothing = {.kind =
                               CALL_NOTHING}; // its lane_begin is over before anything else is done
    lanes_do(lanes, number, &nothing);
    return true;
}

bool lanes_end(struct lanes *lanes, uint32_t number) {
    if (number == 0 || !lanes_is_alive(lanes, number)) {
        return false;
    }
    struct lane *lane = &lanes->lane[number];
    lane->call = NULL;
    (void)sem_post(&lane->asked);
    (void)pthread_join(lane->thread, NULL);
    lane->is_alive = false;
    return true;
}

bool lanes_forget(struct lanes *lanes) {
    bool had_others = lanes_count(lanes) > 1;
    for (uint32_t i = 1; i < LANE_COUNT; i++) {
        lanes->lane[i].is_alive = false;
    }
    return had_others;
}

void lanes_do(struct lanes *lanes, uint32_t number, struct call *call) {
    struct lane *lane = &lanes->lane[number];
    if (number == 0) {
        lanes_call(lanes, call);
        return;
    }
    lane->call = call;
    (void)sem_post(&lane->asked);
    wait_for(&lane->answered);
}

void lanes_work(struct lanes *lanes, lane_work *work, void *context) {
    struct call calls[LANE_COUNT];
    for (uint32_t i = LANE_COUNT; i-- > 0;) { // the caller is lane 0, and begins last
        calls[i] = (struct call){.kind = CALL_WORK, .work = work, .context = context, .lane = i};
        if (i > 0 && lanes_is_alive(lanes, i)) {
            lanes->lane[i].call = &calls[i];
            (void)sem_post(&lanes->lane[i].asked);
        }
    }
    lanes_call(lanes, &calls[0]);
    for (uint32_t i = 1; i < LANE_COUNT; i++) {
        if (lanes_is_alive(lanes, i)) {
            wait_for(&lanes->lane[i].answered);
        }
    }
}
