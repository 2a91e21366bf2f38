// program: one walk over the outer entries of all units lists what has an address; lines are looked
// up in the unit that has the pc.

#define _POSIX_C_SOURCE 200809L // O_CLOEXEC

#include "cli/dump/binary/program.h"

#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "dump/reader.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DW_AT_GO_RUNTIME_TYPE 0x2904

// What has an address: a variable, a type's descriptor, the code of a unit.
struct place {
    uint64_t begin, end;
    const char *name; // libdw's; of code none
    size_t unit;      // of code
};
// By address; where two begin together, the first.
struct places {
    struct place *list;
    size_t count, capacity;
};

struct program {
    const char *path;
    int descriptor;
    Elf *elf;
    Dwarf *dwarf;
    Dwarf_Die *units;
    size_t unit_count, unit_capacity;
    struct places variables, types, code;
    struct program_layout layout;
    uint64_t types_begin; // runtime.types
    bool is_big_endian;
    bool is_out_of_memory;
};

// ---- places

static void add_place(struct program *program, struct places *places, struct place place) {
    if (!ARRAY_RESERVE(places->list, places->capacity, places->count + 1)) {
        program->is_out_of_memory = true;
        return;
    }
    places->list[places->count++] = place;
}

static int compare_places(const void *left, const void *right) {
    const struct place *a = left;
    const struct place *b = right;
    if (a->begin != b->begin) {
        return a->begin < b->begin ? -1 : 1;
    }
    return (a->end > b->end) - (a->end < b->end);
}

static void sort_places(struct places *places) {
    if (places->count > 1) {
        qsort(places->list, places->count, sizeof *places->list, compare_places);
    }
}

