// accounts: what two builds say of the same inputs, and in what they differ: the statistics at the
// end, what each operation moved, the records of the dump, and what the new one's own rules find.
//
// A difference is shown at the smallest input, by operations, that has it.
//
// An example: the new build counts stacks as heap. Of the input a.ops, 9 operations, of which the
// first, "g0 = go_start", makes a stack of 8192 bytes, three replays are read (build.h): OLD's and
// NEW's lines of JSON with every truth set aside, and NEW's with its rules. It gives
//   a field    HeapInuse, 8192 -> 16384, since the statistics at the end differ; its place is
//              operation 0 of a.ops, since there the two traces part
//   a delta    go_start moves HeapInuse, 0 -> +8192, once
//   a record   MemStats, 1 -> 1, 1 changed, with the member HeapInuse, since the dumps differ
//   a finding  scan-field HeapInuse, which NEW's own rules say of it
// When b.ops with 4 operations shows the same difference, the rows name b.ops, as it is smaller,
// and input_count is 2. With --allow=HeapInuse the field, its deltas and its record are meant.
#ifndef CLI_ACCOUNTS_ACCOUNTS_H
#define CLI_ACCOUNTS_ACCOUNTS_H

#include "cli/accounts/build.h"

#include <json-c/json.h>

enum { ACCOUNTS_OLD, ACCOUNTS_NEW };

#define ACCOUNTS_NOWHERE SIZE_MAX // at no operation: before the first one or after the last

struct accounts_place {
    char *input; // a path
    size_t operation_count;
    size_t operation; // or ACCOUNTS_NOWHERE
    char *text;       // of the operation; NULL: none
};

// A statistic that differs at the end.
struct accounts_field {
    char *name;
    size_t input_count;
    size_t earliest; // operation at which it parts in any input, from 1; 0: before the first one;
                     // ACCOUNTS_NOWHERE: traces do not tell
    bool is_only_in[2];
    char part[64];                 // of a list: the first that differs, "[5].Mallocs"; else ""
    struct json_object *values[2]; // NULL: null
    struct accounts_place place;
};

// What operations of one name did to one statistic, where it differs.
struct accounts_delta {
    char *operation, *field; // "effective": whether it did anything
    size_t input_count, times;
    struct json_object *values[2];
    struct accounts_place place;
    size_t seen_in; // the last input that it was counted in, from 1
    size_t rank;    // of its field among the fields
};

// The records of one kind in the final dumps. Of MemStats, `members` names the statistics that
// differ.
struct accounts_record {
    char *name;
    size_t input_count;
    size_t counts[2], only_counts[2]; // of the shown input: all, and those that the other has not
    struct json_object *members;      // an array of names, of all inputs; NULL: not by members
    struct accounts_place place;
};

struct accounts_finding {
    char *rule, *field, *message;
    size_t input_count;
    struct accounts_place place;
    size_t seen_in; // as above
};

struct accounts {
    struct build builds[2];
    const char *allowed; // names with commas between; NULL: none
    bool allows_findings;

    size_t input_count;
    struct accounts_field *fields; // those that differ; sorted by accounts_sort()
    size_t field_count;
    struct accounts_delta *deltas;
    size_t delta_count;
    struct accounts_record *records;
    size_t record_count;
    struct accounts_finding *findings;
    size_t finding_count;
    size_t judged_count; // inputs on which the new build has a finding

    size_t ended_count; // inputs that end in another exit status
    struct accounts_place ended;
    int ended_status[2];

    struct json_object *names; // an object: every statistic that either build has
    bool has_spoken[2];        // the build printed statistics or a trace
    bool is_allowed_known;     // the names in `allowed` were looked up
    bool is_out_of_memory;
};

// Adds what the builds say of one input. CLI_CLEAN, or another status: a message was printed.
int accounts_compare(struct accounts *accounts, const char *input);

// After the last input: brings the fields into the order in which they part, cause before
// consequence. CLI_CLEAN, or another status: a message was printed.
int accounts_finish(struct accounts *accounts);

void accounts_fini(struct accounts *accounts);

// Whether a difference of that name is meant.
bool accounts_allows(const struct accounts *accounts, const char *name);
bool accounts_allows_record(const struct accounts *accounts, const struct accounts_record *record);

// False: --allow has a name that nobody knows; a message names the nearest one.
bool accounts_check_allowed(const struct accounts *accounts);

// Whether anything is left that was not meant.
bool accounts_is_found(const struct accounts *accounts);

// ---- for the parts

// One more row behind `count` of them, all zero; NULL: out of memory, which the accounts remember.
void *accounts_add(struct accounts *accounts, void **rows, size_t *count, size_t row_bytes);
char *accounts_copy(struct accounts *accounts, const char *text);

// Puts the place in if it is the first, or of a smaller input than the one there. Whether it did.
bool accounts_place_is_better(const struct accounts_place *place, size_t operation_count);
void accounts_place_set(struct accounts *accounts, struct accounts_place *place,
                        const struct accounts_place *value);

// records.c: whether the dumps of one input differ at all.
bool accounts_dumps_differ(const struct bytes *old_dump, const struct bytes *new_dump);
// In which records. `again` is the old build's dump of another run: a kind of record in which that
// differs as well has addresses that the kernel chose, and is not compared.
void accounts_compare_dumps(struct accounts *accounts, const struct accounts_place *place,
                            const struct bytes *old_dump, const struct bytes *new_dump,
                            const struct bytes *again);

// The names that records are told by, in the order of the dump's tags; NULL: no more.
const char *accounts_record_name(size_t index);

// ---- what is printed, to stdout

void accounts_print_table(const struct accounts *accounts);
void accounts_print_json(const struct accounts *accounts);
void accounts_print_markdown(const struct accounts *accounts);

#endif
