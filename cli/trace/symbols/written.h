// written: calls that are written as a module and an offset, as libcountercheck-malloc.so does in
// the memory profile of its dumps: "libfoo.so.1+0x12" with the file "libfoo.so.1@0123ab", its
// build-id.
#ifndef CLI_TRACE_SYMBOLS_WRITTEN_H
#define CLI_TRACE_SYMBOLS_WRITTEN_H

#include "cli/trace/symbols/names.h"

#include <stddef.h>

// What is known of modules; all zero is an empty one.
struct written {
    const char *folders; // where they are looked for first, separated by colons; or NULL
    struct written_module *modules;
    size_t count, capacity;
};

// The calls that such a call stands for, the innermost first, `limit` at most. 0: it is none, or
// its module is not here. They live until written_fini().
size_t written_calls(struct written *written, const char *function, const char *file,
                     struct names_call *calls, size_t limit);
// Gives it back.
void written_fini(struct written *written);

#endif
