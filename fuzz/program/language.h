// language: which operations and which statistics' names a program may use: those of the heap that
// it is for.
//
// One language is in use in a process at a time; in the beginning it is that of a Go-like heap, the
// oldest. Whoever opens another kind of heap says so before a program is read, drawn or changed.
// Not thread-safe.
#ifndef FUZZ_PROGRAM_LANGUAGE_H
#define FUZZ_PROGRAM_LANGUAGE_H

#include <stdbool.h>
#include <stdint.h>

// What a heap can have; an operation of ops.def asks for one.
enum capability {
    CAPABILITY_ALWAYS,  // every heap has it
    CAPABILITY_FREE,    // an object is freed by hand
    CAPABILITY_ALIGNED, // allocation at a multiple
    CAPABILITY_REALLOC, // an object is resized
    CAPABILITY_FLUSH,   // a lane's cache goes back
    CAPABILITY_LANES,   // more than one lane
    CAPABILITY_PURGE,   // idle memory goes back to the system
    CAPABILITY_COLLECT, // what nobody refers to dies
    CAPABILITY_FAULT,   // its calls of the system can be made to fail
    CAPABILITY_EXPAND,  // an object is resized where it is
    CAPABILITY_SIZED,   // an object is freed with its size
    CAPABILITY_DROP,    // a reference is let go, and a collector frees
    CAPABILITY_RESET,   // all objects die at once
    CAPABILITY_SETTLE,  // numbers come to rest
    CAPABILITY_FORK,    // it goes on in the child of a fork
    CAPABILITY_PEAKS,   // peaks begin anew
    CAPABILITY_GO,      // a runtime in Go's manner: goroutines, roots, finalizers, dumps
    CAPABILITY_COUNT,
};

#define LANGUAGE_HAS(capability) ((uint32_t)1 << CAPABILITY_##capability)

struct language {
    uint32_t capabilities;     // LANGUAGE_HAS bits
    const char *const *fields; // names that expect takes, by number; NULL at the end
    unsigned field_count;      // 1..256: a field's number is a byte
};

extern const struct language language_go;

// From now on; it must live as long. NULL: language_go.
void language_use(const struct language *language);

const struct language *language_now(void);

// Whether the language has what an operation asks for.
static inline bool language_has(const struct language *language, enum capability capability) {
    return capability == CAPABILITY_ALWAYS || (language->capabilities >> capability & 1) != 0;
}

#endif
