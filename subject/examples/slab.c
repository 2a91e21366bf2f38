// slab: one lock around chunks and lists, counts of each thread beside it.
#include "subject/examples/slab.h"

#include <pthread.h>
#include <string.h>

#define CLASS_BYTES_MIN ((size_t)16)
#define CHUNK_BYTES     ((size_t)64 * 1024) // and as much its alignment

struct item {
    struct item *next;
};

struct chunk { // stands at its own begin; its objects are of one class
    struct chunk *next;
    uint32_t class;
};
_Static_assert(sizeof(struct chunk) <= 16, "the first object stands 16 bytes behind");

struct slab {
    struct slab_source source;
    pthread_mutex_t mutex;
    struct chunk *chunks;
    char *at[SLAB_CLASS_COUNT], *end[SLAB_CLASS_COUNT]; // of the chunks that are cut from
    struct item *lists[SLAB_CLASS_COUNT];
    struct slab_stats stats;
};

static _Thread_local uint64_t own_allocs[SLAB_CLASS_COUNT], own_frees[SLAB_CLASS_COUNT];

static size_t class_bytes(uint32_t class) {
    return CLASS_BYTES_MIN << class;
}

uint32_t slab_class(size_t size_bytes) {
    uint32_t class = 0;
    while (class < SLAB_CLASS_COUNT && class_bytes(class) < size_bytes) {
        class ++;
    }
    return class;
}

struct slab *slab_create(const struct slab_source *source) {
    struct slab *slab = source->map(source->context, sizeof *slab, 16);
    if (slab != NULL) {
        slab->source = *source;
        (void)pthread_mutex_init(&slab->mutex, NULL);
        memset(own_allocs, 0, sizeof own_allocs);
        memset(own_frees, 0, sizeof own_frees);
    }
    return slab;
}

static void drop_chunks(struct slab *slab) {
    while (slab->chunks != NULL) {
        struct chunk *chunk = slab->chunks;
        slab->chunks = chunk->next;
        slab->source.unmap(slab->source.context, chunk, CHUNK_BYTES);
    }
    slab->stats.mapped_bytes = 0;
}

void slab_destroy(struct slab *slab) {
    struct slab_source source = slab->source;
    drop_chunks(slab);
    (void)pthread_mutex_destroy(&slab->mutex);
    source.unmap(source.context, slab, sizeof *slab);
}

uint32_t slab_class_of(const void *object) {
    uintptr_t chunk = (uintptr_t)object & ~(uintptr_t)(CHUNK_BYTES - 1);
    return ((const struct chunk *)chunk)->class;
}

static void *cut(struct slab *slab, uint32_t class) {
    if ((size_t)(slab->end[class] - slab->at[class]) < class_bytes(class)) {
        struct chunk *chunk = slab->source.map(slab->source.context, CHUNK_BYTES, CHUNK_BYTES);
        if (chunk == NULL) {
            return NULL;
        }
        *chunk = (struct chunk){slab->chunks, class};
        slab->chunks = chunk;
        slab->stats.mapped_bytes += CHUNK_BYTES;
        slab->at[class] = (char *)chunk + CLASS_BYTES_MIN;
        slab->end[class] = (char *)chunk + CHUNK_BYTES;
    }
    void *object = slab->at[class];
    slab->at[class] += class_bytes(class);
    return object;
}

void *slab_alloc(struct slab *slab, size_t size_bytes) {
    uint32_t class = slab_class(size_bytes);
    if (class == SLAB_CLASS_COUNT) {
        return NULL;
    }
    (void)pthread_mutex_lock(&slab->mutex);
    void *object = slab->lists[class];
    if (object != NULL) {
        slab->lists[class] = slab->lists[class]->next;
    } else {
        object = cut(slab, class);
    }
    (void)pthread_mutex_unlock(&slab->mutex);
    own_allocs[class] += object != NULL;
    return object;
}

void slab_free(struct slab *slab, void *object, size_t size_bytes) {
    uint32_t class = slab_class(size_bytes);
    struct item *item = object;
    (void)pthread_mutex_lock(&slab->mutex);
    item->next = slab->lists[class];
    slab->lists[class] = item;
    (void)pthread_mutex_unlock(&slab->mutex);
    own_frees[class]++;
}

void slab_flush(struct slab *slab) {
    (void)pthread_mutex_lock(&slab->mutex);
    for (uint32_t class = 0; class < SLAB_CLASS_COUNT; class ++) {
        slab->stats.allocs[class] += own_allocs[class];
        slab->stats.frees[class] += own_frees[class];
        slab->stats.live_bytes += (own_allocs[class] - own_frees[class]) * class_bytes(class);
        own_allocs[class] = own_frees[class] = 0;
    }
    (void)pthread_mutex_unlock(&slab->mutex);
}

void slab_read(struct slab *slab, struct slab_stats *stats) {
    (void)pthread_mutex_lock(&slab->mutex);
    *stats = slab->stats;
    (void)pthread_mutex_unlock(&slab->mutex);
}
