// special_internal: how specials lie in memory, and what objects and sweep call of them.
#ifndef ALLOCATOR_SPANS_SPECIAL_INTERNAL_H
#define ALLOCATOR_SPANS_SPECIAL_INTERNAL_H

#include "allocator/inspect.h"
#include "allocator/special.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mspan;
struct mprof_bucket;

// One record of heap->special_fix; all kinds have the same size.
struct special {
    struct special *next; // in the span, by (offset, kind)
    uint64_t offset;      // from the span's base
    uint32_t kind;        // enum inspect_special_kind
    union {
        struct {
            uintptr_t function, entry, function_type, object_type;
        } finalizer; // or a cleanup
        struct mprof_bucket *bucket;
    } as;
};

// Bytes of the block of a special, of whatever kind.
#define SPECIAL_BLOCK_BYTES 64
_Static_assert(sizeof(struct special) <= SPECIAL_BLOCK_BYTES, "a special fits its block");

// Drops all specials of an object that is freed explicitly; its profile record counts as a free of
// now.
void special_free_object(struct heap *heap, struct mspan *span, uint32_t object_index);

// Handles the specials of an object that a sweep found dead. True: it had a finalizer, which is
// queued now; the object is to be kept, and its other specials with it. Else its cleanups are
// queued. No lock of the heap's may be held.
bool special_sweep_object(struct heap *heap, struct mspan *span, uint32_t object_index);

// Hangs a finalizer or a cleanup, by its kind, on the object of this span that it is set on.
// SPECIAL_NO_OBJECT is not among the results.
enum special_status special_add_function(struct heap *heap, struct mspan *span,
                                         enum inspect_special_kind kind,
                                         const struct finalizer *finalizer);

// Takes the finalizer, or the oldest cleanup, that was set at `object` off the span; false when
// there is none.
bool special_take_function(struct heap *heap, struct mspan *span, enum inspect_special_kind kind,
                           uintptr_t object);

// Hangs a profile record on the object at `object`. False: no memory, nothing changed.
bool special_add_profile(struct heap *heap, struct mspan *span, uintptr_t object,
                         struct mprof_bucket *bucket);

// Checks I6 of a span that keeps the other invariants (mspan.h). O(specials). The world is stopped.
bool special_list_is_valid(const struct mspan *span);

#endif
