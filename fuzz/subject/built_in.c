// built_in: the examples as the subjects that are linked into the command.
#include "fuzz/subject/built_in.h"

#include <stddef.h>

const struct built_in built_in_subjects[] = {
    {"boundary", boundary_table},
    {"slab", slab_table},
    {NULL, NULL},
};
