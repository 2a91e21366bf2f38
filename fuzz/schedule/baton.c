// baton: who runs, and for how long: drawn from the seed, or read from a list of runs.
//
// How long a thread runs is drawn about a mean that the seed chooses, from a few accesses to many
// thousands: what goes wrong within a few instructions shows under the small ones, what needs a
// thread to stand still while others do much under the large ones. Who is next is drawn: each ready
// thread alike, or the first of an order of the threads that holds for a while (after PCT), so that
// one of them may stand still for long.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/schedule/state.h"

#include "fuzz/generate/random.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define YIELD_NS      1000
#define TURN_ACCESSES 10000 // of who takes turns
#define ORDER_CHOICES 64    // an order of the threads holds so long

enum state { STATE_NONE, STATE_READY, STATE_WAITS, STATE_SLEEPS, STATE_ENDED };

struct thread {
    enum state state;
    const void *awaited;
    uint64_t wakes_ns;
    struct buffer buffer;
    sem_t baton;
};

static struct thread threads[SCHEDULE_THREADS];
static struct random draws;
static struct schedule_options options;
static size_t next_run;
static uint32_t listed_kept; // of the run that is on
static uint64_t slept_ns;
static uint32_t mean, access_ns, kept_share;
static uint32_t order[SCHEDULE_THREADS], choices_left;

// ---- the clock

uint64_t baton_now_ns(void) {
    return turns_accesses() * access_ns + slept_ns;
}

// ---- the log

// A run that begins is in the log already, without an end: it may be the one that crashes.
static void begin_run(void) {
    uint32_t count = schedule_log->run_count;
    if (count < SCHEDULE_RUNS_MAX) {
        schedule_log->runs[count] = (struct schedule_run){.thread = (uint8_t)turns.running};
        schedule_log->run_count = count + 1;
    }
}

static void end_run(uint64_t accesses, uint32_t kept) {
    if (schedule_log->run_count < SCHEDULE_RUNS_MAX) {
        struct schedule_run *run = &schedule_log->runs[schedule_log->run_count - 1];
        run->accesses = (uint32_t)accesses;
        run->kept = (uint8_t)kept;
    }
}

// ---- who is next

static bool is_ready(uint32_t id) {
    struct thread *thread = &threads[id];
    if (thread->state == STATE_SLEEPS && thread->wakes_ns <= baton_now_ns()) {
        thread->state = STATE_READY;
    }
    return thread->state == STATE_READY;
}

static uint32_t ready_threads(uint32_t ready[SCHEDULE_THREADS]) {
    uint32_t count = 0;
    for (uint32_t id = 0; id < SCHEDULE_THREADS; id++) {
        if (id != turns.running && is_ready(id)) {
            ready[count++] = id;
        }
    }
    return count;
}

static void draw_order(void) {
    for (uint32_t i = 0; i < SCHEDULE_THREADS; i++) {
        uint32_t at = random_below(&draws, i + 1);
        order[i] = order[at];
        order[at] = i;
    }
    choices_left = 1 + random_below(&draws, 2 * ORDER_CHOICES);
}

static uint32_t first_of_order(const uint32_t *ready, uint32_t count) {
    uint32_t first = ready[0];
    for (uint32_t i = 1; i < count; i++) {
        first = order[ready[i]] < order[first] ? ready[i] : first;
    }
    return first;
}

static uint32_t draw_next(const uint32_t *ready, uint32_t count) {
    if (choices_left-- == 0) {
        draw_order();
    }
    return random_once_in(&draws, 2) ? first_of_order(ready, count)
                                     : ready[random_below(&draws, count)];
}

// The next of those that take turns.
static uint32_t next_in_turn(const uint32_t *ready, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (ready[i] > turns.running) {
            return ready[i];
        }
    }
    return ready[0];
}

// With nobody ready, the first that wakes; SCHEDULE_THREADS: nobody ever will.
static uint32_t first_sleeper(void) {
    uint32_t first = SCHEDULE_THREADS;
    for (uint32_t id = 0; id < SCHEDULE_THREADS; id++) {
        if (threads[id].state == STATE_SLEEPS &&
            (first == SCHEDULE_THREADS || threads[id].wakes_ns < threads[first].wakes_ns)) {
            first = id;
        }
    }
    return first;
}

