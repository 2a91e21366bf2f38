// marks: what a replayed object's bytes hold, so that it shows who else writes there.
//
// Of small objects each line of the processor's cache has a word of it, of large ones each page
// has; so have both ends. The word depends on the seed and on where in the object it lies.
#ifndef CLI_TRACE_MARKS_H
#define CLI_TRACE_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Writes it.
void marks_fill(void *object, size_t size_bytes, uint64_t seed);
// Whether the object that was filled with `old_bytes` holds what is left of it in `size_bytes`.
bool marks_hold(const void *object, size_t old_bytes, size_t size_bytes, uint64_t seed);
// Writes a byte to each of its pages, as whoever uses it would.
void marks_touch(void *object, size_t size_bytes);

#endif
