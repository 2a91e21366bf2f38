// frame: what lies on a stack, and which of its words may hold a pointer.
#ifndef RUNTIME_FRAME_H
#define RUNTIME_FRAME_H

#include "runtime/goroutine.h"

struct runtime;

// The words of `frame` that may hold a pointer, as the dump lists them: out-args of the callee
// (NULL: none), then locals.
void frame_visit_slots(const struct frame *frame, const struct frame *callee,
                       void (*visit)(void *context, uintptr_t slot), void *context);
// How large a block of the pool frame_create takes.
size_t frame_record_bytes(const struct frame_description *description, const struct frame *caller);
// A record of a frame at `sp`, for which the pool has the block, that copies the description,
// clipped to what there is of frame and caller.
struct frame *frame_create(struct runtime *runtime, const struct frame_description *description,
                           struct frame *caller);
void frame_destroy(struct runtime *runtime, struct frame *frame);

#endif
