// machine: any allocator that a table describes, under the executor.
#ifndef FUZZ_SUBJECT_MACHINE_H
#define FUZZ_SUBJECT_MACHINE_H

#include "fuzz/execute/executor.h"
#include "fuzz/subject/results.h"
#include "fuzz/subject/subject.h"
#include "oracle/subject/judge.h"

// Fills in subject->machine, which executor_create() takes, with the subject as its argument.
void subject_machine(struct subject *subject);

// The setting that a program runs under, by its header's seed: one of the table's options, or NULL.
const char *subject_option(const struct subject *subject, uint32_t seed);

// The judge of an executor of such a machine: for who asks how strong the rules are.
struct judge *subject_judge(struct executor *executor);

// From now on what its calls give is told there, too; a program begins it anew. NULL: no more.
void subject_tell_results(struct executor *executor, struct results *results);

#endif
