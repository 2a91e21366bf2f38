// stacks: by which calls memory is obtained: each stack gets a number, and is written to the trace
// once.
//
// A stack is entered from its outermost call inwards, each call once below the frame that called:
// a tree. What is known lies in memory that a fork does not inherit. A frame is in the file before
// anybody has its number.
#define _GNU_SOURCE // MADV_DONTFORK
#include "record/stacks.h"

#include "record/file.h"
#include "record/put.h"
#include "unwind/loaded.h"
#include "unwind/unwind.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FRAMES_MAX  (TRACE_STACK_FRAMES_MAX - 1) // of a stack
#define SLOTS_MIN   4096
#define MODULES_MAX 4096
#define RECENT      64 // modules, by a page of theirs

struct slot {
    uint64_t address;
    uint32_t caller, number; // number 0: free
};

struct stacks {
    uint32_t frame_count, module_count;
    struct slot *slots; // by address and caller, open addressing
    size_t slot_count;  // a power of two, twice what is used
    uint16_t recent[RECENT];
    struct loaded_module modules[MODULES_MAX];
};

bool stacks_are_wanted;
static _Thread_local uintptr_t places[FRAMES_MAX];

bool stacks_begin(void) {
    stacks_are_wanted = unwind_begin();
    return stacks_are_wanted;
}

static void *map_memory(size_t size_bytes) {
    void *memory =
        mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    (void)madvise(memory, size_bytes, MADV_DONTFORK);
    return memory;
}

static struct stacks *stacks_made(void) {
    if (file_state->stacks == NULL) {
        struct stacks *made = map_memory(sizeof *made);
        struct slot *slots = map_memory(SLOTS_MIN * sizeof *slots);
        if (made == NULL || slots == NULL) {
            return NULL; // what is mapped stays; there is no memory anyway
        }
        made->slots = slots;
        made->slot_count = SLOTS_MIN;
        file_state->stacks = made;
    }
    return file_state->stacks;
}

// ---- what is written

// False: the trace has stopped.
static bool define(const struct note *note, const void *extra, size_t extra_bytes) {
    struct chunk *chunk = &file_state->definitions;
    size_t room_bytes = TRACE_RECORD_BYTES_MAX + extra_bytes;
    if (chunk->base == NULL || chunk->used_bytes + room_bytes > TRACE_CHUNK_BYTES) {
        struct chunk old = *chunk;
        if (!file_take_definitions(chunk)) {
            return false;
        }
        if (old.base != NULL) {
            (void)munmap(old.base, TRACE_CHUNK_BYTES);
        }
    }
    put_record(chunk, note, 0, extra, extra_bytes);
    return true;
}

// ---- modules

_Static_assert(LOADED_BUILD_BYTES_MAX <= TRACE_BUILD_BYTES_MAX &&
                   LOADED_NAME_BYTES_MAX <= TRACE_NAME_BYTES_MAX,
               "a record has room for what a module says of itself");

static bool define_module(const struct loaded_module *module) {
    uint8_t text[1 + TRACE_BUILD_BYTES_MAX + TRACE_NAME_BYTES_MAX];
    size_t id_bytes = loaded_build_id(module, text + 1);
    text[0] = (uint8_t)id_bytes;
    size_t size_bytes = 1 + id_bytes + loaded_name(module, text + 1 + id_bytes);
    const struct note note = {TRACE_MODULE, 0, size_bytes, 0, 0};
    return define(&note, text, size_bytes);
}

static bool is_same(const struct loaded_module *module, const struct loaded_module *found) {
    return module->begin == found->begin && module->limit == found->limit &&
           module->tables == found->tables;
}

// The module's number, from 1 on; 0: there is no room.
static uint32_t number_of(struct stacks *stacks, const struct loaded_module *found) {
    uint16_t *recent = &stacks->recent[(found->begin >> 12) % RECENT];
    if (*recent != 0 && is_same(&stacks->modules[*recent - 1], found)) {
        return *recent;
    }
    uint32_t number = stacks->module_count;
    while (number > 0 && !is_same(&stacks->modules[number - 1], found)) {
        number--;
    }
    if (number == 0 && stacks->module_count < MODULES_MAX && define_module(found)) {
        stacks->modules[stacks->module_count] = *found;
        number = ++stacks->module_count;
    }
    *recent = (uint16_t)number;
    return number;
}

// As a record of a frame has it.
static uint64_t address_of(struct stacks *stacks, uintptr_t place) {
    struct loaded_module found;
    const uint64_t module = (uint64_t)1 << TRACE_MODULE_SHIFT;
    uint32_t number = loaded_find(place, &found) ? number_of(stacks, &found) : 0;
    uint64_t offset = number == 0 ? place : place - stacks->modules[number - 1].bias;
    return number * module + offset % module;
}

// ---- frames

static struct slot *find_slot(const struct stacks *stacks, uint64_t address, uint32_t caller) {
    uint64_t hash = (address ^ (uint64_t)caller << 20) * 0x9e3779b97f4a7c15U;
    size_t i = (size_t)(hash >> 24) & (stacks->slot_count - 1);
    while (stacks->slots[i].number != 0 &&
           (stacks->slots[i].address != address || stacks->slots[i].caller != caller)) {
        i = (i + 1) & (stacks->slot_count - 1);
    }
    return &stacks->slots[i];
}

static bool grow(struct stacks *stacks) {
    struct slot *old = stacks->slots;
    size_t old_count = stacks->slot_count;
    struct slot *slots = map_memory(2 * old_count * sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    stacks->slots = slots;
    stacks->slot_count = 2 * old_count;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].number != 0) {
            *find_slot(stacks, old[i].address, old[i].caller) = old[i];
        }
    }
    (void)munmap(old, old_count * sizeof *old);
    return true;
}

// 0: there is no room.
static uint32_t enter(struct stacks *stacks, uint64_t address, uint32_t caller) {
    struct slot *slot = find_slot(stacks, address, caller);
    if (slot->number != 0) {
        return slot->number;
    }
    if (2 * ((size_t)stacks->frame_count + 1) > stacks->slot_count) {
        if (!grow(stacks)) {
            return 0;
        }
        slot = find_slot(stacks, address, caller);
    }
    const struct note note = {TRACE_FRAME, address, caller, 0, 0};
    if (!define(&note, NULL, 0)) {
        return 0;
    }
    *slot = (struct slot){address, caller, ++stacks->frame_count};
    return slot->number;
}

static uint32_t enter_all(size_t count, bool is_cut) {
    struct stacks *stacks = stacks_made();
    if (stacks == NULL || count == 0) {
        return 0;
    }
    uint32_t number = is_cut ? enter(stacks, TRACE_FRAME_CUT, 0) : 0;
    bool has_room = !is_cut || number != 0;
    for (size_t i = count; has_room && i-- > 0;) {
        number = enter(stacks, address_of(stacks, places[i]), number);
        has_room = number != 0;
    }
    return has_room ? number : 0;
}

uint32_t stacks_take(void) {
    int error = errno;
    bool is_cut = false;
    uint32_t number = 0;
    sigset_t all;
    sigset_t before;
    size_t count = unwind_take(places, FRAMES_MAX, &is_cut);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before); // a handler may not return
    if (file_is_open()) {
        file_lock(&file_state->stacks_lock);
        number = enter_all(count, is_cut);
        file_unlock(&file_state->stacks_lock);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return number;
}
