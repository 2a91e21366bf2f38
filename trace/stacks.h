// stacks: the calls by which memory was obtained, as a trace has them: a tree of frames, and the
// modules that they lie in.
#ifndef TRACE_STACKS_H
#define TRACE_STACKS_H

#include "trace/format.h"

#include <stddef.h>
#include <stdint.h>

// A file of the program: it or a library.
struct trace_module {
    uint8_t build_id[TRACE_BUILD_BYTES_MAX];
    size_t build_id_bytes;               // 0: it has none
    char name[TRACE_NAME_BYTES_MAX + 1]; // its base name, any bytes but NUL and /
};

// A call.
struct trace_frame {
    uint32_t module; // 0: none; code that the program has made itself
    uint32_t caller; // the frame that called; 0: none
    uint64_t offset; // in the module, of the call's instruction; of none its address, or
                     // TRACE_FRAME_CUT
};

struct trace_stacks;

// What became of what is added.
enum trace_stacks_status {
    TRACE_STACKS_FINE,
    TRACE_STACKS_WRONG, // it cannot be
    TRACE_STACKS_NO_MEMORY,
};

// NULL: out of memory.
struct trace_stacks *trace_stacks_create(void);
// Frees it; NULL is allowed.
void trace_stacks_destroy(struct trace_stacks *stacks);

// Adds a record's module: its text, of size_bytes.
enum trace_stacks_status trace_stacks_add_module(struct trace_stacks *stacks, const uint8_t *text,
                                                 size_t size_bytes);
// Adds a record's frame. Wrong: its caller or its module is not there, or its stack has more than
// TRACE_STACK_FRAMES_MAX.
enum trace_stacks_status trace_stacks_add_frame(struct trace_stacks *stacks, uint64_t address,
                                                uint64_t caller);

// Their numbers are 1, ..., count.
uint32_t trace_stacks_frame_count(const struct trace_stacks *stacks);
uint32_t trace_stacks_module_count(const struct trace_stacks *stacks); // likewise
// 1 <= number <= count.
struct trace_frame trace_stacks_frame(const struct trace_stacks *stacks, uint32_t number);
// Likewise; good until the next one is added.
const struct trace_module *trace_stacks_module(const struct trace_stacks *stacks, uint32_t number);

#endif
