// subject: finds a subject by its name, checks its table, and names its statistics.
#define _GNU_SOURCE // RTLD_DEEPBIND, dirname of /proc/self/exe
#include "fuzz/subject/subject.h"

#include "fuzz/subject/built_in.h"
#include "fuzz/subject/describe.h"
#include "fuzz/subject/machine.h"
#include "fuzz/subject/probe.h"
#include "fuzz/subject/table.h"
#include "oracle/relations/statistic.h"

#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX  ".so"
#define LOAD_MS 30000 // that an adapter may take to load, and to give its table

// Of the sanitizers that replace malloc, wherever in the program they are; NULL: it has none.
#pragma weak __asan_init
#pragma weak __tsan_init
void __asan_init(void); // NOLINT(readability-identifier-naming)
void __tsan_init(void); // NOLINT(readability-identifier-naming)

// ---- what programs may say

static uint32_t capabilities_of(const struct countercheck_subject *table) {
    bool frees = table->release != NULL;
    uint32_t has = LANGUAGE_HAS(SETTLE);
    has |= frees ? LANGUAGE_HAS(FREE) : 0;
    has |= table->allocate_aligned != NULL ? LANGUAGE_HAS(ALIGNED) : 0;
    has |= table->reallocate != NULL ? LANGUAGE_HAS(REALLOC) : 0;
    has |= table->flush != NULL ? LANGUAGE_HAS(FLUSH) : 0;
    has |= (table->capabilities & COUNTERCHECK_THREADS) != 0 ? LANGUAGE_HAS(LANES) : 0;
    has |= (table->capabilities & COUNTERCHECK_FORK) != 0 ? LANGUAGE_HAS(FORK) : 0;
    has |= table->purge != NULL ? LANGUAGE_HAS(PURGE) : 0;
    has |= table->collect != NULL ? LANGUAGE_HAS(COLLECT) : 0;
    has |= (table->capabilities & (COUNTERCHECK_GLOBAL | COUNTERCHECK_REMOTE)) == 0 &&
                   table->arena_bytes == 0
               ? LANGUAGE_HAS(FAULT)
               : 0;
    has |= table->expand != NULL ? LANGUAGE_HAS(EXPAND) : 0;
    has |= table->release_sized != NULL ? LANGUAGE_HAS(SIZED) : 0;
    has |= table->drop != NULL ? LANGUAGE_HAS(DROP) : 0;
    has |= table->reset != NULL ? LANGUAGE_HAS(RESET) : 0;
    has |= table->reset_peaks != NULL ? LANGUAGE_HAS(PEAKS) : 0;
    return has;
}

// One number for each statistic: of a row its sum. Those behind the last place are in the relations
// alone.
static void name_fields(struct subject *subject) {
    static const char nothing[] = "objects"; // an account has at least one
    const struct countercheck_statistic *statistic = subject->table.statistics;
    unsigned count = 0;
    uint32_t at = 0;
    for (; statistic != NULL && statistic->name != NULL && count < ACCOUNT_MAX;
         statistic++, count++) {
        subject->fields[count] = statistic->name;
        subject->field_at[count] = at;
        subject->field_rows[count] = statistic_rows(statistic);
        subject->field_places[count] = statistic_places(statistic);
        at += statistic_numbers(statistic);
    }
    if (count == 0) {
        subject->fields[count++] = nothing;
    }
    subject->fields[count] = NULL;
    subject->schema = (struct account_schema){subject->fields, count, true};
    subject->language = (struct language){capabilities_of(&subject->table), subject->fields, count};
}

static enum subject_status parse_relations(struct subject *subject, const char *text,
                                           char *message) {
    const struct relations_schema schema = {
        .statistics = subject->table.statistics,
        .capabilities = subject->table.capabilities,
        .options = subject->table.options,
        .version = subject->table.version,
        .has_walk = subject->table.walk != NULL,
    };
    struct relations_error error;
    subject->relations = relations_parse(text == NULL ? "" : text, &schema, &error);
    if (subject->relations != NULL) {
        return SUBJECT_OPEN;
    }
    if (error.line == 0) {
        (void)snprintf(message, SUBJECT_MESSAGE_BYTES, "out of memory");
        return SUBJECT_ENVIRONMENT;
    }
    return table_unusable(message, "relations, line %u, column %u: %s", error.line, error.column,
                          error.message);
}

// Whether it is a table of our kind, so that its members may be read.
static enum subject_status check_kind(const struct countercheck_subject *table, char *message) {
    if (table == NULL) {
        return table_unusable(message, "it gives no table");
    }
    if (table->abi != COUNTERCHECK_ABI) {
        return table_unusable(message, "its table is of ABI %u, and this is ABI %d", table->abi,
                              COUNTERCHECK_ABI);
    }
    size_t least = offsetof(struct countercheck_subject, create);
    if (table->struct_size_bytes < least || table->struct_size_bytes > sizeof *table + 4096) {
        return table_unusable(message, "its table has %zu bytes, and ours %zu",
                              table->struct_size_bytes, sizeof *table);
    }
    return SUBJECT_OPEN;
}

