// private: the tree of a text of relations, shared by its parser and its evaluator.
#ifndef ORACLE_RELATIONS_PRIVATE_H
#define ORACLE_RELATIONS_PRIVATE_H

#include "oracle/core/finding.h"
#include "oracle/relations/relations.h"

// Bounds of a text: nodes of all trees, sides of a rule, and the marks for "none".
#define NODES_MAX  4096
#define DEPTH_MAX  64    // parentheses, calls and signs in each other
#define HEIGHT_MAX 512   // of a tree, names that stand for trees included
#define COST_MAX   65536 // nodes that one evaluation of a tree may visit
#define PAST_MAX   65536 // values that peaks, troughs and deltas remember
#define SIDES_MAX  8     // of a chain of comparisons
#define TERMS_MAX  32    // that a failed rule shows
#define LETS_MAX   64
#define NAME_BYTES 64
#define NO_NODE    UINT32_MAX
#define NO_ROW     0 // length of what is no row

__extension__ typedef __int128 wide; // C11 has none; gcc and clang have

struct interval { // of whole numbers
    wide low, high;
    bool is_known;
    bool has_overflowed;
};

// What a node of a tree is. `a` and `b` are its operands.
enum node_kind {
    NODE_NUMBER,
    NODE_STATISTIC, // index: of the schema
    NODE_BASE,      // the same when the program began
    NODE_LANES,     // the same, added up over the lanes
    NODE_TALLY,     // index: tally * RELATIONS_MEASURES + measure; a: row, or NO_NODE
    NODE_OPERATIONS,
    NODE_WALK,
    NODE_BACKING,
    NODE_ROW, // the number of the row that each or sum is at
    NODE_NEGATE,
    NODE_ADD,
    NODE_SUBTRACT,
    NODE_MULTIPLY,
    NODE_DIVIDE,
    NODE_MODULO,
    NODE_ROUND_UP, // a to a multiple of b
    NODE_LESSER,
    NODE_GREATER,
    NODE_SUM, // a for each row, `rows` of them
    NODE_ROW_MIN,
    NODE_ROW_MAX,
    NODE_DELTA, // a less what it was at the last check; history from `index` on
    NODE_PEAK,
    NODE_TROUGH,
};

// A node of an expression's tree.
struct node {
    enum node_kind kind;
    uint32_t a, b; // operands
    uint32_t index;
    uint32_t at;     // of a STATISTIC that is one exact number: its place in values; else NO_NODE
    uint32_t rows;   // how many rows this value has: NO_ROW: one value; of SUM: how many are added
    uint32_t cost;   // nodes that are visited for its value, with all rows
    uint32_t height; // nodes above each other
    uint32_t bits;   // relations_bits_of(): an equality is modulo of 2^bits
    int64_t number;
    uint32_t name_at, name_bytes; // in the text: how it is shown
};

// What stands between two sides of a rule.
enum comparison { EQUAL, UNEQUAL, AT_MOST, BELOW, AT_LEAST, ABOVE };

// A rule: sides with comparisons between them, and when it is asked.
struct rule {
    struct relations_rule shown;
    uint32_t side_count;
    uint32_t sides[SIDES_MAX];
    enum comparison comparisons[SIDES_MAX];
    uint32_t rows;      // of `each`; NO_ROW: none
    uint32_t moment;    // RELATIONS_ bits that must all be true
    const char *option; // that must be in force; NULL: any
    bool is_off;        // of another version, or there is none to compare
    bool has_last;
    uint64_t marks[SIDES_MAX]; // sides at the last evaluation, of all rows, for `effective`
};

struct history { // of one DELTA, PEAK or TROUGH at one row
    wide low, high;
    bool is_set;
};

// A text of relations, parsed, with what it remembers of a program.
struct relations {
    char *text;   // a copy
    char *labels; // as long: what is cut out of it, each at its own place, ends with a NUL here
    uint32_t node_count, rule_count, history_count, past_count;
    struct node nodes[NODES_MAX];
    struct rule rules[RELATIONS_RULES_MAX];
    uint32_t past[NODES_MAX]; // the nodes that remember, in their order
    struct history *histories;
    uint32_t statistic_count;
    uint32_t *statistic_at;     // where its values begin in what read() fills; behind the last, all
    uint32_t *statistic_places; // numbers for each of its values
    uint32_t *statistic_bits;
    bool *statistic_is_peak; // or a trough
    bool *statistic_moves;   // it was another in a program than at its begin, or is a setting
    uint32_t value_count;    // of all
    int64_t *base;           // values when the program began
    bool has_base;
    bool needs_values, needs_walk, needs_lanes;
    const char *free_reasons[RULE_CORE_COUNT]; // of rules without a line that are known to fail
};

// The value of a node at a row. evaluate.c
struct interval relations_value(const struct relations *relations, uint32_t node,
                                const struct relations_facts *facts, uint32_t row);

// The same by 128 bits from the first to the last. evaluate.c
struct interval relations_wide(const struct relations *relations, uint32_t node,
                               const struct relations_facts *facts, uint32_t row);
// The same by 64 bits from the first to the last. False: it must be asked by 128. quick.c
bool relations_quick(const struct relations *relations, uint32_t node,
                     const struct relations_facts *facts, uint32_t row, int64_t *value);

// How many bits of the node's value are known, as its operands' are: a statistic's own width, the
// narrowest of what is added up, and one more for each factor of 2 in a constant that it is taken
// times. evaluate.c
uint32_t relations_bits_of(const struct relations *relations, const struct node *node);

// What delta(X) compares with from now on.
void relations_note_deltas(struct relations *relations, const struct relations_facts *facts);

// The bits by which side i and the one before it are compared.
static inline uint32_t relations_bits_at(const struct relations *relations, const struct rule *rule,
                                         uint32_t i) {
    uint32_t left_bits = relations->nodes[rule->sides[i - 1]].bits;
    uint32_t right_bits = relations->nodes[rule->sides[i]].bits;
    return left_bits < right_bits ? left_bits : right_bits;
}

#endif
