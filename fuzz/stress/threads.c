// threads: rounds of a crew of threads on one heap, and the watch over them.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/stress/state.h"

#include "allocator/fault.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/oracle.h"
#include "oracle/go/verify/scan.h"
#include "oracle/go/verify/verifier.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUND_SECONDS 5 // of one heap's life
#define STUCK_SECONDS 60

// ---- memory of our own

static bool create_worker(struct crew *crew, struct worker *worker) {
    size_t record_count = (size_t)crew->worker_count * THREADS_OBJECTS;
    size_t block_count = record_count + THREADS_BLOCKS + 1;
    worker->held = harness_calloc(record_count, sizeof worker->held[0]);
    worker->spare = harness_calloc(record_count, sizeof worker->spare[0]);
    worker->dropped =
        harness_calloc(THREADS_DROPPED + block_count + record_count + THREADS_DEPTH + 1,
                       sizeof worker->dropped[0]);
    // what it holds when it ends is dropped without asking for room
    worker->blocks = harness_calloc(block_count, sizeof worker->blocks[0]);
    worker->block_count = block_count;
    return worker->held != NULL && worker->spare != NULL && worker->dropped != NULL &&
           worker->blocks != NULL;
}

static void destroy_worker(struct worker *worker) {
    harness_free(worker->held);
    harness_free(worker->spare);
    harness_free(worker->dropped);
    harness_free(worker->blocks);
}

static bool create_crew(struct crew *crew) {
    crew->workers = harness_calloc(crew->worker_count, sizeof crew->workers[0]);
    crew->objects =
        harness_calloc((size_t)crew->worker_count * THREADS_OBJECTS, sizeof crew->objects[0]);
    crew->oracle = oracle_create();
    crew->view = harness_calloc(1, sizeof *crew->view);
    crew->verifier = harness_calloc(1, sizeof *crew->verifier);
    crew->scan = harness_calloc(1, sizeof *crew->scan);
    bool complete = crew->workers != NULL && crew->objects != NULL && crew->oracle != NULL &&
                    crew->view != NULL && crew->verifier != NULL && crew->scan != NULL;
    for (uint32_t i = 0; complete && i < crew->worker_count; i++) {
        complete = create_worker(crew, &crew->workers[i]);
    }
    crew->heap = complete ? heap_create(NULL) : NULL;
    return crew->heap != NULL;
}

static void destroy_crew(struct crew *crew) {
    if (crew->heap != NULL) {
        heap_destroy(crew->heap);
    }
    for (uint32_t i = 0; crew->workers != NULL && i < crew->worker_count; i++) {
        destroy_worker(&crew->workers[i]);
    }
    if (crew->view != NULL && crew->verifier != NULL) {
        view_fini(crew->view);
        verifier_fini(crew->verifier);
    }
    oracle_destroy(crew->oracle);
    harness_free(crew->workers);
    harness_free(crew->objects);
    harness_free(crew->view);
    harness_free(crew->verifier);
    harness_free(crew->scan);
    harness_free(crew->entries);
    harness_free(crew->dump_bytes);
}

// ---- a round: from an empty heap to an empty heap

static void begin_worker(struct crew *crew, uint32_t index, uint64_t seed) {
    struct worker *worker = &crew->workers[index];
    struct worker kept = *worker;
    memset(worker, 0, sizeof *worker);
    worker->crew = crew;
    worker->index = index;
    worker->held = kept.held;
    worker->spare = kept.spare;
    worker->dropped = kept.dropped;
    worker->blocks = kept.blocks;
    worker->block_count = kept.block_count;
    worker->random.state = seed * THREADS_MAX + index;
    worker->wanted_count = THREADS_OBJECTS / 2;
    for (size_t i = 0; i < worker->block_count; i++) {
        worker->blocks[i] = (struct tiny_block){.next_spare = worker->spare_blocks};
        worker->spare_blocks = &worker->blocks[i];
    }
    uintptr_t data = runtime_data_segment(crew->runtime)->base;
    for (size_t i = 0; i < THREADS_OBJECTS; i++) {
        size_t word = (size_t)index * THREADS_OBJECTS + i;
        crew->objects[word].anchor = data + word * sizeof(uintptr_t);
        worker_give_spare(worker, &crew->objects[word]);
    }
    rule_book_init(&worker->book, &go_rules);
}

static bool begin_round(struct crew *crew, uint64_t seed) {
    const struct runtime_options options = {
        .data_words = (size_t)crew->worker_count * THREADS_OBJECTS, .bss_words = 1};
    crew->runtime = runtime_create(crew->heap, &options);
    if (crew->runtime == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < crew->worker_count; i++) {
        begin_worker(crew, i, seed);
    }
    for (size_t i = 0; i < THREADS_MAILBOXES; i++) {
        atomic_store(&crew->mailboxes[i], NULL);
    }
    crew->random.state = ~seed;
    crew->collected = (struct ledger){.tiny_hit_count = 0};
    crew->has_stats = false;
    rule_book_begin(&crew->book);
    gate_init(&crew->gate);
    atomic_store(&crew->gate.order, 0);
    atomic_store(&crew->rest_asked, false);
    atomic_store(&crew->is_done, false);
    return true;
}

