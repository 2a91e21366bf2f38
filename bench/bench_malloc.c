// bench_malloc: one workload on whatever malloc the process runs on; prints its operations, the
// processor's time that they took, and the peak memory.
//
// usage: bench_malloc ROW [SCALE]    one line: OPERATIONS NANOSECONDS PEAK_KIB CHECKED
// The same calls in the same order under each malloc: sizes and places are drawn from a generator
// of its own. An eighth of the work is done before the clock starts. The time is that of the
// process's threads together. CHECKED is 1 when the malloc has our oracle in it, which then found
// nothing.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma weak countercheck_malloc_check
bool countercheck_malloc_check(void);

static void die(const char *what) {
    (void)fprintf(stderr, "bench_malloc: %s\n", what);
    exit(3);
}

static uint64_t cpu_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Of this program alone: getrusage's is that of who started it as well.
static long peak(void) {
    char line[256];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        (void)sscanf(line, "VmHWM: %ld", &kib);
    }
    if (status == NULL || fclose(status) != 0 || kib == 0) {
        die("no peak of memory");
    }
    return kib;
}

static uint64_t draw(uint64_t *random) {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static uint64_t seeded(uint64_t number) {
    uint64_t random = 0x9e3779b97f4a7c15u * (number + 1);
    (void)draw(&random);
    return random;
}

// A program writes what it allocates: the first word.
static void *obtain(size_t size_bytes) {
    uint64_t *object = malloc(size_bytes);
    if (object == NULL) {
        die("out of memory");
    }
    *object = size_bytes;
    return object;
}

// ---- one thread

static uint64_t run_pair(size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(obtain(64));
    }
    return 2 * (uint64_t)count;
}

enum { CHURN_LIVE = 10000 };

static size_t churn_size(uint64_t lot) {
    return 16 + (lot >> 40) % 1009; // 16 to 1024
}

static uint64_t run_churn(size_t count) {
    static void *live[CHURN_LIVE];
    uint64_t random = seeded(1);
    for (size_t i = 0; i < count; i++) {
        uint64_t lot = draw(&random);
        void **place = &live[(lot & 0xffffffff) % CHURN_LIVE];
        free(*place);
        *place = obtain(churn_size(lot));
    }
    return 2 * (uint64_t)count;
}

enum burst_order { BURST_LIFO, BURST_FIFO, BURST_RANDOM };

static void shuffle(void **objects, size_t count) {
    uint64_t random = seeded(2);
    for (size_t i = count; i > 1; i--) {
        size_t other = draw(&random) % i;
        void *kept = objects[i - 1];
        objects[i - 1] = objects[other];
        objects[other] = kept;
    }
}

// A million objects of 16 to 256 bytes, then all of them freed. The list is no part of the burst.
static uint64_t run_burst(size_t count, enum burst_order order) {
    static void *objects[1000000];
    uint64_t random = seeded(3);
    const size_t burst = sizeof objects / sizeof objects[0];
    for (size_t round = 0; round * burst < count; round++) {
        for (size_t i = 0; i < burst; i++) {
            objects[i] = obtain(16 + draw(&random) % 241);
        }
        if (order == BURST_RANDOM) {
            shuffle(objects, burst);
        }
        for (size_t i = 0; i < burst; i++) {
            free(objects[order == BURST_LIFO ? burst - 1 - i : i]);
        }
    }
    return 2 * (uint64_t)count;
}

static uint64_t run_lifo(size_t count) {
    return run_burst(count, BURST_LIFO);
}
static uint64_t run_fifo(size_t count) {
    return run_burst(count, BURST_FIFO);
}
static uint64_t run_random(size_t count) {
    return run_burst(count, BURST_RANDOM);
}

// 32 KiB to 1 MiB, 40 live, a byte of each page written.
static uint64_t run_large(size_t count) {
    static char *live[40];
    uint64_t random = seeded(4);
    for (size_t i = 0; i < count; i++) {
        uint64_t lot = draw(&random);
        char **place = &live[lot % 40];
        size_t size_bytes = 32768 + (lot >> 32) % (1048576 - 32768 + 1);
        free(*place);
        *place = obtain(size_bytes);
        for (size_t at = 0; at < size_bytes; at += 4096) {
            (*place)[at] = 1;
        }
    }
    return 2 * (uint64_t)count;
}

// A vector that grows by half, from 16 bytes to 16 MiB; what it gains is written.
static uint64_t run_grow_half(size_t count) {
    uint64_t calls = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size_bytes = 16;
        char *object = obtain(size_bytes);
        while (size_bytes < (size_t)16 << 20) {
            size_t next = size_bytes + size_bytes / 2;
            object = realloc(object, next);
            if (object == NULL) {
                die("out of memory");
            }
            for (size_t at = size_bytes; at < next; at += 4096) {
                object[at] = 1;
            }
            size_bytes = next;
            calls++;
        }
        free(object);
    }
    return calls;
}

// A buffer that grows by 64 bytes, up to 256 KiB.
static uint64_t run_grow_64(size_t count) {
    uint64_t calls = 0;
    for (size_t i = 0; i < count; i++) {
        char *object = obtain(64);
        for (size_t size_bytes = 128; size_bytes <= 262144; size_bytes += 64) {
            object = realloc(object, size_bytes);
            if (object == NULL) {
                die("out of memory");
            }
            object[size_bytes - 1] = 1;
            calls++;
        }
        free(object);
    }
    return calls;
}

// ---- two threads

