// subject: one foreign allocator as the harness uses it: its table checked, its rules parsed, its
// machine.
//
// A name is looked up among the subjects that are built in and those that are installed; a path is
// opened only when the caller gave it on the command line, since opening it runs its code.
#ifndef FUZZ_SUBJECT_SUBJECT_H
#define FUZZ_SUBJECT_SUBJECT_H

#include "fuzz/execute/machine.h"
#include "oracle/relations/relations.h"
#include "subject/subject.h"

// Room for the sentence on an adapter that cannot be used.
#define SUBJECT_MESSAGE_BYTES 320
#define SUBJECT_VALUES_MAX    4096 // numbers that one read may give

// A foreign allocator, opened: its table, its relations, and the machine that drives it.
struct subject {
    struct countercheck_subject table; // a copy; what the adapter's lacks is NULL
    struct relations *relations;
    struct language language;
    struct account_schema schema;
    struct machine machine;
    const char *fields[ACCOUNT_MAX + 1]; // names of the account
    uint32_t field_at[ACCOUNT_MAX];      // the first value of each
    uint32_t field_rows[ACCOUNT_MAX];    // how many values are added up for it
    uint32_t field_places[ACCOUNT_MAX];  // values apart: 2 of a rounded one
    void *described;                     // what describe() said; NULL: nothing
    void *library;                       // of dlopen; NULL: built in
};

// How opening a foreign allocator ended.
enum subject_status {
    SUBJECT_OPEN,
    SUBJECT_UNUSABLE,   // no such name, or the adapter is wrong
    SUBJECT_ENVIRONMENT // no memory
};

// Opens the subject. `name`: a name, or a path when it has a slash. `relations`: text in place of
// the adapter's own; NULL: that. On failure `message` says what is wrong, in one line.
enum subject_status subject_open(struct subject *subject, const char *name, const char *relations,
                                 char message[SUBJECT_MESSAGE_BYTES]);

// The text beside an adapter, NAME.relations beside NAME.so, that holds where no other is named.
// False: there is none, or the subject is built in.
bool subject_find_relations(const char *name, char *path, size_t path_bytes);

// What must stand in the environment before the process starts, for that subject to be opened:
// "NAME=value", NULL at the end. It loads the adapter and calls nothing of it but for its table.
// NULL: nothing, or there is no such subject (subject_open says so).
const char *const *subject_environment(const char *name);

// The same as subject_open of a table that the caller has.
enum subject_status subject_open_table(struct subject *subject,
                                       const struct countercheck_subject *table,
                                       const char *relations, char message[SUBJECT_MESSAGE_BYTES]);

// Frees the rules and unloads the adapter. No program may run on it any more.
void subject_close(struct subject *subject);

#define SUBJECT_HANDLES OPERATION_SLOTS_WIDE // that a program has

// The most that an object may be aligned to.
static inline size_t subject_alignment_max(const struct countercheck_subject *table) {
    return table->alignment_max == 0 ? table->alignment : table->alignment_max;
}

#define SUBJECT_SIZE_MAX 4194303 // of an object; what a program says beyond it is folded

// The bytes that an operation's size stands for.
static inline size_t subject_size_for(const struct countercheck_subject *table,
                                      uint64_t size_bytes) {
    size_t most = table->size_max;
    size_bytes &= SUBJECT_SIZE_MAX;
    return most == 0 || size_bytes <= most ? size_bytes : size_bytes % (most + 1);
}

#define SUBJECT_HANG_MS 5000 // of a program, unless the table says more

// After how many milliseconds a program on the allocator hangs.
static inline uint32_t subject_hang_ms(const struct countercheck_subject *table) {
    return table->hang_ms == 0 ? SUBJECT_HANG_MS : table->hang_ms;
}

// Calls `visit` with each name that subject_open takes, built in first.
void subject_list(void (*visit)(void *context, const char *name, bool is_built_in), void *context);

#endif
