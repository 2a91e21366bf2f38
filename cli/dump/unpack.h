// unpack: a stream of bytes that may be compressed: told by its first bytes, decompressed as it is
// read.
//
// Memory: one buffer and the decompressor's own window (xz and zstd: limited to 128 MiB).
#ifndef CLI_DUMP_UNPACK_H
#define CLI_DUMP_UNPACK_H

#include <stddef.h>
#include <stdint.h>

struct unpack;

// Reads from a descriptor, which stays open. NULL: out of memory.
struct unpack *unpack_create(int descriptor);
void unpack_destroy(struct unpack *unpack);

// Up to size_bytes of plain bytes: how many, 0 at the end, or -errno. -EBADMSG: the compressed
// stream is broken, and unpack_fault() says how. `context` is the struct unpack.
int64_t unpack_read(void *context, void *bytes, size_t size_bytes);

// What is wrong with the compressed stream, or NULL.
const char *unpack_fault(const struct unpack *unpack);
// How many compressed bytes were taken.
uint64_t unpack_offset(const struct unpack *unpack);

#endif
