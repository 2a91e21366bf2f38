// race: two accesses to one place, at least one of them a plain one and one of them a write, of
// which neither happened before the other.
//
// For each eight bytes of the heap's stride (its window and its metadata; the runtime lies in it
// too) and of the program's variables the last few accesses are kept. An access that nothing has
// ordered is never put out by one that comes later while there is room.
#define _GNU_SOURCE
#include "fuzz/schedule/state.h"

#include "allocator/heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CELLS       5
#define RANGE_BYTES 256 // of a range of more, its first and last words are looked at

struct cell {
    uint32_t clock; // 0: spare
    uint8_t thread;
    uint8_t access;
    uint8_t mask; // of the eight bytes
    uint8_t unused;
    uint32_t place; // the code lies in the first 4 GiB
};

struct word {
    struct cell cells[CELLS];
    uint32_t next; // that is put out
};

// The linker's: where the program's variables lie.
extern char __data_start[], _end[]; // NOLINT(readability-identifier-naming)

static struct word *heap_words; // of [HEAP_BASE_DEFAULT, + HEAP_STRIDE_BYTES)
static struct word *own_words;  // of [__data_start, _end)

static struct word *map_words(size_t watched_bytes) {
    size_t size_bytes = (watched_bytes / 8 + 2) * sizeof(struct word);
    void *words = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (words == MAP_FAILED) {
        perror("schedule: no room for what it notes of each access");
        exit(3);
    }
    (void)madvise(words, size_bytes, MADV_NOHUGEPAGE);
    return words;
}

void race_begin(void) {
    heap_words = map_words(HEAP_STRIDE_BYTES);
    own_words = map_words((uintptr_t)_end - (uintptr_t)__data_start);
}

bool race_is_of_heap(uintptr_t address) {
    return address - HEAP_BASE_DEFAULT < HEAP_STRIDE_BYTES;
}

bool race_sees(uintptr_t address) {
    return race_is_of_heap(address) ||
           (address >= (uintptr_t)__data_start && address < (uintptr_t)_end);
}

static struct word *word_of(uintptr_t address) {
    return race_is_of_heap(address) ? &heap_words[(address - HEAP_BASE_DEFAULT) / 8]
                                    : &own_words[address / 8 - (uintptr_t)__data_start / 8];
}

static const char *name_of(unsigned access) {
    static const char *const names[] = {"reads", "writes", "reads, atomically,",
                                        "writes, atomically,"};
    return names[access & 3];
}

static _Noreturn void report(const struct cell *other, uintptr_t address, unsigned access) {
    char line[SCHEDULE_LINE_BYTES];
    (void)snprintf(line, sizeof line,
                   "race: thread %u %s 0x%zx, and nothing orders it after thread %u, which %s it",
                   turns.running, name_of(access), (size_t)address, (unsigned)other->thread,
                   other->access & ACCESS_WRITE ? "wrote" : "read");
    schedule_found(line);
}

static bool is_ordered(const struct cell *cell) {
    return cell->clock <= (*turns.clock)[cell->thread];
}

static bool collide(const struct cell *cell, uint32_t mask, unsigned access) {
    return (cell->mask & mask) != 0 && ((cell->access | access) & ACCESS_WRITE) != 0 &&
           (cell->access & access & ACCESS_ATOMIC) == 0 && !is_ordered(cell);
}

static void check_word(struct word *word, uintptr_t address, uint32_t mask, unsigned access,
                       uintptr_t place) {
    struct cell *spare = NULL;
    uint32_t now = (*turns.clock)[turns.running];
    for (size_t i = 0; i < CELLS; i++) {
        struct cell *cell = &word->cells[i];
        if (cell->clock == 0) {
            spare = spare == NULL ? cell : spare;
            continue;
        }
        if (collide(cell, mask, access)) {
            schedule_log->places[0] = place;
            schedule_log->places[1] = cell->place;
            report(cell, address, access);
        }
        bool is_own = cell->thread == turns.running;
        if (is_own && cell->clock == now && cell->mask == mask && cell->access == access) {
            return;
        }
        if (((cell->mask & ~mask) == 0 && is_ordered(cell) &&
             (is_own ? cell->access == access || access == ACCESS_WRITE
                     : access == ACCESS_WRITE))) {
            spare = cell; // whoever races with it races with this one
        }
    }
    if (spare == NULL) {
        spare = &word->cells[word->next++ % CELLS];
    }
    *spare = (struct cell){now, (uint8_t)turns.running, (uint8_t)access, (uint8_t)mask,
                           0,   (uint32_t)place};
}

void race_check(uintptr_t address, uint32_t size_bytes, unsigned access, uintptr_t place) {
    uintptr_t end = address + size_bytes;
    while (address < end && race_sees(address)) {
        uintptr_t word = address & ~(uintptr_t)7;
        uint32_t first = (uint32_t)(address - word);
        uint32_t after = end - word < 8 ? (uint32_t)(end - word) : 8;
        uint32_t mask = (UINT32_C(0xff) >> (8 - (after - first))) << first;
        check_word(word_of(address), address, mask, access, place);
        address = word + 8;
    }
}

void race_check_range(uintptr_t address, size_t size_bytes, unsigned access, uintptr_t place) {
    if (size_bytes <= RANGE_BYTES) {
        race_check(address, (uint32_t)size_bytes, access, place);
    } else {
        race_check(address, RANGE_BYTES / 2, access, place);
        race_check(address + size_bytes - RANGE_BYTES / 2, RANGE_BYTES / 2, access, place);
    }
}
