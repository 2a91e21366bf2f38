// type: what the program's objects are: size, pointer bits, name, package path; and the itabs made
// of types.
//
// A type is a record in metadata that lives as long as its runtime; its address is its identity in
// the dump.
#ifndef RUNTIME_TYPE_H
#define RUNTIME_TYPE_H

#include "allocator/heap.h"

#include <stdbool.h>
#include <stdint.h>

struct runtime;

// A type of the program. Go's _type.
struct type {
    struct gc_layout layout;  // first: a type is a layout
    uint32_t hash;            // picks the bucket of the dumper's type cache
    bool direct_interface;    // stored in an interface word as it is (Go's kindDirectIface)
    const char *package_path; // "" for none
    const char *name;         // with its package when package_path is ""
    struct type *next;        // of all types, newest last
};

// A type as some interface. Go's itab.
struct itab {
    const struct type
        *type; // of the value; a negative result of an assertion is cached here as well
    bool negative;
    struct itab *next;
};

// Copies everything that is pointed to. NULL: out of memory.
struct type *runtime_define_type(struct runtime *runtime, const struct type *description);
// An itab for the type; `negative`: the cached failure of an assertion. NULL: out of memory. After
// Go's itabAdd.
struct itab *runtime_define_itab(struct runtime *runtime, const struct type *type, bool negative);

// The oldest type, the others by `next`; NULL: none.
const struct type *runtime_first_type(const struct runtime *runtime);
const struct itab *runtime_first_itab(const struct runtime *runtime); // in order of definition

#endif
