// test_crowd: threads that run freely on one allocator: each promise that it breaks is found, and
// an allocator that breaks none finds nothing, whatever thread frees what.
//
// holds: fuzz/subject/crowd.c fuzz/subject/crowd_work.c fuzz/subject/share.c
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#include "fuzz/subject/crowd.h"
#include "oracle/core/harness_memory.h"

#define HEADER_BYTES 16
#define SLOT_BYTES   ((size_t)1 << 13) // of each object
#define SLOT_COUNT   2048
#define SIZE_MOST    (SLOT_BYTES / 2)

enum wrong { NOTHING, OVERLAP, CROOKED, SHORT, DIRTY, SPOILT, LOST, REFUSED, GREEDY };

static struct { // an allocator of slots: a new one each time while there are some
    enum wrong wrong;
    pthread_mutex_t mutex;
    char *slots;
    uint32_t free[SLOT_COUNT], free_count;
    int64_t live_count, call_count;
} mine = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static _Thread_local int64_t own; // calls of this thread that did something

static void *create(const struct countercheck_host *host) {
    mine.slots = host->arena;
    mine.free_count = SLOT_COUNT;
    mine.live_count = mine.call_count = own = 0;
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        mine.free[i] = i;
    }
    return &mine;
}

static void lane_begin(void *self) {
    (void)self;
    own = 0;
}

static void lane_end(void *self) {
    (void)self;
    (void)pthread_mutex_lock(&mine.mutex);
    mine.call_count += own;
    (void)pthread_mutex_unlock(&mine.mutex);
    own = 0;
}

static void *take(size_t size_bytes) {
    static _Atomic unsigned count;
    bool is_due = ++count % 64 == 0;
    char *object = NULL;
    (void)pthread_mutex_lock(&mine.mutex);
    if (mine.free_count > 0 && !(mine.wrong == REFUSED && is_due)) {
        uint32_t slot = mine.free[--mine.free_count];
        object = mine.slots + slot * SLOT_BYTES + HEADER_BYTES;
        object += mine.wrong == CROOKED && is_due ? 8 : 0;
        memcpy(object - HEADER_BYTES, &size_bytes, sizeof size_bytes);
        mine.free_count += mine.wrong == OVERLAP && is_due && mine.free_count < SLOT_COUNT;
        mine.live_count++;
        own++;
    }
    (void)pthread_mutex_unlock(&mine.mutex);
    if (mine.wrong == SPOILT && object != NULL && is_due && object > mine.slots + SLOT_BYTES) {
        object[-(ptrdiff_t)SLOT_BYTES] ^= 1; // in the slot before, whoever has it
    }
    return object;
}

static void *allocate(void *self, size_t size_bytes) {
    (void)self;
    return take(size_bytes);
}

static void *allocate_zeroed(void *self, size_t size_bytes) {
    char *object = take(size_bytes);
    (void)self;
    if (object != NULL) {
        memset(object, mine.wrong == DIRTY, size_bytes);
    }
    return object;
}

static void release(void *self, void *object) {
    (void)self;
    own++;
    (void)pthread_mutex_lock(&mine.mutex);
    mine.live_count--;
    mine.free[mine.free_count++] =
        (uint32_t)(((char *)object - mine.slots) / (ptrdiff_t)SLOT_BYTES);
    (void)pthread_mutex_unlock(&mine.mutex);
}

static void *reallocate(void *self, void *object, size_t size_bytes) {
    void *moved = take(size_bytes);
    if (moved != NULL) {
        memcpy(moved, object, mine.wrong == LOST ? 0 : size_bytes); // a slot has as many
        release(self, object);
    }
    return moved;
}

static size_t usable(void *self, void *object) {
    size_t size_bytes;
    (void)self;
    if (mine.wrong == OVERLAP) { // what stands in front is another owner's by now
        return SIZE_MOST;
    }
    memcpy(&size_bytes, (char *)object - HEADER_BYTES, sizeof size_bytes);
    return mine.wrong == SHORT ? size_bytes - 1 : size_bytes;
}

static bool read_all(void *self, int64_t *values) {
    (void)self;
    values[0] = mine.live_count + (mine.wrong == GREEDY && mine.live_count > 100);
    values[1] = own;
    values[2] = mine.call_count;
    return true;
}

static const struct countercheck_statistic statistics[] = {
    {"live", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""},
    {"own", COUNTERCHECK_PLAIN, COUNTERCHECK_PER_LANE, 0, 0, NULL, ""},
    {"calls", COUNTERCHECK_CUMULATIVE, 0, 0, 0, NULL, ""},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL}};

static const char relations[] =
    "live: live == live.count\n"
    "calls: calls + lanes(own) == ops.alloc + ops.free + 2 * ops.realloc.moved\n"
    "most: live <= peak(live)\n"
    "now: delta(live) == 0 when on alloc\n";

