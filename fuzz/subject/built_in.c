// built_in: the subjects that are linked into the command: the worked examples, and one more.
#include "fuzz/subject/built_in.h"

static const struct built_in examples[] = {{"boundary", boundary_table}, {"slab", slab_table}};
#define EXAMPLE_COUNT (sizeof examples / sizeof examples[0])

static const struct built_in *added;

const struct built_in *built_in_at(size_t place) {
    return place < EXAMPLE_COUNT ? &examples[place] : place == EXAMPLE_COUNT ? added : NULL;
}

void built_in_add(const struct built_in *own) {
    added = own;
}
