// written: calls that are written as a module and an offset, as libcountercheck-malloc.so does in
// the memory profile of its dumps: "libfoo.so.1+0x12" with the file "libfoo.so.1@0123ab", its
// build-id.
#define _POSIX_C_SOURCE 200809L // strdup
#include "cli/trace/symbols/written.h"

#if COUNTERCHECK_HAS_DWARF

#include "cli/io/array.h"
#include "cli/trace/symbols/module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_MAX 32

struct written_module {
    char *text;               // as the file is written, by malloc
    struct module_file *file; // NULL: it is not here
};

// False: it is no such text.
static bool parse_module(const char *text, struct trace_module *module) {
    const char *at = strrchr(text, '@');
    size_t length = at == NULL ? 0 : (size_t)(at - text);
    *module = (struct trace_module){.build_id_bytes = 0};
    if (length == 0 || length > TRACE_NAME_BYTES_MAX || memchr(text, '/', length) != NULL) {
        return false;
    }
    memcpy(module->name, text, length);
    for (at++; *at != 0; at += 2) {
        char digits[3] = {at[0], at[1], 0};
        if (strspn(digits, "0123456789abcdef") != 2 ||
            module->build_id_bytes == TRACE_BUILD_BYTES_MAX) {
            return false;
        }
        module->build_id[module->build_id_bytes++] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

// Behind the module's name.
static bool parse_offset(const char *text, uint64_t *offset) {
    char *end = NULL;
    if (strncmp(text, "+0x", 3) != 0 || strspn(text + 3, "0123456789abcdef") == 0) {
        return false;
    }
    errno = 0;
    *offset = strtoull(text + 3, &end, 16);
    return *end == 0 && errno == 0;
}

// NULL: it is not here, or there is no memory.
static struct module_file *file_of(struct written *written, const char *text,
                                   const struct trace_module *module) {
    for (size_t i = 0; i < written->count; i++) {
        if (strcmp(written->modules[i].text, text) == 0) {
            return written->modules[i].file;
        }
    }
    char *copy = strdup(text);
    if (copy == NULL || !ARRAY_RESERVE(written->modules, written->capacity, written->count + 1)) {
        free(copy);
        return NULL;
    }
    struct module_file *file = module_open(module, written->folders);
    written->modules[written->count++] = (struct written_module){copy, file};
    return file;
}

size_t written_calls(struct written *written, const char *function, const char *file,
                     struct names_call *calls, size_t limit) {
    struct trace_module module;
    struct module_call found[CALLS_MAX];
    uint64_t offset = 0;
    if (!parse_module(file, &module) || strncmp(function, module.name, strlen(module.name)) != 0 ||
        !parse_offset(function + strlen(module.name), &offset)) {
        return 0;
    }
    struct module_file *opened = file_of(written, file, &module);
    size_t most = limit < CALLS_MAX ? limit : CALLS_MAX;
    size_t count = opened == NULL ? 0 : module_calls(opened, offset, found, most);
    for (size_t i = 0; i < count; i++) {
        calls[i] = (struct names_call){found[i].function == NULL ? "?" : found[i].function,
                                       found[i].file == NULL ? "" : found[i].file, found[i].line};
    }
    return count;
}

void written_fini(struct written *written) {
    for (size_t i = 0; i < written->count; i++) {
        free(written->modules[i].text);
        module_close(written->modules[i].file);
    }
    free(written->modules);
    *written = (struct written){.folders = NULL};
}

#else

size_t written_calls(struct written *written, const char *function, const char *file,
                     struct names_call *calls, size_t limit) {
    (void)written, (void)function, (void)file, (void)calls, (void)limit;
    return 0;
}

void written_fini(struct written *written) {
    (void)written;
}

#endif