static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof table,
    .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_THREADS,
    .name = "crowded",
    .alignment = 16,
    .size_max = SIZE_MOST,
    .arena_bytes = SLOT_COUNT * SLOT_BYTES,
    .create = create,
    .lane_begin = lane_begin,
    .lane_end = lane_end,
    .allocate = allocate,
    .allocate_zeroed = allocate_zeroed,
    .release = release,
    .reallocate = reallocate,
    .usable = usable,
    .statistics = statistics,
    .read = read_all,
    .relations = relations,
};

static struct subject subject;
static struct crowd *crowd;

static int setup(void **state) {
    char message[SUBJECT_MESSAGE_BYTES];
    (void)state;
    if (subject_open_table(&subject, &table, NULL, message) != SUBJECT_OPEN) {
        print_error("%s\n", message);
        return -1;
    }
    crowd = crowd_create(&subject);
    return crowd == NULL ? -1 : 0;
}

static int teardown(void **state) {
    (void)state;
    crowd_destroy(crowd);
    subject_close(&subject);
    return harness_block_count() == 0 ? 0 : -1;
}

TEST_FIXTURE(setup, teardown)

// Each life has a finding. What threads do to each other's bytes may show by another rule first: it
// is the rule's own in one of a few lives.
static void assert_found(enum wrong wrong, unsigned rule) {
    const char *name = core_rules.rows[rule].name;
    const char *found = "";
    mine.wrong = wrong;
    for (uint64_t seed = 1; seed <= 20 && strcmp(found, name) != 0; seed++) {
        assert_int_equal(crowd_run(crowd, 3, seed), VERDICT_FINDING);
        found = crowd_book(crowd)->finding.row->name;
    }
    assert_string_equal(found, name);
}

TEST(a_right_allocator_is_found_right_life_after_life) {
    mine.wrong = NOTHING;
    for (uint32_t threads = CROWD_THREADS_MIN; threads <= CROWD_THREADS_MAX; threads += 3) {
        assert_int_equal(crowd_run(crowd, threads, threads), VERDICT_CLEAN);
        assert_int_equal(mine.live_count, 0);
    }
    const uint64_t *evaluated = crowd_book(crowd)->evaluated;
    assert_true(evaluated[RULE_SUBJECT_ZERO] > 0 && evaluated[RULE_SUBJECT_CONTENTS] > 0);
    assert_true(evaluated[RULE_SUBJECT_OVERLAP] > 0 && evaluated[RULE_SUBJECT_KIND] > 0);
    assert_true(crowd_counts(crowd)->barriers >= 10 && crowd_counts(crowd)->operations > 1000);
}

TEST(what_is_between_two_calls_is_not_asked_of_threads) {
    mine.wrong = NOTHING;
    assert_int_equal(crowd_run(crowd, 2, 1), VERDICT_CLEAN);
    assert_true(relations_rule(subject.relations, 0)->evaluated > 8);
    assert_true(relations_rule(subject.relations, 1)->evaluated > 8);
    assert_int_equal(relations_rule(subject.relations, 2)->evaluated, 0);
    assert_int_equal(relations_rule(subject.relations, 3)->evaluated, 0);
}

TEST(an_object_that_two_threads_have_is_found) {
    assert_found(OVERLAP, RULE_SUBJECT_OVERLAP);
}
TEST(a_crooked_object_is_found) {
    assert_found(CROOKED, RULE_SUBJECT_ALIGNMENT);
}
TEST(a_short_object_is_found) {
    assert_found(SHORT, RULE_SUBJECT_USABLE);
}
TEST(an_object_that_is_not_zero_is_found) {
    assert_found(DIRTY, RULE_SUBJECT_ZERO);
}
TEST(bytes_that_change_under_their_owner_are_found) {
    assert_found(SPOILT, RULE_SUBJECT_CONTENTS);
}
TEST(bytes_that_a_resize_loses_are_found) {
    assert_found(LOST, RULE_SUBJECT_CONTENTS);
}
TEST(nothing_in_place_of_an_object_is_found) {
    assert_found(REFUSED, RULE_SUBJECT_FAILED);
}
TEST(a_statistic_that_lies_is_found) {
    assert_found(GREEDY, RULE_SUBJECT_RELATION);
}

TEST(what_one_thread_at_a_time_may_call_is_refused) {
    struct countercheck_subject other = table;
    assert_null(crowd_refuses(&other));
    other.capabilities = 0;
    assert_non_null(crowd_refuses(&other));
    other.capabilities = COUNTERCHECK_THREADS | COUNTERCHECK_COLLECTS;
    assert_non_null(crowd_refuses(&other));
    other = table;
    other.release = NULL;
    assert_non_null(crowd_refuses(&other));
}
