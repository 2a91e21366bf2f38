// unwind: the call stack of who calls: by libgcc's unwinder, which is linked in, and is none but
// ours.
//
// It shares neither state nor locks with the program's own, which may be at work when it allocates:
// cmake/unwind.cmake.
#include "unwind/unwind.h"

#include "unwind/loaded.h"

#include <unwind.h>

static uintptr_t own_begin, own_limit; // this library's

struct walk {
    uintptr_t *places;
    size_t count, limit;
    bool is_cut;
};

static _Unwind_Reason_Code see(struct _Unwind_Context *context, void *argument) {
    struct walk *walk = argument;
    int is_place = 0; // a signal broke in there
    uintptr_t place = _Unwind_GetIPInfo(context, &is_place);
    if (place == 0) {
        return _URC_END_OF_STACK;
    }
    place -= is_place == 0;
    if (walk->count == 0 && place - own_begin < own_limit - own_begin) {
        return _URC_NO_REASON;
    }
    if (walk->count == walk->limit) {
        walk->is_cut = true;
        return _URC_END_OF_STACK;
    }
    walk->places[walk->count++] = place;
    return _URC_NO_REASON;
}

bool unwind_begin(void) {
    struct loaded_module own;
    if (loaded_find((uintptr_t)&own_begin, &own)) {
        own_begin = own.begin;
        own_limit = own.limit;
    }
    uintptr_t place;
    bool is_cut;
    (void)unwind_take(&place, 1, &is_cut); // what it does but once
    return true;
}

size_t unwind_take(uintptr_t *places, size_t limit, bool *is_cut) {
    struct walk walk = {.places = places, .limit = limit};
    (void)_Unwind_Backtrace(see, &walk);
    *is_cut = walk.is_cut;
    return walk.count;
}
