// checked: the oracle in a process that runs on this heap: it holds the fast statistics to its
// scan.
#ifndef TESTS_MALLOC_CHECKED_H
#define TESTS_MALLOC_CHECKED_H

#include <stdbool.h>

// Stops the world and checks the account, the identities and the structure of the process's heap.
// False: there is a finding, which is told, or no memory for a check. Takes nothing from the heap.
// In libcountercheck-malloc-checked.so alone. From any thread.
bool countercheck_malloc_check(void);

// The account of the process's heap as the allocator has it, exact at this moment; false: there is
// no memory for a heap. In the same library alone. From any thread.
struct memstats;
bool countercheck_malloc_memstats(struct memstats *stats);

#endif
