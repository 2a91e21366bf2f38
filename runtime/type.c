// type: types and itabs, in order of definition.
#include "runtime/runtime_internal.h"

static size_t mask_bytes(const struct gc_layout *layout) {
    return (layout->pointer_bytes / 8 + 7) / 8;
}

// Fills `type` with copies. False: no memory, nothing kept.
static bool copy_type(struct runtime *runtime, struct type *type, const struct type *description) {
    const struct gc_layout *layout = &description->layout;
    *type = *description;
    type->next = NULL;
    type->layout.pointer_mask = NULL;
    type->package_path = pool_copy_string(runtime, description->package_path);
    type->name = pool_copy_string(runtime, description->name);
    bool complete = type->package_path != NULL && type->name != NULL;
    if (complete && layout->pointer_bytes > 0) {
        type->layout.pointer_mask = pool_copy(runtime, layout->pointer_mask, mask_bytes(layout));
        complete = type->layout.pointer_mask != NULL;
    }
    if (!complete) {
        pool_free_string(runtime, type->package_path);
        pool_free_string(runtime, type->name);
    }
    return complete;
}

struct type *runtime_define_type(struct runtime *runtime, const struct type *description) {
    runtime_lock(runtime);
    struct type_table *table = &runtime->types;
    struct type *type = pool_alloc(runtime, sizeof(*type));
    if (type != NULL && !copy_type(runtime, type, description)) {
        pool_free(runtime, type, sizeof(*type));
        type = NULL;
    }
    if (type != NULL) {
        if (table->last_type == NULL) {
            table->first_type = type;
        } else {
            table->last_type->next = type;
        }
        table->last_type = type;
    }
    runtime_unlock(runtime);
    return type;
}

struct itab *runtime_define_itab(struct runtime *runtime, const struct type *type, bool negative) {
    runtime_lock(runtime);
    struct type_table *table = &runtime->types;
    struct itab *itab = pool_alloc(runtime, sizeof(*itab));
    if (itab != NULL) {
        *itab = (struct itab){.type = type, .negative = negative};
        if (table->last_itab == NULL) {
            table->first_itab = itab;
        } else {
            table->last_itab->next = itab;
        }
        table->last_itab = itab;
    }
    runtime_unlock(runtime);
    return itab;
}

const struct type *runtime_first_type(const struct runtime *runtime) {
    return runtime->types.first_type;
}

const struct itab *runtime_first_itab(const struct runtime *runtime) {
    return runtime->types.first_itab;
}
