// mappings: how much of an address range the kernel has mapped for writing, by /proc/self/maps.
#ifndef ORACLE_GO_VIEW_MAPPINGS_H
#define ORACLE_GO_VIEW_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Calls `visit` for each part of [base, end) that may be read and written, in order of addresses.
// False: the kernel does not tell.
bool mappings_visit(uintptr_t base, uintptr_t end,
                    void (*visit)(void *context, uintptr_t base, size_t size_bytes), void *context);

#endif
