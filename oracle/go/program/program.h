// program: the runtime's own lists against the ledger, both ways and field by field: goroutines
// with their frames, defers and panics, threads, roots, segments, types, itabs, functions, and the
// queue of finalizers.
//
// The dump is made from these lists, so that what is wrong in them is wrong in it alike.
#ifndef ORACLE_GO_PROGRAM_PROGRAM_H
#define ORACLE_GO_PROGRAM_PROGRAM_H

#include <stdbool.h>

struct model;
struct runtime;

// Compares the runtime's lists with those of the ledger; NULL: true. Linear in the program.
bool program_check(struct model *model, const struct runtime *runtime);

#endif
