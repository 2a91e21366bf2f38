// module: a file that a trace's calls lie in, asked which functions and lines they are, by
// elfutils' libdw.
//
// What libdwfl is told is that the file lies at 0, so that its addresses are the trace's offsets.
// It finds the file's debugging information where distributions put it, by the build-id.
#define _GNU_SOURCE // GLOB_ONLYDIR, asprintf
#include "cli/trace/symbols/module.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_FOLDERS                                                                             \
    "/usr/local/lib:/usr/lib:/lib:/usr/lib64:/lib64:/usr/lib/*-linux-gnu*:/usr/local/bin:/usr/"    \
    "bin:/bin"

struct module_file {
    Dwfl *dwfl;
    Dwfl_Module *module;
};

static char *debug_path; // libdwfl's own folders
static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = &debug_path,
};

// ---- the file

// Whether it is the one that was loaded.
static bool is_it(int descriptor, const struct trace_module *module) {
    const void *id = NULL;
    (void)elf_version(EV_CURRENT);
    Elf *elf = elf_begin(descriptor, ELF_C_READ, NULL);
    ssize_t id_bytes = elf == NULL ? -1 : dwelf_elf_gnu_build_id(elf, &id);
    bool has_none = elf != NULL && elf_kind(elf) == ELF_K_ELF && id_bytes <= 0;
    bool is_same = id_bytes > 0 && (size_t)id_bytes == module->build_id_bytes &&
                   memcmp(id, module->build_id, module->build_id_bytes) == 0;
    is_same = is_same || (has_none && module->build_id_bytes == 0);
    (void)elf_end(elf);
    return is_same;
}

// *found: its path, by malloc. -1: it is not there.
static int try_folder(const char *folder, const struct trace_module *module, char **found) {
    char *path = NULL;
    struct stat status;
    if (asprintf(&path, "%s/%s", folder, module->name) < 0) {
        return -1;
    }
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a pipe is no module
    if (descriptor >= 0 && (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) ||
                            !is_it(descriptor, module))) {
        (void)close(descriptor);
        descriptor = -1;
    }
    *found = descriptor < 0 ? NULL : path;
    if (descriptor < 0) {
        free(path);
    }
    return descriptor;
}

// Each may be a pattern. -1: in none.
static int try_folders(const char *folders, const struct trace_module *module, char **path) {
    char *copy = folders == NULL ? NULL : strdup(folders);
    char *rest = NULL;
    int descriptor = -1;
    for (char *folder = copy == NULL ? NULL : strtok_r(copy, ":", &rest);
         folder != NULL && descriptor < 0; folder = strtok_r(NULL, ":", &rest)) {
        glob_t found;
        if (glob(folder, GLOB_ONLYDIR, NULL, &found) == 0) {
            for (size_t i = 0; i < found.gl_pathc && descriptor < 0; i++) {
                descriptor = try_folder(found.gl_pathv[i], module, path);
            }
            globfree(&found);
        }
    }
    free(copy);
    return descriptor;
}

static int find_file(const struct trace_module *module, const char *folders, char **path) {
    const char *const all[] = {folders, ".", getenv("PATH"), SYSTEM_FOLDERS};
    int descriptor = -1;
    for (size_t i = 0; module->name[0] != 0 && i < 4 && descriptor < 0; i++) {
        descriptor = try_folders(all[i], module, path);
    }
    return descriptor;
}

// Libdwfl has the descriptor then. False: it takes no such file.
static bool report(struct module_file *file, const char *path, int descriptor) {
    file->dwfl = dwfl_begin(&callbacks);
    if (file->dwfl != NULL) {
        dwfl_report_begin(file->dwfl);
        file->module = dwfl_report_elf(file->dwfl, path, path, descriptor, 0, true);
        (void)dwfl_report_end(file->dwfl, NULL, NULL);
    }
    return file->module != NULL;
}

