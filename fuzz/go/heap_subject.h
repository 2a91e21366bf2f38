// heap_subject: the Go-like heap as an allocator among others, by its public calls and MemStats
// alone: what its deep oracle says is held against what any author can say of his own.
#ifndef FUZZ_GO_HEAP_SUBJECT_H
#define FUZZ_GO_HEAP_SUBJECT_H

#include "subject/subject.h"

// The table of the Go-like heap; one for the process.
const struct countercheck_subject *go_heap_table(void);

#endif
