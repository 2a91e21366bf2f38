// names: what the calls of a trace are: function, file and line of each frame; of what has no file
// here, the module and the offset in it.
#ifndef CLI_TRACE_SYMBOLS_NAMES_H
#define CLI_TRACE_SYMBOLS_NAMES_H

#include "trace/stacks.h"

// A call. Texts are never NULL, and not escaped.
struct names_call {
    const char *function; // where nothing is known: "libfoo.so.1+0x12", "0x7f00", "(deeper)"
    const char *file;     // "": not known
    uint64_t line;        // 0: not known
};

struct names;

// Of these stacks, which live as long. folders: where modules are looked for first, separated by
// colons; or NULL. NULL: out of memory.
struct names *names_open(const struct trace_stacks *stacks, const char *folders);
void names_close(struct names *names); // NULL is fine

// The calls of a frame, 1 <= frame <= count: more than one where functions were inlined, the
// innermost first. They live as long as the names. 0: out of memory.
size_t names_calls(struct names *names, uint32_t frame, const struct names_call **calls);

// Says how many modules of the calls that were asked for are not here, if any.
void names_tell_missing(const struct names *names);

#endif
