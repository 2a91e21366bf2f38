// harness_memory: blocks by powers of two out of mapped chunks, large ones mapped alone, and a
// count of the system's refusals.
//
// Under AddressSanitizer all but the bytes that were asked for is poisoned, heads too, and what
// blocks point to is no leak.
#define _GNU_SOURCE // MAP_ANONYMOUS, mremap
#include "oracle/core/harness_memory.h"

#include "oracle/core/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define HARNESS_MEMORY_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HARNESS_MEMORY_POISONS 1
#endif
#endif
#ifdef HARNESS_MEMORY_POISONS
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif

#define ITEMS_MIN         16 // of an array that grows
#define HEADER_BYTES      16 // before a block: what it has room for
#define CLASS_BYTES_MIN   ((size_t)64)
#define CLASS_COUNT       12 // 64 B .. 128 KiB, headers included
#define CLASS_BYTES_MAX   (CLASS_BYTES_MIN << (CLASS_COUNT - 1))
#define CHUNK_BYTES       ((size_t)1 << 20)
#define PAGE_BYTES        ((size_t)4096)
#define HARNESS_BYTES_MAX ((size_t)1 << 46)

struct block {          // in front of what is handed out
    size_t room_bytes;  // header included: of its class, or of its mapping
    struct block *next; // in a list of free ones; itself: somebody has it
};
_Static_assert(sizeof(struct block) == HEADER_BYTES, "what is handed out is aligned to 16");

static struct {
    pthread_mutex_t mutex;
    struct block *free[CLASS_COUNT];
    char *chunk, *chunk_end; // what is not handed out yet
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static atomic_uint_fast64_t refusals, block_count; // the process's

void harness_refused(void) {
    atomic_fetch_add(&refusals, 1);
}

uint64_t harness_refusal_count(void) {
    return atomic_load(&refusals);
}

uint64_t harness_block_count(void) {
    return atomic_load(&block_count);
}

// ---- mappings, and what may be touched of them

static void poison(void *memory, size_t size_bytes) {
#ifdef HARNESS_MEMORY_POISONS
    __asan_poison_memory_region(memory, size_bytes);
#else
    (void)memory;
    (void)size_bytes;
#endif
}

static void unpoison(void *memory, size_t size_bytes) {
#ifdef HARNESS_MEMORY_POISONS
    __asan_unpoison_memory_region(memory, size_bytes);
#else
    (void)memory;
    (void)size_bytes;
#endif
}

static void note_mapping(void *mapped, size_t size_bytes, bool is_there) {
#ifdef HARNESS_MEMORY_POISONS
    if (is_there) {
        __lsan_register_root_region(mapped, size_bytes);
    } else {
        __lsan_unregister_root_region(mapped, size_bytes);
        unpoison(mapped, size_bytes);
    }
#else
    (void)mapped;
    (void)size_bytes;
    (void)is_there;
#endif
}

static void *map(size_t size_bytes) {
    void *mapped =
        mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        return NULL;
    }
    note_mapping(mapped, size_bytes, true);
    return mapped;
}

// The block's bytes for who asked for them, and no others.
static void *hand_out(struct block *block, size_t size_bytes) {
    char *memory = (char *)(block + 1);
    size_t rest_bytes = block->room_bytes - HEADER_BYTES - size_bytes;
    block->next = block;
    unpoison(memory, size_bytes);
    poison(memory + size_bytes, rest_bytes);
    poison(block, HEADER_BYTES);
    return memory;
}

// The head of what was handed out, which may be read from now on, all of it.
static struct block *take_back(void *memory) {
    struct block *block = (struct block *)memory - 1;
    unpoison(block, HEADER_BYTES);
    HARNESS_CHECK(block->next == block); // else it is another's, or was given back
    unpoison(memory, block->room_bytes - HEADER_BYTES);
    return block;
}

// ---- blocks

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
    if ((size_t)(pool.chunk_end - pool.chunk) < room_bytes) {
        char *chunk = map(CHUNK_BYTES); // what is left of the old one is too small for most
        if (chunk == NULL) {
            return NULL;
        }
        pool.chunk = chunk;
        pool.chunk_end = chunk + CHUNK_BYTES;
    }
    struct block *block = (struct block *)(void *)pool.chunk;
    pool.chunk += room_bytes;
    return block;
}

