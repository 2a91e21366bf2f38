// runtime_internal: what a runtime consists of, part by part.
//
// Locks: `lock` is held by every call that changes what the runtime keeps, and taken before the
// world is stopped; the finalizer queue has a lock of its own.
#ifndef RUNTIME_RUNTIME_INTERNAL_H
#define RUNTIME_RUNTIME_INTERNAL_H

#include "runtime/finq_internal.h"
#include "runtime/lock.h"
#include "runtime/mark.h"
#include "runtime/pool_internal.h"
#include "runtime/runtime.h"

#include "allocator/collect.h"

#include <pthread.h>

// All types and itabs, in order of creation.
struct type_table {
    struct type *first_type, *last_type;
    struct itab *first_itab, *last_itab;
};

// All functions, sorted so that a pc finds its own.
struct func_table {
    struct func **funcs; // by entry, ascending
    size_t count, capacity;
};

// All goroutines, dead ones too. Go's allgs.
struct goroutine_table {
    struct goroutine *first, *last; // in order of creation
    uint64_t last_id;
};

// The OS threads that run, the records that wait for the next, and who the calling thread is.
struct osthread_table {
    struct osthread *first; // newest
    struct osthread *free;
    uint64_t next_id;
    pthread_key_t key; // of the calling thread's osthread
    bool has_key;
};

// The segments, and the other roots in order of creation.
struct root_table {
    struct segment data, bss;
    struct other_root *first, *last;
};

// The collection cycle: phase, pacing, and what the last cycle found.
struct collector {
    bool marking;
    bool forced;
    int32_t percent;
    struct mark_queue queue;
    uint64_t marked_bytes; // by the last cycle
    uint64_t next_gc_bytes;
    uint64_t pause_ns;       // of this cycle
    uint64_t pause_total_ns; // of all
};

// A program's runtime, whole. `lock` guards all of it.
struct runtime {
    struct heap *heap;
    struct runtime_options options;
    pthread_mutex_t lock; // recursive
    uint64_t default_clock_ns;
    uint64_t created_ns;
    struct pool pool;
    struct type_table types;
    struct func_table funcs;
    struct goroutine_table goroutines;
    struct osthread_table osthreads;
    struct root_table roots;
    struct finq finq;
    struct collector gc;
};

// ---- what the instance, the cycle and the stacks call of its tables

// The segments, of the options. False: no memory. (roots.c)
bool roots_init(struct runtime *runtime);

// Calls `visit` with each word that may hold a pointer. (roots.c)
void roots_visit(struct runtime *runtime, void (*visit)(void *context, uintptr_t value),
                 void *context);

// The innermost frame's lowest address; the stack's top when there is none. (goroutine.c)
uintptr_t goroutine_sp(const struct goroutine *g);
void goroutine_check_alive(const struct goroutine *g); // a dead one is a misuse
// Calls `visit` with each root that a goroutine holds: words of frames, context, defers, panics.
void goroutine_visit_roots(struct runtime *runtime, void (*visit)(void *context, uintptr_t value),
                           void *context);

// Deletes the key of attached threads; what they have goes with the heap. (osthread.c)
void osthreads_fini(struct runtime *runtime);
void osthreads_fork_child(struct runtime *runtime); // takes back what the others had

#endif
