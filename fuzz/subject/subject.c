// subject: finds a subject by its name, checks its table, and names its statistics.
#define _GNU_SOURCE // RTLD_DEEPBIND, dirname of /proc/self/exe
#include "fuzz/subject/subject.h"

#include "fuzz/subject/built_in.h"
#include "fuzz/subject/describe.h"
#include "fuzz/subject/machine.h"
#include "fuzz/subject/probe.h"
#include "oracle/relations/statistic.h"

#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX             ".so"
#define ALIGNMENT_MOST     ((size_t)1 << 30)
#define CAPABILITIES_KNOWN ((uint32_t)(COUNTERCHECK_RANDOM * 2 - 1))

// Of the sanitizers that replace malloc, wherever in the program they are; NULL: it has none.
#pragma weak __asan_init
#pragma weak __tsan_init
void __asan_init(void); // NOLINT(readability-identifier-naming)
void __tsan_init(void); // NOLINT(readability-identifier-naming)

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static enum subject_status
unusable(char *message, const char *format, ...);

static enum subject_status unusable(char *message, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, SUBJECT_MESSAGE_BYTES, format, arguments);
    va_end(arguments);
    return SUBJECT_UNUSABLE;
}

// ---- the table

static bool is_power(size_t value) {
    return value != 0 && (value & (value - 1)) == 0;
}

static bool is_word(const char *text, const char *more) {
    if (text == NULL || *text == 0 || strlen(text) > 63) {
        return false;
    }
    for (; *text != 0; text++) {
        bool is_letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                         (*text >= '0' && *text <= '9') || *text == '_';
        if (!is_letter && strchr(more, *text) == NULL) {
            return false;
        }
    }
    return true;
}

// What a text of relations would read as a number of the ledger.
static bool is_reserved(const char *name) {
    static const char *const prefixes[] = {"live.", "total.",   "freed.", "ops.",
                                           "walk.", "backing.", "base."};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return strcmp(name, "row") == 0;
}

static enum subject_status check_statistic(const struct countercheck_subject *table, uint32_t at,
                                           char *message) {
    const struct countercheck_statistic *statistic = &table->statistics[at];
    bool has_of = statistic->of == NULL;
    uint32_t of_count = statistic->count;
    if (!is_word(statistic->name, ".") || (*statistic->name >= '0' && *statistic->name <= '9')) {
        return unusable(message,
                        "statistic %u: its name is not a letter, then letters, digits, '_' and '.'",
                        at);
    }
    if (is_reserved(statistic->name)) {
        return unusable(message, "statistic %s: relations call something else so", statistic->name);
    }
    if (statistic->of != NULL && strcmp(statistic->of, statistic->name) == 0) {
        return unusable(message, "statistic %s: `of` names itself", statistic->name);
    }
    if ((int)statistic->kind < COUNTERCHECK_GAUGE || statistic->kind > COUNTERCHECK_PLAIN) {
        return unusable(message, "statistic %s: there is no kind %d", statistic->name,
                        (int)statistic->kind);
    }
    if (statistic->bits > 64 || statistic->count > SUBJECT_VALUES_MAX) {
        return unusable(message, "statistic %s: %u bits, %u rows", statistic->name, statistic->bits,
                        statistic->count);
    }
    for (uint32_t other = 0; table->statistics[other].name != NULL; other++) {
        if (other < at && strcmp(table->statistics[other].name, statistic->name) == 0) {
            return unusable(message, "statistic %s is there twice", statistic->name);
        }
        if (statistic->of != NULL && strcmp(table->statistics[other].name, statistic->of) == 0) {
            has_of = true;
            of_count = table->statistics[other].count;
        }
    }
    if (of_count != statistic->count) {
        return unusable(message, "statistic %s: it has %u places, and %s, which `of` names, %u",
                        statistic->name, statistic->count, statistic->of, of_count);
    }
    return has_of ? SUBJECT_OPEN
                  : unusable(message, "statistic %s: `of` names no statistic: %s", statistic->name,
                             statistic->of);
}

static enum subject_status check_statistics(const struct countercheck_subject *table,
                                            char *message) {
    uint64_t value_count = 0;
    if (table->statistics == NULL) {
        return SUBJECT_OPEN;
    }
    if (table->read == NULL) {
        return unusable(message, "there are statistics and no read()");
    }
    for (uint32_t i = 0; table->statistics[i].name != NULL; i++) {
        enum subject_status status = check_statistic(table, i, message);
        if (status != SUBJECT_OPEN) {
            return status;
        }
        value_count += statistic_numbers(&table->statistics[i]);
        if (value_count > SUBJECT_VALUES_MAX) { // or there is no end of them
            return unusable(message, "statistic %s: more than %d numbers in all",
                            table->statistics[i].name, SUBJECT_VALUES_MAX);
        }
    }
    return SUBJECT_OPEN;
}

