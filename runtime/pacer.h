// pacer: how large the heap may grow before the next cycle.
#ifndef RUNTIME_PACER_H
#define RUNTIME_PACER_H

#include <stdint.h>

struct runtime;

// The default of 100 %.
void pacer_init(struct runtime *runtime);

// Bytes of live heap at which the next cycle is due, by what the last one marked and the
// percentage.
uint64_t pacer_next_gc(const struct runtime *runtime);

#endif
