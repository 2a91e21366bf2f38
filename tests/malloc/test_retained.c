// test_retained: what one thread allocates and another frees does not pile up, whatever its size
// and whether the owner comes back or sleeps.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#include "allocator/memstats.h"
#include "allocator/size_classes.h"
#include "tests/malloc/checked.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

#define ROUND_BYTES   ((size_t)16 << 20)
#define BOARD_PLACES  1000
#define OBJECTS_MAX   (ROUND_BYTES / 16)
#define WAITING_BYTES ((size_t)2 << 20) // 512 KiB wait, and what an owner has for its next objects

static void *objects[OBJECTS_MAX];

static struct memstats now(void) {
    struct memstats stats;
    assert_true(countercheck_malloc_memstats(&stats));
    return stats;
}

// Every size class that malloc uses, by its size.
static const size_t sizes[] = {16,    32,    64,    112,   256,   512,  1024, 2048,
                               3072,  4096,  5376,  6144,  8000,  8192, 9472, 10240,
                               12288, 14336, 16384, 20480, 27264, 32768};

// ---- an owner that sleeps

struct owner {
    sem_t begin, done;
    size_t size_bytes; // 0: the end
    size_t count;
};

static void *own(void *context) {
    struct owner *owner = context;
    while (sem_wait(&owner->begin) == 0 && owner->size_bytes != 0) {
        for (size_t i = 0; i < owner->count; i++) {
            objects[i] = malloc(owner->size_bytes);
        }
        (void)sem_post(&owner->done);
    }
    return NULL;
}

TEST(what_is_freed_while_its_owner_sleeps_is_given_back) {
    static struct owner owner;
    pthread_t thread;
    assert_int_equal(sem_init(&owner.begin, 0, 0) | sem_init(&owner.done, 0, 0), 0);
    assert_int_equal(pthread_create(&thread, NULL, own, &owner), 0);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t before = now().HeapInuse;
        owner.size_bytes = sizes[i];
        owner.count = ROUND_BYTES / sizes[i];
        (void)sem_post(&owner.begin);
        while (sem_wait(&owner.done) != 0) {
        }
        assert_true(now().HeapInuse >= before + ROUND_BYTES / 10 * 9);
        for (size_t j = 0; j < owner.count; j++) {
            free(objects[j]);
        }
        uint64_t after = now().HeapInuse;
        if (after > before + WAITING_BYTES) { // W1, and as it is seen from outside
            fail_msg("%zu bytes: %zu KiB of spans are left", sizes[i],
                     (size_t)(after - before) >> 10);
        }
        assert_true(countercheck_malloc_check());
    }
    owner.size_bytes = 0;
    (void)sem_post(&owner.begin);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(countercheck_malloc_check());
}

// ---- recent slots

#define RECENT_BYTES   1024
#define RECENT_OBJECTS 256

static size_t place_of(const void *object, void *const *given, size_t count) {
    size_t place = 0;
    while (place < count && given[place] != object) {
        place++;
    }
    return place;
}

// The span at hand first, which has a few slots left; then what was freed last.
TEST(of_what_is_freed_in_full_spans_the_last_is_given_out_first) {
    void *given[HEAP_PAGE_BYTES / RECENT_BYTES + 2];
    size_t count = sizeof given / sizeof given[0];
    for (size_t i = 0; i < RECENT_OBJECTS; i++) {
        objects[i] = malloc(RECENT_BYTES);
    }
    free(objects[RECENT_OBJECTS / 4]);
    free(objects[RECENT_OBJECTS / 2]);
    for (size_t i = 0; i < count; i++) {
        given[i] = malloc(RECENT_BYTES);
    }
    size_t last = place_of(objects[RECENT_OBJECTS / 2], given, count);
    size_t first = place_of(objects[RECENT_OBJECTS / 4], given, count);
    assert_true(last < first);
    assert_true(first < count);
    assert_true(countercheck_malloc_check());
    objects[RECENT_OBJECTS / 4] = objects[RECENT_OBJECTS / 2] = NULL;
    for (size_t i = 0; i < RECENT_OBJECTS; i++) {
        free(objects[i]);
    }
    for (size_t i = 0; i < count; i++) {
        free(given[i]);
    }
}

// Where they were, there are spans of another class by then.
TEST(recent_slots_of_spans_that_are_gone_are_given_out_no_more) {
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < RECENT_OBJECTS; i++) {
            objects[i] = malloc(RECENT_BYTES);
            memset(objects[i], (int)i, RECENT_BYTES);
        }
        for (size_t i = 0; i < RECENT_OBJECTS; i++) {
            const unsigned char *bytes = objects[i];
            assert_int_equal(bytes[0], (unsigned char)i);
            assert_int_equal(bytes[RECENT_BYTES - 1], (unsigned char)i);
            free(objects[i]);
        }
        assert_true(countercheck_malloc_check());
        for (size_t i = 0; i < RECENT_OBJECTS; i++) {
            objects[i] = malloc(RECENT_BYTES * 3);
        }
        assert_true(countercheck_malloc_check());
        for (size_t i = 0; i < RECENT_OBJECTS; i++) {
            free(objects[i]);
        }
    }
}

