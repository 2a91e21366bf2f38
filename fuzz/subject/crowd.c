// crowd: runs its threads in rounds; between two rounds, the notes of all make one ledger.
#include "fuzz/subject/crowd.h"

#include "fuzz/subject/crowd_work.h"
#include "fuzz/subject/host.h"
#include "fuzz/subject/machine.h"
#include "fuzz/subject/share.h"
#include "oracle/core/harness_memory.h"

#include <string.h>

#define ROUNDS      8
#define FAULT_SHARE 4 // one round of so many has calls of host->map refused
#define FAULT_MAX   16

struct crowd {
    struct subject *subject;
    const struct countercheck_subject *table; // the subject's
    struct rule_book book;
    struct live *live;
    struct judge *judge;
    struct host host;
    void *self;
    struct random random; // the conductor's
    uint32_t thread_count;
    struct work_place place;
    struct crowd_worker *workers;       // CROWD_THREADS_MAX
    uint32_t moving[CROWD_THREADS_MAX]; // what each resizes, while notes are read; LIVE_NONE
    struct lane_shares shares;
    struct crowd_counts counts;
};

const char *crowd_refuses(const struct countercheck_subject *table) {
    return (table->capabilities & COUNTERCHECK_THREADS) == 0
               ? "its table says no COUNTERCHECK_THREADS: one thread at a time may call it"
           : (table->capabilities & COUNTERCHECK_COLLECTS) != 0
               ? "it collects: what a thread drops has no end that threads agree on"
           : !work_can_free(table) ? "it has neither release nor release_sized"
                                   : NULL;
}

struct crowd *crowd_create(struct subject *subject) {
    struct crowd *crowd = harness_calloc(1, sizeof *crowd);
    if (crowd == NULL) {
        return NULL;
    }
    crowd->subject = subject;
    crowd->table = crowd->place.table = &subject->table;
    rule_book_init(&crowd->book, &core_rules);
    crowd->workers = harness_calloc(CROWD_THREADS_MAX, sizeof *crowd->workers);
    crowd->place.lanes = lanes_create(crowd->table);
    crowd->live = live_create();
    for (uint32_t i = 0; i < WORK_SHELVES; i++) {
        (void)pthread_mutex_init(&crowd->place.shelves[i].mutex, NULL);
    }
    if (crowd->live != NULL) {
        crowd->judge = judge_create(crowd->table, subject->relations, crowd->live, &crowd->book);
    }
    bool has_host = host_init(&crowd->host, crowd->table->arena_bytes);
    has_host = lane_shares_init(&crowd->shares) && has_host;
    if (!has_host || crowd->judge == NULL || crowd->workers == NULL || crowd->place.lanes == NULL) {
        crowd_destroy(crowd);
        return NULL;
    }
    return crowd;
}

void crowd_destroy(struct crowd *crowd) {
    lanes_destroy(crowd->place.lanes);
    judge_destroy(crowd->judge);
    live_destroy(crowd->live);
    host_fini(&crowd->host);
    lane_shares_fini(&crowd->shares);
    harness_free(crowd->workers);
    harness_free(crowd);
}

struct rule_book *crowd_book(struct crowd *crowd) {
    return &crowd->book;
}

struct judge *crowd_judge(struct crowd *crowd) {
    return crowd->judge;
}

const struct crowd_counts *crowd_counts(const struct crowd *crowd) {
    return &crowd->counts;
}

// ---- notes into the ledger

static void count(struct crowd *crowd, enum relations_operation operation) {
    judge_facts(crowd->judge)->operations[operation]++;
}

static void judge_bytes(struct crowd *crowd, const struct work_event *event) {
    bool is_zero = event->kind == WORK_GIVEN;
    unsigned rule = is_zero ? RULE_SUBJECT_ZERO : RULE_SUBJECT_CONTENTS;
    if (is_zero && event->call != CALL_ALLOCATE_ZEROED) {
        return;
    }
    rule_count(&crowd->book, rule);
    if (event->is_wrong) {
        (void)rule_fail(&crowd->book, rule, (struct rule_place){.object = event->block.address},
                        is_zero ? "of its %zu bytes some are not zero"
                                : "some of its %zu bytes are not what was written",
                        event->block.requested_bytes);
    }
}

