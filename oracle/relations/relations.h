// relations: what an author says of his statistics, one rule a line, and whether it holds now.
//
// The language is described in subject/README.md. Numbers are 128 bits wide and signed; what is
// known as an interval only fails when no value in it holds. Parsing is total: any text gives rules
// or an error with line and column. Single-threaded.
#ifndef ORACLE_RELATIONS_RELATIONS_H
#define ORACLE_RELATIONS_RELATIONS_H

#include "subject/subject.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bounds: rules of a text, and room for the words on a failed one.
#define RELATIONS_RULES_MAX  256
#define RELATIONS_TEXT_BYTES 1024

struct relations;

// What is wrong with a text, and where.
struct relations_error {
    uint32_t line, column; // from 1; 0: out of memory
    char message[200];
};

// What names a text may use.
struct relations_schema {
    const struct countercheck_statistic *statistics; // ends with a NULL name; NULL: none
    uint32_t capabilities;                           // enum countercheck_capability
    const char *const *options;                      // NULL at the end; NULL: none
    const char *version;                             // NULL: none
    bool has_walk;
};

// ---- facts: the moment that rules are evaluated at

// What the ledger counts: objects that live, all that ever did, and those that are gone.
enum relations_tally {
    RELATIONS_LIVE,
    RELATIONS_TOTAL,
    RELATIONS_FREED,
    RELATIONS_TALLIES,                     // those that a text names
    RELATIONS_DROPPED = RELATIONS_TALLIES, // of live: those that a collector may have freed
    RELATIONS_LEDGER
};
// In what it counts them; bytes but for COUNT.
enum relations_measure {
    RELATIONS_COUNT,
    RELATIONS_REQUESTED, // bytes asked for
    RELATIONS_USABLE,
    RELATIONS_FOOTPRINT,
    RELATIONS_MEASURES
};
// Calls that the ledger counts.
enum relations_operation {
    RELATIONS_ALLOC, // any allocation that gave an object, but for realloc
    RELATIONS_ZEROED,
    RELATIONS_ALIGNED,
    RELATIONS_REALLOC_MOVED,
    RELATIONS_REALLOC_IN_PLACE,
    RELATIONS_EXPAND,
    RELATIONS_FREE,
    RELATIONS_DROP,
    RELATIONS_FAILED, // calls that gave nothing
    RELATIONS_OPERATIONS
};
// The blocks that a walk shows, by what they are.
enum relations_walk {
    RELATIONS_WALK_LIVE,
    RELATIONS_WALK_FREE,
    RELATIONS_WALK_INTERNAL,
    RELATIONS_WALKS
};
// What is kept of the blocks of one kind; bytes but for COUNT.
enum relations_walk_measure {
    RELATIONS_WALK_COUNT,
    RELATIONS_WALK_BYTES,
    RELATIONS_WALK_MIN, // bytes of the smallest; 0: none
    RELATIONS_WALK_MAX,
    RELATIONS_WALK_MEASURES
};
// What the host gave to the allocator: bytes now, the most ever, calls.
enum relations_backing {
    RELATIONS_BACKING_BYTES,
    RELATIONS_BACKING_PEAK,
    RELATIONS_BACKING_CALLS,
    RELATIONS_BACKINGS
};

enum relations_moment {    // bits: what is true at this moment
    RELATIONS_SETTLED = 1, // every lane was flushed and nothing was done since
    RELATIONS_QUIET = 2,   // moreover no other lane lives, and no child of a fork
    RELATIONS_EMPTY = 4,   // nothing is live
    RELATIONS_ONE_LANE = 8,
    RELATIONS_AFTER_COLLECT = 16, // and no operation on objects since
    RELATIONS_AFTER_PURGE = 32,
    RELATIONS_AFTER_RESET = 64,
    RELATIONS_ON_ALLOC = 128, // the last operation was one
    RELATIONS_ON_FREE = 256,
    RELATIONS_ON_REALLOC_MOVED = 512,
    RELATIONS_ON_REALLOC_IN_PLACE = 1024,
    RELATIONS_ON_FAILED = 2048
};