static void add_counts(struct crew *crew) {
    for (uint32_t i = 0; i < crew->worker_count; i++) {
        for (size_t k = 0; k < THREADS_OPERATION_COUNT; k++) {
            crew->report->executed[k] += crew->workers[i].executed[k];
            crew->report->effective[k] += crew->workers[i].effective[k];
        }
    }
    crew->report->fault_count += heap_fault_count(crew->heap);
    crew->report->round_count++;
}

// ---- the watch

static double now_seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t progress_of(struct crew *crew) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < crew->worker_count; i++) {
        sum += atomic_load_explicit(&crew->workers[i].operation_count, memory_order_relaxed);
    }
    return sum;
}

// Waits for the conductor's end. False: nobody has moved for a long time.
static bool watch(struct crew *crew, double begin_seconds) {
    const struct timespec pause = {.tv_nsec = 20000000};
    uint64_t progress = 0;
    double moved_seconds = now_seconds();
    while (!atomic_load(&crew->is_done)) {
        (void)nanosleep(&pause, NULL);
        uint64_t now = progress_of(crew);
        if (now != progress) {
            progress = now;
            moved_seconds = now_seconds();
        }
        if (now_seconds() - moved_seconds > STUCK_SECONDS) {
            return false;
        }
        if (crew->options.progress != NULL) {
            crew->options.progress(crew->options.context, now_seconds() - begin_seconds);
        }
    }
    return true;
}

enum round_end { ROUND_CLEAN, ROUND_FOUND, ROUND_STUCK, ROUND_NO_MEMORY };

static enum round_end run_round(struct crew *crew, uint64_t seed, double begin_seconds) {
    if (!begin_round(crew, seed)) {
        return ROUND_NO_MEMORY;
    }
    uint32_t started = 0;
    while (started < crew->worker_count &&
           pthread_create(&crew->workers[started].thread, NULL, worker_run,
                          &crew->workers[started]) == 0) {
        started++;
    }
    bool complete = started == crew->worker_count &&
                    pthread_create(&crew->conductor, NULL, conductor_run, crew) == 0;
    if (!complete) {
        crew->worker_count = started;
        crew_order(crew, GATE_QUIT);
        for (uint32_t i = 0; i < started; i++) {
            (void)pthread_join(crew->workers[i].thread, NULL);
        }
        return ROUND_NO_MEMORY;
    }
    if (!watch(crew, begin_seconds)) {
        crew_take_line(crew, "threads make no step any more: a deadlock");
        return ROUND_STUCK;
    }
    (void)pthread_join(crew->conductor, NULL);
    add_counts(crew);
    runtime_destroy(crew->runtime);
    gate_fini(&crew->gate);
    if (crew->is_short || harness_refusal_count() != crew->refusals_before) {
        return ROUND_NO_MEMORY;
    }
    return atomic_load(&crew->found) ? ROUND_FOUND : ROUND_CLEAN;
}

static enum verdict run_rounds(struct crew *crew) {
    double begin = now_seconds();
    double end = begin + (double)crew->options.seconds;
    enum round_end round_end = ROUND_CLEAN;
    for (uint64_t round = 0; round_end == ROUND_CLEAN && now_seconds() < end; round++) {
        if (round > 0 && !heap_reset(crew->heap)) {
            return VERDICT_ENVIRONMENT;
        }
        double left = end - now_seconds();
        crew->round_seconds = left < ROUND_SECONDS ? (uint64_t)left + 1 : ROUND_SECONDS;
        double started = now_seconds();
        clock_t used = clock();
        round_end = run_round(crew, crew->options.seed + round, begin);
        crew->report->seconds += now_seconds() - started;
        crew->report->core_seconds += (double)(clock() - used) / CLOCKS_PER_SEC;
    }
    if (round_end == ROUND_NO_MEMORY) {
        return VERDICT_ENVIRONMENT;
    }
    return round_end == ROUND_CLEAN ? VERDICT_CLEAN : VERDICT_FINDING;
}

enum verdict threads_run(const struct threads_options *options, struct threads_report *report) {
    static struct crew crew; // outlives threads that are stuck
    memset(report, 0, sizeof *report);
    memset(&crew, 0, sizeof crew);
    crew.options = *options;
    crew.report = report;
    crew.worker_count = options->thread_count;
    rule_book_init(&crew.book, &go_rules);
    (void)pthread_mutex_init(&crew.finding_mutex, NULL);
    crew.refusals_before = harness_refusal_count();
    enum verdict verdict = create_crew(&crew) ? run_rounds(&crew) : VERDICT_ENVIRONMENT;
    bool is_stuck = verdict == VERDICT_FINDING && !atomic_load(&crew.is_done);
    if (!is_stuck) {
        destroy_crew(&crew);
        (void)pthread_mutex_destroy(&crew.finding_mutex);
    }
    return verdict;
}