// ---- objects that wander: each is put on a board, and what lay there is freed, whoever made it

static _Atomic(void *) board[BOARD_PLACES];
static size_t board_bytes;
static atomic_uint seeds;

static void *wander(void *unused) {
    uint64_t random = 0x9e3779b97f4a7c15u * (atomic_fetch_add(&seeds, 1) + 1);
    (void)unused;
    for (int i = 0; i < 60000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        char *object = malloc(board_bytes);
        if (object != NULL) {
            object[0] = 1;
        }
        free(atomic_exchange(&board[(random >> 10) % BOARD_PLACES], object));
    }
    return NULL;
}

static void wander_in_rounds(size_t rounds) {
    for (size_t round = 0; round < rounds; round++) {
        pthread_t threads[3];
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, wander, NULL), 0);
        }
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        }
    }
}

TEST(what_wanders_takes_no_more_than_twice_what_lives) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t before = now().HeapInuse;
        board_bytes = sizes[i];
        struct memstats grown;
        wander_in_rounds(2);
        grown = now();
        uint64_t live_bytes = BOARD_PLACES * (uint64_t)sizes[i];
        if (grown.HeapInuse > before + live_bytes * 2 + WAITING_BYTES) {
            fail_msg("%zu bytes: %zu KiB of spans for %zu KiB", sizes[i],
                     (size_t)(grown.HeapInuse - before) >> 10, (size_t)live_bytes >> 10);
        }
        for (size_t place = 0; place < BOARD_PLACES; place++) {
            free(atomic_exchange(&board[place], NULL));
        }
        assert_true(countercheck_malloc_check());
    }
    // All of it at its highest, with what is idle by now.
    uint64_t most = (uint64_t)2 * BOARD_PLACES * 32768 + ROUND_BYTES + 8 * WAITING_BYTES;
    if (now().HeapSys > most) {
        fail_msg("the heap has had %zu KiB", (size_t)now().HeapSys >> 10);
    }
}

// ---- threads that take turns: each replaces objects at random, and sleeps while others do

#define TURN_THREADS 8
#define TURN_BYTES   (ROUND_BYTES / 4)

struct turn {
    sem_t begin, done;
    size_t size_bytes; // 0: the end
    uint64_t random;
};

static void *take_turns(void *context) {
    struct turn *turn = context;
    while (sem_wait(&turn->begin) == 0 && turn->size_bytes != 0) {
        size_t count = TURN_BYTES / turn->size_bytes;
        for (size_t i = 0; i < count; i++) {
            turn->random ^= turn->random << 13;
            turn->random ^= turn->random >> 7;
            turn->random ^= turn->random << 17;
            void **place = &objects[(turn->random >> 10) % count];
            free(*place);
            *place = malloc(turn->size_bytes);
        }
        (void)sem_post(&turn->done);
    }
    return NULL;
}

static void turn_for_all(struct turn *turns, size_t size_bytes) {
    for (size_t i = 0; i < TURN_THREADS; i++) {
        turns[i].size_bytes = size_bytes;
        (void)sem_post(&turns[i].begin);
        while (size_bytes != 0 && sem_wait(&turns[i].done) != 0) {
        }
    }
}

TEST(what_threads_that_take_turns_hold_is_not_each_ones_own_share) {
    static struct turn turns[TURN_THREADS];
    static const size_t turn_sizes[] = {96, 208, 416, 640, 1024, 1408, 3072, 8192};
    pthread_t threads[TURN_THREADS];
    memset(objects, 0, sizeof objects);
    for (size_t i = 0; i < TURN_THREADS; i++) {
        turns[i].random = 0x9e3779b97f4a7c15u * (i + 1);
        assert_int_equal(sem_init(&turns[i].begin, 0, 0) | sem_init(&turns[i].done, 0, 0), 0);
        assert_int_equal(pthread_create(&threads[i], NULL, take_turns, &turns[i]), 0);
    }
    for (size_t i = 0; i < sizeof turn_sizes / sizeof turn_sizes[0]; i++) {
        uint64_t before = now().HeapInuse;
        turn_for_all(turns, turn_sizes[i]);
        turn_for_all(turns, turn_sizes[i]);
        uint64_t held_bytes = now().HeapInuse - before;
        if (held_bytes > TURN_BYTES * 2 + WAITING_BYTES) {
            fail_msg("%zu bytes: %zu KiB of spans for %zu KiB", turn_sizes[i],
                     (size_t)held_bytes >> 10, (size_t)TURN_BYTES >> 10);
        }
        for (size_t j = 0; j < TURN_BYTES / turn_sizes[i]; j++) {
            free(objects[j]);
            objects[j] = NULL;
        }
        assert_true(countercheck_malloc_check());
    }
    turn_for_all(turns, 0);
    for (size_t i = 0; i < TURN_THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_true(countercheck_malloc_check());
}
