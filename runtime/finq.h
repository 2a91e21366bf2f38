// finq: finalizers whose objects died, in the order in which they were found; run one by one.
#ifndef RUNTIME_FINQ_H
#define RUNTIME_FINQ_H

#include "allocator/special.h"

#include <stdbool.h>
#include <stddef.h>

struct runtime;

// heap_add_finalizer on the program's behalf: memory for its place in the queue is reserved, so
// that a sweep cannot fail to queue it; while marking, the function and what the object points to
// are shaded. A finalizer that was set behind the runtime's back has a place from the next cycle's
// start or end on; when its object dies in a cycle at whose end there was no memory for that, it is
// lost.
enum special_status runtime_set_finalizer(struct runtime *runtime,
                                          const struct finalizer *finalizer);

// heap_add_cleanup on the program's behalf: likewise; while marking, the function is shaded.
enum special_status runtime_add_cleanup(struct runtime *runtime, const struct finalizer *cleanup);

// Takes the oldest entry off the queue into `running`, which stays visible in dumps (and is a root)
// until runtime_finish_finalizer. False: none is queued, or one is running.
bool runtime_start_finalizer(struct runtime *runtime, struct finalizer *running);
void runtime_finish_finalizer(struct runtime *runtime); // nothing runs: does nothing

size_t runtime_finalizer_queue_length(const struct runtime *runtime); // the running one included

// Oldest first, the running one before all. Other threads may start and finish finalizers unless
// the world is stopped by runtime_stop_world.
void runtime_visit_queued_finalizers(const struct runtime *runtime,
                                     void (*visit)(void *context,
                                                   const struct finalizer *finalizer),
                                     void *context);

#endif
