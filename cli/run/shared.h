// shared: memory that a process and its children have in common.
#ifndef CLI_RUN_SHARED_H
#define CLI_RUN_SHARED_H

#include <stddef.h>

// Zeroed memory that children which are made from now on have in common with us. NULL: a message
// was printed.
void *shared_map(size_t size_bytes);
// Gives it back; of this process alone.
void shared_unmap(void *memory, size_t size_bytes);

#endif
