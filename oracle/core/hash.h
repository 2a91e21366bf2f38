// hash: FNV-1a, of bytes as they come.
#ifndef ORACLE_CORE_HASH_H
#define ORACLE_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

// Of no bytes.
#define HASH_START UINT64_C(0xcbf29ce484222325)

// The hash of what was hashed before, HASH_START for nothing, and of these bytes behind it.
static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size_bytes) {
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size_bytes; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

#endif
