// oracle: the judge: every number of MemStats worked out a second time, in ways that share no code
// with the first.
//
// It never believes a counter: the heap's own account comes in as an argument, everything else is
// read as raw bits through allocator/inspect.h or kept by the model. Its memory is that of
// oracle/core/harness_memory.h, never the tested heap's. The first finding stays; later ones only
// count. Single-threaded.
#ifndef ORACLE_GO_ORACLE_H
#define ORACLE_GO_ORACLE_H

#include "allocator/memstats.h"
#include "oracle/core/level.h"
#include "oracle/core/rule.h"
#include "oracle/go/model/model.h"
#include "oracle/go/observer/observer.h"
#include "oracle/go/rules.h"
#include "oracle/go/verify/delta.h"

struct heap;
struct oracle;

// NULL: out of memory. One oracle serves any number of inputs, one after the other.
struct oracle *oracle_create(void);
// Frees it. The heap is another's.
void oracle_destroy(struct oracle *oracle);

// Begins a new input on a heap that was just created or reset: forgets model and finding, keeps the
// rules' counters. It looks at the heap: no other thread works on it. The heap needs to live until
// the next reset.
void oracle_reset(struct oracle *oracle, struct heap *heap);

// Whether ledger and view keep their own invariants. O(objects).
bool oracle_is_sound(const struct oracle *oracle);

// The ledger, which the driver tells of each call.
struct model *oracle_model(struct oracle *oracle);
// What looks at the heap for the ledger, where no call's result tells.
struct observer *oracle_observer(struct oracle *oracle);

// The book of its rules: evaluations, failures, the finding.
struct rule_book *oracle_book(struct oracle *oracle);

// Says that operation number `operation` is about to run, and which fields it may move at all: bits
// of ORACLE_MOVES(field), see verify/delta.h; ORACLE_MOVES_ALL when it may move any. To be called
// before every operation.
void oracle_begin(struct oracle *oracle, uint64_t operation, uint64_t moves);

// Says how many objects were allocated and freed by the program itself since this was told last: by
// results alone. From the first call on, Mallocs must rise by as many and Frees by no fewer.
void oracle_count_objects(struct oracle *oracle, uint64_t allocated, uint64_t freed);

// Takes `fast` as what stood before the operations that come: else the first check compares no
// changes.
void oracle_start_from(struct oracle *oracle, const struct memstats *fast);

// Compares `fast`, the heap's own account read just now, with every other. True when clean; a
// finding of earlier keeps it false.
bool oracle_check(struct oracle *oracle, enum oracle_level level, struct heap *heap,
                  const struct memstats *fast);

// Compares what the heap publishes of its profile's buckets, read just now
// (heap_visit_buckets), with the ledger. True when clean.
bool oracle_check_bucket(struct oracle *oracle, const struct mprof_bucket_record *bucket);

// Compares another's account of the same moment (a dump's) with scan and identities, and with the
// model when it was told of all. True when clean.
bool oracle_check_account(struct oracle *oracle, const struct heap *heap,
                          const struct memstats *account, bool has_model);

// Right after a check that was not cheap, nothing done to the heap since: compares the live bytes
// by which the collector is paced, as the heap tells them, with what that check has counted.
bool oracle_check_live(struct oracle *oracle, uint64_t live_bytes);

// Verifies the contents of every object; a full check looks at a few in turn, a paranoid one at
// all.
bool oracle_check_contents(struct oracle *oracle);

// The first finding since the reset, NULL: none.
const struct finding *oracle_finding(const struct oracle *oracle);

// Drops the finding, so that the next one counts: for who compares many things with one state.
void oracle_forget_finding(struct oracle *oracle);

// For rules of others (round trip, twin): counts an evaluation; records the finding when `holds` is
// false. Returns `holds`. Values are shown under their names, which may be NULL (no values).
bool oracle_rule(struct oracle *oracle, unsigned rule, bool holds, const char *field,
                 const char *left_name, uint64_t left, const char *right_name, uint64_t right);

// As oracle_rule, with a sentence and the object that it is about (0: none); printf-like, formatted
// only when it failed.
#if defined(__GNUC__)
__attribute__((format(printf, 5, 6)))
#endif
bool oracle_rule_text(struct oracle *oracle, unsigned rule, bool holds, uintptr_t object,
                      const char *format, ...);

// How often the rule was evaluated since the oracle was created.
uint64_t oracle_evaluated(const struct oracle *oracle, unsigned rule);
// How often it has failed since then.
uint64_t oracle_fired(const struct oracle *oracle, unsigned rule);

#endif
