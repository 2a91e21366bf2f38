// test_fork: a process that forks while its threads allocate: the child's heap holds against the
// whole oracle but the ledger, and so does the dump that it writes while the parent's threads go
// on.
#define _GNU_SOURCE
#include "allocator/collect.h"
#include "allocator/memstats.h"
#include "allocator/mprof.h"
#include "dump/writer.h"
#include "oracle/go/verify/identities.h"
#include "oracle/go/roundtrip/roundtrip.h"
#include "oracle/core/rule.h"
#include "oracle/go/verify/scan.h"
#include "oracle/go/verify/verifier.h"
#include "runtime/runtime.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

enum { THREADS = 3, OBJECTS = 64, FORKS = 60, DATA_WORDS = THREADS * OBJECTS };

struct process {
    struct heap *heap;
    struct runtime *runtime;
    struct mcache *cache; // of the thread that forks
    struct oracle *oracle;
    struct rule_book book;
    struct view view;
    struct verifier verifier;
    struct scan scan;
    uint8_t *dump_bytes;
    size_t dump_size, dump_capacity;
};

struct worker {
    struct process *process;
    size_t first_word; // of the data segment, that hold its objects
    uint64_t random;
    pthread_t thread;
};

static atomic_bool quit;
static const uint8_t both_words[] = {3};
static const struct gc_layout pair = {16, 16, both_words};

