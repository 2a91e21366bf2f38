// symbols: the program lies where the dump's data segment is; a frame's pc is kept by its sp.

#include "cli/dump/binary/symbols.h"

#include "cli/io/cli.h"

#if COUNTERCHECK_HAS_DWARF

#include "cli/dump/binary/program.h"
#include "cli/io/array.h"
#include "cli/io/lookup.h"

#include <inttypes.h>
#include <stdlib.h>

#define PAGE_BYTES 4096 // a program is moved by whole pages

struct symbols {
    const char *path;
    struct program *program;
    uint64_t bias; // of the dump's addresses
    uint64_t data_address, data_bytes;
    uint64_t *pcs;
    size_t pc_count, pc_capacity;
    struct lookup pc_of; // by sp
};

struct symbols *symbols_open(const char *path, int *status) {
    struct symbols *symbols = calloc(1, sizeof *symbols);
    if (symbols == NULL) {
        cli_message("%s: out of memory", path);
        *status = CLI_ENVIRONMENT;
        return NULL;
    }
    symbols->path = path;
    symbols->program = program_open(path, status);
    if (symbols->program == NULL) {
        symbols_close(symbols);
        return NULL;
    }
    return symbols;
}

void symbols_close(struct symbols *symbols) {
    if (symbols != NULL) {
        program_close(symbols->program);
        lookup_fini(&symbols->pc_of);
        free(symbols->pcs);
        free(symbols);
    }
}

bool symbols_take(struct symbols *symbols, const struct dump_record *record) {
    const struct dump_record_StackFrame *frame = &record->as.StackFrame;
    if (record->tag == DUMP_TAG_Data) {
        symbols->data_address = record->as.Data.address;
        symbols->data_bytes = record->as.Data.contents.total_bytes;
    }
    if (record->tag != DUMP_TAG_StackFrame || !record->is_last) {
        return true;
    }
    // a caller's pc is where the call returns to, which may be another line
    uint64_t pc = frame->depth == 0 || frame->pc == 0 ? frame->pc : frame->pc - 1;
    if (!ARRAY_RESERVE(symbols->pcs, symbols->pc_capacity, symbols->pc_count + 1) ||
        !lookup_put(&symbols->pc_of, frame->sp, (uint32_t)symbols->pc_count)) {
        return false;
    }
    symbols->pcs[symbols->pc_count++] = pc;
    return true;
}

bool symbols_fit(struct symbols *symbols) {
    struct program_layout layout = program_layout(symbols->program);
    symbols->bias = symbols->data_address - layout.data_begin;
    bool is_moved_well = layout.is_movable ? symbols->bias % PAGE_BYTES == 0 : symbols->bias == 0;
    if (!is_moved_well || symbols->data_bytes != layout.data_end - layout.data_begin) {
        cli_message("%s: it did not write this dump: its data are %" PRIu64 " bytes at 0x%" PRIx64
                    ", the dump's %" PRIu64 " at 0x%" PRIx64,
                    symbols->path, layout.data_end - layout.data_begin, layout.data_begin,
                    symbols->data_bytes, symbols->data_address);
        return false;
    }
    return true;
}

const char *symbols_variable(const struct symbols *symbols, uint64_t address, uint64_t *offset) {
    *offset = 0;
    return symbols == NULL ? NULL
                           : program_variable(symbols->program, address - symbols->bias, offset);
}

const char *symbols_line(const struct symbols *symbols, uint64_t sp, uint64_t *line) {
    uint32_t at = symbols == NULL ? LOOKUP_NONE : lookup_get(&symbols->pc_of, sp);
    *line = 0;
    return at == LOOKUP_NONE
               ? NULL
               : program_line(symbols->program, symbols->pcs[at] - symbols->bias, line);
}

const char *symbols_type(const struct symbols *symbols, uint64_t address) {
    return symbols == NULL ? NULL : program_type(symbols->program, address - symbols->bias);
}

#else // nothing is ever opened

struct symbols *symbols_open(const char *path, int *status) {
    cli_message("%s: --binary needs libdw (apt-get install libdw-dev), which was not there when "
                "this was built",
                path);
    *status = CLI_ENVIRONMENT;
    return NULL;
}

void symbols_close(struct symbols *symbols) {
    (void)symbols;
}

bool symbols_take(struct symbols *symbols, const struct dump_record *record) {
    return symbols != NULL && record != NULL;
}

bool symbols_fit(struct symbols *symbols) {
    return symbols != NULL;
}

const char *symbols_variable(const struct symbols *symbols, uint64_t address, uint64_t *offset) {
    (void)symbols, (void)address;
    *offset = 0;
    return NULL;
}

const char *symbols_line(const struct symbols *symbols, uint64_t sp, uint64_t *line) {
    (void)symbols, (void)sp;
    *line = 0;
    return NULL;
}

const char *symbols_type(const struct symbols *symbols, uint64_t address) {
    (void)symbols, (void)address;
    return NULL;
}

#endif
