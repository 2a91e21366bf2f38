// func: the program's functions: from a program counter to entry, name, file and line.
#ifndef RUNTIME_FUNC_H
#define RUNTIME_FUNC_H

#include <stdbool.h>
#include <stdint.h>

struct runtime;

// A function of the program: its pcs, and the lines that they stand for. Go's _func.
struct func {
    uintptr_t entry;
    uintptr_t end;    // pcs are in [entry, end)
    const char *name; // "" prints as "unknown function"
    const char *file;
    uint32_t first_line;
    uint32_t bytes_per_line; // line = first_line + (pc - entry) / bytes_per_line
};

// Copies the strings. False: out of memory, or the range overlaps another's.
bool runtime_define_func(struct runtime *runtime, const struct func *description);

// The function that `pc` lies in, NULL when in none.
const struct func *runtime_find_func(const struct runtime *runtime, uintptr_t pc);

// The line of a pc that lies in the function. After Go's funcline.
uint32_t func_line(const struct func *func, uintptr_t pc);

#endif
