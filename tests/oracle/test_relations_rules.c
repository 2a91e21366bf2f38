// test_relations_rules: conditions, marks and counts of rules, and what is refused with its place.
//
// holds: oracle/relations/check.c oracle/relations/parse.c oracle/relations/token.c
#include "tests/oracle/relations_scene.h"
#include "tests/test.h"

// ---- conditions

TEST_FIXTURE(setup, NULL)
TEST_GROUP(NULL, nothing_is_kept)

TEST(each_condition_waits_for_its_moment) {
    static const struct {
        const char *words;
        uint32_t moment;
    } conditions[] = {{"settled", RELATIONS_SETTLED},
                      {"quiet", RELATIONS_QUIET},
                      {"empty", RELATIONS_EMPTY},
                      {"lanes 1", RELATIONS_ONE_LANE},
                      {"after collect", RELATIONS_AFTER_COLLECT},
                      {"after purge", RELATIONS_AFTER_PURGE},
                      {"after reset", RELATIONS_AFTER_RESET},
                      {"on alloc", RELATIONS_ON_ALLOC},
                      {"on free", RELATIONS_ON_FREE},
                      {"on realloc.moved", RELATIONS_ON_REALLOC_MOVED},
                      {"on realloc.in_place", RELATIONS_ON_REALLOC_IN_PLACE},
                      {"on failed", RELATIONS_ON_FAILED}};
    (void)state;
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        char text[80];
        (void)snprintf(text, sizeof text, "used == 1 when %s", conditions[i].words);
        facts.moment = ~conditions[i].moment;
        assert_holds(text);
        facts.moment = conditions[i].moment;
        assert_fails(text);
    }
    assert_fails("used == 1 when always");
    facts.moment = RELATIONS_EMPTY;
    assert_holds("used == 1 when empty and settled");
    assert_holds("used == 1 when empty, settled");
    facts.moment |= RELATIONS_SETTLED;
    assert_fails("used == 1 when empty and settled");
}

TEST(an_option_and_a_version_are_conditions) {
    assert_holds("used == 1 when best-fit");
    facts.option = "debug";
    assert_holds("used == 1 when best-fit");
    assert_fails("used == 1 when debug");
    facts.option = "best-fit";
    assert_fails("used == 1 when best-fit");
    assert_fails("used == 1 when version >= 5.3");
    assert_fails("used == 1 when version >= 5.3.1");
    assert_holds("used == 1 when version >= 5.3.2");
    assert_holds("used == 1 when version >= 5.10");
    assert_fails("used == 1 when version < 5.10");
    assert_fails("used == 1 when version == 5.3.1");
    assert_holds("used == 1 when version > 5.3.1");
    assert_fails("used == 1 when version <= 5.3.1");
}

// ---- marks and counts

TEST(a_slack_counts_how_often_it_was_needed) {
    struct relations *relations = parse("100 <= used <= 120 slack header: see malloc.c");
    const struct relations_rule *rule = relations_rule(relations, 0);
    relations_begin(relations, &facts);
    assert_int_equal(relations_check(relations, &facts, &failure, 1), 0);
    assert_int_equal(rule->unequal, 0);
    values[USED] = 101;
    assert_int_equal(relations_check(relations, &facts, &failure, 1), 0);
    assert_int_equal(rule->unequal, 1);
    assert_string_equal(rule->slack, "header");
    assert_string_equal(rule->reason, "see malloc.c");
    assert_string_equal(rule->text, "100 <= used <= 120");
    relations_free(relations);
}

TEST(a_known_defect_is_counted_and_no_failure) {
    struct relations *relations = parse("bad: used == 1\nused == 2\nknown bad: reported");
    relations_begin(relations, &facts);
    assert_int_equal(relations_check(relations, &facts, &failure, 1), 1);
    assert_int_equal(failure.rule, 1);
    const struct relations_rule *rule = relations_rule(relations, 0);
    assert_true(rule->is_known);
    assert_string_equal(rule->label, "bad");
    assert_string_equal(rule->reason, "reported");
    assert_int_equal(rule->failed, 1);
    relations_free(relations);
}

TEST(a_rule_that_is_still_says_why) {
    struct relations *relations =
        parse("one: used == 1\ntwo: used == 2\nstill two: see \nknown two: bad");
    assert_false(relations_rule(relations, 0)->is_still);
    assert_true(relations_rule(relations, 1)->is_still);
    assert_true(relations_rule(relations, 1)->is_known);
    relations_free(relations);
    relations = parse("one: used == 1\nstill one: see");
    assert_false(relations_rule(relations, 0)->is_known);
    assert_string_equal(relations_rule(relations, 0)->reason, "see");
    relations_free(relations);
}

