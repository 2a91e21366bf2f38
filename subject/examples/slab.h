// slab: a bump allocator with free lists by power of two over chunks that it is given, with a
// counter for each class and each thread: an example of an allocator with rows and threads.
//
// An object is freed with its size. Any thread may call. A thread's counts join the common ones
// when it flushes; one that ends without takes them along.
#ifndef SUBJECT_EXAMPLES_SLAB_H
#define SUBJECT_EXAMPLES_SLAB_H

#include <stddef.h>
#include <stdint.h>

#define SLAB_CLASS_COUNT 11 // 16 B .. 16 KiB

struct slab;

struct slab_source { // of chunks; NULL: refused
    void *context;
    void *(*map)(void *context, size_t size_bytes, size_t alignment);
    void (*unmap)(void *context, void *address, size_t size_bytes);
};

struct slab_stats {
    uint64_t mapped_bytes;             // chunks
    uint64_t allocs[SLAB_CLASS_COUNT]; // of threads that have flushed
    uint64_t frees[SLAB_CLASS_COUNT];
    uint64_t live_bytes; // of the same
};

struct slab *slab_create(const struct slab_source *source); // NULL: refused
void slab_destroy(struct slab *slab);

void *slab_alloc(struct slab *slab, size_t size_bytes); // NULL: too large, or refused
void slab_free(struct slab *slab, void *object, size_t size_bytes);

void slab_flush(struct slab *slab); // the calling thread's counts join the common ones
void slab_read(struct slab *slab, struct slab_stats *stats);

// The class of an object of that size; SLAB_CLASS_COUNT: none is as large.
uint32_t slab_class(size_t size_bytes);
// Of a live object.
uint32_t slab_class_of(const void *object);

#endif
