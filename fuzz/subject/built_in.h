// built_in: the subjects that are linked into the command: the worked examples.
#ifndef FUZZ_SUBJECT_BUILT_IN_H
#define FUZZ_SUBJECT_BUILT_IN_H

#include "subject/subject.h"

struct built_in {
    const char *name; // NULL: the end
    const struct countercheck_subject *(*table)(void);
};

// Of the worked examples; each is compiled with a name of its own for its table.
const struct countercheck_subject *boundary_table(void);
const struct countercheck_subject *slab_table(void);

extern const struct built_in built_in_subjects[];

#endif
