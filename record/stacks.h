// stacks: by which calls memory is obtained: each stack gets a number, and is written to the trace
// once.
#ifndef RECORD_STACKS_H
#define RECORD_STACKS_H

#include <stdbool.h>
#include <stdint.h>

extern bool stacks_are_wanted; // stacks_begin() was called, and there are any

// From now on stacks are wanted. Once, while there is one thread. False: UNWIND_NONE.
bool stacks_begin(void);

// The number of the calling thread's stack; 0: it has none that can be followed, or there is no
// room. In any thread, in a signal's handler too, but not in one that has interrupted it.
uint32_t stacks_take(void);

#endif
