// module: a file that a trace's calls lie in, asked which functions and lines they are, by
// elfutils' libdw.
//
// The file is looked for by its base name, and is the right one when its build-id is the trace's. A
// build without libdw finds none: COUNTERCHECK_HAS_DWARF.
#ifndef CLI_TRACE_SYMBOLS_MODULE_H
#define CLI_TRACE_SYMBOLS_MODULE_H

#include "trace/stacks.h"

#include <stdbool.h>

struct module_file;

// A call as the file has it; texts live as long as the module's file is open.
struct module_call {
    const char *function, *file; // NULL: not known
    uint64_t line;               // 0: not known
};

// Opens it: in `folders` (separated by colons, or NULL), here, in those of PATH, and the system's.
// NULL: it is in none of them.
struct module_file *module_open(const struct trace_module *module, const char *folders);
void module_close(struct module_file *file); // NULL is fine

// What is called at the offset: the function that it is in, and before it those that were inlined
// there, the innermost first; `limit` at most, which is 1 or more. 0: it is not known.
size_t module_calls(struct module_file *file, uint64_t offset, struct module_call *calls,
                    size_t limit);

#endif
