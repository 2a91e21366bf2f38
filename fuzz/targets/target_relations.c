// target_relations: any bytes as a text of relations, parsed, and evaluated on numbers of their
// own.
//
// Must hold: a text gives rules, or is refused with a line, a column and a reason; rules have a
// text, are never effective or failed more often than evaluated, and fail with a sentence; what 64
// bits answer is what 128 do; the same text and numbers give the same counts again; nothing is
// kept. Not covered: whether an answer is right (tests/oracle/test_relations.c).
#include "fuzz/targets/target.h"

#include "fuzz/targets/target_stats.h"
#include "oracle/core/harness_memory.h"
#include "oracle/relations/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 3, VALUE_COUNT = 4 + 2 * ROWS + 2, TEXT_BYTES_MAX = 4096, MOMENTS = 4 };

static const struct countercheck_statistic statistics[] = {
    {"used", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, NULL},
    {"peak", COUNTERCHECK_PEAK, 0, 0, 0, "used", NULL},
    {"n", COUNTERCHECK_CUMULATIVE, 0, 8, 0, NULL, NULL},
    {"own", COUNTERCHECK_PLAIN, COUNTERCHECK_PER_LANE, 0, 0, NULL, NULL},
    {"b.size", COUNTERCHECK_CONSTANT, 0, 0, ROWS, NULL, NULL},
    {"b.live", COUNTERCHECK_GAUGE, 0, 32, ROWS, NULL, NULL},
    {"shown", COUNTERCHECK_GAUGE, COUNTERCHECK_ROUNDED, 0, 0, NULL, NULL},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};
static const char *const options[] = {"best-fit", "debug", NULL};
static const struct relations_schema schema = {
    .statistics = statistics, .options = options, .version = "5.3.1", .has_walk = true};

static char text[TEXT_BYTES_MAX + 1];
static int64_t values[VALUE_COUNT];
static const int64_t *const lanes[1] = {values};
static int64_t tallies[RELATIONS_LEDGER][RELATIONS_MEASURES];
static int64_t rows[ROWS][RELATIONS_LEDGER][RELATIONS_MEASURES];

static void require(bool holds, const char *law) {
    if (!holds) {
        (void)fprintf(stderr, "countercheck: relations: %s: %s\n", law, text);
        abort();
    }
}

// Numbers that arithmetic gets wrong: small ones, and the ends of 64 bits.
static int64_t draw(uint64_t *seed) {
    static const int64_t ends[] = {0, 1, -1, INT64_MAX, INT64_MIN, INT32_MAX, 255, 4096};
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (*seed >> 40 & 1) != 0 ? ends[*seed >> 41 & 7] : (int64_t)(*seed >> 33 & 1023);
}

static void draw_facts(struct relations_facts *facts, uint64_t *seed) {
    for (int i = 0; i < VALUE_COUNT; i++) {
        values[i] = draw(seed);
    }
    if (values[VALUE_COUNT - 1] < values[VALUE_COUNT - 2]) {
        values[VALUE_COUNT - 1] = values[VALUE_COUNT - 2];
    }
    for (int i = 0; i < RELATIONS_LEDGER * RELATIONS_MEASURES; i++) {
        int tally = i / RELATIONS_MEASURES;
        int64_t bits = tally == RELATIONS_DROPPED ? INT64_MAX : -1; // some, or none
        tallies[tally][i % RELATIONS_MEASURES] = draw(seed) & bits;
        rows[i % ROWS][tally][i % RELATIONS_MEASURES] = draw(seed) & bits;
    }
    for (int i = 0; i < RELATIONS_OPERATIONS; i++) {
        facts->operations[i] = draw(seed);
    }
    facts->moment = (uint32_t)draw(seed) | (uint32_t)(*seed >> 20);
    facts->has_walk = (*seed >> 45 & 1) != 0;
    facts->option = options[*seed >> 46 & 1];
}

// Of a term at each of its rows; what has none is the same at any.
static void require_same_value(const struct relations *relations, uint32_t node,
                               const struct relations_facts *facts) {
    uint32_t row_count = relations->nodes[node].rows;
    for (uint32_t row = 0; row < (row_count == NO_ROW ? ROWS : row_count); row++) {
        int64_t value;
        if (relations_quick(relations, node, facts, row, &value)) {
            struct interval full = relations_wide(relations, node, facts, row);
            require(full.is_known && !full.has_overflowed && full.low == value &&
                        full.high == value,
                    "64 bits say what 128 do");
        }
    }
}

static size_t run(struct relations *relations) {
    static struct relations_failure failures[RELATIONS_RULES_MAX];
    struct relations_facts facts = {.values = values, .lane_values = lanes, .lane_count = 1};
    uint64_t seed = strlen(text);
    size_t failed = 0;
    facts.tally = (const int64_t(*)[RELATIONS_MEASURES])tallies;
    facts.rows = (const int64_t(*)[RELATIONS_LEDGER][RELATIONS_MEASURES])rows;
    facts.row_count = ROWS;
    draw_facts(&facts, &seed);
    relations_begin(relations, &facts);
    for (int moment = 0; moment < MOMENTS; moment++) {
        draw_facts(&facts, &seed);
        relations_observe(relations, &facts);
        for (uint32_t node = 0; node < relations->node_count; node++) {
            require_same_value(relations, node, &facts);
        }
        size_t count = relations_check(relations, &facts, failures, RELATIONS_RULES_MAX);
        for (size_t i = 0; i < count; i++) {
            require(failures[i].rule < relations_count(relations), "a failure is a rule's");
            require(failures[i].text[0] != 0, "a failure has a sentence");
        }
        failed += count;
    }
    return failed;
}

static void require_counts(const struct relations *relations, size_t failed) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < relations_count(relations); i++) {
        const struct relations_rule *rule = relations_rule(relations, i);
        require(rule->text != NULL && rule->text[0] != 0, "a rule has a text");
        require(rule->effective <= MOMENTS && rule->evaluated <= MOMENTS,
                "a rule is evaluated once a moment");
        sum += rule->is_known ? 0 : rule->failed;
    }
    require(sum == failed, "each failure is told and counted");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    struct relations_error error;
    size_t kept = harness_block_count();
    if (size_bytes > TEXT_BYTES_MAX) {
        return -1;
    }
    memcpy(text, bytes, size_bytes);
    text[size_bytes] = 0;
    struct relations *relations = relations_parse(text, &schema, &error);
    target_stats_add(1, relations != NULL);
    if (relations == NULL) {
        require(error.line > 0 && error.column > 0 && error.message[0] != 0,
                "what is refused is refused with a place and a reason");
    } else {
        size_t failed = run(relations);
        require_counts(relations, failed);
        require(run(relations) == failed, "the same facts give the same failures");
    }
    relations_free(relations);
    require(harness_block_count() == kept, "nothing is kept");
    return 0;
}
