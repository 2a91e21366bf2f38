// trial: one program run in a process of its own, so that a crash ends the trial and not the
// command.
#ifndef CLI_RUN_TRIAL_H
#define CLI_RUN_TRIAL_H

#include "fuzz/execute/executor.h"

#define TRIAL_CRASH_BYTES 160

enum outcome_kind {
    OUTCOME_CLEAN,
    OUTCOME_FINDING, // rule, field, sentence
    OUTCOME_CRASH,   // crash: what it died of
    OUTCOME_UNKNOWN, // the trial itself failed: no process, no memory
};

struct outcome {
    enum outcome_kind kind;
    const struct rule_row *rule;
    char field[FINDING_FIELD_BYTES];
    char sentence[FINDING_SENTENCE_BYTES];
    char crash[TRIAL_CRASH_BYTES]; // "SIGABRT file:line: condition", without addresses and values
    uintptr_t place;               // the instruction that AddressSanitizer stopped; 0: it did not
};

// Runs the program in a child with these options.
struct outcome trial_run(const struct program *program, const struct executor_options *options);

// The same, and a report of AddressSanitizer is not written out, which takes a hundred times as
// long as most programs: `crash` then says its kind alone.
struct outcome trial_run_briefly(const struct program *program,
                                 const struct executor_options *options);

// Same rule, field and sentence, or same way to die: at the same place where both have one.
bool outcome_is_same(const struct outcome *a, const struct outcome *b);

#endif
