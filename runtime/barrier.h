// barrier: what the collector learns of a pointer that is stored while it marks.
#ifndef RUNTIME_BARRIER_H
#define RUNTIME_BARRIER_H

#include <stddef.h>
#include <stdint.h>

struct runtime;
struct mcache;
struct gc_layout;

// Stores a pointer into a word of an object, segment or frame, with the collector's barrier while
// it marks (hybrid, as Go's: shades the old and the new target).
void runtime_write_pointer(struct runtime *runtime, uintptr_t slot, uintptr_t value);

// heap_realloc on the program's behalf: its copy passes by the barrier, so that, while marking,
// what the object points to afterwards is shaded.
void *runtime_realloc(struct runtime *runtime, struct mcache *cache, void *pointer,
                      size_t size_bytes, const struct gc_layout *layout, unsigned flags);

#endif