// The ledger's own block: its bytes change while notes are read, and are looked at elsewhere.
static struct live_block untouched(const struct live_block *block) {
    struct live_block copy = *block;
    copy.is_touched = false;
    return copy;
}

static void give(struct crowd *crowd, const struct work_event *event) {
    if (!judge_object(crowd->judge, &event->block, event->alignment, false, LIVE_NONE)) {
        return;
    }
    const struct live_block block = untouched(&event->block);
    (void)live_enter(crowd->live, &block);
    count(crowd, RELATIONS_ALLOC);
    if (event->call == CALL_ALLOCATE_ZEROED) {
        count(crowd, RELATIONS_ZEROED);
    } else if (event->call == CALL_ALLOCATE_ALIGNED) {
        count(crowd, RELATIONS_ALIGNED);
    }
}

// The block that begins at the address of one that a thread holds. There is one: it was given.
static uint32_t block_at(const struct crowd *crowd, const struct live_block *block) {
    return live_overlap(crowd->live, block->address, 1, LIVE_NONE);
}

static void resize(struct crowd *crowd, const struct work_event *event, uint32_t id) {
    if (!judge_object(crowd->judge, &event->block, event->alignment, false, id)) {
        return;
    }
    const struct live_block now = untouched(&event->block);
    if (now.address == live_block(crowd->live, id)->address) {
        live_change(crowd->live, id, &now);
        count(crowd, event->call == CALL_EXPAND ? RELATIONS_EXPAND : RELATIONS_REALLOC_IN_PLACE);
    } else {
        (void)live_enter(crowd->live, &now);
        live_leave(crowd->live, id);
        count(crowd, RELATIONS_REALLOC_MOVED);
    }
}

static void refuse(struct crowd *crowd, const struct work_event *event, uint32_t *moving) {
    bool may_fail = (crowd->table->capabilities & COUNTERCHECK_MAY_FAIL) != 0 ||
                    crowd->host.fail_at != 0 || event->call == CALL_EXPAND;
    if (*moving != LIVE_NONE) {
        live_move(crowd->live, *moving, false);
        *moving = LIVE_NONE;
    }
    count(crowd, RELATIONS_FAILED);
    if (!may_fail) {
        rule_count(&crowd->book, RULE_SUBJECT_FAILED);
        (void)rule_fail(&crowd->book, RULE_SUBJECT_FAILED, (struct rule_place){0},
                        "nothing was given without a fault, and the table says no "
                        "COUNTERCHECK_MAY_FAIL");
    }
}

static void enter(struct crowd *crowd, uint32_t thread, const struct work_event *event) {
    uint32_t *moving = &crowd->moving[thread];
    uint32_t id;
    judge_bytes(crowd, event);
    if (crowd->book.found) {
        return;
    }
    switch (event->kind) {
    case WORK_GIVEN:
        give(crowd, event);
        break;
    case WORK_ENDED:
        live_leave(crowd->live, block_at(crowd, &event->block));
        count(crowd, RELATIONS_FREE);
        break;
    case WORK_MOVING:
        id = block_at(crowd, &event->block);
        live_move(crowd->live, id, true);
        *moving = id;
        break;
    case WORK_RESIZED:
        resize(crowd, event, *moving);
        *moving = LIVE_NONE;
        break;
    case WORK_REFUSED:
        refuse(crowd, event, moving);
        break;
    }
}

