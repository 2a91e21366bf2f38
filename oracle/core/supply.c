// supply: blocks by powers of two out of mapped chunks, large ones mapped alone, and a count of the
// system's refusals.
//
// Under AddressSanitizer all but the bytes that were asked for is poisoned, heads too, and what
// blocks point to is no leak.
#define _GNU_SOURCE // MAP_ANONYMOUS, mremap
#include "oracle/core/supply.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define SUPPLY_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SUPPLY_POISONS 1
#endif
#endif
#ifdef SUPPLY_POISONS
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif

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

static atomic_uint_fast64_t refusals, block_count; // the process's

void supply_refused(void) {
    atomic_fetch_add(&refusals, 1);
}

uint64_t supply_refusals(void) {
    return atomic_load(&refusals);
}

uint64_t supply_block_count(void) {
    return atomic_load(&block_count);
}

// ---- mappings, and what may be touched of them

static void poison(void *memory, size_t size_bytes) {
#ifdef SUPPLY_POISONS
    __asan_poison_memory_region(memory, size_bytes);
#else
    (void)memory;
    (void)size_bytes;
#endif
}

static void unpoison(void *memory, size_t size_bytes) {
#ifdef SUPPLY_POISONS
    __asan_unpoison_memory_region(memory, size_bytes);
#else
    (void)memory;
    (void)size_bytes;
#endif
}

static void note_mapping(void *mapped, size_t size_bytes, bool is_there) {
#ifdef SUPPLY_POISONS
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
    unpoison(memory, size_bytes);
    poison(memory + size_bytes, rest_bytes);
    poison(block, HEADER_BYTES);
    return memory;
}

// The head of what was handed out, which may be read from now on, all of it.
static struct block *take_back(void *memory) {
    struct block *block = (struct block *)memory - 1;
    unpoison(block, HEADER_BYTES);
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
    atomic_fetch_add_explicit(&block_count, 1, memory_order_relaxed);
    return hand_out(block, size_bytes);
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
    (void)pthread_mutex_lock(&supply.mutex);
    block->next = supply.free[class];
    supply.free[class] = block;
    (void)pthread_mutex_unlock(&supply.mutex);
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

void *supply_resized(void *memory, size_t size_bytes) {
    if (memory == NULL) {
        return supply_memory(size_bytes);
    }
    struct block *block = take_back(memory);
    size_t room_bytes = block->room_bytes;
    if (size_bytes <= room_bytes - HEADER_BYTES) {
        return hand_out(block, size_bytes);
    }
    if (room_bytes > CLASS_BYTES_MAX && size_bytes <= SUPPLY_BYTES_MAX) {
        struct block *grown = remap(block, size_bytes);
        if (grown == NULL) {
            supply_refused();
            return NULL;
        }
        return hand_out(grown, size_bytes);
    }
    void *grown = supply_memory(size_bytes);
    if (grown != NULL) {
        memcpy(grown, memory, room_bytes - HEADER_BYTES);
        supply_free(memory);
    }
    return grown;
}
