// runtime: the program that a heap serves, as one instance: its types, functions, goroutines,
// threads, roots and collector.
//
// An embedder describes its own program through the same calls that the fuzzer makes by operations.
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include "runtime/barrier.h"
#include "runtime/finq.h"
#include "runtime/func.h"
#include "runtime/gc.h"
#include "runtime/goroutine.h"
#include "runtime/osthread.h"
#include "runtime/roots.h"
#include "runtime/type.h"

struct heap;

// What a runtime takes up from an earlier life, beside what its heap does (allocator/start.h).
struct runtime_start {
    uint64_t created_ns;                      // when that life began, by the clock
    uint64_t pause_total_ns;                  // of all cycles, as the heap has it
    uint64_t goroutine_count, osthread_count; // that were started: ids go on behind them
};

// What runtime_create() may be told; zeroes are the defaults.
struct runtime_options {
    size_t data_words,
        bss_words; // of the segments; every word may hold a pointer unless a mask says otherwise
    const uint8_t *data_mask, *bss_mask; // NULL: all words
    uint64_t (*clock_ns)(void *context); // NULL: a counter that advances 1000 ns a read
    void *clock_context;
    const char *go_version;            // for the dump's Params; NULL: "countercheck"
    uint32_t cpu_count;                // for the dump's Params; 0: 1. Never asked of the machine
    const struct runtime_start *start; // read at the creation alone; NULL: nothing
};

// Everything it keeps lies in the heap's metadata. NULL: no memory. The heap must be fresh or reset
// and outlive it.
struct runtime *runtime_create(struct heap *heap, const struct runtime_options *options);
void runtime_destroy(
    struct runtime *runtime); // before heap_reset / heap_destroy; frees what lies outside the heap

// The heap that serves it.
struct heap *runtime_heap(const struct runtime *runtime);
// The options that it was created with, as they were given.
const struct runtime_options *runtime_options(const struct runtime *runtime);
// Reads the injected clock, once. Any thread.
uint64_t runtime_now_ns(struct runtime *runtime);

// Stops the world as heap_stop_world does, and keeps other threads out of the runtime's calls as
// well: whoever walks goroutines, roots or queues stops it by this call. Nests on one thread. Never
// call a function of the runtime that changes something with the world stopped by heap_stop_world
// alone: another thread may hold the runtime and wait for the world.
void runtime_stop_world(struct runtime *runtime);
// Undoes one runtime_stop_world of this thread.
void runtime_start_world(struct runtime *runtime);

// Whether pool, goroutines, finalizer queue and collector keep their own invariants (their headers
// number them), by their own predicates. The world is stopped by runtime_stop_world, or no other
// thread is there.
bool runtime_is_sound(const struct runtime *runtime);

// pthread_atfork's three moments; they call the heap's. The calling thread has stopped nothing. In
// the child it is alone: what other attached threads had (osthread, cache) is taken back, and a
// finalizer that one of them was running is due again.
void runtime_fork_prepare(struct runtime *runtime);
// After the fork, in the parent: gives back what runtime_fork_prepare took.
void runtime_fork_parent(struct runtime *runtime);
// After the fork, in the child: the same, and cleans up after the threads that are not there.
void runtime_fork_child(struct runtime *runtime);

#endif
