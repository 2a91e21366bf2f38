// executor: runs a program of operations on a machine, step by step, and says how it ended.
//
// Nothing here depends on a clock, on chance or on an address that varies. It does not generate,
// change or print programs, and it does not judge: findings are the machine's.
#ifndef FUZZ_EXECUTE_EXECUTOR_H
#define FUZZ_EXECUTE_EXECUTOR_H

#include "fuzz/execute/machine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct executor;

// How a run ended.
enum verdict {
    VERDICT_CLEAN,
    VERDICT_FINDING,     // executor_finding() says which
    VERDICT_WORK_BOUND,  // clean, but stopped: the program asks for more work than is allowed
    VERDICT_ENVIRONMENT, // the system refused memory, a thread or a file: nothing is shown
};

// How programs are run.
struct executor_options {
    enum oracle_level level;  // of the check at the program's cadence; ORACLE_FULL for fuzzing
    bool check_each;          // a cheap check after each operation as well
    bool keeps_expectations;  // expect is checked; else it does nothing
    bool final_dump;          // the program ends with a dump to memory and its round trip
    bool final_graph;         // which walks the dump's graph, as that of any other dump does
    uint64_t work_limit;      // in units of about an allocation; 0: EXECUTOR_WORK_LIMIT
    const char *scratch_path; // for dumps with sink=path; NULL: those go to memory
};

// The work that a program may ask for, where the options do not say.
#define EXECUTOR_WORK_LIMIT 1000000

// What happened to operations, by code: how many ran, and how many of them did something.
struct executor_counts {
    uint64_t executed[OP_COUNT];
    uint64_t effective[OP_COUNT];
};

// Of either row, over all codes.
uint64_t executor_sum(const uint64_t counts[OP_COUNT]);

// An executor for this machine, whose language is in use from now on. `argument` goes to the
// machine's create(). NULL: the environment refused it.
struct executor *executor_create(const struct machine *machine, const void *argument,
                                 const struct executor_options *options);
// Destroys the executor, the machine's state and the finding. The program is the caller's.
void executor_destroy(struct executor *executor);
// Replaces the options from now on; they are copied.
void executor_set_options(struct executor *executor, const struct executor_options *options);

// Runs a whole program. `fresh`: on a new heap instead of a reset one.
enum verdict executor_run(struct executor *executor, const struct program *program, bool fresh);

// The same in steps: begin, then each operation in turn while the verdict is clean, then finish.
// The program must live as long.
enum verdict executor_begin(struct executor *executor, const struct program *program, bool fresh);
// Runs the next operation and the check that is due behind it. The program has one left.
enum verdict executor_step(struct executor *executor);
// Lets the machine make its last checks, and the final dump. The verdict of the whole program.
enum verdict executor_finish(struct executor *executor);

// Takes the program's heap away or resets it, so that this is part of the run that made it
// necessary. Finding, hash, counts and the dump's bytes stay.
void executor_close(struct executor *executor);

// The index of the operation that executor_step does next, or is doing.
size_t executor_position(const struct executor *executor);
// Whether the last operation did anything.
bool executor_was_effective(const struct executor *executor);

// Runs the oracle now. False: there is a finding.
bool executor_check(struct executor *executor, enum oracle_level level);

// The heap's own account, read now: a number for each name of the machine's schema. Good until the
// next read.
const uint64_t *executor_account(struct executor *executor);

// The machine that it was created for.
const struct machine *executor_machine(const struct executor *executor);
void *executor_state(struct executor *executor); // the machine's
// The options in use, the work limit filled in.
const struct executor_options *executor_options(const struct executor *executor);
const struct program *executor_program(const struct executor *executor); // the one that runs
// The machine's rules: how often each was evaluated and fired, over all programs.
struct rule_book *executor_book(struct executor *executor);
const struct finding *executor_finding(const struct executor *executor); // NULL: none
// Counts over all programs since it was created.
const struct executor_counts *executor_counts(const struct executor *executor);

// A hash of every result, of the statistics at each check and at the end, and of the dumps' bytes:
// the same for the same program and options, everywhere.
uint64_t executor_hash(const struct executor *executor);

// Runs the program that was run last once more: on a new heap, or on the reset one when the heap
// was new. A finding when the results differ.
enum verdict executor_run_again(struct executor *executor);

// On the reset heap when there is one, and then again.
enum verdict executor_run_twice(struct executor *executor, const struct program *program);

// For machines: counts work, in units of about an allocation, towards the limit.
void executor_work(struct executor *executor, uint64_t units);
// For machines: mixes a result into the hash, in the order of the calls.
void executor_note(struct executor *executor, uint64_t value);

#endif
