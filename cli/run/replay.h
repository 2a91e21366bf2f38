// replay: one program run under the oracle by a command, step by step; shared by replay, bisect,
// soak.
#ifndef CLI_RUN_REPLAY_H
#define CLI_RUN_REPLAY_H

#include "fuzz/execute/executor.h"

#include <stdio.h>

// One program's run, and what is told of it.
struct replay {
    struct executor *executor;
    const char *name; // of the program, for messages
    bool is_traced;   // prints each operation with the counters that it moved
    bool is_json;     // traces are JSON lines
    uint64_t *at_end; // NULL, or where the ACCOUNT_MAX statistics after the last operation go
    uint64_t *before; // NULL, or where those before the operation that runs go
    size_t *idle;     // NULL, or where the first operation that does nothing goes: it ends the run
};

// *idle of a run in which every operation did something.
#define REPLAY_NOT_IDLE SIZE_MAX

// Runs the program to its end or its first finding. Prepares the crash line at each operation.
enum verdict replay_run(const struct replay *replay, const struct program *program);
// Once more what was just run, on a new heap or on the used one: the results must be the same.
enum verdict replay_run_again(const struct replay *replay);

// Prints the finding as text, with the operations before it.
void replay_print_finding(const struct replay *replay, const struct program *program,
                          size_t before_count, FILE *stream);
// Prints it as a JSON object on a line.
void replay_print_finding_json(const struct replay *replay, FILE *stream);

// The statistics that differ, each as it was and as it is now.
void replay_print_change(const struct replay *replay, const uint64_t *before, FILE *stream);

// All statistics of this moment: as a table, or with is_json as one JSON object on a line.
void replay_print_statistics(const struct replay *replay, FILE *stream);

// Every rule with how often it was evaluated and how often it fired, over all programs so far.
void replay_print_rules(const struct replay *replay, FILE *stream);

// Writes text as a JSON string, quotes included.
void replay_print_json_string(const char *text, FILE *stream);

// The value of --check; NULL: full. False: a message was printed.
bool replay_parse_level(const char *subcommand, const char *text, enum oracle_level *level);

// Sets the truths and rules of --without aside, names with commas between; NULL: none. False: a
// message was printed.
bool replay_set_aside(struct executor *executor, const char *names);

// An executor for the command, or NULL: a message was printed.
struct executor *replay_open(const struct executor_options *options);

#endif
