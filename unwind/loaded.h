// loaded: the modules of this process, the program and its libraries: which one a place of code
// lies in, and what it says of itself.
//
// None of it takes a lock or memory. Any thread, a signal's handler too; a module is good for as
// long as it stays loaded, which it does while a place of the stack lies in it.
#ifndef UNWIND_LOADED_H
#define UNWIND_LOADED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// As many bytes of each as a trace keeps.
#define LOADED_NAME_BYTES_MAX  255
#define LOADED_BUILD_BYTES_MAX 64

struct link_map;

// A module: two that are loaded in one place, after each other, differ in `tables` or `limit`.
struct loaded_module {
    uintptr_t begin, limit; // where it lies
    uintptr_t tables;       // by which its calls are followed
    uintptr_t bias;         // a place less this is the offset that its file knows it by
    const struct link_map *map;
};

// False: there is code at `place` that the program has made itself, or none.
bool loaded_find(uintptr_t place, struct loaded_module *module);

// Copies the build-id that its notes have, LOADED_BUILD_BYTES_MAX at most. Returns how many bytes;
// 0: it has none.
size_t loaded_build_id(const struct loaded_module *module, uint8_t *id);
// Copies its file's name without the folders, LOADED_NAME_BYTES_MAX at most and without a NUL.
// Returns how many bytes.
size_t loaded_name(const struct loaded_module *module, uint8_t *name);

#endif
