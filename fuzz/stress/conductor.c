// conductor: collects, reads statistics, stops the world, dumps and lets system calls fail while
// the workers run; and calls them to barriers, at which everything is checked.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/stress/state.h"
#include "oracle/go/state/class.h"

#include "allocator/collect.h"
#include "allocator/fault.h"
#include "allocator/mprof.h"
#include "oracle/go/verify/identities.h"
#include "oracle/go/rules.h"

#include <time.h>

#define SECOND_NS    UINT64_C(1000000000)
#define NAP_NS       UINT64_C(500000)
#define NAP_SHARE    3 // times as long as the turn before, so that most of the time is the workers'
#define SAMPLED_NAPS 20
#define MARK_STEP    64
#define TURNS_COUNT  64   // a round of turns: one barrier
#define SWAP_READS   1024 // at most

static uint64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void nap(uint64_t ns) {
    const struct timespec time = {.tv_sec = (time_t)(ns / SECOND_NS),
                                  .tv_nsec = (long)(ns % SECOND_NS)};
    (void)nanosleep(&time, NULL);
}

static bool is_over(const struct crew *crew, uint64_t end_ns) {
    return now_ns() >= end_ns || atomic_load(&crew->found);
}

// ---- in flight

static void read_stats(struct crew *crew) {
    struct memstats now;
    heap_read_memstats(crew->heap, &now);
    (void)(identities_check(&crew->book, &now, true) &&
           (!crew->has_stats || identities_check_since(&crew->book, &crew->stats, &now)));
    crew->stats = now;
    crew->has_stats = true;
    crew->report->read_count++;
    crew_take_finding(crew, &crew->book);
}

static void stop_and_check(struct crew *crew) {
    runtime_stop_world(crew->runtime);
    (void)crew_check_stopped(crew);
    runtime_start_world(crew->runtime);
    crew->report->stop_count++;
    crew_take_finding(crew, &crew->book);
}

// A whole cycle beside the workers. Each of them passes the gate in it, so that none has both its
// start and its end within one operation.
static void collect(struct crew *crew) {
    crew_order(crew, GATE_BARRIER);
    if (runtime_gc_start(crew->runtime, crew->cache, false)) {
        for (int steps = 0; steps < 50 && !runtime_gc_mark_step(crew->runtime, MARK_STEP);
             steps++) {
            if (random_once_in(&crew->random, 8)) {
                read_stats(crew);
            }
        }
        if (random_once_in(&crew->random, 4)) {
            stop_and_check(crew);
        }
        crew_order(crew, GATE_BARRIER);
        crew->report->cycle_count += runtime_gc_finish(crew->runtime, crew->cache);
    }
    crew_order(crew, 0);
    if (random_once_in(&crew->random, 4)) {
        heap_sweep_finish(crew->heap, crew->cache);
    }
}

static void dump(struct crew *crew) {
    crew_order(crew, GATE_BARRIER | GATE_HANDS_OFF);
    nap(NAP_NS);
    (void)(random_once_in(&crew->random, 2) ? crew_dump(crew) : crew_dump_in_flight(crew));
    crew_order(crew, 0);
}

static void clear_faults(struct crew *crew) {
    for (unsigned call = 0; call < SYSMEM_CALL_COUNT; call++) {
        heap_set_fault(crew->heap, (enum sysmem_call)call, 0, false);
    }
}

// For a nap some calls of the system fail, a collection's among them.
static void fail(struct crew *crew) {
    enum sysmem_call call = (enum sysmem_call)random_below(&crew->random, SYSMEM_CALL_COUNT);
    heap_set_fault(crew->heap, call, 1 + random_below(&crew->random, 4),
                   random_once_in(&crew->random, 2));
    nap(NAP_NS);
    if (random_once_in(&crew->random, 4)) {
        collect(crew);
    }
    clear_faults(crew);
}

static void change_rate(struct crew *crew) {
    static const uint64_t rates[] = {0, 1, 1, 512, 65536, MPROF_RATE_DEFAULT};
    heap_set_profile_rate(crew->heap, rates[random_below(&crew->random, 6)]);
    nap(SAMPLED_NAPS * NAP_NS); // long enough for what is sampled to be freed as well
    heap_set_profile_rate(crew->heap, rates[4 + random_below(&crew->random, 2)]);
}

static void rest(struct crew *crew, struct barrier barrier) {
    crew_order(crew, GATE_PAUSE);
    (void)crew_check(crew, barrier);
    crew_order(crew, 0);
}

