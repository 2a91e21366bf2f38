// fault: makes the system fail on purpose, at the nth call of a kind. A plan can also call an
// address occupied, or refuse metadata or pages: tests could not wait for these.
//
// A plan belongs to one heap and one kind of call; a reset drops it. What is counted is what the
// heap asks for: a reset heap, whose memory is still mapped, counts the same calls as a new one.
#ifndef ALLOCATOR_FAULT_H
#define ALLOCATOR_FAULT_H

#include "allocator/heap.h"
#include "allocator/system/sysmem.h"

// Fails call number `fail_at` of this kind from now (1: the next; 0: none), and all later ones when
// `and_on`.
void heap_set_fault(struct heap *heap, enum sysmem_call call, uint64_t fail_at, bool and_on);

// The same for `fail_count` calls in a row.
void heap_set_faults(struct heap *heap, enum sysmem_call call, uint64_t fail_at,
                     uint64_t fail_count);

// Whether the plan refuses the next block of metadata: for whoever cuts several from one block, and
// is to fail at each of them.
bool heap_refuses_metadata(struct heap *heap);

// Calls of this kind since the last heap_set_fault for it (or since the heap was created or reset).
uint64_t heap_call_count(const struct heap *heap, enum sysmem_call call);

// Calls that have failed since the heap was created or reset, all kinds: by plan, or because the
// system refused.
uint64_t heap_fault_count(const struct heap *heap);

// Those of them that the system refused.
uint64_t heap_refusal_count(const struct heap *heap);

#endif
