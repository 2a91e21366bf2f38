// contest: programs on several allocators, each in a process of its own, and the first result in
// which they differ. Internal to cli/subject.
#ifndef CLI_SUBJECT_CONTEST_H
#define CLI_SUBJECT_CONTEST_H

#include "cli/subject/compare.h"
#include "fuzz/program/program.h"
#include "fuzz/subject/results.h"
#include "fuzz/subject/subject.h"
#include "oracle/core/finding.h"

#define CONTEST_BATCH 64 // programs of one child

enum contest_end { CONTEST_CLEAN, CONTEST_FINDING, CONTEST_DIED, CONTEST_HUNG };

// What a child tells its parent of its programs; `results` and `text` are of the last one.
struct contest_told {
    uint32_t done_count;
    bool is_environment;
    bool has_ended; // the child came to its own end: else the subject ended it, whatever its status
    uint64_t hashes[CONTEST_BATCH];
    uint64_t call_count;
    enum contest_end end;
    struct results results;
    char text[FINDING_TEXT_BYTES + 48]; // a rule and what it says
};

struct contest {
    struct subject subjects[COMPARE_SUBJECTS_MAX];
    size_t count;
    bool has_no_contents;      // an object is a name alone in one of them
    struct contest_told *told; // shared with the children
};

// The first difference: in which respect, where, and who gave what.
struct contest_difference {
    bool is_there;
    bool is_refusal; // a bounded one had no room: this is none
    int kind;        // enum result_kind; RESULT_KINDS: the end of a program
    uint32_t operation;
    uint64_t values[COMPARE_SUBJECTS_MAX];
    char text[FINDING_TEXT_BYTES + 48]; // of an end: what the first that ended badly says
};

// Opens the subjects, and leaves of their tables and languages what all of them have. A status; a
// message was printed unless it is CLI_CLEAN.
int contest_open(struct contest *contest, char *const *names, size_t count);
void contest_close(struct contest *contest);

// Makes of the program one that all of them may run: as each allocator is by itself, and without
// objects of no bytes, which some give and some do not.
void contest_normalise(const struct contest *contest, struct program *program);

// Draws the program of that number, and makes it such.
void contest_draw(const struct contest *contest, struct program *program, uint64_t number);

// Runs CONTEST_BATCH programs from that number on; how many are alike in all of them, which is all
// or those before the first that is not. False: a message was printed.
bool contest_batch(struct contest *contest, uint64_t first, uint32_t *alike_count);

// Runs one program, and finds where they differ. False: a message was printed.
bool contest_one(struct contest *contest, const struct program *program,
                 struct contest_difference *difference);

#endif
