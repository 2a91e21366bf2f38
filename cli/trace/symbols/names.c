// names: each place of code is asked for once; a module's file is opened when it is needed.
#define _GNU_SOURCE // asprintf
#include "cli/trace/symbols/names.h"

#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "cli/io/lookup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if COUNTERCHECK_HAS_DWARF
#include "cli/trace/symbols/module.h"
#endif

#define INLINED_MAX 32

// A place of code, and its calls.
struct place {
    struct names_call *calls;
    size_t count;
    char *own; // a text that was made for it; or NULL
};

struct names {
    const struct trace_stacks *stacks;
    const char *folders;
    struct place *places;
    size_t place_count, place_capacity;
    struct lookup by_address;
    bool *is_tried; // a module, by number
#if COUNTERCHECK_HAS_DWARF
    struct module_file **files; // by number
#endif
    uint32_t missing_count;
    uint32_t one_missing; // its number
};

struct names *names_open(const struct trace_stacks *stacks, const char *folders) {
    struct names *names = calloc(1, sizeof *names);
    size_t count = trace_stacks_module_count(stacks) + (size_t)1;
    if (names == NULL) {
        return NULL;
    }
    names->stacks = stacks;
    names->folders = folders;
    names->is_tried = calloc(count, sizeof *names->is_tried);
    bool has_memory = names->is_tried != NULL;
#if COUNTERCHECK_HAS_DWARF
    names->files = calloc(count, sizeof(struct module_file *));
    has_memory = has_memory && names->files != NULL;
#endif
    if (!has_memory) {
        names_close(names);
        return NULL;
    }
    return names;
}

void names_close(struct names *names) {
    if (names == NULL) {
        return;
    }
    for (size_t i = 0; i < names->place_count; i++) {
        free(names->places[i].calls);
        free(names->places[i].own);
    }
#if COUNTERCHECK_HAS_DWARF
    for (uint32_t i = 1; names->files != NULL && i <= trace_stacks_module_count(names->stacks);
         i++) {
        module_close(names->files[i]);
    }
    free(names->files);
#endif
    free(names->is_tried);
    free(names->places);
    lookup_fini(&names->by_address);
    free(names);
}

// ---- what is not known

static char *unknown(const struct names *names, const struct trace_frame *frame) {
    char *text = NULL;
    int length =
        frame->module != 0
            ? asprintf(&text, "%s+0x%" PRIx64,
                       trace_stacks_module(names->stacks, frame->module)->name, frame->offset)
        : frame->offset == TRACE_FRAME_CUT ? asprintf(&text, "(deeper)")
                                           : asprintf(&text, "0x%" PRIx64, frame->offset);
    return length < 0 ? NULL : text;
}

// ---- what is

#if COUNTERCHECK_HAS_DWARF

static size_t ask(struct names *names, const struct trace_frame *frame,
                  struct names_call calls[INLINED_MAX]) {
    struct module_call found[INLINED_MAX];
    if (frame->module == 0) {
        return 0;
    }
    struct module_file **file = &names->files[frame->module];
    if (!names->is_tried[frame->module]) {
        names->is_tried[frame->module] = true;
        *file = module_open(trace_stacks_module(names->stacks, frame->module), names->folders);
        if (*file == NULL) {
            names->missing_count++;
            names->one_missing = frame->module;
        }
    }
    size_t count = *file == NULL ? 0 : module_calls(*file, frame->offset, found, INLINED_MAX);
    for (size_t i = 0; i < count; i++) {
        calls[i] = (struct names_call){found[i].function == NULL ? "?" : found[i].function,
                                       found[i].file == NULL ? "" : found[i].file, found[i].line};
    }
    return count;
}

#else

static size_t ask(struct names *names, const struct trace_frame *frame,
                  struct names_call calls[INLINED_MAX]) {
    (void)names, (void)frame, (void)calls;
    return 0;
}

#endif

// False: out of memory.
static bool fill(struct names *names, struct place *place, const struct trace_frame *frame) {
    struct names_call calls[INLINED_MAX];
    place->count = ask(names, frame, calls);
    if (place->count == 0) {
        place->own = unknown(names, frame);
        calls[0] = (struct names_call){place->own, "", 0};
        place->count = 1;
    }
    place->calls = calls[0].function == NULL ? NULL : malloc(place->count * sizeof *place->calls);
    if (place->calls == NULL) {
        return false;
    }
    memcpy(place->calls, calls, place->count * sizeof *place->calls);
    return true;
}

size_t names_calls(struct names *names, uint32_t number, const struct names_call **calls) {
    struct trace_frame frame = trace_stacks_frame(names->stacks, number);
    uint64_t address = (uint64_t)frame.module << TRACE_MODULE_SHIFT | frame.offset;
    uint32_t known = lookup_get(&names->by_address, address);
    if (known == LOOKUP_NONE) {
        struct place place = {.own = NULL};
        known = (uint32_t)names->place_count;
        if (!ARRAY_RESERVE(names->places, names->place_capacity, names->place_count + 1) ||
            !fill(names, &place, &frame) || !lookup_put(&names->by_address, address, known)) {
            free(place.calls);
            free(place.own);
            return 0;
        }
        names->places[names->place_count++] = place;
    }
    *calls = names->places[known].calls;
    return names->places[known].count;
}

void names_tell_missing(const struct names *names) {
    if (names->missing_count > 0) {
        cli_message("%" PRIu32 " module%s not found here, %s for one: --path FOLDERS",
                    names->missing_count, names->missing_count == 1 ? " is" : "s are",
                    trace_stacks_module(names->stacks, names->one_missing)->name);
    }
}