TEST(in_a_crowd_nothing_is_the_most_or_the_least) {
    struct relations *relations = parse("peak(used) >= used\ntrough(used) <= used\nused == used");
    facts.is_crowded = true;
    relations_begin(relations, &facts);
    relations_observe(relations, &facts);
    assert_int_equal(relations_check(relations, &facts, &failure, 1), 0);
    assert_int_equal(relations_rule(relations, 0)->evaluated, 0);
    assert_int_equal(relations_rule(relations, 1)->evaluated, 0);
    assert_int_equal(relations_rule(relations, 2)->evaluated, 1);
    relations_free(relations);
}

TEST(a_rule_counts_evaluations_and_those_that_moved) {
    struct relations *relations = parse("used >= 0 when empty");
    const struct relations_rule *rule = relations_rule(relations, 0);
    relations_begin(relations, &facts);
    for (int64_t i = 0; i < 4; i++) {
        facts.moment = i == 0 ? 0 : RELATIONS_EMPTY;
        values[USED] = i / 3; // 0 0 0 1
        assert_int_equal(relations_check(relations, &facts, &failure, 1), 0);
    }
    assert_int_equal(rule->evaluated, 3);
    assert_int_equal(rule->effective, 1);
    assert_int_equal(rule->failed, 0);
    relations_free(relations);
}

TEST(a_rule_of_a_row_moves_with_any_of_its_places) {
    struct relations *relations = parse("each bin: bin.live >= 0");
    relations_begin(relations, &facts);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(relations_check(relations, &facts, &failure, 1), 0);
        assert_int_equal(relations_rule(relations, 0)->effective, i);
        values[LIVE + i % 3] += 5;
    }
    relations_free(relations);
}

TEST(a_failure_shows_rule_sides_and_terms) {
    tally[RELATIONS_LIVE][RELATIONS_FOOTPRINT] = 96;
    assert_fails("used == live.footprint + 8");
    assert_string_equal(failure.text,
                        "used == live.footprint + 8: 100 and 104; used 100, live.footprint 96");
    assert_int_equal(failure.left, 100);
    assert_int_equal(failure.right, 104);
}

TEST(what_a_rule_names_moves_or_not) {
    struct relations *relations = parse("used % 4 == 0\nbyte == 250\nbin.size[0] == 16\n1 == 1\n"
                                        "live.count == 0\nsum(bin.live) == peak_used - 117");
    relations_begin(relations, &facts);
    (void)relations_check(relations, &facts, &failure, 1);
    assert_false(relations_rule_moves(relations, 0));
    values[USED] += 4;
    values[LIVE + 2] += 1;
    (void)relations_check(relations, &facts, &failure, 1);
    const bool moves[] = {true, false, true, false, true, true}; // bin.size is a setting
    for (uint32_t i = 0; i < relations_count(relations); i++) {
        assert_int_equal(relations_rule_moves(relations, i), moves[i]);
    }
    relations_free(relations);
}

TEST(a_failure_shows_each_place_and_each_call) {
    assert_fails("bin.size[0] + bin.size[2] == used");
    assert_string_equal(failure.text, "bin.size[0] + bin.size[2] == used: 80 and 100; "
                                      "bin.size[0] 16, bin.size[2] 64, used 100");
    assert_fails("peak( used ) + 1 == delta(used)");
    assert_string_equal(failure.text, "peak( used ) + 1 == delta(used): 101 and 0; "
                                      "peak( used ) 100, used 100, delta(used) 0");
    values[USED] = INT64_MIN;
    assert_fails("used * used * used == 0 - 2 * used * used");
    assert_non_null(strstr(failure.text, "128 bits"));
    assert_fails("used * used == -2 * used * used");
    assert_non_null(strstr(failure.text, ": 85070591730234615865843651857942052864 and "
                                         "-170141183460469231731687303715884105728; used "));
}

// Rules of 200 letters are no more than what Go's runtime needs.
TEST(a_failure_of_a_long_rule_has_its_numbers) {
    char text[1200] = "used";
    (void)state;
    while (strlen(text) < 1000) {
        strcat(text, " + 0 * used");
    }
    strcat(text, " == 99");
    assert_fails(text);
    assert_non_null(strstr(failure.text, ": 100 and 99; used 100"));
}

TEST(an_equality_ties_a_statistic_to_the_ledger) {
    struct relations *relations = parse("used == live.footprint\npeak_used >= live.count\n"
                                        "byte == ops.free when settled\n"
                                        "bin.live[0] == ops.failed + live.count\n");
    assert_true(relations_tie(relations, 0));
    assert_false(relations_tie(relations, 1));
    assert_false(relations_tie(relations, 2));
    assert_false(relations_tie(relations, 4));
    relations_free(relations);
}

TEST(a_rule_that_needs_no_line_is_known_by_its_name) {
    struct relations *relations = parse("known subject-zero: issue 7 \nused >= 0\n");
    assert_string_equal(relations_known(relations, RULE_SUBJECT_ZERO), "issue 7");
    assert_null(relations_known(relations, RULE_SUBJECT_CONTENTS));
    relations_free(relations);
}

// ---- what is refused