struct module_file *module_open(const struct trace_module *module, const char *folders) {
    char *path = NULL;
    int descriptor = find_file(module, folders, &path);
    struct module_file *file = descriptor < 0 ? NULL : calloc(1, sizeof *file);
    bool is_open = file != NULL && report(file, path, descriptor);
    free(path);
    if (!is_open && descriptor >= 0) {
        (void)close(descriptor);
    }
    if (!is_open) {
        module_close(file);
        return NULL;
    }
    return file;
}

void module_close(struct module_file *file) {
    if (file != NULL) {
        if (file->dwfl != NULL) {
            dwfl_end(file->dwfl);
        }
        free(file);
    }
}

// ---- a call

static bool is_function(Dwarf_Die *entry) {
    int tag = dwarf_tag(entry);
    return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine ||
           tag == DW_TAG_entry_point;
}

static const char *name_of(Dwarf_Die *entry) {
    Dwarf_Attribute attribute;
    const char *name = NULL;
    if (dwarf_attr_integrate(entry, DW_AT_linkage_name, &attribute) != NULL) {
        name = dwarf_formstring(&attribute);
    }
    return name != NULL ? name : dwarf_diename(entry);
}

// Where an inlined function was called.
static void take_place(Dwarf_Die *unit, Dwarf_Die *entry, struct module_call *call) {
    Dwarf_Attribute attribute;
    Dwarf_Word number = 0;
    Dwarf_Files *files = NULL;
    if (dwarf_attr(entry, DW_AT_call_file, &attribute) != NULL &&
        dwarf_formudata(&attribute, &number) == 0 && dwarf_getsrcfiles(unit, &files, NULL) == 0) {
        call->file = dwarf_filesrc(files, number, NULL, NULL);
    }
    if (dwarf_attr(entry, DW_AT_call_line, &attribute) != NULL &&
        dwarf_formudata(&attribute, &number) == 0) {
        call->line = number;
    }
}

// The functions that the place is in by their entries; calls[0] has file and line. Returns how
// many.
static size_t take_scopes(Dwarf_Die *unit, Dwarf_Die *scopes, size_t scope_count,
                          struct module_call *calls, size_t limit) {
    size_t count = 0;
    for (size_t i = 0; i < scope_count && count < limit; i++) {
        if (!is_function(&scopes[i])) {
            continue;
        }
        calls[count++].function = name_of(&scopes[i]);
        if (dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine) {
            break;
        }
        if (count < limit) {
            calls[count] = (struct module_call){.function = NULL};
            take_place(unit, &scopes[i], &calls[count]);
        }
    }
    return count;
}

static size_t take_inlined(struct module_file *file, uint64_t offset, struct module_call *calls,
                           size_t limit) {
    Dwarf_Addr bias = 0;
    Dwarf_Die *unit = dwfl_module_addrdie(file->module, offset, &bias);
    Dwarf_Die *scopes = NULL;
    Dwarf_Die innermost;
    int count = unit == NULL ? 0 : dwarf_getscopes(unit, offset - bias, &scopes);
    if (count <= 0) {
        return 0;
    }
    innermost = scopes[0];
    free(scopes);
    scopes = NULL;
    count = dwarf_getscopes_die(&innermost, &scopes); // as they lie in each other
    size_t taken = count <= 0 ? 0 : take_scopes(unit, scopes, (size_t)count, calls, limit);
    free(scopes);
    return taken;
}

size_t module_calls(struct module_file *file, uint64_t offset, struct module_call *calls,
                    size_t limit) {
    calls[0] = (struct module_call){.function = NULL};
    Dwfl_Line *line = dwfl_module_getsrc(file->module, offset);
    if (line != NULL) {
        int number = 0;
        calls[0].file = dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
        calls[0].line = number > 0 ? (uint64_t)number : 0;
    }
    size_t count = take_inlined(file, offset, calls, limit);
    if (count == 0) {
        calls[0].function = dwfl_module_addrname(file->module, offset);
        count = calls[0].function != NULL;
    }
    return count;
}
