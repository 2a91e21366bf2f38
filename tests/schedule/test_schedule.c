// test_schedule: small programs of two threads of which it is known what they can show on x86, and
// what never: each under many seeds, in a process of its own.
//
// holds: fuzz/schedule/baton.c fuzz/schedule/buffer.c fuzz/schedule/hooks.c fuzz/schedule/order.c
// holds: fuzz/schedule/race.c fuzz/schedule/text.c fuzz/schedule/turns.c fuzz/schedule/wraps.c
#define _GNU_SOURCE
#include "fuzz/schedule/schedule.h"

#include "allocator/heap.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

#define SEEDS 400

// What the threads share lies where the heap would.
struct shared {
    _Atomic int x, y;
    int plain;
    pthread_mutex_t first, second;
    int seen[2];
};

static struct shared *shared;
static struct schedule_log *log_of_run;

typedef void *side(void *unused);

static void *map_shared(void *at, size_t size_bytes) {
    void *memory = mmap(at, size_bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    return memory;
}

static int set_up(void **unused) {
    (void)unused;
    shared = map_shared((void *)HEAP_BASE_DEFAULT, sizeof *shared);
    log_of_run = map_shared(NULL, sizeof *log_of_run);
    return (uintptr_t)shared == HEAP_BASE_DEFAULT ? 0 : -1;
}

TEST_GROUP(set_up, NULL)

static void run_both(side *one, side *other) {
    pthread_t threads[2];
    (void)pthread_create(&threads[0], NULL, one, NULL);
    (void)pthread_create(&threads[1], NULL, other, NULL);
    (void)pthread_join(threads[0], NULL);
    (void)pthread_join(threads[1], NULL);
}

// Whether it ended without a finding of the scheduler's own.
static bool run(const struct schedule_options *options, side *one, side *other) {
    int status;
    memset(shared, 0, sizeof *shared);
    (void)pthread_mutex_init(&shared->first, NULL);
    (void)pthread_mutex_init(&shared->second, NULL);
    pid_t child = fork();
    if (child == 0) {
        schedule_begin(options);
        run_both(one, other);
        schedule_end();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_in_range(WEXITSTATUS(status), 0, 1);
    return WEXITSTATUS(status) == 0;
}

static bool run_seed(uint64_t seed, side *one, side *other) {
    return run(&(struct schedule_options){.seed = seed, .log = log_of_run}, one, other);
}

// In how many of the seeds both saw these.
static unsigned count_seen(side *one, side *other, int first, int second) {
    unsigned count = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        assert_true(run_seed(seed, one, other));
        count += shared->seen[0] == first && shared->seen[1] == second;
    }
    return count;
}

static unsigned count_found(side *one, side *other, const char *what) {
    unsigned count = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        if (!run_seed(seed, one, other)) {
            assert_non_null(strstr(log_of_run->finding, what));
            count++;
        }
    }
    return count;
}

// ---- each stores, then looks what the other has stored

#define STORE_THEN_LOAD(name, index, own, others, order, between)                                  \
    static void *name(void *unused) {                                                              \
        atomic_store_explicit(&shared->own, 1, order);                                             \
        between;                                                                                   \
        shared->seen[index] = atomic_load_explicit(&shared->others, order);                        \
        return unused;                                                                             \
    }
STORE_THEN_LOAD(x_relaxed, 0, x, y, memory_order_relaxed, (void)0)
STORE_THEN_LOAD(y_relaxed, 1, y, x, memory_order_relaxed, (void)0)
STORE_THEN_LOAD(x_in_order, 0, x, y, memory_order_seq_cst, (void)0)
STORE_THEN_LOAD(y_in_order, 1, y, x, memory_order_seq_cst, (void)0)
STORE_THEN_LOAD(y_fenced, 1, y, x, memory_order_relaxed,
                (void)syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))

TEST(stores_may_wait_in_a_buffer) {
    assert_in_range(count_seen(x_relaxed, y_relaxed, 0, 0), 1, SEEDS / 2);
    assert_in_range(count_seen(x_relaxed, y_relaxed, 1, 1), 1, SEEDS);
}

TEST(sequentially_consistent_stores_do_not) {
    assert_int_equal(count_seen(x_in_order, y_in_order, 0, 0), 0);
}

TEST(one_barrier_of_all_threads_serves_both) {
    assert_int_equal(count_seen(x_relaxed, y_fenced, 0, 0), 0);
}

// ---- one stores twice, the other looks in the opposite order

static void *store_twice(void *unused) {
    atomic_store_explicit(&shared->x, 1, memory_order_relaxed);
    atomic_store_explicit(&shared->y, 1, memory_order_relaxed);
    return unused;
}

static void *look_twice(void *unused) {
    shared->seen[0] = atomic_load_explicit(&shared->y, memory_order_relaxed);
    shared->seen[1] = atomic_load_explicit(&shared->x, memory_order_relaxed);
    return unused;
}

