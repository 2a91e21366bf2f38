// moves: what an operation may move at all: sets of exported statistics for the table of
// operations.
//
// The sets are as wide as the operation's legal side effects: any allocation may sweep, and any
// piece of metadata may bring a new chunk from the system with it.
#ifndef FUZZ_MOVES_H
#define FUZZ_MOVES_H

#include "oracle/oracle.h"

#define MOVES_NOTHING ORACLE_MOVES_NONE
// Metadata moves between the books that Sys sums.
#define MOVES_METADATA                                                                             \
    (ORACLE_MOVES(Sys) | ORACLE_MOVES(OtherSys) | ORACLE_MOVES(GCSys) |                            \
     ORACLE_MOVES(BuckHashSys) | ORACLE_MOVES(MSpanSys) | ORACLE_MOVES(MSpanInuse) |               \
     ORACLE_MOVES(MCacheSys))
#define MOVES_CACHES (MOVES_METADATA | ORACLE_MOVES(MCacheInuse))
// Pages that hold no objects: HeapInuse stays.
#define MOVES_MARKING                                                                              \
    (MOVES_METADATA | ORACLE_MOVES(HeapSys) | ORACLE_MOVES(HeapIdle) | ORACLE_MOVES(HeapReleased))
#define MOVES_PAGES  (MOVES_MARKING | ORACLE_MOVES(StackInuse) | ORACLE_MOVES(StackSys))
#define MOVES_STACKS MOVES_PAGES
// Objects come and go, stacks stay.
#define MOVES_OBJECTS    (MOVES_MARKING | ORACLE_MOVES_OBJECTS | ORACLE_MOVES(HeapInuse))
#define MOVES_RELEASE    (MOVES_OBJECTS | ORACLE_MOVES(MCacheInuse))
#define MOVES_THREAD_RUN (MOVES_RELEASE | ORACLE_MOVES(StackSys)) // its stack comes and goes
#define MOVES_PACING     ORACLE_MOVES(NextGC)
#define MOVES_CYCLE      (MOVES_OBJECTS | ORACLE_MOVES_CYCLE)

#endif
