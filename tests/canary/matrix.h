// matrix: which canary makes which rule fire, run as tests or printed as a table.
//
// A canary tells one lie; the rule that it is for has to be the first that reports it. Each canary
// program lists its own; `make canaries` puts the lists together and looks for rules without one.
#ifndef TESTS_CANARY_MATRIX_H
#define TESTS_CANARY_MATRIX_H

#include "oracle/go/oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

// A number that several accounts guard is reported by the first of them; another is heard when
// those before it are deaf. So each is shown to stand alone.
enum deaf_account {
    DEAF_MODEL = 1,
    DEAF_IDENTITIES = 2,
    DEAF_SINCE = 4, // identities between two reads
    DEAF_VERIFIER = 8,
    DEAF_SCAN = 16, // its fields
};

struct canary {
    unsigned rule;
    const char *name;
    void (*lie)(void);
    unsigned deaf;      // enum deaf_account
    const char *record; // of the dump that is wrong; NULL: none
};

struct canary_stage {
    const struct canary *canaries;
    size_t count;
    const struct oracle *(*sing)(const struct canary *canary); // in a scene of its own; who heard
    void (*end)(void);                                         // of the scene
};

static const struct canary_stage *stage;
static bool has_sung[RULE_COUNT];

static void canary_is_heard_first(void **state) {
    const struct canary *canary = *state;
    const struct oracle *oracle = stage->sing(canary);
    const struct finding *finding = oracle_finding(oracle);
    assert_non_null(finding);
    if (finding->rule != canary->rule) {
        finding_print(finding, stderr);
        fail_msg("rule %s did not report it first", go_rules.rows[canary->rule].name);
    }
    assert_true(oracle_fired(oracle, canary->rule) > 0);
    assert_true(oracle_evaluated(oracle, canary->rule) > 0);
    has_sung[canary->rule] = true;
    stage->end();
}

static void print_deaf(unsigned deaf) {
    static const char *const names[] = {"model", "identities", "identities-since", "verifier",
                                        "scan"};
    const char *separator = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((deaf >> i & 1) != 0) {
            (void)printf("%s%s", separator, names[i]);
            separator = ",";
        }
    }
    (void)printf("%s\t", deaf == 0 ? "-" : "");
}

// Rule, canary, record, deaf accounts, the rule that reported first, the others that fired: a line
// each, by tabs.
static int print_matrix(void) {
    for (size_t i = 0; i < stage->count; i++) {
        const struct canary *canary = &stage->canaries[i];
        const struct oracle *oracle = stage->sing(canary);
        const struct finding *finding = oracle_finding(oracle);
        (void)printf("%s\t%s\t%s\t", go_rules.rows[canary->rule].name, canary->name,
                     canary->record == NULL ? "-" : canary->record);
        print_deaf(canary->deaf);
        (void)printf("%s\t", finding == NULL ? "-" : go_rules.rows[finding->rule].name);
        const char *separator = "";
        for (int rule = 0; rule < RULE_COUNT; rule++) {
            if (oracle_fired(oracle, (unsigned)rule) > 0 &&
                (finding == NULL || (unsigned)rule != finding->rule)) {
                (void)printf("%s%s", separator, go_rules.rows[rule].name);
                separator = " ";
            }
        }
        (void)printf("\n");
        stage->end();
    }
    return EXIT_SUCCESS;
}

// Every rule's name, a line each.
static int print_rules(void) {
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        (void)printf("%s\n", go_rules.rows[rule].name);
    }
    return EXIT_SUCCESS;
}

// The canaries as tests, and `others` behind them; --matrix and --rules print instead.
static inline int canary_main(int argc, char **argv, const struct canary_stage *own,
                              const struct CMUnitTest *others, size_t other_count) {
    stage = own;
    if (argc > 1) {
        return strcmp(argv[1], "--matrix") == 0  ? print_matrix()
               : strcmp(argv[1], "--rules") == 0 ? print_rules()
                                                 : EXIT_FAILURE;
    }
    struct CMUnitTest *tests = calloc(own->count + other_count, sizeof *tests);
    if (tests == NULL) {
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < own->count; i++) {
        tests[i] = (struct CMUnitTest){.name = own->canaries[i].name,
                                       .test_func = canary_is_heard_first,
                                       .initial_state = (void *)(uintptr_t)&own->canaries[i]};
    }
    if (other_count > 0) {
        memcpy(tests + own->count, others, other_count * sizeof *tests);
    }
    int status = _cmocka_run_group_tests("canaries", tests, own->count + other_count, NULL, NULL);
    free(tests);
    return status;
}

#endif
