// machine: what the harness needs of a kind of heap to run programs on it: one table of functions.
//
// The executor steps through a program; the machine knows what an operation does, which rules judge
// it, and what the statistics are. There is one machine for a Go-like heap (fuzz/go), and one for
// any heap that is described by subject/subject.h (fuzz/subject). All functions get the state that
// create() made. Single-threaded.
#ifndef FUZZ_EXECUTE_MACHINE_H
#define FUZZ_EXECUTE_MACHINE_H

#include "fuzz/program/program.h"
#include "oracle/core/account.h"
#include "oracle/core/level.h"
#include "oracle/core/rule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct executor;

// One kind of heap: all that the executor may ask of it.
struct machine {
    const struct language *language; // what its programs may say
    const struct account_schema *account;

    // The state for one executor; NULL: the environment refused it. `argument` is the machine's own
    // (executor_create passes it on).
    void *(*create)(struct executor *executor, const void *argument);
    void (*destroy)(void *state);

    // Begins a program on a heap without a past, or on one that was reset to be like it; `fresh`:
    // on one that is new in any case. False: the environment refused it.
    bool (*begin)(void *state, const struct program *program, bool fresh);

    // Does one operation and tells the judge of its result. Whether it did anything.
    bool (*step)(void *state, struct operation operation);

    // Compares every account that the level asks for. False: there is a finding.
    bool (*check)(void *state, enum oracle_level level);

    // What is left to check at the end of a program (contents, a dump), and the results that belong
    // to the run's hash.
    void (*finish)(void *state);

    // The program's heap is reset or gone. Finding and account stay.
    void (*close)(void *state);

    // The account of this moment, a number for each name of `account`. Good until the next call.
    const uint64_t *(*read)(void *state);

    // The judge's book: evaluations, failures, the finding.
    struct rule_book *(*book)(void *state);

    // How the program's heap began: "on a new heap", "on a reset heap".
    bool (*is_new)(const void *state);
    // Whether another run of the program must end with the same hash.
    bool (*has_twin)(const void *state);

    // The rest may be NULL: the machine has no such thing.

    // Whether the slot that the operand names holds something: "h3 is empty".
    bool (*holds)(void *state, enum operand operand, uint32_t slot);
    // Prints all statistics, as a table or as a JSON object; NULL: the account alone.
    void (*print_statistics)(void *state, bool is_json, FILE *stream);
    // Writes a heap dump to the path; 0 or an errno.
    int (*write_dump)(void *state, const char *path);
    // Compares a dump from elsewhere with what the program has left in heap, runtime and model:
    // nothing but this may have been done to it since finish(). False: there is a finding.
    bool (*compare_dump)(void *state, const void *bytes, size_t size_bytes);
};

#endif
