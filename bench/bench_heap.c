// bench_heap: a heap of a given shape, and on each line of standard input one timed operation on
// it.
//
// usage: bench_heap SHAPE BYTES CACHES [THREADS]
//   SHAPE   small (64 B), pointers (64 B, every word a pointer), kilobyte (1 KiB), megabyte (1 MiB)
//   BYTES   of objects, live for the whole run
//   CACHES  caches that the objects are spread over, each used
//   THREADS that have a cache of their own, have used it, and sleep
// A line "dump PATH" writes a heap dump to PATH (overwritten in place); "copy PATH" the bytes of
// the objects alone, copied through a buffer or, large ones, as they lie: no dump can be faster;
// "stats N" reads the
// statistics N times; "scan N" recomputes them by the oracle's scan; "stop N" stops the world N
// times. The answer is one line: nanoseconds for one. It ends with its input. The Go program in
// bench/go answers the same lines, so that bench/run can ask both in turn.
#define _POSIX_C_SOURCE 200809L
#include "allocator/heap.h"
#include "allocator/memstats.h"
#include "dump/writer.h"
#include "oracle/go/verify/scan.h"
#include "runtime/runtime.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct shape {
    const char *name;
    size_t object_bytes;
    bool pointers;
};

static const struct shape shapes[] = {
    {"small", 64, false},
    {"pointers", 64, true},
    {"kilobyte", 1024, false},
    {"megabyte", (size_t)1 << 20, false},
};

static const uint8_t all_words[] = {0xff};
static const struct gc_layout pointer_layout = {
    .size_bytes = 64, .pointer_bytes = 64, .pointer_mask = all_words};

static uint64_t now_ns(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) {
        abort();
    }
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "bench_heap: %s\n", what);
    exit(3);
}

// The objects, in the order in which they were made: nearly that of their addresses.
struct objects {
    const struct shape *shape;
    void **at;
    size_t count;
};

static const struct shape *find_shape(const char *name) {
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (strcmp(shapes[i].name, name) == 0) {
            return &shapes[i];
        }
    }
    die("unknown shape");
    return NULL;
}

// Every page is written, so that a dump reads memory that is there.
static void fill(struct runtime *runtime, struct objects *objects, struct mcache **caches,
                 size_t cache_count) {
    const struct shape *shape = objects->shape;
    uintptr_t previous = 0;
    for (size_t i = 0; i < objects->count; i++) {
        void *object =
            heap_alloc(runtime_heap(runtime), caches[i % cache_count], shape->object_bytes,
                       shape->pointers ? &pointer_layout : NULL, HEAP_ALLOC_ZERO);
        if (object == NULL) {
            die("out of memory");
        }
        if (shape->pointers) {
            for (size_t word = 0; word < shape->object_bytes / sizeof(uintptr_t); word++) {
                ((uintptr_t *)object)[word] = previous;
            }
            previous = (uintptr_t)object;
        } else {
            memset(object, 0x5a, shape->object_bytes);
        }
        objects->at[i] = object;
    }
}

static int open_output(const char *path) {
    int descriptor = open(path, O_WRONLY | O_CREAT, 0600);
    if (descriptor < 0) {
        die("cannot open the output's path");
    }
    return descriptor;
}

static uint64_t time_dump(struct runtime *runtime, struct mcache *cache, const char *path) {
    int descriptor = open_output(path);
    uint64_t start_ns = now_ns();
    struct dump_result result = dump_write_descriptor(runtime, cache, descriptor);
    uint64_t end_ns = now_ns();
    if (result.error != 0 || close(descriptor) != 0) {
        die("the dump was not written");
    }
    return end_ns - start_ns;
}

static void write_all(int descriptor, const void *bytes, size_t size_bytes) {
    while (size_bytes > 0) {
        ssize_t count = write(descriptor, bytes, size_bytes);
        if (count <= 0) {
            die("the copy was not written");
        }
        bytes = (const char *)bytes + count;
        size_bytes -= (size_t)count;
    }
}

static uint64_t time_copy(const struct objects *objects, const char *path) {
    static char buffer[65536];
    size_t object_bytes = objects->shape->object_bytes;
    size_t used_bytes = 0;
    int descriptor = open_output(path);
    uint64_t start_ns = now_ns();
    for (size_t i = 0; i < objects->count; i++) {
        if (object_bytes >= sizeof buffer) {
            write_all(descriptor, objects->at[i], object_bytes);
            continue;
        }
        if (sizeof buffer - used_bytes < object_bytes) {
            write_all(descriptor, buffer, used_bytes);
            used_bytes = 0;
        }
        memcpy(buffer + used_bytes, objects->at[i], object_bytes);
        used_bytes += object_bytes;
    }
    write_all(descriptor, buffer, used_bytes);
    uint64_t end_ns = now_ns();
    if (close(descriptor) != 0) {
        die("the copy was not written");
    }
    return end_ns - start_ns;
}

static uint64_t time_stats(struct heap *heap, unsigned long count) {
    static struct memstats stats;
    uint64_t start_ns = now_ns();
    for (unsigned long i = 0; i < count; i++) {
        heap_read_memstats(heap, &stats);
    }
    return (now_ns() - start_ns) / count;
}

