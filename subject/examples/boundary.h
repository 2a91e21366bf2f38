// boundary: a first-fit heap with boundary tags in memory that its owner gives, and its statistics:
// an example of an allocator that Countercheck can check.
//
// Not thread-safe. Objects are aligned to 16 bytes. Nothing but the arena is used.
#ifndef SUBJECT_EXAMPLES_BOUNDARY_H
#define SUBJECT_EXAMPLES_BOUNDARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct boundary;

// What the heap says of itself, for boundary_read().
struct boundary_stats {
    size_t capacity_bytes;                          // for blocks, headers included
    size_t in_use_bytes;                            // of allocated blocks, headers included
    size_t peak_bytes;                              // the most that in_use_bytes has been
    size_t free_bytes;                              // of free blocks, headers included
    size_t largest_free_bytes, smallest_free_bytes; // blocks; 0: none
    uint32_t used_count, free_count;                // blocks
    uint64_t alloc_count, release_count, resize_count, failure_count; // calls so far
};

// Makes a heap in the arena, which is aligned to 16 bytes; NULL: the arena is too small. The heap's
// own record lies in it.
struct boundary *boundary_init(void *arena, size_t arena_bytes);

void *boundary_alloc(struct boundary *heap, size_t size_bytes); // NULL: no room
void *boundary_alloc_aligned(struct boundary *heap, size_t alignment,
                             size_t size_bytes); // a power of two
// Where it is, or elsewhere with its bytes; NULL: no room, and the object lives on.
void *boundary_resize(struct boundary *heap, void *object, size_t size_bytes);
bool boundary_expand(struct boundary *heap, void *object,
                     size_t size_bytes); // where it is, or not at all
// An object that it gave, once.
void boundary_free(struct boundary *heap, void *object);

size_t boundary_usable(const void *object);    // bytes that may be written
size_t boundary_footprint(const void *object); // of its block

void boundary_reset_peak(struct boundary *heap); // the most in use is what is in use now

// All numbers, as they are now.
void boundary_read(const struct boundary *heap, struct boundary_stats *stats);

// Calls for each block in the order of addresses; `object` is what an allocation of it returned.
void boundary_walk(const struct boundary *heap,
                   void (*visit)(void *context, const void *object, size_t block_bytes,
                                 bool is_used),
                   void *context);

// NULL when every tag fits its neighbours, else what does not.
const char *boundary_verify(const struct boundary *heap);

#endif
