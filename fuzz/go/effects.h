// effects: what an operation may move at all, and which way: sets of exported statistics for the
// table of operations.
//
// The sets are as wide as the operation's legal side effects: any allocation may sweep, and any
// piece of metadata may bring a new chunk from the system with it.
#ifndef FUZZ_GO_EFFECTS_H
#define FUZZ_GO_EFFECTS_H

#include "oracle/go/oracle.h"

#define EFFECTS_NOTHING ORACLE_MOVES_NONE

// ---- parts

// The embedder's records and the queue of finalizers lie in chunks of metadata, which stay
// OtherSys.
#define EFFECTS_RECORDS (ORACLE_RISES(Sys) | ORACLE_RISES(OtherSys))
// What else lies there moves to the book of its user; a span may come with its pages or go.
#define EFFECTS_SPANS                                                                              \
    (EFFECTS_RECORDS | ORACLE_FALLS(OtherSys) | ORACLE_RISES(GCSys) | ORACLE_RISES(MSpanSys) |     \
     ORACLE_MOVES(MSpanInuse))
#define EFFECTS_CACHE_BLOCK (EFFECTS_RECORDS | ORACLE_FALLS(OtherSys) | ORACLE_RISES(MCacheSys))
// Pages change hands, and more may come; none of them holds objects.
#define EFFECTS_PAGES                                                                              \
    (EFFECTS_SPANS | ORACLE_MOVES(HeapSys) | ORACLE_MOVES(HeapIdle) | ORACLE_MOVES(HeapReleased))
// Pages that are given back are idle, not released.
#define EFFECTS_PAGES_BACK                                                                         \
    (ORACLE_RISES(HeapSys) | ORACLE_RISES(HeapIdle) | ORACLE_FALLS(MSpanInuse))

// ---- of operations

// Objects go, and with them spans; finalizers are queued.
#define EFFECTS_FREES                                                                              \
    (EFFECTS_RECORDS | ORACLE_RISES(Frees) | ORACLE_FALLS(Alloc) | ORACLE_FALLS(HeapAlloc) |       \
     ORACLE_FALLS(HeapObjects) | ORACLE_FALLS(HeapInuse) | ORACLE_RISES(HeapIdle) |                \
     ORACLE_FALLS(MSpanInuse))
// Work buffers: grey objects are queued, by any write that the barrier sees.
#define EFFECTS_MARKING (EFFECTS_PAGES | ORACLE_FALLS(GCSys))
// An object comes, others may be swept for it; it may be sampled.
#define EFFECTS_ALLOC                                                                              \
    (EFFECTS_FREES | EFFECTS_SPANS | ORACLE_RISES(Mallocs) | ORACLE_RISES(TotalAlloc) |            \
     ORACLE_RISES(Alloc) | ORACLE_RISES(HeapAlloc) | ORACLE_RISES(HeapObjects) |                   \
     ORACLE_RISES(HeapInuse) | ORACLE_MOVES(HeapIdle) | ORACLE_MOVES(HeapReleased) |               \
     ORACLE_RISES(HeapSys) | ORACLE_RISES(BuckHashSys))
#define EFFECTS_REALLOC       (EFFECTS_ALLOC | EFFECTS_MARKING) // what it held is shaded
#define EFFECTS_FINALIZER     (EFFECTS_FREES | EFFECTS_MARKING) // its span is swept first
#define EFFECTS_ACQUIRE       (EFFECTS_CACHE_BLOCK | ORACLE_RISES(MCacheInuse))
#define EFFECTS_RELEASE       (EFFECTS_FREES | ORACLE_FALLS(MCacheInuse))
#define EFFECTS_STACK_GROWS   (EFFECTS_PAGES | ORACLE_RISES(StackInuse) | ORACLE_RISES(StackSys))
#define EFFECTS_STACK_SHRINKS (EFFECTS_PAGES | ORACLE_FALLS(StackInuse) | ORACLE_FALLS(StackSys))
#define EFFECTS_STACK_GOES    (EFFECTS_PAGES_BACK | ORACLE_FALLS(StackInuse) | ORACLE_FALLS(StackSys))
#define EFFECTS_STACK_ENDS    (EFFECTS_STACK_GOES | EFFECTS_MARKING) // its frames are shaded
#define EFFECTS_MANUAL_ALLOC  EFFECTS_STACK_GROWS
#define EFFECTS_MANUAL_FREE   (EFFECTS_STACK_GOES | ORACLE_FALLS(GCSys) | ORACLE_FALLS(OtherSys))
#define EFFECTS_OSTHREAD      (EFFECTS_RECORDS | ORACLE_RISES(StackSys))
#define EFFECTS_OSTHREAD_GOES (ORACLE_FALLS(StackSys) | ORACLE_FALLS(Sys))
#define EFFECTS_THREAD_RUN    (EFFECTS_ALLOC | EFFECTS_CACHE_BLOCK) // its stack comes and goes
#define EFFECTS_SCAVENGE      ORACLE_RISES(HeapReleased)
#define EFFECTS_PACING        ORACLE_MOVES(NextGC)
#define EFFECTS_CYCLE                                                                              \
    (EFFECTS_FREES | EFFECTS_MARKING | EFFECTS_PACING | ORACLE_RISES(LastGC) |                     \
     ORACLE_RISES(PauseTotalNs))
#define EFFECTS_REFUSED                                                                            \
    (EFFECTS_FREES | EFFECTS_CACHE_BLOCK) // a thousand caches, and what is swept

#endif
