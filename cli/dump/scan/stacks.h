// stacks: the goroutines of a dump, those of the same stack and state together.
#ifndef CLI_DUMP_SCAN_STACKS_H
#define CLI_DUMP_SCAN_STACKS_H

#include "cli/io/lookup.h"
#include "dump/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STACK_NONE UINT32_MAX // the last of its group

// Texts are places in stacks.text; equal ones have one place.
struct stack_frame {
    uint64_t pc, entry;
    size_t function;
};
// As the dump has it; counts of records.
struct stack_goroutine {
    uint64_t id, defers, panics;
    uint32_t next; // of its group, or STACK_NONE
    bool is_system;
};
// Goroutines of one state, whose frames have the same functions and pcs.
struct stack_group {
    uint64_t count, defers, panics;
    size_t state;                    // "waiting: chan receive"
    size_t frame_begin, frame_count; // of the first that had it
    uint32_t first, last;            // goroutines, as the dump has them
};

// All zero at the start.
struct stacks {
    struct stack_frame *frames;
    struct stack_goroutine *goroutines;
    struct stack_group *groups; // the most frequent first
    char *text;
    size_t frame_count, frame_capacity, goroutine_count, goroutine_capacity, group_count,
        group_capacity, text_bytes, text_capacity;
    struct lookup text_of, group_of; // by hash
    bool is_out_of_memory;
};

// Reads the dump. Returns a status; what fails is told.
int stacks_read(struct stacks *stacks, const char *path, enum dump_mode mode);
// Frees what it has.
void stacks_fini(struct stacks *stacks);

#endif