static void wake_first_sleeper(void) {
    uint32_t first = first_sleeper();
    if (first == SCHEDULE_THREADS) {
        schedule_found("deadlock: every thread waits for another");
    }
    if (threads[first].wakes_ns > baton_now_ns()) {
        slept_ns += threads[first].wakes_ns - baton_now_ns();
    }
}

// The listed runs of threads that cannot go on are left out.
static bool next_listed(uint32_t *next, uint64_t *accesses) {
    listed_kept = 0;
    while (options.runs != NULL && next_run < options.run_count) {
        const struct schedule_run *run = &options.runs[next_run++];
        if (run->thread < SCHEDULE_THREADS && is_ready(run->thread)) {
            *next = run->thread;
            listed_kept = run->kept;
            *accesses = run->accesses == 0 ? UINT64_MAX / 2 : run->accesses;
            return true;
        }
    }
    return false;
}

// Those that are ready, after the time that it takes for one to be; `stays`: the thread that runs
// is.
static uint32_t await_ready(uint32_t ready[SCHEDULE_THREADS], bool stays) {
    uint32_t count = ready_threads(ready);
    while (count == 0 && !stays) {
        wake_first_sleeper();
        count = ready_threads(ready);
        stays = is_ready(turns.running); // it was the sleeper
    }
    return count;
}

static uint32_t choose(bool stays, uint64_t *accesses) {
    uint32_t ready[SCHEDULE_THREADS];
    uint32_t count = await_ready(ready, stays);
    uint32_t next = turns.running;
    if (next_listed(&next, accesses)) {
        return next;
    }
    if (options.runs != NULL) {
        *accesses = TURN_ACCESSES;
        return count == 0 ? turns.running : next_in_turn(ready, count);
    }
    *accesses = 1 + random_below(&draws, 2 * mean);
    return count == 0 ? turns.running : draw_next(ready, count);
}

// ---- the baton

static void let_run(uint32_t id, uint64_t accesses) {
    turns.running = id;
    turns.clock = &turns.clocks[id];
    turns.buffer = &threads[id].buffer;
    turns.drawn = turns.left = accesses;
    begin_run();
    buffer_show(turns.buffer);
}

static uint32_t draw_kept(void) {
    if (options.runs != NULL) {
        return listed_kept;
    }
    return random_below(&draws, 100) < kept_share ? random_below(&draws, BUFFER_STORES / 4) : 0;
}

// Why a turn ends.
enum turn_end { TURN_INTERRUPTED, TURN_YIELDS, TURN_WAITS, TURN_IS_LAST };

// Passes the baton on. Who was not interrupted was about to make one access more.
static void pass(enum turn_end end) {
    uint64_t done = turns.drawn - turns.left;
    uint32_t own = turns.running;
    uint32_t kept = end == TURN_INTERRUPTED ? draw_kept() : 0;
    kept = kept < turns.buffer->count ? kept : turns.buffer->count;
    end_run(end == TURN_INTERRUPTED ? done : done + 1, kept);
    turns.passed += done;
    turns.drawn = turns.left = 0;
    buffer_hide(turns.buffer, kept);
    uint64_t accesses = 0;
    uint32_t next = choose(end == TURN_INTERRUPTED || end == TURN_YIELDS, &accesses);
    let_run(next, accesses);
    if (next == own) {
        return;
    }
    (void)sem_post(&threads[next].baton);
    while (end != TURN_IS_LAST && sem_wait(&threads[own].baton) != 0) {
    }
}

void baton_choose(void) {
    if (!turns.is_on) {
        turns.left = UINT64_MAX / 2;
        return;
    }
    pass(TURN_INTERRUPTED);
}

void baton_point_of_locks(void) {
    if (options.runs == NULL && turns.is_on && turns.left > 1 && random_once_in(&draws, 8)) {
        turns.drawn -= turns.left - 1; // it ends here
        turns.left = 1;
    }
    baton_point();
}

void baton_await(const void *what) {
    struct thread *own = &threads[turns.running];
    own->state = STATE_WAITS;
    own->awaited = what;
    pass(TURN_WAITS);
}

