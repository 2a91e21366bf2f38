// countercheck_malloc: what a program may ask libcountercheck-malloc.so when it runs on it: the
// statistics of its heap, and a heap dump.
//
// A program that links with the library (pkg-config countercheck-malloc; countercheck::malloc of
// CMake) runs on it. One that only sometimes does declares what it calls once more, weak, and is
// started with LD_PRELOAD: without the library the function is NULL then. The manual page
// countercheck-malloc(3) has both, and the variables of the environment.
#ifndef MALLOC_COUNTERCHECK_MALLOC_H
#define MALLOC_COUNTERCHECK_MALLOC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COUNTERCHECK_MALLOC_CLASS_COUNT 68 // rows of BySize; row 0, of large objects, is empty

// The objects of one size class. Go's MemStats.BySize.
struct countercheck_malloc_class {
    uint64_t Size; // bytes of an object
    uint64_t Mallocs;
    uint64_t Frees;
};

// Go's MemStats by Go's names; allocator/memstats_fields.def has the unit and meaning of each.
// No collection ever runs: LastGC and PauseTotalNs are 0.
struct countercheck_malloc_stats {
#define MEMSTATS_FIELD(name, unit, meaning, truths) uint64_t name;
#include "allocator/memstats_fields.def"
    struct countercheck_malloc_class BySize[COUNTERCHECK_MALLOC_CLASS_COUNT];
};

// Fills stats, of stats_bytes = sizeof *stats bytes, with the account of this process's heap, exact
// at one moment of the call. 0; EINVAL: this library's struct has another size, since the header is
// of another version, and stats is left alone; ENOMEM: there is no memory for a heap. Stops the
// threads that allocate for a moment; allocates nothing. From any thread, not from a signal's
// handler.
int countercheck_malloc_stats(struct countercheck_malloc_stats *stats, size_t stats_bytes);

// Writes a heap dump ("go1.7 heap dump") to the path, in which %p is the process's id; it appears
// whole, for its owner alone (mode 0600). 0, or an errno; EINVAL: no path. Stops the threads that
// allocate while it writes. From any thread, not from a signal's handler.
int countercheck_malloc_dump(const char *path);

#ifdef __cplusplus
}
#endif

#endif
