// mark: the grey objects, in pages of work buffers, and the scan that turns them black.
//
// All with the runtime's lock held and the world stopped.
//
// Invariants of the queue, checked by mark_queue_is_valid():
//   M1  while nobody marks there is no buffer, and nothing has overflowed
//   M2  while somebody does there is one to fill, and those below it are full
#ifndef RUNTIME_MARK_H
#define RUNTIME_MARK_H

#include "allocator/size_classes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runtime;

// Objects that a work buffer holds.
#define WORKBUF_ENTRY_COUNT (HEAP_PAGE_BYTES / sizeof(uintptr_t) - 2)

// One page.
struct workbuf {
    struct workbuf *next;
    size_t count;
    uintptr_t objects[WORKBUF_ENTRY_COUNT]; // bases of grey objects
};
_Static_assert(sizeof(struct workbuf) == HEAP_PAGE_BYTES, "a work buffer is a page");

// The grey objects, in work buffers.
struct mark_queue {
    struct workbuf *top; // being filled and emptied; those below are full
    struct workbuf *free;
    bool overflowed; // a grey object is in no buffer: marked objects are to be scanned again
};

// Checks M1 or M2. O(buffers).
bool mark_queue_is_valid(const struct mark_queue *queue, bool marking);

bool mark_queue_init(struct runtime *runtime); // false: no memory
void mark_queue_fini(struct runtime *runtime); // empty by now; gives the buffers back
// Greys the object that the value points into, if it points into one that is white.
void mark_shade(struct runtime *runtime, uintptr_t value);
// Shades what the object at `address` points to, and leaves the object as it is.
void mark_shade_fields(struct runtime *runtime, uintptr_t address);
bool mark_drain(struct runtime *runtime, size_t object_limit); // true: nothing grey is left

#endif
