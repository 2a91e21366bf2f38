// level: how hard a check looks.
#ifndef ORACLE_CORE_LEVEL_H
#define ORACLE_CORE_LEVEL_H

// The levels; each does all that the one before it does.
enum oracle_level {
    ORACLE_CHEAP,    // what costs O(fields): after any operation
    ORACLE_FULL,     // + the heap itself: O(heap); at a cadence
    ORACLE_PARANOID, // + all that is slow: every byte, the kernel's account
};

#endif
