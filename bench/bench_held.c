// bench_held: the memory that a process holds at its highest while threads free what others made;
// on whatever malloc it runs on.
//
// usage: bench_held classes              each size class of this heap, in bytes, a line each
//        bench_held WAY SIZE THREADS     one line: PEAK_KIB; WAY is wander, handover or exchange
// LIVE_BYTES of objects of that size live at most, every page of them written, for ROUNDS rounds:
// wander puts each object on a board and frees what lay there, in handover one thread makes what
// the others free, in exchange each frees what its neighbour made.
#define _POSIX_C_SOURCE 200809L
#include "allocator/size_classes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIVE_BYTES   ((size_t)8000000)
#define ROUNDS       20
#define PLACES_MAX   ((size_t)1 << 17)
#define PLACES_MIN   ((size_t)16)
#define WANDER_MOVES ((size_t)1000000) // of all threads
#define THREADS_MAX  16

static _Atomic(void *) board[PLACES_MAX];
static size_t object_bytes, place_count, thread_count;
static pthread_barrier_t barrier;

static void die(const char *what) {
    (void)fprintf(stderr, "bench_held: %s\n", what);
    exit(3);
}

static void *obtain(void) {
    char *object = malloc(object_bytes);
    if (object == NULL) {
        die("out of memory");
    }
    for (size_t at = 0; at < object_bytes; at += 4096) {
        object[at] = 1;
    }
    return object;
}

static void *wander(void *context) {
    uint64_t random = 0x9e3779b97f4a7c15u * (uint64_t)((uintptr_t)context + 1);
    for (size_t i = 0; i < WANDER_MOVES / thread_count; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        free(atomic_exchange(&board[(random >> 10) % place_count], obtain()));
    }
    return NULL;
}

static void *handover(void *context) {
    size_t self = (uintptr_t)context;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < place_count && self == 0; i++) {
            board[i] = obtain();
        }
        (void)pthread_barrier_wait(&barrier);
        for (size_t i = self - 1; i < place_count && self != 0; i += thread_count - 1) {
            free(board[i]);
        }
        (void)pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void *exchange(void *context) {
    size_t self = (uintptr_t)context;
    size_t other = (self + 1) % thread_count;
    size_t share = place_count / thread_count;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < share; i++) {
            board[self * share + i] = obtain();
        }
        (void)pthread_barrier_wait(&barrier);
        for (size_t i = 0; i < share; i++) {
            free(board[other * share + i]);
        }
        (void)pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static long peak_kib(void) {
    char line[256];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtol(line + 6, NULL, 10);
        }
    }
    if (status == NULL || fclose(status) != 0 || kib == 0) {
        die("no peak of memory");
    }
    return kib;
}

static void run(void *(*way)(void *)) {
    pthread_t threads[THREADS_MAX];
    place_count = LIVE_BYTES / object_bytes;
    place_count = place_count < PLACES_MIN ? PLACES_MIN : place_count;
    place_count = place_count > PLACES_MAX ? PLACES_MAX : place_count;
    if (pthread_barrier_init(&barrier, NULL, (unsigned)thread_count) != 0) {
        die("no barrier");
    }
    for (size_t i = 0; i < thread_count; i++) {
        if (pthread_create(&threads[i], NULL, way, (void *)(uintptr_t)i) !=
            0) { // NOLINT(performance-no-int-to-ptr)
            die("no thread");
        }
    }
    for (size_t i = 0; i < thread_count; i++) {
        (void)pthread_join(threads[i], NULL);
    }
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void *(*run)(void *);
    } ways[] = {{"wander", wander}, {"handover", handover}, {"exchange", exchange}};
    if (argc == 2 && strcmp(argv[1], "classes") == 0) {
        for (unsigned class = 1; class < SIZE_CLASS_COUNT; class ++) {
            (void)printf("%u\n", size_class_bytes[class]);
        }
        return 0;
    }
    object_bytes = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    thread_count = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    bool is_usable = object_bytes > 0 && thread_count > 1 && thread_count <= THREADS_MAX;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0] && is_usable; i++) {
        if (strcmp(ways[i].name, argv[1]) == 0) {
            run(ways[i].run);
            (void)printf("%ld\n", peak_kib());
            return 0;
        }
    }
    (void)fputs("usage: bench_held classes | wander|handover|exchange SIZE THREADS\n", stderr);
    return 2;
}