static uint64_t draw(uint64_t *random) {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

// ---- the threads: they write no byte of an object, since a dump in the parent would read it

static void replace_object(struct worker *worker, struct mcache *cache) {
    struct process *process = worker->process;
    uint64_t lot = draw(&worker->random);
    size_t word = worker->first_word + lot % OBJECTS;
    uintptr_t slot = runtime_data_segment(process->runtime)->base + word * sizeof(uintptr_t);
    uintptr_t old = *(uintptr_t *)slot;
    size_t size_bytes = lot % 61 == 0 ? 40000 : 1 + (lot >> 16) % 600;
    void *object =
        heap_alloc(process->heap, cache, size_bytes, lot % 3 == 0 ? &pair : NULL, HEAP_ALLOC_ZERO);
    assert_non_null(object);
    if (lot % 7 == 0) {
        const struct finalizer finalizer = {.object = (uintptr_t)object, .entry = 1};
        assert_int_equal(runtime_set_finalizer(process->runtime, &finalizer), SPECIAL_OK);
    }
    runtime_write_pointer(process->runtime, slot, (uintptr_t)object);
    if (old != 0) {
        (void)heap_free(process->heap, cache, (void *)old);
    }
}

static void start_goroutine(struct runtime *runtime) {
    const struct frame_description frame = {.size_bytes = 512, .locals_map = FRAME_MAP_EMPTY};
    struct goroutine *g = runtime_start_goroutine(runtime, 1, false);
    assert_non_null(g);
    assert_non_null(runtime_push_frame(runtime, g, &frame));
    runtime_exit_goroutine(runtime, g);
}

static void *work(void *context) {
    struct worker *worker = context;
    struct runtime *runtime = worker->process->runtime;
    struct mcache *cache = runtime_attach(runtime);
    assert_non_null(cache);
    while (!atomic_load(&quit)) {
        replace_object(worker, cache);
        uint64_t lot = draw(&worker->random) % 64;
        if (lot == 0) {
            start_goroutine(runtime);
        } else if (lot == 1) {
            heap_flush_cache(worker->process->heap, cache);
        } else if (lot == 2) {
            runtime_detach(runtime);
            cache = runtime_attach(runtime);
            assert_non_null(cache);
        }
    }
    runtime_detach(runtime);
    return NULL;
}

// ---- the oracle

static int64_t take_bytes(void *context, const void *bytes, size_t size_bytes) {
    struct process *process = context;
    if (process->dump_capacity - process->dump_size < size_bytes) {
        process->dump_capacity = 2 * (process->dump_size + size_bytes);
        process->dump_bytes = realloc(process->dump_bytes, process->dump_capacity);
        if (process->dump_bytes == NULL) {
            return -12; // ENOMEM
        }
    }
    memcpy(process->dump_bytes + process->dump_size, bytes, size_bytes);
    process->dump_size += size_bytes;
    return (int64_t)size_bytes;
}

static bool is_sound(struct process *process) {
    struct memstats stats;
    rule_book_init(&process->book, &go_rules);
    heap_read_memstats(process->heap, &stats);
    if (!identities_check(&process->book, &stats, true) ||
        !view_take(&process->view, process->heap) ||
        !verifier_check(&process->verifier, &process->book, &process->view, true)) {
        return false;
    }
    scan_heap(&process->scan, &process->view);
    return scan_compare(&process->book, &process->scan, &stats) &&
           scan_compare_live(&process->book, &process->scan, heap_live_bytes(process->heap));
}

static bool dump_is_sound(struct process *process) {
    const struct dump_sink sink = {.write = take_bytes, .context = process};
    struct memstats stats;
    process->dump_size = 0;
    runtime_stop_world(process->runtime);
    oracle_reset(process->oracle, process->heap); // it looks at the heap
    bool written = dump_write(process->runtime, process->cache, &sink).error == 0;
    heap_read_memstats(process->heap, &stats);
    const struct roundtrip_dump dump = {.bytes = process->dump_bytes,
                                        .size_bytes = process->dump_size,
                                        .runtime = process->runtime,
                                        .fast = &stats};
    bool clean = written && roundtrip_check(process->oracle, &dump);
    runtime_start_world(process->runtime);
    return clean;
}

static bool collect(struct process *process) {
    struct finalizer running;
    bool done = runtime_collect(process->runtime, process->cache, true);
    while (runtime_start_finalizer(process->runtime, &running)) {
        runtime_finish_finalizer(process->runtime);
    }
    return done;
}

static void tell(const struct process *process, const char *step) {
    (void)fprintf(stderr, "in the child, %s:\n", step);
    const struct finding *dumped = oracle_finding(process->oracle);
    if (process->book.found || dumped != NULL) {
        finding_print(process->book.found ? &process->book.finding : dumped, stderr);
    }
}

// The child's life; false: what was not as it should be has been told.
static bool live_on(struct process *process) {
    const char *step = "at its start";
    bool clean = is_sound(process);
    if (clean) {
        step = "its dump";
        clean = dump_is_sound(process);
    }
    for (size_t i = 0; i < 300 && clean; i++) {
        void *object = heap_alloc(process->heap, process->cache, 1 + i * 150, NULL, 0);
        step = "its objects";
        clean = object != NULL && (i % 2 == 0 || heap_free(process->heap, process->cache, object) !=
                                                     HEAP_FREE_DEFERRED);
    }
    for (int i = 0; i < 2 && clean; i++) {
        step = "after its collection";
        clean = collect(process) && is_sound(process) && dump_is_sound(process);
    }
    if (!clean) {
        tell(process, step);
    }
    return clean;
}

// ---- the parent

static void fork_once(struct process *process, bool dumps_as_well) {
    runtime_fork_prepare(process->runtime);
    pid_t child = fork();
    if (child == 0) {
        runtime_fork_child(process->runtime);
        _exit(live_on(process) ? 0 : 1);
    }
    runtime_fork_parent(process->runtime);
    assert_true(child > 0);
    bool clean = !dumps_as_well || dump_is_sound(process);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(clean);
}

static void create(struct process *process) {
    const struct runtime_options options = {.data_words = DATA_WORDS, .bss_words = 1};
    process->heap = heap_create(NULL);
    process->oracle = oracle_create();
    assert_non_null(process->heap);
    assert_non_null(process->oracle);
    process->runtime = runtime_create(process->heap, &options);
    assert_non_null(process->runtime);
    process->cache = runtime_attach(process->runtime);
    assert_non_null(process->cache);
    heap_set_profile_rate(process->heap, 4096);
}

static void destroy(struct process *process) {
    runtime_detach(process->runtime);
    runtime_destroy(process->runtime);
    heap_destroy(process->heap);
    oracle_destroy(process->oracle);
    view_fini(&process->view);
    verifier_fini(&process->verifier);
    free(process->dump_bytes);
}

TEST(a_child_of_busy_threads_holds_against_the_oracle_and_dumps) {
    static struct process process;
    struct worker workers[THREADS];
    (void)state;
    create(&process);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.process = &process,
                                     .first_word = i * OBJECTS,
                                     .random = UINT64_C(88172645463325252) + i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < FORKS; i++) {
        fork_once(&process, i % 8 == 0);
    }
    atomic_store(&quit, true);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    }
    assert_true(is_sound(&process) && dump_is_sound(&process));
    assert_true(collect(&process) && is_sound(&process));
    destroy(&process);
}
