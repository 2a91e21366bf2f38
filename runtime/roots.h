// roots: where reachability starts: data and BSS segments, other roots, and (goroutine.h, finq.h)
// what those hold.
#ifndef RUNTIME_ROOTS_H
#define RUNTIME_ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runtime;
struct mcache;
struct gc_layout;

struct segment {
    uintptr_t base;
    size_t size_bytes;
    const uint8_t *pointer_mask; // a bit a word
};
const struct segment *runtime_data_segment(const struct runtime *runtime);
const struct segment *runtime_bss_segment(const struct runtime *runtime);

struct other_root {
    const char *description;
    uintptr_t target;
    struct other_root *next;
};
// Copies the description. NULL: no memory.
struct other_root *runtime_add_other_root(struct runtime *runtime, const char *description,
                                          uintptr_t target);
void runtime_remove_other_root(struct runtime *runtime, struct other_root *root);
const struct other_root *runtime_first_other_root(const struct runtime *runtime);

// Stores a pointer into a word of an object, segment or frame, with the collector's barrier while
// it marks (hybrid, as Go's: shades the old and the new target).
void runtime_write_pointer(struct runtime *runtime, uintptr_t slot, uintptr_t value);

// heap_realloc on the program's behalf: its copy passes by the barrier, so that, while marking,
// what the object points to afterwards is shaded.
void *runtime_realloc(struct runtime *runtime, struct mcache *cache, void *pointer,
                      size_t size_bytes, const struct gc_layout *layout, unsigned flags);

#endif
