// osthread: Go's m: an operating system thread, its system stack, and the cache it allocates from.
#ifndef RUNTIME_OSTHREAD_H
#define RUNTIME_OSTHREAD_H

#include "allocator/heap.h"

struct runtime;

// Bytes of an OS thread's system stack; Go gives g0 as many.
#define OSTHREAD_STACK_BYTES 16384

// An OS thread of the program. Go's m.
struct osthread {
    uint64_t id;
    uint64_t process_id;   // the kernel's id for it (Go's procid); given by who creates it
    void *stack;           // charged to StackSys
    struct mcache *cache;  // NULL: none
    struct osthread *next; // newest first, as Go's allm
};

// NULL: no memory. The record is reused after the thread's end. A cache that somebody gave it stays
// theirs.
struct osthread *runtime_start_osthread(struct runtime *runtime, uint64_t process_id);
// Unmaps the stack and puts the record away; goroutines on it run on none.
void runtime_exit_osthread(struct runtime *runtime, struct osthread *thread);
// The newest that runs, the others by `next`; NULL: none. The world is stopped.
const struct osthread *runtime_first_osthread(const struct runtime *runtime);

// For real threads: gives the calling thread an osthread and a cache, taken back when it exits or
// detaches. Idempotent.
struct mcache *runtime_attach(struct runtime *runtime);
// Takes back what runtime_attach gave the calling thread; nothing otherwise.
void runtime_detach(struct runtime *runtime);

#endif
