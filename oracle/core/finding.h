// finding: the first disagreement of two accounts: rule, field, both values, where, and after which
// operation.
//
// It holds text and numbers alone, so that it outlives the heap and the model that it was found in.
#ifndef ORACLE_CORE_FINDING_H
#define ORACLE_CORE_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// The first rules of every kind of heap; those of the kind itself stand behind them.
enum core_rule {
#define RULE(id, name, truth, reason) RULE_##id,
#include "oracle/core/rules.def"
    RULE_CORE_COUNT,
};

#define RULE_MAX 192 // of any kind of heap

// One rule: its name, the truth that it belongs to, and what its failure means.
struct rule_row {
    const char *name;   // "scan-field"
    const char *truth;  // "scan"
    const char *reason; // one line
};

// All rules of one kind of heap, by number.
struct rule_table {
    const struct rule_row *rows;
    unsigned count; // <= RULE_MAX
};

extern const struct rule_table core_rules; // for a kind that adds none

// Room for a finding's texts, each with its NUL.
#define FINDING_FIELD_BYTES    48
#define FINDING_TEXT_BYTES     1024
#define FINDING_SENTENCE_BYTES 256
#define FINDING_ALSO_MAX       16 // further fields that are kept

// Another field that the same check found wrong: what follows from the same mistake, mostly.
struct finding_also {
    const struct rule_row *rule;
    char field[FINDING_FIELD_BYTES];
    uint64_t left;
    uint64_t right;
};

// The first failure of a run: which rule, what it compared, and where. It points at nothing but
// static memory, so that it may be copied.
struct finding {
    unsigned rule;                         // its number
    const struct rule_row *row;            // static
    char sentence[FINDING_SENTENCE_BYTES]; // `text` without its numbers: tells two failures of one
                                           // rule apart, whatever these are; "" without a text
    char field[FINDING_FIELD_BYTES];     // "HeapInuse", "BySize[5].Mallocs"; "" when about no field
    char left_name[FINDING_FIELD_BYTES]; // whose value is which: "fast account"
    char right_name[FINDING_FIELD_BYTES];
    uint64_t left;
    uint64_t right;
    bool has_values;
    bool has_change;      // expected and actual change since the check before are known
    uint64_t left_before; // at the check before
    uint64_t right_before;
    uintptr_t span;          // base of the span that it is about; 0: none
    uintptr_t object;        // likewise
    char record[24];         // of a dump, that it is about: "Object"; "" when about none
    uint64_t record_offset;  // where in the dump that begins, bytes
    uint64_t operation;      // index, counted from 0
    uint64_t checked_before; // index of the first operation since the check before: this ..
                             // operation did it
    char operation_text[FINDING_TEXT_BYTES]; // "" when nobody described it
    char text[FINDING_TEXT_BYTES];           // in words; may be ""
    size_t also_count;                       // fields besides this one, also more than are kept
    struct finding_also also[FINDING_ALSO_MAX];
};

// "rule identity-heap-sys failed: HeapSys: fast account 8192, identity 16384 (+8192), at operation
// 12: free c0 h3". Without a line end. Returns what snprintf would.
int finding_line(const struct finding *finding, char *text, size_t size_bytes);

// The same as a block of lines: rule and reason, both values, both changes, span, object,
// operation, and the other fields that the check found wrong. As text, it returns what snprintf
// would.
int finding_block(const struct finding *finding, char *text, size_t size_bytes);
// Writes the block to a stream; an error is the stream's.
void finding_print(const struct finding *finding, FILE *stream);

// Has room for any finding's block: its texts, and a line of each further field.
#define FINDING_BLOCK_BYTES 8192

// Same rule, same field, same sentence: what the minimiser must keep.
bool finding_is_same(const struct finding *a, const struct finding *b);

#endif
