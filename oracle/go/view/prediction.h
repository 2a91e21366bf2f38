// prediction: what an operation has to answer, worked out from the raw bits that stand before it.
//
// The naive way: one page or one span after the other, no summary, no list, no cursor.
#ifndef ORACLE_GO_VIEW_PREDICTION_H
#define ORACLE_GO_VIEW_PREDICTION_H

#include "allocator/inspect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The lowest address at which so many free pages lie in a row; 0: nowhere.
uintptr_t predict_fit(const struct heap *heap, size_t page_count);

// Pages that are idle and still the heap's: what a scavenge can release.
size_t predict_idle_pages(const struct heap *heap);

// Whether an object of so many bytes, at such a multiple, fits behind all that the heap has
// reserved of its window: then only the system can refuse it.
bool predict_has_room(const struct heap *heap, size_t size_bytes, size_t align_bytes);

// Whether the object's span belongs to another cache than this one, so that a free is a remote one.
bool predict_is_remote(const struct heap *heap, uintptr_t object, uint32_t cache_id);

// Whether somebody sweeps the span of this address now: who needs it swept waits for that.
bool predict_is_being_swept(const struct heap *heap, uintptr_t address);

#endif
