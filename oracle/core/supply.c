// supply: blocks by powers of two out of mapped chunks, large ones mapped alone, and a count of the
// system's refusals.
#define _GNU_SOURCE // MAP_ANONYMOUS, mremap
#include "oracle/core/supply.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#define HEADER_BYTES     16 // before a block: what it has room for
#define CLASS_BYTES_MIN  ((size_t)64)
#define CLASS_COUNT      12 // 64 B .. 128 KiB, headers included
#define CLASS_BYTES_MAX  (CLASS_BYTES_MIN << (CLASS_COUNT - 1))
#define CHUNK_BYTES      ((size_t)1 << 20)
#define PAGE_BYTES       ((size_t)4096)
#define SUPPLY_BYTES_MAX ((size_t)1 << 46)

struct block {          // in front of what is handed out
    size_t room_bytes;  // header included: of its class, or of its mapping
    struct block *next; // in a list of free ones
};
_Static_assert(sizeof(struct block) == HEADER_BYTES, "what is handed out is aligned to 16");

static struct {
    pthread_mutex_t mutex;
    struct block *free[CLASS_COUNT];
    char *chunk, *chunk_end; // what is not handed out yet
} supply = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static atomic_uint_fast64_t refusals; // the process's

void supply_refused(void) {
    atomic_fetch_add(&refusals, 1);
}

uint64_t supply_refusals(void) {
    return atomic_load(&refusals);
}

static void *map(size_t size_bytes) {
    void *mapped =
        mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mapped == MAP_FAILED ? NULL : mapped;
}

static size_t whole_pages(size_t size_bytes) {
    return (size_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

// The class that has room for so many bytes, header included; CLASS_COUNT: none.
static unsigned class_for(size_t room_bytes) {
    unsigned class = 0;
    while (class < CLASS_COUNT && CLASS_BYTES_MIN << class < room_bytes) {
        class ++;
    }
    return class;
}

static struct block *cut_from_chunk(size_t room_bytes) {
    if ((size_t)(supply.chunk_end - supply.chunk) < room_bytes) {
        char *chunk = map(CHUNK_BYTES); // what is left of the old one is too small for most
        if (chunk == NULL) {
            return NULL;
        }
        supply.chunk = chunk;
        supply.chunk_end = chunk + CHUNK_BYTES;
    }
    struct block *block = (struct block *)(void *)supply.chunk;
    supply.chunk += room_bytes;
    return block;
}

static struct block *take_of_class(unsigned class, bool *is_used) {
    (void)pthread_mutex_lock(&supply.mutex);
    struct block *block = supply.free[class];
    *is_used = block != NULL;
    if (block != NULL) {
        supply.free[class] = block->next;
    } else {
        block = cut_from_chunk(CLASS_BYTES_MIN << class);
    }
    (void)pthread_mutex_unlock(&supply.mutex);
    if (block != NULL) {
        block->room_bytes = CLASS_BYTES_MIN << class;
    }
    return block;
}

// *is_used: its bytes may be anything; else they are zero.
static void *take(size_t size_bytes, bool *is_used) {
    struct block *block = NULL;
    if (size_bytes <= SUPPLY_BYTES_MAX) {
        size_t room_bytes = size_bytes + HEADER_BYTES;
        unsigned class = class_for(room_bytes);
        *is_used = false;
        if (class < CLASS_COUNT) {
            block = take_of_class(class, is_used);
        } else {
            block = map(whole_pages(room_bytes));
            if (block != NULL) {
                block->room_bytes = whole_pages(room_bytes);
            }
        }
    }
    if (block == NULL) {
        supply_refused();
        return NULL;
    }
    return block + 1;
}

void *supply_memory(size_t size_bytes) {
    bool is_used;
    return take(size_bytes, &is_used);
}

void *supply_zeroed(size_t count, size_t item_bytes) {
    bool is_used;
    if (item_bytes != 0 && count > SUPPLY_BYTES_MAX / item_bytes) {
        supply_refused();
        return NULL;
    }
    void *memory = take(count * item_bytes, &is_used);
    if (memory != NULL && is_used) {
        memset(memory, 0, count * item_bytes);
    }
    return memory;
}

void supply_free(void *memory) {
    if (memory == NULL) {
        return;
    }
    struct block *block = (struct block *)memory - 1;
    if (block->room_bytes > CLASS_BYTES_MAX) {
        (void)munmap(block, block->room_bytes);
        return;
    }
    unsigned class = class_for(block->room_bytes);
    (void)pthread_mutex_lock(&supply.mutex);
    block->next = supply.free[class];
    supply.free[class] = block;
    (void)pthread_mutex_unlock(&supply.mutex);
}

// A mapping grows by moving its pages, not its bytes.
static void *remap(struct block *block, size_t size_bytes) {
    size_t room_bytes = whole_pages(size_bytes + HEADER_BYTES);
    void *moved = mremap(block, block->room_bytes, room_bytes, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) {
        supply_refused();
        return NULL;
    }
    block = moved;
    block->room_bytes = room_bytes;
    return block + 1;
}

void *supply_resized(void *memory, size_t size_bytes) {
    if (memory == NULL) {
        return supply_memory(size_bytes);
    }
    struct block *block = (struct block *)memory - 1;
    if (size_bytes <= block->room_bytes - HEADER_BYTES) {
        return memory;
    }
    if (block->room_bytes > CLASS_BYTES_MAX && size_bytes <= SUPPLY_BYTES_MAX) {
        return remap(block, size_bytes);
    }
    void *grown = supply_memory(size_bytes);
    if (grown != NULL) {
        memcpy(grown, memory, block->room_bytes - HEADER_BYTES);
        supply_free(memory);
    }
    return grown;
}
