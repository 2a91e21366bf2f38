// probe: whether an allocator can be made at all.
#ifndef FUZZ_SUBJECT_PROBE_H
#define FUZZ_SUBJECT_PROBE_H

#include "fuzz/subject/subject.h"

// Calls create() once in a process of its own. SUBJECT_UNUSABLE: it gave NULL, died, or did not
// return within the time of a hang. SUBJECT_OPEN: it gave an allocator, or there is no create().
enum subject_status subject_probe(const struct countercheck_subject *table,
                                  char message[SUBJECT_MESSAGE_BYTES]);

#endif
