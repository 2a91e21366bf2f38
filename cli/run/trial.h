// trial: one program run in a process of its own, within a time, so that a crash or a hang ends the
// trial and not the command.
#ifndef CLI_RUN_TRIAL_H
#define CLI_RUN_TRIAL_H

#include "fuzz/execute/executor.h"

// Room for the words on a crash, with their NUL.
#define TRIAL_CRASH_BYTES 160
#define TRIAL_MS          30000 // of a trial that nobody bounds otherwise

// How a trial ended.
enum outcome_kind {
    OUTCOME_CLEAN,
    OUTCOME_FINDING, // rule, field, sentence, values
    OUTCOME_CRASH,   // crash: what it died of
    OUTCOME_HANG,    // no end within its time
    OUTCOME_UNKNOWN, // the trial itself failed: no process, no memory
};

// What a trial ended in.
struct outcome {
    enum outcome_kind kind;
    const struct rule_row *rule;
    char field[FINDING_FIELD_BYTES];
    char sentence[FINDING_SENTENCE_BYTES];
    char text[FINDING_TEXT_BYTES]; // of a finding, in words
    bool has_values;               // of a finding
    bool is_at_end;                // of a finding: behind the last operation
    uint64_t left, right;
    char crash[TRIAL_CRASH_BYTES]; // "SIGABRT file:line: condition", without addresses and values
    uintptr_t place;               // the instruction that AddressSanitizer stopped; 0: it did not
    uint32_t took_ms;
};

// How a program is tried in a child process.
struct trial {
    const struct executor_options *options;
    uint32_t timeout_ms; // 0: TRIAL_MS
    bool is_brief; // a report of AddressSanitizer is not written out, which takes a hundred times
                   // as long as most programs: `crash` then says its kind alone
    void (*tick)(void *context); // NULL, or what is called now and then while it runs
    void *context;
};

// Runs the program in a child.
struct outcome trial_run_as(const struct trial *trial, const struct program *program);
// The same with these options, within TRIAL_MS.
struct outcome trial_run(const struct program *program, const struct executor_options *options);
// The same with a report of AddressSanitizer cut short: for who runs many.
struct outcome trial_run_briefly(const struct program *program,
                                 const struct executor_options *options);

// Same rule, field and sentence, or same way to die: at the same place where both have one.
bool outcome_is_same(const struct outcome *a, const struct outcome *b);

// The same finding and no other of its rule: of a failed expect both values are the same, of other
// rules their difference, or, where one is an address of the heap and the other none, the other. A
// hash (of the twin runs) differs with every program.
bool outcome_is_exact(const struct outcome *a, const struct outcome *b);

#endif
