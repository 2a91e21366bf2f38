// harness_memory: what the harness gets from the system, and how often the system refused.
//
// Memory comes from mappings of the harness's own and never from malloc, which may be the heap that
// is tested. Who is refused goes on as well as it can: an event is not entered, a check is not
// made. What comes after that proves nothing, so that refusals are counted and the run is given up
// (VERDICT_ENVIRONMENT). Whatever a verdict rests on is asked for here.
#ifndef ORACLE_CORE_HARNESS_MEMORY_H
#define ORACLE_CORE_HARNESS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// As malloc, calloc and realloc, aligned to 16 bytes. NULL: refused, and counted. From any thread.
void *harness_alloc(size_t size_bytes);
// `count` items, all bytes 0; a product that overflows is refused.
void *harness_calloc(size_t count, size_t item_bytes);
// Contents are kept up to the lesser size. NULL memory: as harness_alloc. When refused, the old
// memory lives on.
void *harness_realloc(void *memory, size_t size_bytes);

// Makes room for `count` items in the array that `array_pointer` points to, doubling; NULL and a
// capacity of 0 to begin with. False: refused, and nothing changed.
bool harness_reserve(void *array_pointer, uint32_t *capacity, size_t count, size_t item_bytes);
// The same for an array and its capacity by their names.
#define HARNESS_RESERVE(array, capacity, count)                                                    \
    harness_reserve(&(array), &(capacity), (size_t)(count), sizeof *(array))

// Gives back what one of these returned; NULL is nothing. From any thread.
void harness_free(void *memory);

// Blocks that nobody has given back: no leak checker sees them, so that tests ask for their number.
uint64_t harness_block_count(void);

// Counts a refusal of something else: a thread, a file, a reader of dumps.
void harness_refused(void);

// How often the system refused since the process began.
uint64_t harness_refusal_count(void);

#endif