TEST(what_is_no_relation_is_refused_at_its_place) {
    static const struct {
        const char *text;
        uint32_t line, column;
        const char *words;
    } wrong[] = {
        {"used == live.footprnt", 1, 9, "nearest is live.footprint"},
        {"freed.cout == 1", 1, 1, "nearest is freed.count"},
        {"used == ops.realloc.movd", 1, 9, "nearest is ops.realloc.moved"},
        {"walk.free.maxx == 1", 1, 1, "nearest is walk.free.max"},
        {"backing.byts == 1", 1, 1, "nearest is backing.bytes"},
        {"let twice = used * 2\ntwise == 1", 2, 1, "nearest is twice"},
        {"let used = 1", 1, 5, "'used' is a name already"},
        {"let a = 1\nlet a = 2", 2, 5, "'a' is a name already"},
        {"let row = 1", 1, 5, "'row' is a name already"},
        {"let live.x = 1", 1, 5, "'live.x' is a name already"},
        {"each bin: bin.live == 1\nlet x = row", 2, 9, "'row' names nothing"},
        {"a: used == 1\na: used == 2", 2, 1, "another rule is labelled 'a'"},
        {"a: used == 1\nknown a:", 2, 9, "has a reason"},
        {"known subject-zero: ", 1, 20, "has a reason"},
        {"used == 1 when best-fit and debug", 1, 29, "one option"},
        {"bin.size[3] == 1", 1, 1, "'bin.size' has the places 0 to 2"},
        {"\n # nothing\nusde == 1", 3, 1, "nearest is used"},
        {"used", 1, 5, "=="},
        {"used = 1", 1, 6, "=="},
        {"used ==", 1, 8, "here stands a number"},
        {"used == (1", 1, 11, "')'"},
        {"used == 1)", 1, 10, "over"},
        {"used == 99999999999999999999", 1, 9, "2^63"},
        {"used == 9223372036854775807 KiB", 1, 29, "2^63"},
        {"used[1] == 1", 1, 1, "no row"},
        {"bin.live == 1", 1, 1, "a row stands alone"},
        {"each bim: used == 1", 1, 6, "no row of statistics"},
        {"each bin used == 1", 1, 10, "':'"},
        {"sum(used) == 1", 1, 9, "adds up a row"},
        {"round_up(used) == 1", 1, 14, "','"},
        {"average(used) == 1", 1, 1, "no function"},
        {"lanes(used) == 1", 1, 7, "no lane's own"},
        {"used == 1 when", 1, 15, "condition"},
        {"used == 1 when later", 1, 16, "condition"},
        {"used == 1 when version", 1, 23, ">="},
        {"used == 1 slack", 1, 16, "name"},
        {"used >= 1 slack it", 1, 19, "reason"},
        {"known it: x", 1, 7, "labelled"},
        {"known subject-relation: x", 1, 7, "no rule is called 'subject-relation'"},
        {"known subject - zero: x", 1, 7, "no rule is called"},
        {"known subject-zero x", 1, 20, "':'"},
        {"let x", 1, 6, "'='"},
        {"used == \x01", 1, 9, "here stands a number"},
        {"used == \xff", 1, 9, "here stands a number"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct relations_error error;
        assert_null(relations_parse(wrong[i].text, &schema, &error));
        if (error.line != wrong[i].line || error.column != wrong[i].column ||
            strstr(error.message, wrong[i].words) == NULL) {
            fail_msg("%s: %u:%u: %s", wrong[i].text, error.line, error.column, error.message);
        }
    }
}

TEST(a_walk_that_there_is_not_is_refused) {
    struct relations_error error;
    (void)state;
    schema.has_walk = false;
    assert_null(relations_parse("walk.live.count == 1", &schema, &error));
    assert_non_null(strstr(error.message, "no walk"));
    schema.has_walk = true;
}

// A text that doubles itself with each line would take longer than anybody waits.
TEST(what_is_too_much_is_refused) {
    static char text[20000];
    size_t length = (size_t)snprintf(text, sizeof text, "let x0 = used + used\n");
    struct relations_error error;
    (void)state;
    for (int i = 1; i < 60; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "let x%d = x%d + x%d\n", i,
                                   i - 1, i - 1);
    }
    assert_null(relations_parse(text, &schema, &error));
    assert_non_null(strstr(error.message, "too much"));
    memset(text, '(', 200);
    text[200] = 0;
    assert_null(relations_parse(text, &schema, &error));
    memset(text, '-', 200);
    assert_null(relations_parse(text, &schema, &error));
    strcpy(text, "used == 0");
    for (length = strlen(text); length < 8000; length += 2) {
        memcpy(text + length, "+1", 3);
    }
    assert_null(relations_parse(text, &schema, &error));
    assert_int_equal(error.line, 1);
}

TEST(lines_may_end_as_on_other_systems) {
    assert_holds("used == 100\r\n\r\n# a comment\r\npeak_used == 120 # another\r\n");
}
