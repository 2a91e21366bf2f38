// stacks: the calls by which memory was obtained, as a trace has them: a tree of frames, and the
// modules that they lie in.
//
// A frame's caller has a lower number, so that each way outwards ends.
#include "trace/stacks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct frame {
    uint64_t address;       // as the record has it
    uint32_t caller, depth; // depth: of how many frames the stack is, with this one
};

struct trace_stacks {
    struct frame *frames;
    uint32_t frame_count, frame_capacity;
    struct trace_module *modules;
    uint32_t module_count, module_capacity;
};

struct trace_stacks *trace_stacks_create(void) {
    return calloc(1, sizeof(struct trace_stacks));
}

void trace_stacks_destroy(struct trace_stacks *stacks) {
    if (stacks != NULL) {
        free(stacks->frames);
        free(stacks->modules);
        free(stacks);
    }
}

// One more of `size_bytes` each. NULL: out of memory.
static void *grown(void *list, uint32_t count, uint32_t *capacity, size_t size_bytes) {
    if (count < *capacity) {
        return list;
    }
    uint32_t wanted = 2 * *capacity + 64;
    void *larger = wanted > *capacity ? realloc(list, wanted * size_bytes) : NULL;
    *capacity = larger == NULL ? *capacity : wanted;
    return larger;
}

static bool has_folder(const uint8_t *name, size_t length) {
    return memchr(name, '/', length) != NULL || memchr(name, 0, length) != NULL;
}

enum trace_stacks_status trace_stacks_add_module(struct trace_stacks *stacks, const uint8_t *text,
                                                 size_t size_bytes) {
    size_t id_bytes = size_bytes == 0 ? SIZE_MAX : text[0];
    if (id_bytes > TRACE_BUILD_BYTES_MAX || 1 + id_bytes > size_bytes ||
        size_bytes - 1 - id_bytes > TRACE_NAME_BYTES_MAX ||
        has_folder(text + 1 + id_bytes, size_bytes - 1 - id_bytes) ||
        stacks->module_count == TRACE_MODULES_MAX) {
        return TRACE_STACKS_WRONG;
    }
    struct trace_module *modules = grown(stacks->modules, stacks->module_count,
                                         &stacks->module_capacity, sizeof *stacks->modules);
    if (modules == NULL) {
        return TRACE_STACKS_NO_MEMORY;
    }
    stacks->modules = modules;
    struct trace_module *module = &modules[stacks->module_count++];
    *module = (struct trace_module){.build_id_bytes = id_bytes};
    memcpy(module->build_id, text + 1, id_bytes);
    memcpy(module->name, text + 1 + id_bytes, size_bytes - 1 - id_bytes);
    return TRACE_STACKS_FINE;
}

enum trace_stacks_status trace_stacks_add_frame(struct trace_stacks *stacks, uint64_t address,
                                                uint64_t caller) {
    if (caller > stacks->frame_count || address >> TRACE_MODULE_SHIFT > stacks->module_count ||
        stacks->frame_count == UINT32_MAX - 1) {
        return TRACE_STACKS_WRONG;
    }
    uint32_t depth = caller == 0 ? 1 : stacks->frames[caller - 1].depth + 1;
    if (depth > TRACE_STACK_FRAMES_MAX) {
        return TRACE_STACKS_WRONG;
    }
    struct frame *frames =
        grown(stacks->frames, stacks->frame_count, &stacks->frame_capacity, sizeof *stacks->frames);
    if (frames == NULL) {
        return TRACE_STACKS_NO_MEMORY;
    }
    stacks->frames = frames;
    frames[stacks->frame_count++] = (struct frame){address, (uint32_t)caller, depth};
    return TRACE_STACKS_FINE;
}

uint32_t trace_stacks_frame_count(const struct trace_stacks *stacks) {
    return stacks->frame_count;
}

uint32_t trace_stacks_module_count(const struct trace_stacks *stacks) {
    return stacks->module_count;
}

struct trace_frame trace_stacks_frame(const struct trace_stacks *stacks, uint32_t number) {
    const struct frame *frame = &stacks->frames[number - 1];
    return (struct trace_frame){(uint32_t)(frame->address >> TRACE_MODULE_SHIFT), frame->caller,
                                frame->address & (((uint64_t)1 << TRACE_MODULE_SHIFT) - 1)};
}

const struct trace_module *trace_stacks_module(const struct trace_stacks *stacks, uint32_t number) {
    return &stacks->modules[number - 1];
}
