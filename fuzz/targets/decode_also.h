// decode_also: what else the target that decodes dumps asks of those that a strict reader takes.
//
// The target knows the reader and the graph; what stands above them, the command, is linked by who
// has it and says what is to be asked.
#ifndef FUZZ_TARGETS_DECODE_ALSO_H
#define FUZZ_TARGETS_DECODE_ALSO_H

#include <stddef.h>
#include <stdint.h>

// Aborts where a law does not hold.
typedef void decode_also(const uint8_t *data, size_t size_bytes);
// Set before the first input; NULL: nothing.
extern decode_also *target_decode_also;

#endif
