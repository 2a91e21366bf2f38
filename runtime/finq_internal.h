// finq_internal: the queue as it lies in memory, and what cycle and fork call of it.
//
// It has a lock of its own, as a sweep inside another thread's allocation fills it.
#ifndef RUNTIME_FINQ_INTERNAL_H
#define RUNTIME_FINQ_INTERNAL_H

#include "runtime/finq.h"
#include "runtime/pool_internal.h"

#include <pthread.h>

struct runtime;

struct finq_entry {
    struct finalizer finalizer;
    struct finq_entry *next;
};

// Invariants, checked by finq_is_valid():
//   Q1  the queue is empty at both ends or at none, and its last entry is its last
//   Q2  the free places are counted
//   Q3  what runs stands in no list
//   Q4  there are places, free or taken, for all finalizers that are taken to be set
struct finq {
    pthread_mutex_t lock;
    struct finq_entry *first, *last; // queued
    struct finq_entry *running;
    pthread_t runner; // who runs it
    struct finq_entry *free;
    size_t free_count;
    size_t set_count; // at most so many finalizers are set, but for those behind the runtime's back
};

// Checks Q1..Q4. O(places). Nobody else is in the queue: with its lock, or the runtime's and a
// stopped world.
bool finq_is_valid(const struct finq *finq);

void finq_init(struct runtime *runtime);
void finq_fini(struct runtime *runtime);
void finq_fork_prepare(struct runtime *runtime);
void finq_fork_done(struct runtime *runtime); // in parent and child
void finq_fork_child(struct runtime *runtime);
// Room in the queue for every finalizer that is set, in three steps: how many places are missing
// for the *set_count that are set now (never too low an estimate, unless somebody sets one behind
// the runtime's back meanwhile); their blocks obtained from the pool, along with other things; and
// the places made of them, after which set_count count as set.
size_t finq_missing(struct runtime *runtime, size_t *set_count);
struct pool_need finq_need(size_t missing_count);
void finq_add_places(struct runtime *runtime, size_t missing_count, size_t set_count);

#endif
