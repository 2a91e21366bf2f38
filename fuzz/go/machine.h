// machine: a Go-like heap for the executor, and what may be asked by those who know that it is one.
#ifndef FUZZ_GO_MACHINE_H
#define FUZZ_GO_MACHINE_H

#include "fuzz/execute/executor.h"
#include "oracle/go/oracle.h"

// Pass it to executor_create(), with no argument. The heap is kept and reset between programs, so
// that its pages stay warm.
extern const struct machine machine_go;

// Of an executor of this machine alone:
struct oracle *go_oracle(struct executor *executor);
struct runtime *go_runtime(struct executor *executor); // of the program that runs; NULL: none
const struct memstats *go_memstats(struct executor *executor); // read now

// The dump of the last dump operation (or the final one) to memory, or NULL.
const uint8_t *go_dump_bytes(struct executor *executor, size_t *size_bytes);

// Set in a process that is not to be forked, as libFuzzer's: the operation fork does nothing then.
extern bool go_is_never_forked;

#endif
