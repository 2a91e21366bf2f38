// relations_scene: a schema, and facts to change, for the tests of the relations' language.
#ifndef TESTS_ORACLE_RELATIONS_SCENE_H
#define TESTS_ORACLE_RELATIONS_SCENE_H

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

#include "oracle/core/harness_memory.h"
#include "oracle/relations/private.h"

enum { // places of what read() gives
    USED,
    PEAK,
    BYTE, // 8 bits wide
    SIZE, // a row of 3
    LIVE = SIZE + 3,
    LEAST = LIVE + 3, // rounded: LEAST and MOST
    MOST,
    SHARE,  // a lane's own
    LITTLE, // rounded and 8 bits wide
    MUCH,
    VALUE_COUNT
};

static const struct countercheck_statistic statistics[] = {
    {"used", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, NULL},
    {"peak_used", COUNTERCHECK_PEAK, 0, 0, 0, "used", NULL},
    {"byte", COUNTERCHECK_CUMULATIVE, 0, 8, 0, NULL, NULL},
    {"bin.size", COUNTERCHECK_CONSTANT, 0, 0, 3, NULL, NULL},
    {"bin.live", COUNTERCHECK_GAUGE, 0, 0, 3, NULL, NULL},
    {"shown", COUNTERCHECK_GAUGE, COUNTERCHECK_ROUNDED, 0, 0, NULL, NULL},
    {"share", COUNTERCHECK_PLAIN, COUNTERCHECK_PER_LANE, 0, 0, NULL, NULL},
    {"small", COUNTERCHECK_GAUGE, COUNTERCHECK_ROUNDED, 8, 0, NULL, NULL},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};
static const char *const options[] = {"best-fit", "debug", NULL};

static struct relations_schema schema = {
    .statistics = statistics, .options = options, .version = "5.3.1", .has_walk = true};

static int64_t values[VALUE_COUNT];
static int64_t lane_values[2][VALUE_COUNT];
static const int64_t *const lanes[2] = {lane_values[0], lane_values[1]};
static int64_t tally[RELATIONS_LEDGER][RELATIONS_MEASURES];
static int64_t rows[3][RELATIONS_LEDGER][RELATIONS_MEASURES];
static struct relations_facts facts;
static struct relations_failure failure;

static inline void reset_facts(void) {
    const int64_t first[VALUE_COUNT] = {100, 120, 250,  16,   32, 64,  1,
                                        2,   0,   2048, 3071, 0,  250, 253};
    memcpy(values, first, sizeof values);
    memset(lane_values, 0, sizeof lane_values);
    memset(rows, 0, sizeof rows);
    memset(tally, 0, sizeof tally);
    facts = (struct relations_facts){
        .values = values, .tally = (const int64_t(*)[RELATIONS_MEASURES])tally, .moment = 0};
}

static inline int setup(void **state) {
    (void)state;
    reset_facts();
    return 0;
}

static inline struct relations *parse(const char *text) {
    struct relations_error error;
    struct relations *relations = relations_parse(text, &schema, &error);
    if (relations == NULL) {
        print_error("%s: %u:%u: %s\n", text, error.line, error.column, error.message);
    }
    assert_non_null(relations);
    return relations;
}

// How many rules of the text fail on the facts; the first is in `failure`.
static inline size_t failures_of(const char *text) {
    struct relations *relations = parse(text);
    relations_begin(relations, &facts);
    size_t count = relations_check(relations, &facts, &failure, 1);
    relations_free(relations);
    return count;
}

static inline void assert_holds(const char *text) {
    if (failures_of(text) != 0) {
        fail_msg("does not hold: %s", failure.text);
    }
}

static inline void assert_fails(const char *text) {
    if (failures_of(text) != 1) {
        fail_msg("holds: %s", text);
    }
}

static inline int nothing_is_kept(void **state) {
    (void)state;
    return harness_block_count() == 0 ? 0 : -1;
}

#endif
