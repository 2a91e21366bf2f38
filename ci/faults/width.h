// width: a value on its way into a statistic or a record, cut to fewer bits where that is asked
// for.
//
// Written for the generated copy alone (ci/faults/widths); the project's own build knows nothing of
// it.
#ifndef COUNTERCHECK_WIDTH_H
#define COUNTERCHECK_WIDTH_H

#include <stdint.h>

// The value, or what is left of it: COUNTERCHECK_WIDTH=OWNER.FIELD:BITS. Notes the widest.
uint64_t width_cut(const char *owner, const char *field, uint64_t value);

#endif