// What the allocator says of itself, and whether it makes sense.
static enum subject_status ask(struct subject *subject, char *message) {
    enum subject_status status = subject_describe(subject, message);
    const char *version = subject->table.version;
    probe_calls("a look at its statistics");
    if (status == SUBJECT_OPEN && version != NULL && !table_is_line(version)) {
        return table_unusable(message, "its version is no line of ASCII");
    }
    return status == SUBJECT_OPEN ? table_check_statistics(&subject->table, message) : status;
}

// All that calls the adapter's code, or follows its pointers.
static enum subject_status examine(void *context, char *message) {
    struct subject *subject = context;
    enum subject_status status = table_check(&subject->table, message);
    if (status == SUBJECT_OPEN) {
        status = probe_create(&subject->table, message);
    }
    return status == SUBJECT_OPEN ? ask(subject, message) : status;
}

enum subject_status subject_open_table(struct subject *subject,
                                       const struct countercheck_subject *table,
                                       const char *relations, char message[SUBJECT_MESSAGE_BYTES]) {
    *subject = (struct subject){.library = NULL};
    enum subject_status status = check_kind(table, message);
    if (status != SUBJECT_OPEN) {
        return status;
    }
    size_t shared = table->struct_size_bytes < sizeof subject->table ? table->struct_size_bytes
                                                                     : sizeof subject->table;
    memcpy(&subject->table, table, shared);
    status = subject_probe(examine, subject, subject_hang_ms(table), message);
    if (status == SUBJECT_OPEN) {
        status = ask(subject, message);
    }
    if (status == SUBJECT_OPEN) {
        status = parse_relations(subject, relations == NULL ? subject->table.relations : relations,
                                 message);
    }
    if (status == SUBJECT_OPEN) {
        name_fields(subject);
        subject_machine(subject);
    } else {
        subject_forget(subject);
    }
    return status;
}

// ---- where it is

static void folder_beside_command(char *path, size_t path_bytes) {
    char command[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", command, sizeof command - 1);
    path[0] = 0;
    if (length > 0) {
        command[length] = 0;
        char *slash = strrchr(command, '/');
        *slash = 0;
        (void)snprintf(path, path_bytes, "%s", command);
    }
}

// The folders that hold installed adapters, in their order. False: no more.
static bool folder_of(unsigned number, char *path, size_t path_bytes) {
    char beside[PATH_MAX];
    const char *asked = getenv("COUNTERCHECK_SUBJECTS");
    folder_beside_command(beside, sizeof beside);
    switch (number) {
    case 0:
        (void)snprintf(path, path_bytes, "%s", asked == NULL ? "" : asked);
        return true;
    case 1:
        (void)snprintf(path, path_bytes, "%.4000s/subjects", beside);
        return true;
    case 2:
        (void)snprintf(path, path_bytes, "%.4000s/../lib/countercheck/subjects", beside);
        return true;
    default:
        return false;
    }
}

// Why a file could not be loaded, without its name, which the caller tells.
static enum subject_status not_loaded(char *message, const char *path) {
    const char *why = dlerror();
    size_t length = strlen(path);
    bool is_named = strncmp(why, path, length) == 0 && strncmp(why + length, ": ", 2) == 0;
    return table_unusable(message, "cannot be loaded: %s", why + (is_named ? length + 2 : 0));
}

typedef const struct countercheck_subject *table_function(void);

static table_function *table_of(void *library) {
    void *found = dlsym(library, "countercheck_subject_table");
    table_function *function = NULL;
    memcpy(&function, &found, sizeof function); // POSIX: an object's address may be a function's
    return function;
}

// An adapter's own malloc must be the one that it was linked with, and not the command's; where a
// sanitizer replaces malloc, that does not go.
static void *open_library(const char *path) {
    int binding = __asan_init == NULL && __tsan_init == NULL ? RTLD_DEEPBIND : 0;
    return dlopen(path, RTLD_NOW | RTLD_LOCAL | binding);
}

// What is wrong otherwise is told by who does the same afterwards.
static enum subject_status load_once(void *context, char *message) {
    (void)message;
    probe_calls("loading it");
    void *library = open_library(context);
    table_function *function = library == NULL ? NULL : table_of(library);
    if (function != NULL) {
        probe_calls("countercheck_subject_table()");
        (void)function();
    }
    return SUBJECT_OPEN;
}

// Whether the adapter survives its load; it may have been loaded before.
static bool can_load(const char *path, char *message) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (library != NULL) {
        (void)dlclose(library);
        return true;
    }
    return subject_probe(load_once, (void *)(uintptr_t)path, LOAD_MS, message) == SUBJECT_OPEN;
}

// Loads an adapter and finds its table. NULL: the message says why.
static void *load(const char *path, const struct countercheck_subject **table, char *message) {
    struct stat file;
    if (stat(path, &file) == 0 && !S_ISREG(file.st_mode)) { // a FIFO would be waited for
        (void)table_unusable(message, "cannot be loaded: no regular file");
        return NULL;
    }
    if (!can_load(path, message)) {
        return NULL;
    }
    void *library = open_library(path);
    if (library == NULL) {
        (void)not_loaded(message, path);
        return NULL;
    }
    table_function *function = table_of(library);
    if (function == NULL) {
        (void)dlclose(library);
        (void)table_unusable(message, "it has no countercheck_subject_table()");
        return NULL;
    }
    *table = function();
    return library;
}