// All notes in the order of their tickets, until one is a finding.
static void join(struct crowd *crowd) {
    uint32_t next[CROWD_THREADS_MAX] = {0};
    for (;;) {
        uint32_t first = CROWD_THREADS_MAX;
        for (uint32_t i = 0; i < crowd->thread_count; i++) {
            const struct crowd_worker *worker = &crowd->workers[i];
            if (next[i] < worker->event_count &&
                (first == CROWD_THREADS_MAX ||
                 worker->events[next[i]].ticket <
                     crowd->workers[first].events[next[first]].ticket)) {
                first = i;
            }
        }
        if (first == CROWD_THREADS_MAX || crowd->book.found) {
            break;
        }
        const struct work_event *event = &crowd->workers[first].events[next[first]++];
        crowd->counts.operations += event->kind != WORK_MOVING;
        crowd->book.operation++;
        enter(crowd, first, event);
    }
    for (uint32_t i = 0; i < crowd->thread_count; i++) {
        crowd->workers[i].event_count = 0;
    }
}

// ---- barriers

static void look_at(struct crowd *crowd, const struct live_block *block) {
    if (!crowd->book.found) {
        (void)judge_contents(crowd->judge, block, block->address, SIZE_MAX);
    }
}

static void look_at_all(struct crowd *crowd) {
    for (uint32_t i = 0; i < crowd->thread_count; i++) {
        for (uint32_t held = 0; held < crowd->workers[i].held_count; held++) {
            look_at(crowd, &crowd->workers[i].held[held]);
        }
    }
    for (uint32_t i = 0; i < WORK_SHELVES; i++) {
        if (crowd->place.shelves[i].is_full) {
            look_at(crowd, &crowd->place.shelves[i].block);
        }
    }
}

static void check(struct crowd *crowd, uint32_t moment) {
    struct relations_facts *facts = judge_facts(crowd->judge);
    bool is_alone = lanes_count(crowd->place.lanes) == 1;
    join(crowd);
    look_at_all(crowd);
    if (crowd->book.found) {
        return;
    }
    facts->moment = moment | (is_alone ? RELATIONS_ONE_LANE : 0) |
                    (is_alone && (moment & RELATIONS_SETTLED) != 0 ? RELATIONS_QUIET : 0) |
                    (live_count(crowd->live) == 0 ? RELATIONS_EMPTY : 0);
    facts->is_crowded = true;
    host_tell(&crowd->host, facts->backing);
    crowd->counts.barriers++;
    if (relations_need_lanes(crowd->subject->relations)) {
        lane_shares_read(&crowd->shares, crowd->place.lanes, crowd->judge);
    }
    (void)judge_check(crowd->judge, ORACLE_FULL);
}

static void flush(void *context, uint32_t lane) {
    struct crowd *crowd = context;
    struct call call = {.kind = CALL_FLUSH};
    (void)lane;
    lanes_call(crowd->place.lanes, &call);
}

static void settle(struct crowd *crowd) {
    if (crowd->table->flush != NULL) {
        lanes_work(crowd->place.lanes, flush, crowd);
    }
    if (crowd->table->settle != NULL) {
        crowd->table->settle(crowd->self);
    }
    check(crowd, RELATIONS_SETTLED);
}

// False: the system refused a thread.
static bool start_all(struct crowd *crowd) {
    bool has_all = true;
    for (uint32_t lane = 1; lane < crowd->thread_count; lane++) {
        has_all =
            (lanes_is_alive(crowd->place.lanes, lane) || lanes_start(crowd->place.lanes, lane)) &&
            has_all;
    }
    return has_all;
}

static void call_alone(struct crowd *crowd, enum call_kind kind, uint32_t moment) {
    struct call call = {.kind = kind};
    lanes_call(crowd->place.lanes, &call);
    check(crowd, moment);
}

// One of the ways in which all stand still.
static void stand_still(struct crowd *crowd) {
    check(crowd, 0);
    if (crowd->book.found) {
        return;
    }
    switch (random_below(&crowd->random, 5)) {
    case 0:
        break;
    case 1:
        if (crowd->table->purge != NULL) {
            call_alone(crowd, CALL_PURGE, RELATIONS_AFTER_PURGE);
        }
        break;
    case 2:
        if (crowd->table->collect != NULL) {
            call_alone(crowd, CALL_COLLECT, RELATIONS_AFTER_COLLECT);
        }
        break;
    case 3: // some threads end, and what they had for themselves
        for (uint32_t lane = 1; lane < crowd->thread_count; lane++) {
            if (random_once_in(&crowd->random, 2)) {
                (void)lanes_end(crowd->place.lanes, lane);
            }
        }
        settle(crowd);
        break;
    default:
        settle(crowd);
        break;
    }
}

