// loaded: the modules of this process, found by _dl_find_object: without a lock, unlike
// dl_iterate_phdr and dladdr.
#define _GNU_SOURCE // _dl_find_object
#include "unwind/loaded.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

bool loaded_find(uintptr_t place, struct loaded_module *module) {
    struct dl_find_object found;
    if (_dl_find_object((void *)place, &found) != 0) { // NOLINT(performance-no-int-to-ptr)
        return false;
    }
    *module = (struct loaded_module){
        .begin = (uintptr_t)found.dlfo_map_start,
        .limit = (uintptr_t)found.dlfo_map_end,
        .tables = (uintptr_t)found.dlfo_eh_frame,
        .bias = found.dlfo_link_map->l_addr,
        .map = found.dlfo_link_map,
    };
    return true;
}

static size_t padded(uint32_t size_bytes) {
    return ((size_t)size_bytes + 3) / 4 * 4;
}

// The build-id among the notes; 0: there is none.
static size_t find_id(const uint8_t *notes, size_t notes_bytes, uint8_t *id) {
    for (size_t at = 0; notes_bytes - at >= sizeof(ElfW(Nhdr));) {
        const ElfW(Nhdr) *note = (const void *)(notes + at);
        size_t name = at + sizeof *note;
        size_t text = name + padded(note->n_namesz);
        size_t end = text + padded(note->n_descsz);
        if (end > notes_bytes) {
            break;
        }
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
            memcmp(notes + name, "GNU", 4) == 0 && note->n_descsz <= LOADED_BUILD_BYTES_MAX) {
            memcpy(id, notes + text, note->n_descsz);
            return note->n_descsz;
        }
        at = end;
    }
    return 0;
}

size_t loaded_build_id(const struct loaded_module *module, uint8_t *id) {
    const uint8_t *base = (const uint8_t *)module->begin; // NOLINT(performance-no-int-to-ptr)
    const ElfW(Ehdr) *header = (const void *)base;
    size_t id_bytes = 0;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
        return 0;
    }
    const ElfW(Phdr) *parts = (const void *)(base + header->e_phoff);
    for (size_t i = 0; i < header->e_phnum && id_bytes == 0; i++) {
        if (parts[i].p_type == PT_NOTE) {
            // NOLINTNEXTLINE(performance-no-int-to-ptr)
            const void *notes = (const void *)(module->bias + parts[i].p_vaddr);
            id_bytes = find_id(notes, parts[i].p_memsz, id);
        }
    }
    return id_bytes;
}

size_t loaded_name(const struct loaded_module *module, uint8_t *name) {
    char path[4096];
    const char *whole = module->map->l_name;
    if (whole == NULL || *whole == 0) { // the program itself
        ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
        path[length < 0 ? 0 : length] = 0;
        whole = path;
    }
    const char *slash = strrchr(whole, '/');
    const char *base = slash == NULL ? whole : slash + 1;
    size_t length = strnlen(base, LOADED_NAME_BYTES_MAX);
    memcpy(name, base, length);
    return length;
}