// Why a library gives no table.
static enum subject_status no_table(void *library, char *message) {
    bool is_environment = false;
    void *found = dlsym(library, "countercheck_subject_wrong");
    const char *(*wrong)(bool *is_environment) = NULL;
    memcpy(&wrong, &found, sizeof wrong); // as in load
    (void)table_unusable(message, "%s",
                         wrong == NULL ? "it gives no table" : wrong(&is_environment));
    return is_environment ? SUBJECT_ENVIRONMENT : SUBJECT_UNUSABLE;
}

// The file of an adapter. False: none is called so.
static bool find_adapter(const char *name, char *path, size_t path_bytes) {
    char folder[PATH_MAX];
    if (strchr(name, '/') != NULL) {
        (void)snprintf(path, path_bytes, "%s", name);
        return true;
    }
    for (unsigned number = 0; table_is_word(name, "-.") && folder_of(number, folder, sizeof folder);
         number++) {
        (void)snprintf(path, path_bytes, "%s/%s" SUFFIX, folder, name);
        if (folder[0] != 0 && access(path, F_OK) == 0) {
            return true;
        }
    }
    return false;
}

static const struct built_in *find_built_in(const char *name) {
    const struct built_in *built_in;
    size_t place = 0;
    while ((built_in = built_in_at(place)) != NULL && strcmp(built_in->name, name) != 0) {
        place++;
    }
    return built_in;
}

bool subject_find_relations(const char *name, char *path, size_t path_bytes) {
    if (find_built_in(name) != NULL || !find_adapter(name, path, path_bytes)) {
        return false;
    }
    size_t length = strlen(path);
    size_t suffix = strlen(SUFFIX);
    length -= length > suffix && strcmp(path + length - suffix, SUFFIX) == 0 ? suffix : 0;
    (void)snprintf(path + length, path_bytes - length, ".relations");
    return access(path, F_OK) == 0;
}

enum subject_status subject_open(struct subject *subject, const char *name, const char *relations,
                                 char message[SUBJECT_MESSAGE_BYTES]) {
    char path[PATH_MAX + 80];
    const struct countercheck_subject *table;
    const struct built_in *built_in = find_built_in(name);
    if (built_in != NULL) {
        return subject_open_table(subject, built_in->table(), relations, message);
    }
    if (!find_adapter(name, path, sizeof path)) {
        return table_unusable(message, "no subject is called '%.60s' (countercheck subject list)",
                              name);
    }
    void *library = load(path, &table, message);
    if (library == NULL) {
        return SUBJECT_UNUSABLE;
    }
    enum subject_status status = table == NULL
                                     ? no_table(library, message)
                                     : subject_open_table(subject, table, relations, message);
    if (status != SUBJECT_OPEN) {
        (void)dlclose(library);
        return status;
    }
    subject->library = library;
    return SUBJECT_OPEN;
}

// A library that wants its threads' memory in the static block finds it full when it comes late.
static const char *const static_tls[] = {"GLIBC_TUNABLES=glibc.rtld.optional_static_tls=65536",
                                         NULL};

const char *const *subject_environment(const char *name) {
    char path[PATH_MAX + 80];
    char message[SUBJECT_MESSAGE_BYTES];
    const struct countercheck_subject *table;
    if (find_built_in(name) != NULL || !find_adapter(name, path, sizeof path)) {
        return NULL;
    }
    if (load(path, &table, message) == NULL) { // else it stays loaded: what is given lies in it
        return strstr(message, "static TLS") != NULL ? static_tls : NULL;
    }
    return check_kind(table, message) == SUBJECT_OPEN ? table->environment : NULL;
}

void subject_close(struct subject *subject) {
    relations_free(subject->relations);
    subject->relations = NULL;
    subject_forget(subject);
    if (subject->library != NULL) {
        (void)dlclose(subject->library);
        subject->library = NULL;
    }
}

void subject_list(void (*visit)(void *context, const char *name, bool is_built_in), void *context) {
    char folder[PATH_MAX];
    for (size_t place = 0; built_in_at(place) != NULL; place++) {
        visit(context, built_in_at(place)->name, true);
    }
    for (unsigned number = 0; folder_of(number, folder, sizeof folder); number++) {
        struct dirent **entries;
        int count = folder[0] == 0 ? -1 : scandir(folder, &entries, NULL, alphasort);
        for (int i = 0; i < count; i++) {
            char *suffix = strrchr(entries[i]->d_name, '.');
            if (suffix != NULL && strcmp(suffix, SUFFIX) == 0) {
                *suffix = 0;
                visit(context, entries[i]->d_name, false);
            }
            free(entries[i]);
        }
        if (count >= 0) {
            free(entries);
        }
    }
}