static struct block *take_of_class(unsigned class, bool *is_used) {
    (void)pthread_mutex_lock(&pool.mutex);
    struct block *block = pool.free[class];
    *is_used = block != NULL;
    if (block != NULL) {
        pool.free[class] = block->next;
    } else {
        block = cut_from_chunk(CLASS_BYTES_MIN << class);
    }
    (void)pthread_mutex_unlock(&pool.mutex);
    if (block != NULL) {
        block->room_bytes = CLASS_BYTES_MIN << class;
    }
    return block;
}

// *is_used: its bytes may be anything; else they are zero.
static void *take(size_t size_bytes, bool *is_used) {
    struct block *block = NULL;
    if (size_bytes <= HARNESS_BYTES_MAX) {
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
        harness_refused();
        return NULL;
    }
    atomic_fetch_add_explicit(&block_count, 1, memory_order_relaxed);
    return hand_out(block, size_bytes);
}

void *harness_alloc(size_t size_bytes) {
    bool is_used;
    return take(size_bytes, &is_used);
}

void *harness_calloc(size_t count, size_t item_bytes) {
    bool is_used;
    if (item_bytes != 0 && count > HARNESS_BYTES_MAX / item_bytes) {
        harness_refused();
        return NULL;
    }
    void *memory = take(count * item_bytes, &is_used);
    if (memory != NULL && is_used) {
        memset(memory, 0, count * item_bytes);
    }
    return memory;
}

void harness_free(void *memory) {
    if (memory == NULL) {
        return;
    }
    struct block *block = take_back(memory);
    size_t room_bytes = block->room_bytes;
    atomic_fetch_sub_explicit(&block_count, 1, memory_order_relaxed);
    if (room_bytes > CLASS_BYTES_MAX) {
        note_mapping(block, room_bytes, false);
        (void)munmap(block, room_bytes);
        return;
    }
    poison(memory, room_bytes - HEADER_BYTES);
    unsigned class = class_for(room_bytes);
    (void)pthread_mutex_lock(&pool.mutex);
    block->next = pool.free[class];
    pool.free[class] = block;
    (void)pthread_mutex_unlock(&pool.mutex);
}

// A mapping grows by moving its pages, not its bytes. NULL: it is as it was.
static struct block *remap(struct block *block, size_t size_bytes) {
    size_t old_bytes = block->room_bytes;
    size_t room_bytes = whole_pages(size_bytes + HEADER_BYTES);
    note_mapping(block, old_bytes, false);
    struct block *moved = mremap(block, old_bytes, room_bytes, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) {
        note_mapping(block, old_bytes, true);
        return NULL;
    }
    note_mapping(moved, room_bytes, true);
    moved->room_bytes = room_bytes;
    return moved;
}

void *harness_realloc(void *memory, size_t size_bytes) {
    if (memory == NULL) {
        return harness_alloc(size_bytes);
    }
    struct block *block = take_back(memory);
    size_t room_bytes = block->room_bytes;
    if (size_bytes <= room_bytes - HEADER_BYTES) {
        return hand_out(block, size_bytes);
    }
    if (room_bytes > CLASS_BYTES_MAX && size_bytes <= HARNESS_BYTES_MAX) {
        struct block *grown = remap(block, size_bytes);
        if (grown == NULL) {
            harness_refused();
            return NULL;
        }
        return hand_out(grown, size_bytes);
    }
    void *grown = harness_alloc(size_bytes);
    if (grown != NULL) {
        memcpy(grown, memory, room_bytes - HEADER_BYTES);
        harness_free(memory);
    }
    return grown;
}

bool harness_reserve(void *array_pointer, uint32_t *capacity, size_t count, size_t item_bytes) {
    if (count <= *capacity) {
        return true;
    }
    size_t grown_capacity = *capacity == 0 ? ITEMS_MIN : *capacity;
    while (grown_capacity < count) {
        grown_capacity *= 2;
    }
    void *array;
    memcpy(&array, array_pointer, sizeof array); // a pointer of any type
    void *grown =
        grown_capacity > UINT32_MAX ? NULL : harness_realloc(array, grown_capacity * item_bytes);
    if (grown == NULL) {
        return false;
    }
    memcpy(array_pointer, &grown, sizeof grown);
    *capacity = (uint32_t)grown_capacity;
    return true;
}
