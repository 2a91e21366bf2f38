// next: the malloc that the program would have without us: what the dynamic linker finds behind
// this library.
#ifndef RECORD_NEXT_H
#define RECORD_NEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The functions. What the allocator lacks is NULL.
struct next {
    void *(*malloc)(size_t size_bytes);
    void *(*calloc)(size_t count, size_t size_bytes);
    void *(*realloc)(void *pointer, size_t size_bytes);
    void (*free)(void *pointer);
    void *(*aligned_alloc)(size_t align_bytes, size_t size_bytes);
    int (*posix_memalign)(void **pointer, size_t align_bytes, size_t size_bytes);
    void *(*memalign)(size_t align_bytes, size_t size_bytes);
    void *(*valloc)(size_t size_bytes);
    void *(*pvalloc)(size_t size_bytes);
    void (*free_sized)(void *pointer, size_t size_bytes);
    void (*free_aligned_sized)(void *pointer, size_t align_bytes, size_t size_bytes);
    uintptr_t begin, limit;         // the allocator's own code; both 0: it is the C library's
    uintptr_t own_begin, own_limit; // ours
};

extern const struct next *next_known; // NULL until they are found

// NULL: they are being found by this thread, which may ask next_early() meanwhile. The first call
// is made while there is one thread. Ends the program when there is no malloc.
const struct next *next_find(void);

// From a small room that is never given back: zeroed, at a multiple of 16; NULL: it is full.
void *next_early(size_t size_bytes);
// Where that room ends.
const void *next_early_limit(void);
// Whether the pointer came from there.
bool next_is_early(const void *pointer);

#endif
