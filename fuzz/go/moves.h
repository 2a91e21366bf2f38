// moves: what an operation may move at all, and which way: sets of exported statistics for the
// table of operations.
//
// The sets are as wide as the operation's legal side effects: any allocation may sweep, and any
// piece of metadata may bring a new chunk from the system with it.
#ifndef FUZZ_GO_MOVES_H
#define FUZZ_GO_MOVES_H

#include "oracle/go/oracle.h"

#define MOVES_NOTHING ORACLE_MOVES_NONE

// ---- parts

// The embedder's records and the queue of finalizers lie in chunks of metadata, which stay
// OtherSys.
#define MOVES_RECORDS (ORACLE_RISES(Sys) | ORACLE_RISES(OtherSys))
// What else lies there moves to the book of its user; a span may come with its pages or go.
#define MOVES_SPANS                                                                                \
    (MOVES_RECORDS | ORACLE_FALLS(OtherSys) | ORACLE_RISES(GCSys) | ORACLE_RISES(MSpanSys) |       \
     ORACLE_MOVES(MSpanInuse))
#define MOVES_CACHE_BLOCK (MOVES_RECORDS | ORACLE_FALLS(OtherSys) | ORACLE_RISES(MCacheSys))
// Pages change hands, and more may come; none of them holds objects.
#define MOVES_PAGES                                                                                \
    (MOVES_SPANS | ORACLE_MOVES(HeapSys) | ORACLE_MOVES(HeapIdle) | ORACLE_MOVES(HeapReleased))
// Pages that are given back are idle, not released.
#define MOVES_PAGES_BACK (ORACLE_RISES(HeapSys) | ORACLE_RISES(HeapIdle) | ORACLE_FALLS(MSpanInuse))

// ---- of operations

// Objects go, and with them spans; finalizers are queued.
#define MOVES_FREES                                                                                \
    (MOVES_RECORDS | ORACLE_RISES(Frees) | ORACLE_FALLS(Alloc) | ORACLE_FALLS(HeapAlloc) |         \
     ORACLE_FALLS(HeapObjects) | ORACLE_FALLS(HeapInuse) | ORACLE_RISES(HeapIdle) |                \
     ORACLE_FALLS(MSpanInuse))
// Work buffers: grey objects are queued, by any write that the barrier sees.
#define MOVES_MARKING (MOVES_PAGES | ORACLE_FALLS(GCSys))
// An object comes, others may be swept for it; it may be sampled.
#define MOVES_ALLOC                                                                                \
    (MOVES_FREES | MOVES_SPANS | ORACLE_RISES(Mallocs) | ORACLE_RISES(TotalAlloc) |                \
     ORACLE_RISES(Alloc) | ORACLE_RISES(HeapAlloc) | ORACLE_RISES(HeapObjects) |                   \
     ORACLE_RISES(HeapInuse) | ORACLE_MOVES(HeapIdle) | ORACLE_MOVES(HeapReleased) |               \
     ORACLE_RISES(HeapSys) | ORACLE_RISES(BuckHashSys))
#define MOVES_REALLOC       (MOVES_ALLOC | MOVES_MARKING) // what it held is shaded
#define MOVES_FINALIZER     (MOVES_FREES | MOVES_MARKING) // its span is swept first
#define MOVES_ACQUIRE       (MOVES_CACHE_BLOCK | ORACLE_RISES(MCacheInuse))
#define MOVES_RELEASE       (MOVES_FREES | ORACLE_FALLS(MCacheInuse))
#define MOVES_STACK_GROWS   (MOVES_PAGES | ORACLE_RISES(StackInuse) | ORACLE_RISES(StackSys))
#define MOVES_STACK_SHRINKS (MOVES_PAGES | ORACLE_FALLS(StackInuse) | ORACLE_FALLS(StackSys))
#define MOVES_STACK_GOES    (MOVES_PAGES_BACK | ORACLE_FALLS(StackInuse) | ORACLE_FALLS(StackSys))
#define MOVES_STACK_ENDS    (MOVES_STACK_GOES | MOVES_MARKING) // its frames are shaded
#define MOVES_MANUAL_ALLOC  MOVES_STACK_GROWS
#define MOVES_MANUAL_FREE   (MOVES_STACK_GOES | ORACLE_FALLS(GCSys) | ORACLE_FALLS(OtherSys))
#define MOVES_OSTHREAD      (MOVES_RECORDS | ORACLE_RISES(StackSys))
#define MOVES_OSTHREAD_GOES (ORACLE_FALLS(StackSys) | ORACLE_FALLS(Sys))
#define MOVES_THREAD_RUN    (MOVES_ALLOC | MOVES_CACHE_BLOCK) // its stack comes and goes
#define MOVES_SCAVENGE      ORACLE_RISES(HeapReleased)
#define MOVES_PACING        ORACLE_MOVES(NextGC)
#define MOVES_CYCLE                                                                                \
    (MOVES_FREES | MOVES_MARKING | MOVES_PACING | ORACLE_RISES(LastGC) | ORACLE_RISES(PauseTotalNs))
#define MOVES_REFUSED (MOVES_FREES | MOVES_CACHE_BLOCK) // a thousand caches, and what is swept

#endif
