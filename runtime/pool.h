// pool: how many blocks of the runtime's own records are free, for a check from outside. It walks
// the lists and shows no counter.
#ifndef RUNTIME_POOL_H
#define RUNTIME_POOL_H

#include <stddef.h>

struct runtime;

// Size classes of the runtime's own blocks; one of class n has 2^n bytes.
#define RUNTIME_BLOCK_CLASSES 48

// Blocks of 2^class bytes that no record lies in; `limit` at most are counted.
size_t runtime_free_block_count(const struct runtime *runtime, unsigned class, size_t limit);

// Places for finalizers to wait in: free ones, and those of finalizers that wait or run.
size_t runtime_finalizer_place_count(const struct runtime *runtime);

#endif