void baton_wake(const void *what) {
    for (uint32_t id = 0; id < SCHEDULE_THREADS; id++) {
        if (threads[id].state == STATE_WAITS && threads[id].awaited == what) {
            threads[id].state = STATE_READY;
        }
    }
}

void baton_yield(void) {
    uint32_t ready[SCHEDULE_THREADS];
    slept_ns += YIELD_NS;
    buffer_drain(turns.buffer);
    if (ready_threads(ready) > 0) {
        pass(TURN_YIELDS);
    }
}

void baton_sleep(uint64_t ns) {
    struct thread *own = &threads[turns.running];
    buffer_drain(turns.buffer);
    own->state = STATE_SLEEPS;
    own->wakes_ns = baton_now_ns() + ns;
    pass(TURN_WAITS);
}

void baton_flush_all(void) {
    for (uint32_t id = 0; id < SCHEDULE_THREADS; id++) {
        if (id != turns.running) {
            buffer_flush(&threads[id].buffer);
        }
    }
    buffer_drain(turns.buffer);
}

// ---- threads

uint32_t baton_make(void) {
    for (uint32_t id = 1; id < SCHEDULE_THREADS; id++) {
        if (threads[id].state == STATE_NONE) {
            threads[id].state = STATE_READY;
            order_join(turns.clocks[id], *turns.clock);
            turns.clocks[id][id]++;
            (*turns.clock)[turns.running]++;
            return id;
        }
    }
    return SCHEDULE_THREADS;
}

void baton_start(uint32_t thread) {
    while (sem_wait(&threads[thread].baton) != 0) {
    }
}

void baton_unmake(uint32_t thread) {
    threads[thread].state = STATE_NONE;
}

void baton_end(void) {
    struct thread *own = &threads[turns.running];
    own->state = STATE_ENDED;
    baton_wake(own);
    buffer_drain(turns.buffer);
    pass(TURN_IS_LAST);
}

// Its log is not the parent's.
void baton_forked(void) {
    struct schedule_log *own = malloc(sizeof *own);
    if (own == NULL) {
        _exit(3);
    }
    own->run_count = SCHEDULE_RUNS_MAX;
    schedule_log = own;
    turns.is_child = true;
    for (uint32_t id = 0; id < SCHEDULE_THREADS; id++) {
        if (id != turns.running) {
            threads[id].state = STATE_NONE;
            order_join(*turns.clock, turns.clocks[id]); // what it did, it did before
        }
    }
}

bool baton_has_ended(uint32_t thread) {
    if (threads[thread].state != STATE_ENDED) {
        return false;
    }
    order_join(*turns.clock, turns.clocks[thread]);
    return true;
}

const void *baton_of(uint32_t thread) {
    return &threads[thread];
}

void baton_release(uint32_t thread) {
    threads[thread].state = STATE_NONE;
}

// ---- begin and end

static void draw_manner(void) {
    static const uint32_t means[] = {10, 50, 200, 1000, 5000, 20000};
    mean = means[random_below(&draws, sizeof means / sizeof means[0])];
    access_ns = mean < 100 ? 1000 : 250;
    kept_share = 25 * random_below(&draws, 4);
    turns.refuses_membarrier = random_once_in(&draws, 4);
    draw_order();
}

void schedule_begin(const struct schedule_options *given) {
    options = *given;
    schedule_log = given->log;
    schedule_log->run_count = 0;
    schedule_log->finding[0] = 0;
    schedule_log->places[0] = schedule_log->places[1] = 0;
    draws.state = given->seed;
    draw_manner();
    race_begin();
    order_begin();
    for (uint32_t id = 0; id < SCHEDULE_THREADS; id++) {
        threads[id].state = STATE_NONE;
        (void)sem_init(&threads[id].baton, 0, 0);
        turns.clocks[id][id] = 1;
    }
    threads[0].state = STATE_READY;
    turns.is_on = true;
    uint64_t accesses = 1000;
    if (next_listed(&turns.running, &accesses)) { // that is thread 0
        turns.running = 0;
    }
    let_run(0, accesses);
}

void schedule_end(void) {
    schedule_log->accesses = turns_accesses();
    turns.is_on = false;
    turns.left = UINT64_MAX / 2;
}