TEST(stores_are_seen_in_their_order) {
    assert_int_equal(count_seen(store_twice, look_twice, 1, 0), 0);
    assert_in_range(count_seen(store_twice, look_twice, 0, 1), 1, SEEDS);
}

// ---- races

static void *add(void *unused) {
    shared->plain++;
    return unused;
}

static void *add_under_lock(void *unused) {
    (void)pthread_mutex_lock(&shared->first);
    shared->plain++;
    (void)pthread_mutex_unlock(&shared->first);
    return unused;
}

TEST(plain_accesses_race_unless_a_lock_orders_them) {
    assert_int_equal(count_found(add, add, "race"), SEEDS);
    assert_int_equal(count_found(add, add_under_lock, "race"), SEEDS);
    assert_int_equal(count_found(add_under_lock, add_under_lock, ""), 0);
    assert_int_equal(shared->plain, 2);
}

#define PUBLISH(name, order)                                                                       \
    static void *name(void *unused) {                                                              \
        shared->plain = 1;                                                                         \
        atomic_store_explicit(&shared->x, 1, order);                                               \
        return unused;                                                                             \
    }
PUBLISH(publish, memory_order_release)
PUBLISH(publish_relaxed, memory_order_relaxed)

static void *read_published(void *unused) {
    if (atomic_load_explicit(&shared->x, memory_order_acquire) != 0) {
        shared->seen[0] = shared->plain;
    }
    return unused;
}

TEST(what_is_released_is_ordered) {
    assert_int_equal(count_found(publish, read_published, ""), 0);
    assert_in_range(count_found(publish_relaxed, read_published, "race"), 1, SEEDS);
}

// ---- locks

static void *lock_up(void *unused) {
    (void)pthread_mutex_lock(&shared->first);
    (void)pthread_mutex_lock(&shared->second);
    (void)pthread_mutex_unlock(&shared->second);
    (void)pthread_mutex_unlock(&shared->first);
    return unused;
}

static void *lock_down(void *unused) {
    (void)pthread_mutex_lock(&shared->second);
    (void)pthread_mutex_lock(&shared->first);
    (void)pthread_mutex_unlock(&shared->first);
    (void)pthread_mutex_unlock(&shared->second);
    return unused;
}

TEST(locks_taken_crosswise_end_in_a_deadlock) {
    assert_in_range(count_found(lock_up, lock_down, "deadlock"), 1, SEEDS);
    assert_int_equal(count_found(lock_up, lock_up, ""), 0);
}

// ---- lists of runs

TEST(a_list_of_runs_is_the_same_run) {
    static struct schedule_run runs[1000];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        bool clean = run_seed(seed, lock_up, lock_down);
        uint32_t count = log_of_run->run_count;
        int seen[2] = {shared->seen[0], shared->seen[1]};
        assert_in_range(count, 1, 1000);
        memcpy(runs, log_of_run->runs, count * sizeof runs[0]);
        const struct schedule_options options = {
            .seed = seed, .runs = runs, .run_count = count, .log = log_of_run};
        assert_int_equal(run(&options, lock_up, lock_down), clean);
        assert_int_equal(log_of_run->run_count, count);
        assert_memory_equal(log_of_run->runs, runs, count * sizeof runs[0]);
        assert_memory_equal(shared->seen, seen, sizeof seen);
    }
}

TEST(runs_are_read_as_they_are_printed) {
    const struct schedule_run runs[] = {{14, 2, 0}, {0, 0, 0}, {UINT32_MAX, 7, 3}};
    char text[200];
    FILE *stream = fmemopen(text, sizeof text, "w");
    assert_non_null(stream);
    schedule_print(stream, runs, 3);
    (void)fclose(stream);
    assert_string_equal(text, "thread 2: 14 accesses\nthread 0: 0 accesses\n"
                              "thread 7: 4294967295 accesses, 3 stores kept\n");
    char *line = strtok(text, "\n");
    for (size_t i = 0; i < 3; i++, line = strtok(NULL, "\n")) {
        struct schedule_run run_read;
        assert_true(schedule_read_run(line, &run_read));
        assert_memory_equal(&run_read, &runs[i], sizeof run_read);
    }
}

TEST(what_is_no_run_is_refused) {
    static const char *const lines[] = {"",
                                        "thread: 1 accesses",
                                        "thread 256: 1 accesses",
                                        "thread 1: 4294967296 accesses",
                                        "thread 1: -1 accesses",
                                        "thread 1: 1 accesses ",
                                        "thread 1: 1 accesses, stores kept",
                                        "thread 1: 1 accesses, 1 stores"};
    struct schedule_run run_read;
    struct schedule_head head;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_false(schedule_read_run(lines[i], &run_read));
    }
    assert_true(schedule_read_head("schedule threads=5 seed=18446744073709551615", &head));
    assert_false(schedule_read_head("schedule threads=6 seed=1", &head));
    assert_false(schedule_read_head("schedule threads=0 seed=1", &head));
    assert_false(schedule_read_head("schedule threads=1 seed=1 ", &head));
}
