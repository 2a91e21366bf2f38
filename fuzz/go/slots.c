// slots: what an operation's operands stand for: caches, objects, targets, types, code
// addresses.
#include "fuzz/go/state.h"

struct mcache *executor_cache(struct executor *executor, struct operation operation) {
    struct mcache *cache = executor->caches[operation_get(operation, OPERAND_CACHE)];
    for (size_t slot = 0; cache == NULL && slot < PROGRAM_CACHES_MAX; slot++) {
        cache = executor->caches[slot];
    }
    return cache;
}

const struct model_handle *executor_handle(struct executor *executor, uint32_t slot) {
    uint32_t handle = executor->handles[slot];
    return handle == EXECUTOR_NO_HANDLE ? NULL : model_handle(executor->model, handle);
}

bool executor_target(struct executor *executor, struct operation operation, uintptr_t *address) {
    *address = 0;
    if (operation_target_is_nil(operation)) {
        return true;
    }
    const struct model_handle *handle =
        executor_handle(executor, operation_get(operation, OPERAND_TO));
    if (handle == NULL) {
        return false;
    }
    size_t offset = operation_target_offset(operation);
    *address = handle->address + (handle->size_bytes == 0 ? 0 : offset % handle->size_bytes);
    return true;
}

// ---- types

// A type's pointer bits, repeated over its words.
#define MASK8(mask) mask, mask, mask, mask, mask, mask, mask, mask
#define MASK64(mask)                                                                               \
    MASK8(mask), MASK8(mask), MASK8(mask), MASK8(mask), MASK8(mask), MASK8(mask), MASK8(mask),     \
        MASK8(mask)
enum type_index {
#define TYPE(name, size_bytes, pointer_bytes, mask, hash, direct, package_path, go_name)           \
    TYPE_##name,
#include "fuzz/program/types.def"
};

static const uint8_t type_masks[EXECUTOR_TYPES][64] = {
#define TYPE(name, size_bytes, pointer_bytes, mask, hash, direct, package_path, go_name)           \
    [TYPE_##name] = {MASK64(mask)},
#include "fuzz/program/types.def"
};

static const struct type types[EXECUTOR_TYPES] = {
#define TYPE(name, size_bytes, pointer_bytes, mask, hash, direct, package_path, go_name)           \
    [TYPE_##name] = {{(size_bytes), (pointer_bytes), type_masks[TYPE_##name]},                     \
                     (hash),                                                                       \
                     (direct),                                                                     \
                     (package_path),                                                               \
                     (go_name),                                                                    \
                     NULL},
#include "fuzz/program/types.def"
};

const struct gc_layout *executor_layout(uint32_t type) {
    return type == 0 ? NULL : &types[type].layout;
}

const struct type *executor_type(struct executor *executor, uint32_t type) {
    if (executor->types[type] == NULL) {
        executor->types[type] = runtime_define_type(executor->runtime, &types[type]);
        if (executor->types[type] != NULL) {
            (void)model_type_defined(executor->model, (uintptr_t)executor->types[type],
                                     &types[type]);
        }
    }
    return executor->types[type];
}

// ---- code

static const struct func funcs[EXECUTOR_FUNCS] = {
    {0x401000, 0x401800, "main.main", "main.go", 10, 16},
    {0x402000, 0x402100, "main.worker", "main.go", 42, 8},
    {0x403000, 0x404000, "example/list.(*Node).Insert", "list/node.go", 7, 64},
    {0x404000, 0x404010, "runtime.goexit", "asm.s", 1, 16},
    {0x405000, 0x405800, "", "generated.go", 1, 1},
    {0x406000, 0x407000, "main.finalize", "main.go", 99, 32},
    {0x408000, 0x408400, "example/sparse.Fill", "sparse.go", 3, 4},
    {0x409000, 0x409001, "main.tiny", "", 0, 1},
};

static void define_funcs(struct executor *executor) {
    executor->funcs_defined = true;
    for (size_t i = 0; i < EXECUTOR_FUNCS; i++) {
        if (runtime_define_func(executor->runtime, &funcs[i])) { // one that is lost has no name
            (void)model_func_defined(executor->model, &funcs[i]);
        }
    }
}

uintptr_t executor_pc(struct executor *executor, uint32_t choice) {
    if (!executor->funcs_defined) {
        define_funcs(executor);
    }
    uint32_t index = choice % (EXECUTOR_FUNCS + 1);
    if (index == EXECUTOR_FUNCS) {
        return 0x500000 + (uintptr_t)choice * 16; // in no function
    }
    uintptr_t size = funcs[index].end - funcs[index].entry;
    return funcs[index].entry + (uintptr_t)choice * 5 % size;
}
