// special: what hangs on one object beside its bytes: a finalizer, cleanups, or a sample of the
// memory profile.
//
// A span keeps its specials sorted by offset, then kind, then age. They are charged to OtherSys.
#ifndef ALLOCATOR_SPECIAL_H
#define ALLOCATOR_SPECIAL_H

#include "allocator/heap.h"

// What a finalizer is: addresses that the runtime gives meaning to; the heap only keeps and returns
// them.
struct finalizer {
    uintptr_t object;        // address that it was set on
    uintptr_t function;      // the closure (Go's *funcval)
    uintptr_t entry;         // the code that it runs
    uintptr_t function_type; // type of the function's argument (Go's fint)
    uintptr_t object_type;   // type of the object's pointer (Go's ot)
};

// How hanging a special on an object ended.
enum special_status {
    SPECIAL_OK,
    SPECIAL_EXISTS,    // the object has a special of that kind already
    SPECIAL_NO_OBJECT, // the address lies in no allocated object
    SPECIAL_NO_MEMORY,
};

// Sets the finalizer of the object that `finalizer->object` begins (for a tiny block: lies in). One
// per object.
enum special_status heap_add_finalizer(struct heap *heap, const struct finalizer *finalizer);

// Removes the finalizer of the object at `object`; false when it has none.
bool heap_remove_finalizer(struct heap *heap, uintptr_t object);

// Hangs one more cleanup on the object that `cleanup->object` begins or lies in, likewise. When the
// object dies and no finalizer keeps it, the object goes and its cleanups are queued, oldest first,
// each as a finalizer of no object and no types. After Go's runtime.AddCleanup.
enum special_status heap_add_cleanup(struct heap *heap, const struct finalizer *cleanup);

// Removes the oldest cleanup of the object at `object`; false when it has none.
bool heap_remove_cleanup(struct heap *heap, uintptr_t object);

// Sweeps the span of the object at `object` when that is due, so that what follows finds it swept.
// False: there is no object.
bool heap_sweep_object(struct heap *heap, uintptr_t object);

// Calls `visit` for each special finalizer, in span order. The world is stopped by the caller.
void heap_visit_finalizers(struct heap *heap,
                           void (*visit)(void *context, const struct finalizer *finalizer),
                           void *context);

// The same for each cleanup that is set.
void heap_visit_cleanups(struct heap *heap,
                         void (*visit)(void *context, const struct finalizer *cleanup),
                         void *context);

#endif
