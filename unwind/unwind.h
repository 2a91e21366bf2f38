// unwind: the call stack of who calls: by libgcc's unwinder, which is linked in, and is none but
// ours.
//
// It follows the tables that each module has of its code, frame pointers where they say so. It
// takes no lock (modules are found by _dl_find_object) and no memory.
#ifndef UNWIND_UNWIND_H
#define UNWIND_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Why there are no stacks, where unwind_begin() says so.
#define UNWIND_NONE "this build has no call stacks: they need glibc 2.35 or later, and libgcc_eh.a"

// Once, before the first stack is taken and while there is one thread. False: UNWIND_NONE.
bool unwind_begin(void);

// The addresses of the calls that this one stands in, the innermost first and without those of this
// library: each lies in its call's instruction, or, where a signal broke in, is the place. Returns
// how many there are; *is_cut: there are more than the limit. In any thread, in a signal's handler
// too; it needs 4 KiB of stack.
size_t unwind_take(uintptr_t *places, size_t limit, bool *is_cut);

#endif