enum { SERVER_SLOTS = 4096 };
static void *_Atomic slots[SERVER_SLOTS];

struct part {
    size_t count;
    uint64_t number;
};

// Requests of any thread end in any other: what is put into a slot frees what was there.
static void *serve(void *context) {
    const struct part *part = context;
    uint64_t random = seeded(10 + part->number);
    for (size_t i = 0; i < part->count; i++) {
        uint64_t lot = draw(&random);
        void *object = obtain(churn_size(lot));
        free(atomic_exchange_explicit(&slots[lot % SERVER_SLOTS], object, memory_order_acq_rel));
    }
    return NULL;
}

static void run_both(void *(*first)(void *), void *(*second)(void *), size_t count) {
    struct part parts[2] = {{count, 0}, {count, 1}};
    pthread_t threads[2];
    if (pthread_create(&threads[0], NULL, first, &parts[0]) != 0 ||
        pthread_create(&threads[1], NULL, second, &parts[1]) != 0) {
        die("no thread");
    }
    (void)pthread_join(threads[0], NULL);
    (void)pthread_join(threads[1], NULL);
}

static uint64_t run_server(size_t count) {
    run_both(serve, serve, count / 2);
    return 2 * (uint64_t)count;
}

// The same of 8 to 32 KiB, sizes of which a span has few: 1,000 live. A byte of each page is
// written.
enum { WANDER_LIVE = 1000 };
static void *wander(void *context) {
    const struct part *part = context;
    uint64_t random = seeded(30 + part->number);
    for (size_t i = 0; i < part->count; i++) {
        uint64_t lot = draw(&random);
        size_t size_bytes = 8192 + (lot >> 40) % (32768 - 8192 + 1);
        char *object = obtain(size_bytes);
        for (size_t at = 0; at < size_bytes; at += 4096) {
            object[at] = 1;
        }
        free(atomic_exchange_explicit(&slots[lot % WANDER_LIVE], object, memory_order_acq_rel));
    }
    return NULL;
}

static uint64_t run_wander(size_t count) {
    run_both(wander, wander, count / 2);
    return 2 * (uint64_t)count;
}

// Batches of objects in a ring; who has to wait sleeps.
enum { BATCH = 512, BATCHES = 16 };
static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    size_t put, taken;
    void *objects[BATCHES][BATCH];
} ring = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static void wait_while(size_t distance) {
    (void)pthread_mutex_lock(&ring.lock);
    while (ring.put - ring.taken == distance) {
        (void)pthread_cond_wait(&ring.moved, &ring.lock);
    }
    (void)pthread_mutex_unlock(&ring.lock);
}

static void move(size_t *counter) {
    (void)pthread_mutex_lock(&ring.lock);
    ++*counter;
    (void)pthread_cond_signal(&ring.moved);
    (void)pthread_mutex_unlock(&ring.lock);
}

static void *produce(void *context) {
    const struct part *part = context;
    uint64_t random = seeded(20);
    for (size_t i = 0; i < part->count; i++) {
        wait_while(BATCHES);
        void **batch = ring.objects[ring.put % BATCHES];
        for (size_t j = 0; j < BATCH; j++) {
            batch[j] = obtain(churn_size(draw(&random)) / 4 + 16);
        }
        move(&ring.put);
    }
    return NULL;
}

static void *consume(void *context) {
    const struct part *part = context;
    for (size_t i = 0; i < part->count; i++) {
        wait_while(0);
        void **batch = ring.objects[ring.taken % BATCHES];
        for (size_t j = 0; j < BATCH; j++) {
            free(batch[j]);
        }
        move(&ring.taken);
    }
    return NULL;
}

static uint64_t run_pipe(size_t count) {
    run_both(produce, consume, count);
    return 2 * (uint64_t)count * BATCH;
}

// ---- rows

static const struct row {
    const char *name;
    uint64_t (*run)(size_t count);
    size_t count;
} rows[] = {
    {"pair", run_pair, 12000000},    {"churn", run_churn, 5000000},
    {"server", run_server, 4000000}, {"pipe", run_pipe, 6000},
    {"lifo", run_lifo, 4000000},     {"fifo", run_fifo, 4000000},
    {"random", run_random, 3000000}, {"large", run_large, 16000},
    {"half", run_grow_half, 32},     {"step", run_grow_64, 1600},
    {"wander", run_wander, 2000000},
};

int main(int argc, char **argv) {
    const struct row *row = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && argc >= 2; i++) {
        if (strcmp(rows[i].name, argv[1]) == 0) {
            row = &rows[i];
        }
    }
    unsigned long scale = argc == 3 ? strtoul(argv[2], NULL, 10) : 100;
    if (row == NULL || argc > 3 || scale == 0 || scale > 10000) {
        (void)fputs("usage: bench_malloc ROW [PERCENT]; ROW is one of:", stderr);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            (void)fprintf(stderr, " %s", rows[i].name);
        }
        (void)fputc('\n', stderr);
        return 2;
    }
    size_t count = row->count * scale / 100;
    (void)row->run(count / 8 + 1);
    uint64_t begin_ns = cpu_ns();
    uint64_t operations = row->run(count + 1);
    uint64_t spent_ns = cpu_ns() - begin_ns;
    long peak_kib = peak();
    bool checked = countercheck_malloc_check != NULL;
    if (checked && !countercheck_malloc_check()) {
        return 1;
    }
    printf("%llu %llu %ld %d\n", (unsigned long long)operations, (unsigned long long)spent_ns,
           peak_kib, checked ? 1 : 0);
    return 0;
}
