// none: no call stacks, in the place of unwind.c and loaded.c: the C library has no _dl_find_object
// (glibc has it since 2.35, musl has none), or the compiler no libgcc_eh.a.
//
// Whoever asked is told so by unwind_begin(), and asks for nothing more.
#include "unwind/loaded.h"
#include "unwind/unwind.h"

bool unwind_begin(void) {
    return false;
}

size_t unwind_take(uintptr_t *places, size_t limit, bool *is_cut) {
    (void)places, (void)limit;
    *is_cut = false;
    return 0;
}

bool loaded_find(uintptr_t place, struct loaded_module *module) {
    (void)place, (void)module;
    return false;
}

size_t loaded_build_id(const struct loaded_module *module, uint8_t *id) {
    (void)module, (void)id;
    return 0;
}

size_t loaded_name(const struct loaded_module *module, uint8_t *name) {
    (void)module, (void)name;
    return 0;
}
