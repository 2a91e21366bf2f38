// type: types and itabs, in order of definition.
#include "runtime/runtime_internal.h"

#include "allocator/check.h"

static size_t mask_bytes(const struct gc_layout *layout) {
    return (layout->pointer_bytes / 8 + 7) / 8;
}

// Memory for a type and all that it points to, in the pool. False: none, nothing changed.
static bool reserve_type(struct runtime *runtime, const struct type *description) {
    const struct pool_need needs[] = {
        {sizeof(*description), 1},
        {pool_string_bytes(description->package_path), 1},
        {pool_string_bytes(description->name), 1},
        {mask_bytes(&description->layout), 1},
    };
    return pool_reserve(runtime, needs, mask_bytes(&description->layout) > 0 ? 4 : 3);
}

// The memory is reserved.
static struct type *copy_type(struct runtime *runtime, const struct type *description) {
    const struct gc_layout *layout = &description->layout;
    struct type *type = pool_copy(runtime, description, sizeof(*type));
    type->next = NULL;
    type->layout.pointer_mask = NULL;
    type->package_path = pool_copy_string(runtime, description->package_path);
    type->name = pool_copy_string(runtime, description->name);
    if (mask_bytes(layout) > 0) {
        type->layout.pointer_mask = pool_copy(runtime, layout->pointer_mask, mask_bytes(layout));
    }
    return type;
}

struct type *runtime_define_type(struct runtime *runtime, const struct type *description) {
    runtime_lock(runtime);
    struct type_table *table = &runtime->types;
    struct type *type = NULL;
    if (reserve_type(runtime, description)) {
        type = copy_type(runtime, description);
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