// ---- a life

static bool make(struct crowd *crowd, uint64_t seed) {
    const char *option = subject_option(crowd->subject, (uint32_t)seed);
    int64_t backing[RELATIONS_BACKINGS];
    host_begin(&crowd->host, option);
    crowd->self = NULL;
    if (crowd->table->create != NULL) {
        crowd->self = crowd->table->create(&crowd->host.shown);
        if (crowd->self == NULL) {
            harness_refused();
            return false;
        }
    }
    lanes_begin(crowd->place.lanes, crowd->self);
    host_tell(&crowd->host, backing);
    judge_begin(crowd->judge, crowd->self, crowd->host.shown.arena, option, backing);
    return true;
}

static void begin(struct crowd *crowd, uint32_t thread_count, uint64_t seed) {
    crowd->thread_count = thread_count;
    crowd->random = (struct random){seed << 8 | thread_count};
    rule_book_begin(&crowd->book);
    live_begin(crowd->live);
    for (uint32_t i = 0; i < WORK_SHELVES; i++) {
        crowd->place.shelves[i].is_full = false;
    }
    for (uint32_t i = 0; i < CROWD_THREADS_MAX; i++) {
        struct crowd_worker *worker = &crowd->workers[i];
        worker->place = &crowd->place;
        worker->random = (struct random){random_next(&crowd->random)};
        worker->held_count = worker->event_count = 0;
        crowd->moving[i] = LIVE_NONE;
    }
}

static void work(void *context, uint32_t lane) {
    struct crowd *crowd = context;
    work_round(&crowd->workers[lane]);
}

// What all hold dies, by the one thread that is left.
static void free_all(struct crowd *crowd) {
    for (uint32_t i = 0; i < crowd->thread_count; i++) {
        while (crowd->workers[i].held_count > 0) {
            work_free(&crowd->workers[i], 0);
        }
    }
    for (uint32_t i = 0; i < WORK_SHELVES; i++) {
        if (crowd->place.shelves[i].is_full) {
            crowd->workers[0].held[0] = crowd->place.shelves[i].block;
            crowd->workers[0].held_count = 1;
            crowd->place.shelves[i].is_full = false;
            work_free(&crowd->workers[0], 0);
        }
    }
}

// Ends all threads but the caller, then all objects.
static void end(struct crowd *crowd) {
    lanes_begin(crowd->place.lanes, crowd->self);
    settle(crowd);
    if (!crowd->book.found) {
        free_all(crowd);
        settle(crowd);
    }
    if (!crowd->book.found && crowd->table->destroy != NULL && crowd->self != NULL) {
        crowd->table->destroy(crowd->self);
    }
}

enum verdict crowd_run(struct crowd *crowd, uint32_t thread_count, uint64_t seed) {
    uint64_t refusals = harness_refusal_count();
    bool can_run;
    begin(crowd, thread_count, seed);
    can_run = make(crowd, seed);
    for (int round = 0; round < ROUNDS && can_run && !crowd->book.found; round++) {
        can_run = start_all(crowd);
        if (can_run) {
            bool has_fault = random_once_in(&crowd->random, FAULT_SHARE);
            host_set_fault(&crowd->host,
                           has_fault ? 1 + random_below(&crowd->random, FAULT_MAX) : 0,
                           random_below(&crowd->random, FAULT_MAX));
            lanes_work(crowd->place.lanes, work, crowd);
            stand_still(crowd);
            host_set_fault(&crowd->host, 0, 0);
        }
    }
    if (can_run && !crowd->book.found) {
        end(crowd);
    }
    return harness_refusal_count() != refusals ? VERDICT_ENVIRONMENT
           : crowd->book.found                 ? VERDICT_FINDING
                                               : VERDICT_CLEAN;
}
