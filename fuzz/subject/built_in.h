// built_in: the subjects that are linked into the command: the worked examples.
#ifndef FUZZ_SUBJECT_BUILT_IN_H
#define FUZZ_SUBJECT_BUILT_IN_H

#include "subject/subject.h"

#include <stddef.h>

// A name of `subject list`, and its table.
struct built_in {
    const char *name;
    const struct countercheck_subject *(*table)(void);
};

// Of the worked example boundary, which is compiled with a name of its own for its table.
const struct countercheck_subject *boundary_table(void);
// Of the worked example slab, in the same way.
const struct countercheck_subject *slab_table(void);

// All that there are, in their order; NULL: no more.
const struct built_in *built_in_at(size_t place);

// Adds one that stands in another library of the command: before a name is looked up, once.
void built_in_add(const struct built_in *own);

#endif
