// target: what the engines call, and what the targets of operations share.
//
// libFuzzer and AFL++'s driver find the entry points by name; so does fuzz/targets/engine_none.c,
// the main that runs files.
#ifndef FUZZ_TARGETS_TARGET_H
#define FUZZ_TARGETS_TARGET_H

#include "fuzz/execute/machine.h"
#include "fuzz/program/program.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Runs one input. 0: it may enter the corpus; -1: it is of no use there.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

// Optional: called once before the first input. 0.
int LLVMFuzzerInitialize(int *argc, char ***argv);

// Optional, as the next: a target without them is mutated byte by byte. Changes the input, which
// has room for max_bytes, and returns its new size.
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size_bytes, size_t max_bytes,
                               unsigned int seed);
// Crosses two inputs into `out`, at most max_bytes. Returns the size.
size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_bytes, const uint8_t *second,
                                 size_t second_bytes, uint8_t *out, size_t max_bytes,
                                 unsigned int seed);

// What run_operations() is to know of a target.
struct target_operations {
    const struct machine *machine;
    const void *argument; // of machine's create()
    void (*open)(void);   // fills in these two's objects, before the first input; NULL: nothing
    uint32_t final_dump_share; // one input in so many ends with a dump and its round trip; 1: each,
                               // and programs are made to do so; 0: none
};

// Of a target of operations; target_hooks.c, which it links, asks it.
extern const struct target_operations target_operations;

// Opens what the target runs on, which the first input does as well, and runs an empty program: the
// first input finds what the others find, a heap that was used. Ends the process with status 3 when
// there is no memory.
void run_operations_begin(const struct target_operations *target);

// What `countercheck replay` is told besides the file, with a blank behind it: "--subject NAME ".
extern const char *run_operations_call;

// No engine drives the target, to whom an input in a process of its own would show nothing.
extern bool run_operations_has_no_engine;

// Reads the input, binary or text, and runs it: every 256th (by content) on a fresh heap and once
// more on a reset one, the others on a reset heap. A finding is printed, with the operations before
// it, and aborts.
int run_operations(const struct target_operations *target, const uint8_t *bytes, size_t size_bytes);

#endif