static enum subject_status check_table(const struct countercheck_subject *table, char *message) {
    bool is_global = (table->capabilities & COUNTERCHECK_GLOBAL) != 0;
    if (!is_word(table->name, "-.")) {
        return unusable(message, "the subject's name is not of letters, digits, '-', '_' and '.'");
    }
    if (!is_power(table->alignment)) {
        return unusable(message, "alignment %zu is no power of two", table->alignment);
    }
    if (table->alignment > ALIGNMENT_MOST) {
        return unusable(message, "alignment %zu is more than %zu", table->alignment,
                        ALIGNMENT_MOST);
    }
    if (table->alignment_max != 0 && !is_power(table->alignment_max)) {
        return unusable(message, "alignment_max %zu is no power of two", table->alignment_max);
    }
    if (table->alignment_max != 0 && table->alignment_max < table->alignment) {
        return unusable(message, "alignment_max %zu is less than alignment %zu",
                        table->alignment_max, table->alignment);
    }
    if ((table->capabilities & ~CAPABILITIES_KNOWN) != 0) {
        return unusable(message, "capabilities 0x%x: no bit of 0x%x means anything",
                        table->capabilities, table->capabilities & ~CAPABILITIES_KNOWN);
    }
    for (uint32_t i = 0; table->options != NULL && table->options[i] != NULL; i++) {
        if (strcspn(table->options[i], " \t\n") != strlen(table->options[i])) {
            return unusable(message, "option %u has a blank in it", i);
        }
    }
    if (table->arena_bytes > (size_t)1 << 40 || table->size_max > (size_t)1 << 46) {
        return unusable(message, "an arena of %zu bytes, objects of %zu", table->arena_bytes,
                        table->size_max);
    }
    if (table->allocate == NULL) {
        return unusable(message, "there is no allocate()");
    }
    if (!is_global && table->create == NULL) {
        return unusable(message, "there is no create(), and it is not one to a process");
    }
    if (table->reallocate == NULL && table->expand == NULL && table->release == NULL &&
        table->release_sized == NULL && table->drop == NULL && table->reset == NULL) {
        return unusable(message,
                        "nothing frees: no release(), release_sized(), drop() and no reset()");
    }
    return SUBJECT_OPEN;
}

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
    return unusable(message, "relations, line %u, column %u: %s", error.line, error.column,
                    error.message);
}

// Whether it is a table of our kind, so that its members may be read.
static enum subject_status check_kind(const struct countercheck_subject *table, char *message) {
    if (table == NULL) {
        return unusable(message, "it gives no table");
    }
    if (table->abi != COUNTERCHECK_ABI) {
        return unusable(message, "its table is of ABI %u, and this is ABI %d", table->abi,
                        COUNTERCHECK_ABI);
    }
    size_t least = offsetof(struct countercheck_subject, create);
    if (table->struct_size_bytes < least || table->struct_size_bytes > sizeof *table + 4096) {
        return unusable(message, "its table has %zu bytes, and ours %zu", table->struct_size_bytes,
                        sizeof *table);
    }
    return SUBJECT_OPEN;
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
    status = check_table(&subject->table, message);
    if (status == SUBJECT_OPEN) {
        status = subject_probe(&subject->table, message);
    }
    if (status == SUBJECT_OPEN) {
        status = subject_describe(subject, message);
    }
    if (status == SUBJECT_OPEN) {
        status = check_statistics(&subject->table, message);
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
    return unusable(message, "cannot be loaded: %s", why + (is_named ? length + 2 : 0));
}

// Loads an adapter and finds its table. NULL: the message says why.
static void *load(const char *path, const struct countercheck_subject **table, char *message) {
    // an adapter's own malloc must be the one that it was linked with, and not the command's; where
    // a sanitizer replaces malloc, that does not go
    int binding = __asan_init == NULL && __tsan_init == NULL ? RTLD_DEEPBIND : 0;
    struct stat file;
    if (stat(path, &file) == 0 && !S_ISREG(file.st_mode)) { // a FIFO would be waited for
        (void)unusable(message, "cannot be loaded: no regular file");
        return NULL;
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | binding);
    if (library == NULL) {
        (void)not_loaded(message, path);
        return NULL;
    }
    void *found = dlsym(library, "countercheck_subject_table");
    const struct countercheck_subject *(*table_of)(void) = NULL;
    memcpy(&table_of, &found, sizeof table_of); // POSIX: an object's address may be a function's
    if (table_of == NULL) {
        (void)dlclose(library);
        (void)unusable(message, "it has no countercheck_subject_table()");
        return NULL;
    }
    *table = table_of();
    return library;
}

// Why a library gives no table.
static enum subject_status no_table(void *library, char *message) {
    bool is_environment = false;
    void *found = dlsym(library, "countercheck_subject_wrong");
    const char *(*wrong)(bool *is_environment) = NULL;
    memcpy(&wrong, &found, sizeof wrong); // as in load
    (void)unusable(message, "%s", wrong == NULL ? "it gives no table" : wrong(&is_environment));
    return is_environment ? SUBJECT_ENVIRONMENT : SUBJECT_UNUSABLE;
}

// The file of an adapter. False: none is called so.
static bool find_adapter(const char *name, char *path, size_t path_bytes) {
    char folder[PATH_MAX];
    if (strchr(name, '/') != NULL) {
        (void)snprintf(path, path_bytes, "%s", name);
        return true;
    }
    for (unsigned number = 0; is_word(name, "-.") && folder_of(number, folder, sizeof folder);
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

enum subject_status subject_open(struct subject *subject, const char *name, const char *relations,
                                 char message[SUBJECT_MESSAGE_BYTES]) {
    char path[PATH_MAX + 80];
    const struct countercheck_subject *table;
    const struct built_in *built_in = find_built_in(name);
    if (built_in != NULL) {
        return subject_open_table(subject, built_in->table(), relations, message);
    }
    if (!find_adapter(name, path, sizeof path)) {
        return unusable(message, "no subject is called '%.60s' (countercheck subject list)", name);
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
