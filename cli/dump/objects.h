// objects: where the objects of a dump lie, a few bits each, and which of them holds an
// address.
//
// Objects come span by span: equal sizes at even distances. Such a run is kept as base, size and a
// bit per slot, so that 900,000 objects take some hundred KiB. Objects in any other order make more
// runs, never a wrong answer. Empty objects are left out: they hold no address.
#ifndef CLI_DUMP_OBJECTS_H
#define CLI_DUMP_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dump_run {
    uint64_t base, size_bytes;
    uint64_t slot_count; // up to the last object
    size_t first_word;   // of the slots' bits
};

struct dump_objects {
    struct dump_run *runs;
    size_t run_count, run_capacity;
    uint64_t *words;
    size_t word_count, word_capacity;
    uint64_t next_address; // where the next object of an unbroken run lies
    bool is_sorted;
};

// An all-zero struct is an empty set.
void dump_objects_fini(struct dump_objects *objects);

// Adds an object whose end does not pass 2^64. False: out of memory.
bool dump_objects_add(struct dump_objects *objects, uint64_t address, uint64_t size_bytes);

// After the last object: sorts, so that dump_objects_find() works. False: out of memory. Sets
// *overlaps to the pairs of neighbours that overlap, and *example to the address of the second of
// one such pair.
bool dump_objects_sort(struct dump_objects *objects, uint64_t *overlaps, uint64_t *example);

// Whether an object holds `address`, at its start or inside; one past its end does not count.
bool dump_objects_find(const struct dump_objects *objects, uint64_t address);

#endif