// What lives of each class is what lived before, and at most one object more of each worker: one
// that was read between its allocation's count and its free's would be missing.
static bool check_pairs(struct crew *crew, const struct memstats *before) {
    rule_count(&crew->book, RULE_MODEL_BY_SIZE);
    for (size_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        const struct memstats_by_size *row = &crew->stats.BySize[class];
        uint64_t live = before->BySize[class].Mallocs - before->BySize[class].Frees;
        if (row->Mallocs - row->Frees - live > crew->worker_count) {
            return rule_fail_values(&crew->book, RULE_MODEL_BY_SIZE, "BySize.Mallocs - Frees",
                                    (struct rule_value){"fast account", row->Mallocs - row->Frees},
                                    (struct rule_value){"ledgers", live});
        }
    }
    return true;
}

// All workers take caches and give them up, and allocate and free in them, all of which is sampled,
// or nothing.
static void swap(struct crew *crew) {
    heap_set_profile_rate(crew->heap, random_once_in(&crew->random, 2));
    crew_order(crew, GATE_SWAP);
    crew_order(crew, 0);
    heap_set_profile_rate(crew->heap, MPROF_RATE_DEFAULT);
}

// The same while they do nothing else: statistics that are read meanwhile are exact to an object.
static void swap_and_read(struct crew *crew) {
    crew_order(crew, GATE_PAUSE);
    heap_sweep_finish(crew->heap, crew->cache);
    read_stats(crew);
    const struct memstats before = crew->stats;
    atomic_store(&crew->swapping_count, crew->worker_count);
    crew_order(crew, GATE_SWAP | GATE_PAUSE);
    for (int i = 0; i < SWAP_READS && atomic_load(&crew->swapping_count) > 0 && !crew->book.found;
         i++) {
        read_stats(crew);
        (void)(crew->book.found || check_pairs(crew, &before));
    }
    crew_take_finding(crew, &crew->book);
    crew_order(crew, 0);
}

// The conductor is the last in every cache, so that it is alone in the heap until one of the
// owners, who may begin now, comes back.
static void take_over(struct crew *crew) {
    crew_order(crew, GATE_PAUSE);
    for (uint32_t i = 0; i < crew->worker_count; i++) {
        struct worker *worker = &crew->workers[i];
        if (worker->cache != NULL) {
            heap_flush_cache(crew->heap, worker->cache);
            worker_forget_blocks(worker);
        }
    }
    crew_order(crew, 0);
    stop_and_check(crew);
}

static void turn(struct crew *crew) {
    uint32_t lot = random_below(&crew->random, TURNS_COUNT);
    if (crew_is_asked_for_rest(crew)) {
        rest(crew, (struct barrier){.collects = true});
    } else if (lot < 3) {
        rest(crew, (struct barrier){.collects = random_once_in(&crew->random, 2),
                                    .dumps = random_once_in(&crew->random, 4),
                                    .asks_kernel = random_once_in(&crew->random, 8)});
    } else if (lot < 6) {
        collect(crew);
    } else if (lot < 7) {
        dump(crew);
    } else if (lot < 10) {
        stop_and_check(crew);
    } else if (lot < 12) {
        fail(crew);
    } else if (lot < 13) {
        change_rate(crew);
    } else if (lot < 14) {
        crew_use_own_cache(crew);
    } else if (lot < 19) {
        swap(crew);
    } else if (lot < 21) {
        swap_and_read(crew);
    } else if (lot < 24) {
        read_stats(crew);
    } else if (lot < 25) {
        crew_fork(crew);
    } else if (lot < 27) {
        take_over(crew);
    }
}

// ---- a round

static void take_turns(struct crew *crew, uint64_t end_ns) {
    uint64_t turn_ns = 0;
    while (!is_over(crew, end_ns)) {
        uint64_t left_ns = end_ns - now_ns();
        uint64_t nap_ns = NAP_NS + NAP_SHARE * turn_ns;
        nap(nap_ns < left_ns ? nap_ns : left_ns);
        uint64_t begin_ns = now_ns();
        turn(crew);
        turn_ns = now_ns() - begin_ns;
    }
}

void *conductor_run(void *context) {
    struct crew *crew = context;
    uint64_t end_ns = now_ns() + crew->round_seconds * SECOND_NS;
    crew->cache = runtime_attach(crew->runtime);
    crew->is_short = crew->cache == NULL;
    crew_order(crew, 0);
    if (!crew->is_short) {
        take_turns(crew, end_ns);
    }
    if (crew->cache != NULL && !atomic_load(&crew->found)) {
        rest(crew, (struct barrier){true, true, true});
    }
    crew_order(crew, GATE_BARRIER | GATE_QUIT);
    for (uint32_t i = 0; i < crew->worker_count; i++) {
        (void)pthread_join(crew->workers[i].thread, NULL);
        crew_take_finding(crew, &crew->workers[i].book);
    }
    if (crew->cache != NULL && !atomic_load(&crew->found)) {
        (void)crew_check_empty(crew);
    }
    runtime_detach(crew->runtime);
    atomic_store(&crew->is_done, true);
    return NULL;
}
