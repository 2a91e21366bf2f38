// next: the malloc that the program would have without us: what the dynamic linker finds behind
// this library.
//
// The lookup may allocate; such a call is served from a small buffer.
#define _GNU_SOURCE // RTLD_NEXT, dl_iterate_phdr
#include "record/next.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct next found;
const struct next *next_known;
static bool is_finding;
static _Alignas(16) uint8_t room[16384];
static size_t room_used;

void *next_early(size_t size_bytes) {
    size_t bytes = size_bytes <= sizeof room ? (size_bytes + 15) / 16 * 16 : sizeof room + 1;
    if (bytes > sizeof room - room_used) {
        return NULL;
    }
    void *object = room + room_used;
    room_used += bytes;
    return object;
}

const void *next_early_limit(void) {
    return room + sizeof room;
}

bool next_is_early(const void *pointer) {
    return (uintptr_t)pointer - (uintptr_t)room < sizeof room;
}

static bool is_inside(const struct dl_phdr_info *module, const ElfW(Phdr) * part, uintptr_t place) {
    return part->p_type == PT_LOAD && place - module->dlpi_addr - part->p_vaddr < part->p_memsz;
}

struct range {
    uintptr_t begin, limit;
    bool has_malloc, is_libc, is_ours;
};

static struct range range_of(const struct dl_phdr_info *module, const struct next *next) {
    struct range range = {.begin = UINTPTR_MAX};
    for (size_t i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &module->dlpi_phdr[i];
        range.has_malloc = range.has_malloc || is_inside(module, part, (uintptr_t)next->malloc);
        range.is_libc =
            range.is_libc || is_inside(module, part, (uintptr_t)dlsym(RTLD_NEXT, "abort"));
        range.is_ours = range.is_ours || is_inside(module, part, (uintptr_t)&found);
        if (part->p_type == PT_LOAD) {
            uintptr_t first = module->dlpi_addr + part->p_vaddr;
            range.begin = first < range.begin ? first : range.begin;
            range.limit = first + part->p_memsz > range.limit ? first + part->p_memsz : range.limit;
        }
    }
    return range;
}

// Of the module that has the allocator's malloc, and of ours: its code, unless it is the C library.
static int see_module(struct dl_phdr_info *module, size_t size_bytes, void *context) {
    (void)size_bytes;
    struct next *next = context;
    struct range range = range_of(module, next);
    if (range.is_ours) {
        next->own_begin = range.begin;
        next->own_limit = range.limit;
    } else if (range.has_malloc && !range.is_libc) {
        next->begin = range.begin;
        next->limit = range.limit;
    }
    return 0;
}

static void find_function(const char *name, void *function) {
    void *address = dlsym(RTLD_NEXT, name);
    memcpy(function, &address,
           sizeof address); // C has no way from one kind of pointer to the other
}

static void find_all(void) {
    find_function("malloc", &found.malloc);
    find_function("calloc", &found.calloc);
    find_function("realloc", &found.realloc);
    find_function("free", &found.free);
    find_function("aligned_alloc", &found.aligned_alloc);
    find_function("posix_memalign", &found.posix_memalign);
    find_function("memalign", &found.memalign);
    find_function("valloc", &found.valloc);
    find_function("pvalloc", &found.pvalloc);
    find_function("free_sized", &found.free_sized);
    find_function("free_aligned_sized", &found.free_aligned_sized);
    if (found.malloc == NULL || found.calloc == NULL || found.realloc == NULL ||
        found.free == NULL) {
        static const char line[] = "countercheck: record: there is no malloc behind this library\n";
        (void)!write(STDERR_FILENO, line, sizeof line - 1);
        _exit(125);
    }
    (void)dl_iterate_phdr(see_module, &found);
}

const struct next *next_find(void) {
    if (next_known == NULL && !is_finding) {
        is_finding = true;
        find_all();
        next_known = &found;
    }
    return next_known;
}
