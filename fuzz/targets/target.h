// target: what the engines call, and what the targets of operations share.
//
// libFuzzer and AFL++'s driver find the entry points by name; fuzz/targets/engine_builtin.c does
// the same.
#ifndef FUZZ_TARGETS_TARGET_H
#define FUZZ_TARGETS_TARGET_H

#include "fuzz/execute/machine.h"
#include "fuzz/program/program.h"

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

// Which heap run_operations() runs on, and the argument of its create(); asked once. Each target of
// operations defines it.
const struct machine *target_machine(const void **argument);

// Whether what target_mutator.c makes ends in a dump. Each target that links it defines it.
extern const bool target_ends_in_dump;

// What `countercheck replay` is told besides the file, with a blank behind it: "--subject NAME ".
extern const char *run_operations_call;

// Reads the input, binary or text, and runs it: every 256th (by content) on a fresh heap and once
// more on a reset one, the others on a reset heap. A finding is printed, with the operations before
// it, and aborts. `final_dump_share`: one input in so many ends with a dump and its round trip; 1:
// each; 0: none.
int run_operations(const uint8_t *bytes, size_t size_bytes, uint32_t final_dump_share);

#endif
