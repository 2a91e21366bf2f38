// pattern: what a live block's bytes hold, so that a byte that changed under its owner shows.
#ifndef ORACLE_SUBJECT_PATTERN_H
#define ORACLE_SUBJECT_PATTERN_H

#include "oracle/subject/live.h"

// Bytes of the block that its owner may use: what it asked for, or more if it was told so.
size_t pattern_used_bytes(const struct live_block *block);
// Writes the pattern of the block's seed into it. It is memory of this process.
void pattern_fill(const struct live_block *block);
// Whether the block's first `size_bytes` bytes, which now lie at `address`, still hold its pattern.
// A block that was never filled holds it.
bool pattern_holds(const struct live_block *block, uintptr_t address, size_t size_bytes);
// Whether the bytes are zero; of many, both ends.
bool pattern_is_zero(uintptr_t address, size_t size_bytes);

#endif
