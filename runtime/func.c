// func: functions sorted by entry, found by bisection.
#include "runtime/runtime_internal.h"

#include "allocator/check.h"

#include <string.h>

#define CAPACITY_MIN 16

// How many functions have an entry of at most `pc`.
static size_t count_up_to(const struct func_table *table, uintptr_t pc) {
    size_t low = 0;
    size_t high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->funcs[middle]->entry <= pc) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool overlaps(const struct func_table *table, const struct func *func) {
    size_t index = count_up_to(table, func->entry);
    if (index > 0 && table->funcs[index - 1]->end > func->entry) {
        return true;
    }
    return index < table->count && table->funcs[index]->entry < func->end;
}

// A larger table, for which the pool has the block.
static void grow_table(struct runtime *runtime, size_t capacity) {
    struct func_table *table = &runtime->funcs;
    struct func **funcs = pool_take_reserved(runtime, capacity * sizeof(struct func *));
    if (table->funcs != NULL) {
        memcpy(funcs, table->funcs, table->count * sizeof(struct func *));
        pool_free(runtime, table->funcs, table->capacity * sizeof(struct func *));
    }
    table->funcs = funcs;
    table->capacity = capacity;
}

// Memory for a record, its strings, and a row. False: none, nothing changed.
static bool reserve(struct runtime *runtime, const struct func *description) {
    const struct func_table *table = &runtime->funcs;
    size_t capacity = table->capacity == 0 ? CAPACITY_MIN : table->capacity * 2;
    const struct pool_need needs[] = {
        {sizeof(*description), 1},
        {pool_string_bytes(description->name), 1},
        {pool_string_bytes(description->file), 1},
        {capacity * sizeof(struct func *), 1},
    };
    bool is_full = table->count == table->capacity;
    bool reserved = pool_reserve(runtime, needs, is_full ? 4 : 3);
    if (reserved && is_full) {
        grow_table(runtime, capacity);
    }
    return reserved;
}

// The memory is reserved.
static void insert_copy(struct runtime *runtime, const struct func *description) {
    struct func_table *table = &runtime->funcs;
    struct func *func = pool_copy(runtime, description, sizeof(*func));
    func->name = pool_copy_string(runtime, description->name);
    func->file = pool_copy_string(runtime, description->file);
    size_t index = count_up_to(table, func->entry);
    memmove(&table->funcs[index + 1], &table->funcs[index],
            (table->count - index) * sizeof(struct func *));
    table->funcs[index] = func;
    table->count++;
    ASSERT(table->count <= table->capacity);
    ASSERT(index == 0 || table->funcs[index - 1]->end <= func->entry);
    ASSERT(index + 1 == table->count || func->end <= table->funcs[index + 1]->entry);
}

bool runtime_define_func(struct runtime *runtime, const struct func *description) {
    runtime_lock(runtime);
    bool defined = description->entry < description->end &&
                   !overlaps(&runtime->funcs, description) && reserve(runtime, description);
    if (defined) {
        insert_copy(runtime, description);
    }
    runtime_unlock(runtime);
    return defined;
}

const struct func *runtime_find_func(const struct runtime *runtime, uintptr_t pc) {
    size_t index = count_up_to(&runtime->funcs, pc);
    if (index == 0 || runtime->funcs.funcs[index - 1]->end <= pc) {
        return NULL;
    }
    return runtime->funcs.funcs[index - 1];
}

uint32_t func_line(const struct func *func, uintptr_t pc) {
    uintptr_t lines = func->bytes_per_line == 0 ? 0 : (pc - func->entry) / func->bytes_per_line;
    return func->first_line + (uint32_t)lines;
}
