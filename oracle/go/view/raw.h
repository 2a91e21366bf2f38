// raw: the heap's memory as it is, poisoned or not, compared without the sanitizers' eyes.
//
// The oracle's own: what the dumper copies with is under test as well.
#ifndef ORACLE_GO_VIEW_RAW_H
#define ORACLE_GO_VIEW_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Index of the first byte at `address` (a multiple of 8, readable) that is not as in `bytes`;
// size_bytes: none.
size_t raw_mismatch(uintptr_t address, const uint8_t *bytes, size_t size_bytes);

// Copies memory from `address` on: heap_peek is the sanitizers' only where its file is watched.
void raw_copy(uint8_t *to, uintptr_t address, size_t size_bytes);

#endif
