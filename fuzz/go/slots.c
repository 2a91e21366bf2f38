// slots: what an operation's operands stand for: caches, objects, targets, types, code
// addresses.
#include "fuzz/go/state.h"

struct mcache *go_cache(struct go_machine *machine, struct operation operation) {
    struct mcache *cache = machine->caches[operation_get(operation, OPERAND_CACHE)];
    for (size_t slot = 0; cache == NULL && slot < machine->slot_limit; slot++) {
        cache = machine->caches[slot];
    }
    return cache;
}

const struct model_handle *go_handle(struct go_machine *machine, uint32_t slot) {
    uint32_t handle = machine->handles[slot];
    return handle == GO_NO_HANDLE ? NULL : model_handle(machine->model, handle);
}

bool go_target(struct go_machine *machine, struct operation operation, uintptr_t *address) {
    *address = 0;
    if (operation_target_is_nil(operation)) {
        return true;
    }
    const struct model_handle *handle = go_handle(machine, operation_get(operation, OPERAND_TO));
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

static const uint8_t type_masks[GO_TYPES][64] = {
#define TYPE(name, size_bytes, pointer_bytes, mask, hash, direct, package_path, go_name)           \
    [TYPE_##name] = {MASK64(mask)},
#include "fuzz/program/types.def"
};

static const struct type types[GO_TYPES] = {
#define TYPE(name, size_bytes, pointer_bytes, mask, hash, direct, package_path, go_name)           \
    [TYPE_##name] = {{(size_bytes), (pointer_bytes), type_masks[TYPE_##name]},                     \
                     (hash),                                                                       \
                     (direct),                                                                     \
                     (package_path),                                                               \
                     (go_name),                                                                    \
                     NULL},
#include "fuzz/program/types.def"
};

const struct gc_layout *go_layout(uint32_t type) {
    return type == 0 ? NULL : &types[type].layout;
}

const struct type *go_type(struct go_machine *machine, uint32_t type) {
    if (machine->types[type] == NULL) {
        machine->types[type] = runtime_define_type(machine->runtime, &types[type]);
        if (machine->types[type] != NULL) {
            (void)model_type_defined(machine->model, (uintptr_t)machine->types[type], &types[type]);
        }
    }
    return machine->types[type];
}

// ---- code

static const struct func funcs[GO_FUNCS] = {
    {0x401000, 0x401800, "main.main", "main.go", 10, 16},
    {0x402000, 0x402100, "main.worker", "main.go", 42, 8},
    {0x403000, 0x404000, "example/list.(*Node).Insert", "list/node.go", 7, 64},
    {0x404000, 0x404010, "runtime.goexit", "asm.s", 1, 16},
    {0x405000, 0x405800, "", "generated.go", 1, 1},
    {0x406000, 0x407000, "main.finalize", "main.go", 99, 32},
    {0x408000, 0x408400, "example/sparse.Fill", "sparse.go", 3, 4},
    {0x409000, 0x409001, "main.tiny", "", 0, 1},
};

static void define_funcs(struct go_machine *machine) {
    machine->funcs_defined = true;
    for (size_t i = 0; i < GO_FUNCS; i++) {
        if (runtime_define_func(machine->runtime, &funcs[i])) { // one that is lost has no name
            (void)model_func_defined(machine->model, &funcs[i]);
        }
    }
}

uintptr_t go_pc(struct go_machine *machine, uint32_t choice) {
    if (!machine->funcs_defined) {
        define_funcs(machine);
    }
    uint32_t index = choice % (GO_FUNCS + 1);
    if (index == GO_FUNCS) {
        return 0x500000 + (uintptr_t)choice * 16; // in no function
    }
    uintptr_t size = funcs[index].end - funcs[index].entry;
    return funcs[index].entry + (uintptr_t)choice * 5 % size;
}
