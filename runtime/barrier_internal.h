// barrier_internal: what the runtime's own records tell the collector while it marks.
//
// All with the runtime's lock held.
#ifndef RUNTIME_BARRIER_INTERNAL_H
#define RUNTIME_BARRIER_INTERNAL_H

#include "runtime/barrier.h"

struct frame;

// Shades a value, or what a write replaces and what it stores, when the collector marks.
void barrier_shade(struct runtime *runtime, uintptr_t value);
void barrier_store(struct runtime *runtime, uintptr_t old_value, uintptr_t new_value);

// Shades what the frame holds, whose callee is now `callee` (NULL: none): which of its words are
// roots changes with its callee, without a write.
void barrier_callee_changed(struct runtime *runtime, const struct frame *frame,
                            const struct frame *callee);

#endif
