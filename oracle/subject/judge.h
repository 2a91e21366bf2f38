// judge: what must hold of a foreign allocator: its results, its numbers' kinds, its walk, and what
// its author says.
//
// It reads statistics and walks through the table, and believes neither. Single-threaded: what has
// to be asked on a lane's own thread comes in as an argument.
#ifndef ORACLE_SUBJECT_JUDGE_H
#define ORACLE_SUBJECT_JUDGE_H

#include "oracle/core/level.h"
#include "oracle/core/rule.h"
#include "oracle/relations/relations.h"
#include "oracle/subject/live.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct judge;

// All arguments live as long. NULL: refused.
struct judge *judge_create(const struct countercheck_subject *table, struct relations *relations,
                           struct live *live, struct rule_book *book);
// Frees the judge, but none of the arguments. NULL is nothing.
void judge_destroy(struct judge *judge);

// A program begins on `self`; `arena` NULL: none. `backing`: what the host has given so far.
void judge_begin(struct judge *judge, void *self, const void *arena, const char *option,
                 const int64_t backing[RELATIONS_BACKINGS]);

// What an allocation returned. False: a finding.
bool judge_object(struct judge *judge, const struct live_block *block, size_t alignment,
                  bool is_zeroed, uint32_t but);
// Whether the block's first bytes, as they lie at `address`, are those of its owner.
bool judge_contents(struct judge *judge, const struct live_block *block, uintptr_t address,
                    size_t size_bytes);
// Before each call that may change the allocator. One that may give nothing: what the statistics
// say is kept, by a read where the last check's is not what they still are.
void judge_before(struct judge *judge, bool may_give_nothing);
// Asks the allocator's own check, where it has one. False: a finding.
bool judge_verify(struct judge *judge);
// Behind a call that gave nothing: each statistic that a rule ties to the ledger is as it was
// before it. False: a finding.
bool judge_failed(struct judge *judge);

// Room behind the values in each array that a read writes into, in values.
#define JUDGE_SLACK 512
// Before each read into `values`, whoever does it: what lies behind them is marked.
void judge_before_read(const struct judge *judge, int64_t *values);
// Behind it: whether the marks are there still. False: a finding.
bool judge_after_read(struct judge *judge, const int64_t *values);

// What changes with each operation, for the relations.
struct relations_facts *judge_facts(struct judge *judge);

// The ledger or the allocator moved: peaks move. `has_ended`: the operation is over, so that the
// allocator may be asked.
void judge_observe(struct judge *judge, bool has_ended);

// reset_peaks() was called: peaks begin anew. False: one is not what its gauge is.
bool judge_peaks_begin(struct judge *judge);

// Everything that the level asks for, now. False: there is a finding.
bool judge_check(struct judge *judge, enum oracle_level level);

// The statistics as they were read last, in the table's order; NULL: they could not be read.
const int64_t *judge_values(const struct judge *judge);

// Alters what the statistics say on a lane before anybody looks at them: for who asks how strong
// the rules are.
typedef void judge_liar(void *context, uint32_t lane, int64_t *values);
// Who lies from now on; NULL: nobody. The judge itself reads on lane 0.
void judge_set_liar(struct judge *judge, judge_liar *lie, void *context);

// For who reads a lane's own values: the same is done to them.
void judge_alter(const struct judge *judge, uint32_t lane, int64_t *values);

// A rule of the relations that is not to end a run any more.
void judge_set_aside(struct judge *judge, uint32_t rule);

#endif
