// finq: finalizers whose objects died, in the order in which they were found; run one by one.
#ifndef RUNTIME_FINQ_H
#define RUNTIME_FINQ_H

#include "allocator/special.h"

#include <stdbool.h>
#include <stddef.h>

struct runtime;

// Takes the oldest entry off the queue into `running`, which stays visible in dumps (and is a root) until
// runtime_finish_finalizer. False: none is queued, or one is running.
bool runtime_start_finalizer(struct runtime *runtime, struct finalizer *running);
void runtime_finish_finalizer(struct runtime *runtime);

size_t runtime_finalizer_queue_length(const struct runtime *runtime); // the running one included
void runtime_visit_queued_finalizers(const struct runtime *runtime,
                                     void (*visit)(void *context, const struct finalizer *finalizer),
                                     void *context);

#endif