static uint64_t time_scan(struct heap *heap, unsigned long count) {
    static struct scan scan;
    uint64_t start_ns = now_ns();
    for (unsigned long i = 0; i < count; i++) {
        scan_heap_in_place(&scan, heap);
    }
    return (now_ns() - start_ns) / count;
}

static uint64_t time_stop(struct heap *heap, unsigned long count) {
    uint64_t start_ns = now_ns();
    for (unsigned long i = 0; i < count; i++) {
        heap_stop_world(heap);
        heap_start_world(heap);
    }
    return (now_ns() - start_ns) / count;
}

// ---- threads that have used the heap and sleep

struct sleepers {
    struct heap *heap;
    pthread_mutex_t lock;
    pthread_cond_t change;
    size_t asleep_count;
    bool is_over;
};

static void *sleep_attached(void *context) {
    struct sleepers *sleepers = context;
    struct mcache *cache = heap_acquire_cache(sleepers->heap);
    if (cache == NULL || heap_alloc(sleepers->heap, cache, 64, NULL, HEAP_ALLOC_ZERO) == NULL) {
        die("out of memory");
    }
    pthread_mutex_lock(&sleepers->lock);
    sleepers->asleep_count++;
    pthread_cond_broadcast(&sleepers->change);
    while (!sleepers->is_over) {
        pthread_cond_wait(&sleepers->change, &sleepers->lock);
    }
    pthread_mutex_unlock(&sleepers->lock);
    heap_release_cache(sleepers->heap, cache);
    return NULL;
}

// Returns when all of them sleep.
static pthread_t *start_sleepers(struct sleepers *sleepers, size_t count) {
    pthread_t *threads = calloc(count > 0 ? count : 1, sizeof(pthread_t));
    for (size_t i = 0; i < count; i++) {
        if (threads == NULL || pthread_create(&threads[i], NULL, sleep_attached, sleepers) != 0) {
            die("no more threads");
        }
    }
    pthread_mutex_lock(&sleepers->lock);
    while (sleepers->asleep_count < count) {
        pthread_cond_wait(&sleepers->change, &sleepers->lock);
    }
    pthread_mutex_unlock(&sleepers->lock);
    return threads;
}

static void wake_sleepers(struct sleepers *sleepers, pthread_t *threads, size_t count) {
    pthread_mutex_lock(&sleepers->lock);
    sleepers->is_over = true;
    pthread_cond_broadcast(&sleepers->change);
    pthread_mutex_unlock(&sleepers->lock);
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
}

static void answer(struct runtime *runtime, struct mcache *cache, const struct objects *objects) {
    char line[4096];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        uint64_t ns = 0;
        if (strncmp(line, "dump ", 5) == 0) {
            ns = time_dump(runtime, cache, line + 5);
        } else if (strncmp(line, "copy ", 5) == 0) {
            ns = time_copy(objects, line + 5);
        } else if (strncmp(line, "stats ", 6) == 0) {
            unsigned long count = strtoul(line + 6, NULL, 10);
            ns = time_stats(runtime_heap(runtime), count > 0 ? count : 1);
        } else if (strncmp(line, "scan ", 5) == 0) {
            unsigned long count = strtoul(line + 5, NULL, 10);
            ns = time_scan(runtime_heap(runtime), count > 0 ? count : 1);
        } else if (strncmp(line, "stop ", 5) == 0) {
            unsigned long count = strtoul(line + 5, NULL, 10);
            ns = time_stop(runtime_heap(runtime), count > 0 ? count : 1);
        } else {
            die("unknown request");
        }
        printf("%llu\n", (unsigned long long)ns);
        if (fflush(stdout) != 0) {
            die("standard output broke");
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: bench_heap SHAPE BYTES CACHES [THREADS]\n");
        return 2;
    }
    const struct shape *shape = find_shape(argv[1]);
    size_t total_bytes = strtoull(argv[2], NULL, 10);
    size_t cache_count = strtoull(argv[3], NULL, 10);
    size_t thread_count = argc == 5 ? strtoull(argv[4], NULL, 10) : 0;
    struct heap *heap = heap_create(&(struct heap_options){0});
    struct runtime *runtime =
        heap == NULL ? NULL : runtime_create(heap, &(struct runtime_options){0});
    struct mcache **caches = calloc(cache_count > 0 ? cache_count : 1, sizeof(struct mcache *));
    if (runtime == NULL || caches == NULL || cache_count == 0) {
        die("out of memory, or no cache asked for");
    }
    for (size_t i = 0; i < cache_count; i++) {
        caches[i] = heap_acquire_cache(heap);
        if (caches[i] == NULL) {
            die("out of memory");
        }
    }
    struct objects objects = {.shape = shape, .count = total_bytes / shape->object_bytes};
    objects.at = malloc((objects.count + 1) * sizeof *objects.at);
    if (objects.at == NULL) {
        die("out of memory");
    }
    fill(runtime, &objects, caches, cache_count);
    struct sleepers sleepers = {
        .heap = heap, .lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};
    pthread_t *threads = start_sleepers(&sleepers, thread_count);
    printf("ready\n");
    if (fflush(stdout) != 0) {
        die("standard output broke");
    }
    answer(runtime, caches[0], &objects);
    wake_sleepers(&sleepers, threads, thread_count);
    runtime_destroy(runtime);
    heap_destroy(heap);
    free(caches);
    free(objects.at);
    return 0;
}