// A moment, for relations_check(): all numbers that a rule may ask for.
struct relations_facts {
    const int64_t *values;             // as countercheck_subject.read() gives them; NULL: not read
    const int64_t *const *lane_values; // the same of each lane, by number; NULL: not read
    uint32_t lane_count;
    const int64_t (*tally)[RELATIONS_MEASURES];                  // RELATIONS_LEDGER of them
    const int64_t (*rows)[RELATIONS_LEDGER][RELATIONS_MEASURES]; // by class; NULL: no classes
    uint32_t row_count;
    int64_t operations[RELATIONS_OPERATIONS];
    bool has_walk;
    int64_t walk[RELATIONS_WALKS][RELATIONS_WALK_MEASURES];
    int64_t backing[RELATIONS_BACKINGS];
    uint32_t moment;    // RELATIONS_ bits
    const char *option; // in force; NULL: none
    bool is_crowded;    // threads ran side by side: what was between two checks is not known
};

// ---- rules

// A rule, and how it fared.
struct relations_rule {
    const char *text;   // as written, without its marks
    const char *label;  // NULL: none
    const char *slack;  // the name of the slack that it allows; NULL: none
    const char *reason; // of slack, known or still; NULL: none
    bool is_known;      // a reported defect: counted, no finding
    bool is_still;      // nothing that it names is expected to move
    bool is_elsewhere;  // of another version than the table's: never judged
    uint32_t line;
    uint64_t evaluated;
    uint64_t effective; // evaluations at which a side was not what it was before
    uint64_t failed;
    uint64_t unequal; // of a slack: how often the first two sides were not equal
};

// A rule that failed: the sides of the comparison and the value of each term.
struct relations_failure {
    uint32_t rule;
    int64_t left, right;             // as near as 64 bits come
    char text[RELATIONS_TEXT_BYTES]; // "in_use == live.footprint: 48 and 32; in_use 48,
                                     // live.footprint 32"
};

// The rules of a text. NULL: see *error. Text and schema need not live on.
struct relations *relations_parse(const char *text, const struct relations_schema *schema,
                                  struct relations_error *error);
void relations_free(struct relations *relations); // NULL is nothing

// How many rules; their numbers are below it.
uint32_t relations_count(const struct relations *relations);
// One rule with its counters, until the next check. The number is not checked.
const struct relations_rule *relations_rule(const struct relations *relations, uint32_t rule);

// Whether anything that the rule names has moved in a program, a setting aside, which may not: one
// of which nothing did has shown nothing.
bool relations_rule_moves(const struct relations *relations, uint32_t rule);

// Why a rule that needs no line (RULE_SUBJECT_OVERLAP and those behind it) is known to fail; NULL:
// it is not.
const char *relations_known(const struct relations *relations, unsigned free_rule);

// A program begins: history is forgotten, `facts` are what base.X means. Counters stay.
void relations_begin(struct relations *relations, const struct relations_facts *facts);

// Moves each peak and trough. To be called at every moment that a peak may be at: `values` may be
// NULL in the midst of an operation. In a crowd there are none: no rule with one is evaluated.
void relations_observe(struct relations *relations, const struct relations_facts *facts);
// Peaks and troughs begin anew, and so do `base.X` of statistics that are some, by facts' values
// (NULL: those stay).
void relations_begin_peaks(struct relations *relations, const struct relations_facts *facts);

// Whether a peak or trough depends on statistics, so that they must be read for each observation.
bool relations_need_values(const struct relations *relations);
// Whether a rule asks for a walk.
bool relations_need_walk(const struct relations *relations);
// Whether a rule asks for each lane's own share.
bool relations_need_lanes(const struct relations *relations);

// Whether statistic number `statistic` of the schema is equal to live.*, total.*, freed.* or ops.*
// by a rule without a condition: a failed call may not move it. (Bounds tie nothing: a call that
// fails may have mapped memory.)
bool relations_tie(const struct relations *relations, uint32_t statistic);

// Evaluates each rule whose conditions hold. Failures of rules that are not known defects go to
// `failures`, at most `capacity`; returns how many there are. A rule whose terms are not known now
// is not evaluated; one whose sides need more than 128 bits has failed.
size_t relations_check(struct relations *relations, const struct relations_facts *facts,
                       struct relations_failure *failures, size_t capacity);

#endif
