// roots: where reachability starts: data and BSS segments, other roots, and (goroutine.h, finq.h)
// what those hold.
#ifndef RUNTIME_ROOTS_H
#define RUNTIME_ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runtime;

// A data or BSS segment: words, and which of them may hold a pointer.
struct segment {
    uintptr_t base;
    size_t size_bytes;
    const uint8_t *pointer_mask; // a bit a word
};
// The data segment, as the options made it: 0 bytes when they asked for none.
const struct segment *runtime_data_segment(const struct runtime *runtime);
// The BSS segment, likewise.
const struct segment *runtime_bss_segment(const struct runtime *runtime);

// A root that lies in no segment and on no stack, with the description that the dump shows.
struct other_root {
    const char *description;
    uintptr_t target;
    struct other_root *next;
};
// Copies the description. NULL: no memory.
struct other_root *runtime_add_other_root(struct runtime *runtime, const char *description,
                                          uintptr_t target);
// Frees the root, which was added and not yet removed.
void runtime_remove_other_root(struct runtime *runtime, struct other_root *root);
// The oldest, the others by `next`; NULL: none. The world is stopped.
const struct other_root *runtime_first_other_root(const struct runtime *runtime);

#endif
