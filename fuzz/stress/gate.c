// gate: what the threads tell each other: orders, which a worker looks for by one load before each
// operation; objects that they hand over; findings.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/stress/state.h"

#include <sched.h>
#include <stdio.h>

void gate_init(struct gate *gate) {
    (void)pthread_mutex_init(&gate->mutex, NULL);
    (void)pthread_cond_init(&gate->lifted, NULL);
}

void gate_fini(struct gate *gate) {
    (void)pthread_cond_destroy(&gate->lifted);
    (void)pthread_mutex_destroy(&gate->mutex);
}

void crew_order(struct crew *crew, uint32_t bits) {
    struct gate *gate = &crew->gate;
    (void)pthread_mutex_lock(&gate->mutex);
    uint32_t old = atomic_load_explicit(&gate->order, memory_order_relaxed);
    uint32_t order = (old / GATE_EPOCH + 1) * GATE_EPOCH | bits;
    atomic_store_explicit(&gate->order, order, memory_order_release);
    (void)pthread_cond_broadcast(&gate->lifted);
    (void)pthread_mutex_unlock(&gate->mutex);
    for (uint32_t i = 0; i < crew->worker_count; i++) {
        while (atomic_load_explicit(&crew->workers[i].heard, memory_order_acquire) != order) {
            (void)sched_yield();
        }
    }
}

void worker_receives(struct worker *worker) {
    worker->order = atomic_load_explicit(&worker->crew->gate.order, memory_order_acquire);
    atomic_store_explicit(&worker->heard, worker->order, memory_order_release);
}

bool worker_passes_gate(struct worker *worker) {
    struct gate *gate = &worker->crew->gate;
    if (atomic_load_explicit(&gate->order, memory_order_relaxed) == worker->order) {
        return !worker_is_told(worker, GATE_QUIT); // the first order may be that
    }
    worker_receives(worker); // acquires
    if (worker_is_told(worker, GATE_SWAP)) {
        worker_swap_caches(worker);
    }
    if (worker_is_told(worker, GATE_PAUSE)) {
        (void)pthread_mutex_lock(&gate->mutex);
        while (atomic_load_explicit(&gate->order, memory_order_relaxed) == worker->order) {
            (void)pthread_cond_wait(&gate->lifted, &gate->mutex);
        }
        (void)pthread_mutex_unlock(&gate->mutex);
        return worker_passes_gate(worker);
    }
    return !worker_is_told(worker, GATE_QUIT);
}

// ---- between workers

struct object *crew_swap_mail(struct crew *crew, uint32_t mailbox, struct object *sent) {
    return atomic_exchange_explicit(&crew->mailboxes[mailbox], sent, memory_order_acq_rel);
}

uint64_t crew_next_serial(struct crew *crew) {
    return atomic_fetch_add_explicit(&crew->serial, 1, memory_order_relaxed);
}

void worker_sends(struct worker *worker, uint64_t operation_count) {
    atomic_store_explicit(&worker->operation_count, operation_count, memory_order_relaxed);
}

void worker_asks_for_rest(struct worker *worker) {
    atomic_store_explicit(&worker->crew->rest_asked, true, memory_order_relaxed);
}

bool crew_is_asked_for_rest(struct crew *crew) {
    return atomic_exchange_explicit(&crew->rest_asked, false, memory_order_relaxed);
}

// ---- findings

void crew_take_line(struct crew *crew, const char *line) {
    (void)pthread_mutex_lock(&crew->finding_mutex);
    if (!atomic_load(&crew->found)) {
        (void)snprintf(crew->report->finding, sizeof crew->report->finding, "%s", line);
        atomic_store(&crew->found, true);
    }
    (void)pthread_mutex_unlock(&crew->finding_mutex);
}

void crew_take_finding(struct crew *crew, const struct rule_book *book) {
    char line[THREADS_LINE_BYTES];
    if (book->found) {
        (void)finding_line(&book->finding, line, sizeof line);
        crew_take_line(crew, line);
    }
}