// The last that begins at the address or before, if it reaches that far. NULL: none does.
static const struct place *place_of(const struct places *places, uint64_t address) {
    size_t low = 0;
    size_t high = places->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (places->list[middle].begin <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_in = low > 0 && address < places->list[low - 1].end;
    return is_in ? &places->list[low - 1] : NULL;
}

// ---- entries

// An expression that is one address, in the program's byte order.
static bool is_address(const struct program *program, Dwarf_Attribute *location,
                       uint64_t *address) {
    Dwarf_Block block;
    if (dwarf_formblock(location, &block) != 0 || (block.length != 5 && block.length != 9) ||
        block.data[0] != DW_OP_addr) {
        return false;
    }
    *address = dump_pointer_at(block.data + 1, (uint32_t)block.length - 1, program->is_big_endian);
    return true;
}

static void take_variable(struct program *program, Dwarf_Die *entry) {
    Dwarf_Attribute attribute;
    uint64_t begin;
    Dwarf_Die type;
    Dwarf_Die peeled;
    Dwarf_Word size_bytes = 0;
    const char *name = dwarf_diename(entry);
    if (name == NULL || dwarf_attr(entry, DW_AT_location, &attribute) == NULL ||
        !is_address(program, &attribute, &begin)) {
        return;
    }
    if (dwarf_attr(entry, DW_AT_type, &attribute) == NULL ||
        dwarf_formref_die(&attribute, &type) == NULL || dwarf_peel_type(&type, &peeled) != 0 ||
        dwarf_aggregate_size(&peeled, &size_bytes) != 0) {
        size_bytes = 1;
    }
    uint64_t end = begin + (size_bytes == 0 ? 1 : size_bytes);
    add_place(program, &program->variables,
              (struct place){begin, end < begin ? UINT64_MAX : end, name, 0});
}

// An entry has its descriptor's offset in Go's section of types.
static void take_type(struct program *program, Dwarf_Die *entry) {
    Dwarf_Attribute attribute;
    Dwarf_Addr address;
    const char *name = dwarf_diename(entry);
    if (name != NULL && dwarf_attr(entry, DW_AT_GO_RUNTIME_TYPE, &attribute) != NULL &&
        dwarf_formaddr(&attribute, &address) == 0 && address != 0 &&
        address < UINT64_MAX - program->types_begin) {
        uint64_t begin = program->types_begin + address;
        add_place(program, &program->types, (struct place){begin, begin + 1, name, 0});
    }
}

static void take_unit(struct program *program, Dwarf_Die *unit) {
    Dwarf_Die entry;
    Dwarf_Addr base;
    Dwarf_Addr begin;
    Dwarf_Addr end;
    if (!ARRAY_RESERVE(program->units, program->unit_capacity, program->unit_count + 1)) {
        program->is_out_of_memory = true;
        return;
    }
    program->units[program->unit_count] = *unit;
    for (ptrdiff_t at = 0; (at = dwarf_ranges(unit, at, &base, &begin, &end)) > 0;) {
        if (begin < end) {
            add_place(program, &program->code,
                      (struct place){begin, end, NULL, program->unit_count});
        }
    }
    program->unit_count++;
    if (dwarf_child(unit, &entry) != 0) {
        return;
    }
    do {
        if (dwarf_tag(&entry) == DW_TAG_variable) {
            take_variable(program, &entry);
        } else {
            take_type(program, &entry);
        }
    } while (!program->is_out_of_memory && dwarf_siblingof(&entry, &entry) == 0);
}

static void read_units(struct program *program) {
    Dwarf_CU *unit = NULL;
    Dwarf_Die entry;
    while (!program->is_out_of_memory &&
           dwarf_get_units(program->dwarf, unit, &unit, NULL, NULL, &entry, NULL) == 0) {
        take_unit(program, &entry);
    }
    sort_places(&program->variables);
    sort_places(&program->types);
    sort_places(&program->code);
}

// ---- the file

// Finds the symbols of the layout. False: one is missing.
static bool read_layout(struct program *program) {
    static const char *const names[] = {"runtime.data", "runtime.edata", "runtime.types"};
    uint64_t *const values[] = {&program->layout.data_begin, &program->layout.data_end,
                                &program->types_begin};
    bool has[3] = {false, false, false};
    GElf_Ehdr header;
    Elf_Scn *section = NULL;
    if (gelf_getehdr(program->elf, &header) == NULL) {
        return false;
    }
    program->layout.is_movable = header.e_type == ET_DYN;
    program->is_big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;
    while ((section = elf_nextscn(program->elf, section)) != NULL) {
        GElf_Shdr about;
        Elf_Data *data = NULL;
        if (gelf_getshdr(section, &about) == NULL || about.sh_type != SHT_SYMTAB ||
            about.sh_entsize == 0 || (data = elf_getdata(section, NULL)) == NULL) {
            continue;
        }
        GElf_Sym symbol;
        for (int i = 0; gelf_getsym(data, i, &symbol) != NULL; i++) {
            const char *name = elf_strptr(program->elf, about.sh_link, symbol.st_name);
            for (size_t n = 0; name != NULL && n < 3; n++) {
                if (strcmp(name, names[n]) == 0) {
                    *values[n] = symbol.st_value;
                    has[n] = true;
                }
            }
        }
    }
    return has[0] && has[1] && has[2];
}

// What is wrong with it, or NULL.
static const char *read_file(struct program *program) {
    if (elf_version(EV_CURRENT) == EV_NONE ||
        (program->elf = elf_begin(program->descriptor, ELF_C_READ, NULL)) == NULL ||
        elf_kind(program->elf) != ELF_K_ELF) {
        return "it is no ELF program";
    }
    if (!read_layout(program)) {
        return "it has no symbol runtime.data: no Go program, or stripped";
    }
    program->dwarf = dwarf_begin_elf(program->elf, DWARF_C_READ, NULL);
    return program->dwarf == NULL ? "it has no DWARF: built with -ldflags=-w, or stripped" : NULL;
}

struct program *program_open(const char *path, int *status) {
    struct program *program = calloc(1, sizeof *program);
    *status = CLI_ENVIRONMENT;
    if (program == NULL) {
        cli_message("%s: out of memory", path);
        return NULL;
    }
    program->path = path;
    program->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a pipe is no program
    const char *wrong = NULL;
    if (program->descriptor < 0) {
        cli_message("%s: cannot open: %s", path, strerror(errno));
        *status = CLI_UNUSABLE;
    } else if ((wrong = read_file(program)) != NULL) {
        cli_message("%s: %s", path, wrong);
        *status = CLI_UNUSABLE;
    } else {
        read_units(program);
        if (!program->is_out_of_memory) {
            *status = CLI_CLEAN;
            return program;
        }
        cli_message("%s: out of memory", path);
    }
    program_close(program);
    return NULL;
}

void program_close(struct program *program) {
    if (program == NULL) {
        return;
    }
    if (program->dwarf != NULL) {
        (void)dwarf_end(program->dwarf);
    }
    if (program->elf != NULL) {
        (void)elf_end(program->elf);
    }
    if (program->descriptor >= 0) {
        (void)close(program->descriptor);
    }
    free(program->units);
    free(program->variables.list);
    free(program->types.list);
    free(program->code.list);
    free(program);
}

struct program_layout program_layout(const struct program *program) {
    return program->layout;
}

const char *program_variable(const struct program *program, uint64_t address, uint64_t *offset) {
    const struct place *place = place_of(&program->variables, address);
    *offset = place == NULL ? 0 : address - place->begin;
    return place == NULL ? NULL : place->name;
}

const char *program_line(const struct program *program, uint64_t pc, uint64_t *line) {
    const struct place *place = place_of(&program->code, pc);
    int number = 0;
    *line = 0;
    if (place == NULL) {
        return NULL;
    }
    Dwarf_Die unit = program->units[place->unit];
    Dwarf_Line *found = dwarf_getsrc_die(&unit, pc);
    if (found == NULL || dwarf_lineno(found, &number) != 0 || number <= 0) {
        return NULL;
    }
    *line = (uint64_t)number;
    return dwarf_linesrc(found, NULL, NULL);
}

const char *program_type(const struct program *program, uint64_t address) {
    const struct place *place = place_of(&program->types, address);
    return place == NULL ? NULL : place->name;
}
