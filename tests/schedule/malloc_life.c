// malloc_life: threads on our malloc as what is scheduled: what one allocates another frees,
// threads come and go, a child goes on alone; in between and at the end the account holds against
// the scan.
#define _GNU_SOURCE
#include "fuzz/schedule/life.h"

#include "allocator/memstats.h"
#include "fuzz/execute/child.h"
#include "fuzz/generate/random.h"
#include "malloc/process.h"
#include "runtime/runtime.h"
#include "tests/malloc/checked.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// malloc's family under other names (cmake/schedule.cmake): the harness keeps its own.
void *lane_malloc(size_t size_bytes);
void lane_free(void *pointer);
void *lane_calloc(size_t count, size_t size_bytes);
void *lane_realloc(void *pointer, size_t size_bytes);
void *lane_memalign(size_t align_bytes, size_t size_bytes);

#define SLOTS      256
#define WAVES      3
#define OPERATIONS 1500 // of a thread
#define PAUSES     12   // of who watches, in a wave

static void *_Atomic slots[SLOTS]; // objects that anybody may free
static _Atomic uint64_t allocated, freed;
static _Atomic bool broken;
static pthread_key_t late_key; // made behind malloc's own, which its first call makes
static bool has_late_key;

struct worker {
    struct random random;
    pthread_t thread;
};

static size_t draw_size(struct random *random) {
    uint32_t lot = random_below(random, 64);
    if (lot == 0) {
        return 40000 + random_below(random, 200000);
    }
    return 17 + random_below(random, lot < 8 ? 30000 : lot < 24 ? 1000 : 100);
}

// ---- objects: each says how long it is, at both ends

static void *mark(void *pointer, size_t size_bytes) {
    if (pointer != NULL) {
        *(size_t *)pointer = size_bytes;
        ((unsigned char *)pointer)[size_bytes - 1] = (unsigned char)size_bytes;
        atomic_fetch_add_explicit(&allocated, 1, memory_order_relaxed);
    }
    return pointer;
}

static bool is_whole(const void *pointer) {
    size_t size_bytes = *(const size_t *)pointer;
    return ((const unsigned char *)pointer)[size_bytes - 1] == (unsigned char)size_bytes;
}

static void check(bool holds) {
    if (!holds) {
        atomic_store(&broken, true);
    }
}

static void *make(struct random *random) {
    size_t size_bytes = draw_size(random);
    uint32_t way = random_below(random, 8);
    if (way == 0) {
        unsigned char *zeroed = lane_calloc(1, size_bytes);
        check(zeroed == NULL || (zeroed[0] == 0 && zeroed[size_bytes - 1] == 0));
        return mark(zeroed, size_bytes);
    }
    return mark(way == 1 ? lane_memalign(64, size_bytes) : lane_malloc(size_bytes), size_bytes);
}

static void unmake(void *pointer) {
    if (pointer != NULL) {
        check(is_whole(pointer));
        lane_free(pointer);
        atomic_fetch_add_explicit(&freed, 1, memory_order_relaxed);
    }
}

static void *resize(struct random *random, void *pointer) {
    size_t old_bytes = pointer == NULL ? 0 : *(size_t *)pointer;
    size_t size_bytes =
        random_once_in(random, 2) ? draw_size(random) : old_bytes + old_bytes / 4 + 17;
    void *moved = pointer == NULL ? NULL : lane_realloc(pointer, size_bytes);
    if (moved == NULL) {
        return pointer;
    }
    check(*(size_t *)moved == old_bytes);
    *(size_t *)moved = size_bytes;
    ((unsigned char *)moved)[size_bytes - 1] = (unsigned char)size_bytes;
    return moved;
}

// ---- threads

// The description of the program, which whoever asks first makes.
static void describe(void) {
    struct runtime *runtime = process_runtime();
    if (runtime != NULL) {
        runtime_stop_world(runtime);
        runtime_start_world(runtime);
    }
}

static void step(struct random *random) {
    if (random_once_in(random, 256)) {
        describe();
    }
    void *_Atomic *slot = &slots[random_below(random, SLOTS)];
    void *own = NULL;
    switch (random_below(random, 8)) {
    case 0:
        unmake(make(random));
        break;
    case 1:
        own = resize(random, atomic_exchange(slot, NULL));
        unmake(atomic_exchange(slot, own));
        break;
    case 2: // a sum of what others free soon
        for (uint32_t i = random_below(random, 32); i > 0; i--) {
            unmake(atomic_exchange(&slots[random_below(random, SLOTS)], make(random)));
        }
        break;
    case 3:
        unmake(atomic_exchange(slot, NULL));
        break;
    default:
        unmake(atomic_exchange(slot, make(random)));
    }
}

// After the thread's cache is gone.
static void end_late(void *context) {
    struct worker *worker = context;
    step(&worker->random);
    step(&worker->random);
}

static void *work(void *context) {
    struct worker *worker = context;
    for (uint32_t i = 0; i < OPERATIONS && !atomic_load_explicit(&broken, memory_order_relaxed);
         i++) {
        step(&worker->random);
    }
    if (has_late_key) {
        (void)pthread_setspecific(late_key, worker);
    }
    return NULL;
}

// ---- who watches

static void run_child(struct random *random) {
    for (uint32_t i = 0; i < 50; i++) {
        step(random);
    }
    check(countercheck_malloc_check());
    _exit(atomic_load(&broken) ? 1 : 0);
}

static void look(struct random *random) {
    struct memstats stats;
    uint32_t lot = random_below(random, 8);
    if (lot < 3) {
        heap_read_memstats(process_heap(), &stats);
    } else if (lot < 4) {
        describe();
    } else if (lot < 5) {
        pid_t child = fork();
        if (child == 0) {
            run_child(random);
        }
        int status = child_wait(child);
        check(child < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    } else {
        check(countercheck_malloc_check());
    }
}

static void watch(struct random *random) {
    for (uint32_t i = 0; i < PAUSES; i++) {
        const struct timespec pause = {.tv_nsec = 1000 * random_below(random, 4000)};
        (void)nanosleep(&pause, NULL);
        look(random);
    }
}

static bool run_wave(const struct schedule_head *head, struct random *random) {
    struct worker workers[SCHEDULE_WORKERS];
    uint32_t started = 0;
    for (; started < head->thread_count; started++) {
        workers[started].random.state = random_next(random);
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0) {
            break;
        }
    }
    if (process_heap() != NULL) {
        watch(random);
    }
    for (uint32_t i = 0; i < started; i++) {
        (void)pthread_join(workers[i].thread, NULL);
    }
    return started == head->thread_count;
}

static bool is_empty(void) {
    struct memstats stats;
    for (size_t i = 0; i < SLOTS; i++) {
        unmake(atomic_exchange(&slots[i], NULL));
    }
    heap_read_memstats(process_heap(), &stats);
    return stats.HeapObjects == 0 && atomic_load(&allocated) == atomic_load(&freed);
}

enum verdict schedule_life(const struct schedule_head *head, char finding[SCHEDULE_LINE_BYTES]) {
    struct random random = {.state = head->seed};
    for (uint32_t wave = 0; wave < WAVES; wave++) {
        if (!run_wave(head, &random)) {
            return VERDICT_ENVIRONMENT;
        }
        has_late_key = has_late_key || pthread_key_create(&late_key, end_late) == 0;
        check(countercheck_malloc_check());
    }
    check(is_empty() && countercheck_malloc_check());
    (void)snprintf(finding, SCHEDULE_LINE_BYTES, "what malloc gave changed, or its account does");
    return atomic_load(&broken) ? VERDICT_FINDING : VERDICT_CLEAN;
}
