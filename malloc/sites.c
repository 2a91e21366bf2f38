// sites: by which calls the samples of the memory profile are made.
#include "malloc/sites.h"

#include "allocator/mprof.h"
#include "runtime/runtime.h"
#include "unwind/loaded.h"
#include "unwind/unwind.h"

#include <inttypes.h>
#include <stdio.h>

bool sites_are_wanted;

bool sites_begin(void) {
    sites_are_wanted = unwind_begin();
    return sites_are_wanted;
}

void sites_take(struct mcache *cache) {
    uintptr_t places[MPROF_STACK_MAX];
    bool is_cut = false; // as Go leaves out what is deeper
    size_t count = unwind_take(places, MPROF_STACK_MAX, &is_cut);
    heap_set_call_stack(cache, places, count);
}

// ---- names

// "libc.so.6" and "libc.so.6@0123ab": the module's name, and that with its build-id.
static void name_module(const struct loaded_module *module, char *name, char *file,
                        size_t file_bytes) {
    uint8_t text[LOADED_NAME_BYTES_MAX];
    uint8_t id[LOADED_BUILD_BYTES_MAX];
    size_t length = loaded_name(module, text);
    size_t id_bytes = loaded_build_id(module, id);
    (void)snprintf(name, LOADED_NAME_BYTES_MAX + 1, "%.*s", (int)length, (const char *)text);
    size_t at = (size_t)snprintf(file, file_bytes, "%s@", name);
    for (size_t i = 0; i < id_bytes && at + 2 < file_bytes; i++) {
        at += (size_t)snprintf(file + at, file_bytes - at, "%02x", id[i]);
    }
}

// One that is named already stays as it is.
static void name_place(struct runtime *runtime, uintptr_t place) {
    struct loaded_module module;
    char name[LOADED_NAME_BYTES_MAX + 1];
    char file[LOADED_NAME_BYTES_MAX + 2 + 2 * LOADED_BUILD_BYTES_MAX];
    char call[sizeof name + 24];
    if (runtime_find_func(runtime, place) != NULL || !loaded_find(place, &module)) {
        return;
    }
    name_module(&module, name, file, sizeof file);
    (void)snprintf(call, sizeof call, "%s+0x%" PRIx64, name, (uint64_t)(place - module.bias));
    const struct func func = {.entry = place, .end = place + 1, .name = call, .file = file};
    (void)runtime_define_func(runtime, &func); // without memory it stays an address
}

static void name_bucket(void *context, const struct mprof_bucket_record *bucket) {
    for (size_t i = 0; i < bucket->frame_count; i++) {
        name_place(context, bucket->frames[i]);
    }
}

void sites_name(struct runtime *runtime) {
    heap_visit_buckets(runtime_heap(runtime), name_bucket, runtime);
}
