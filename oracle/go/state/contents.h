// contents: the pattern that every object carries, so that an overlap, a stray write or a missing
// zero shows.
//
// Bytes that hold no pointer carry a pattern seeded by the allocation; pointer words hold what the
// model's edges say. Of a large object both ends are filled and checked. The only part of the
// oracle that touches objects' bytes.
#ifndef ORACLE_GO_STATE_CONTENTS_H
#define ORACLE_GO_STATE_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;
struct slot;
struct rule_book;
struct gc_layout;

#define CONTENTS_END_BYTES 128 // of either end of an object

// Whether the 8-byte word at `offset` of an object of the layout may hold a pointer; NULL: none
// does.
bool contents_is_pointer(const struct gc_layout *layout, size_t offset);

// All bytes of [address, address + size) are zero (of large objects: both ends and a sample
// between).
bool contents_check_zero(struct rule_book *book, uintptr_t address, size_t size_bytes);

// Fills the slot's bytes [from, to): pattern, but for pointer words, which are left.
void contents_fill(const struct slot *slot, size_t from, size_t to);

// Verifies the first `size_bytes` bytes at `address` to be those of the slot; a tiny block: the
// bytes handed out.
bool contents_check(const struct model *model, const struct slot *slot, uintptr_t address,
                    size_t size_bytes);

// Verifies every object that is in the heap.
bool contents_check_all(const struct model *model);

// Verifies the next few in turn, so that a check now and then sees each in the end.
bool contents_check_some(struct model *model);

#endif
