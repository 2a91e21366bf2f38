// mbitmap: the heap's pointer bits: which words of an object may hold a pointer.
//
// One bit a word of an arena's memory, set when an object is allocated, clear where there is none.
// Groups of 64 words share one word of bits, so that neighbours in a span share them, too: only who
// may write the span's alloc bits writes these.
#ifndef ALLOCATOR_SPANS_MBITMAP_H
#define ALLOCATOR_SPANS_MBITMAP_H

#include "allocator/heap.h"

// Sets the bits of an object of `size_bytes` at `base` from the layout, repeated; they are all
// clear before.
void mbitmap_set(const struct heap *heap, uintptr_t base, size_t size_bytes,
                 const struct gc_layout *layout);

// Clears the bits of `size_bytes` from `base` on.
void mbitmap_clear(const struct heap *heap, uintptr_t base, size_t size_bytes);

#endif
