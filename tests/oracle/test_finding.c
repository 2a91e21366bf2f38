// test_finding: how findings are written, kept and compared.
//
// holds: oracle/core/rule.c
#define _POSIX_C_SOURCE 200809L // open_memstream
#include "oracle/core/rule.h"
#include "oracle/go/rules.h"

#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

static struct rule_book book;

static void say(void *context, uint64_t operation, char *text, size_t size_bytes) {
    (void)snprintf(text, size_bytes, "%s %u", (const char *)context, (unsigned)operation);
}

static int set_up(void **unused) {
    (void)unused;
    book = (struct rule_book){
        .rules = &go_rules, .describe = say, .describe_context = (void *)(uintptr_t) "operation"};
    rule_book_begin(&book);
    book.operation = 12;
    return 0;
}

TEST_FIXTURE(set_up, NULL)

static void line_is(const char *expected) {
    char line[512];
    int length = finding_line(&book.finding, line, sizeof line);
    assert_string_equal(line, expected);
    assert_int_equal(length, strlen(expected));
}

TEST(values_are_written_with_their_difference) {
    assert_false(rule_fail_values(&book, RULE_SCAN_FIELD, "HeapInuse",
                                  (struct rule_value){"fast account", 8192},
                                  (struct rule_value){"scan", 16384}));
    line_is(
        "rule scan-field failed: HeapInuse: fast account 8192, scan 16384 (+8192), at operation "
        "12: operation 12");
}

TEST(a_lesser_right_value_has_a_minus) {
    (void)rule_fail_values(&book, RULE_SCAN_FIELD, "Sys", (struct rule_value){"a", 5},
                           (struct rule_value){"b", 2});
    line_is("rule scan-field failed: Sys: a 5, b 2 (-3), at operation 12: operation 12");
}

TEST(words_name_the_object_or_else_the_span) {
    (void)rule_fail(&book, RULE_SPAN_PLACE, (struct rule_place){.span = 0x1000}, "in %d places", 2);
    line_is("rule span-place failed: in 2 places, span 0x1000, at operation 12: operation 12");
    rule_book_begin(&book);
    book.describe = NULL;
    (void)rule_fail(&book, RULE_SPAN_PLACE, (struct rule_place){0x1000, 0x1008}, "lost");
    line_is("rule span-place failed: lost, object 0x1008, at operation 0");
}

TEST(the_first_finding_stays_and_all_count) {
    (void)rule_fail(&book, RULE_SPAN_PLACE, (struct rule_place){0}, "first");
    (void)rule_fail(&book, RULE_SPAN_LIST, (struct rule_place){0}, "second");
    (void)rule_fail(&book, RULE_SPAN_LIST, (struct rule_place){0}, "third");
    assert_int_equal(book.finding.rule, RULE_SPAN_PLACE);
    assert_int_equal(book.fired[RULE_SPAN_LIST], 2);
    rule_book_begin(&book);
    assert_false(book.found);
    assert_int_equal(book.fired[RULE_SPAN_LIST], 2);
}

// The same mistake moves several fields: those that the operation's check finds are kept with the
// first.
TEST(further_fields_of_the_same_operation_are_kept) {
    (void)rule_fail_values(&book, RULE_SCAN_FIELD, "HeapInuse", (struct rule_value){"fast", 5},
                           (struct rule_value){"scan", 2});
    for (uint64_t i = 0; i < FINDING_ALSO_MAX + 3; i++) {
        (void)rule_fail_values(&book, RULE_IDENTITY_SYS, "Sys", (struct rule_value){"fast", i},
                               (struct rule_value){"sum", i + 7});
    }
    assert_string_equal(book.finding.field, "HeapInuse");
    assert_int_equal(book.finding.also_count, FINDING_ALSO_MAX + 3);
    assert_ptr_equal(book.finding.also[1].rule, &go_rules.rows[RULE_IDENTITY_SYS]);
    assert_int_equal(book.finding.also[1].left, 1);
    assert_int_equal(book.finding.also[1].right, 8);
    book.operation++;
    (void)rule_fail_values(&book, RULE_SCAN_FIELD, "Sys", (struct rule_value){"fast", 5},
                           (struct rule_value){"scan", 2});
    assert_int_equal(book.finding.also_count, FINDING_ALSO_MAX + 3);
    char *text;
    size_t size_bytes;
    FILE *stream = open_memstream(&text, &size_bytes);
    assert_non_null(stream);
    finding_print(&book.finding, stream);
    assert_int_equal(fclose(stream), 0);
    assert_non_null(strstr(text, "also\n  Sys                                     0  7 (+7)  "
                                 "identity-sys\n"));
    assert_non_null(strstr(text, "  and 3 more\n"));
    free(text);
}

TEST(equal_counts_an_evaluation_and_compares) {
    assert_true(rule_equal(&book, RULE_IDENTITY_SYS, "Sys", (struct rule_value){"a", 1},
                           (struct rule_value){"b", 1}));
    assert_false(book.found);
    assert_false(rule_equal(&book, RULE_IDENTITY_SYS, "Sys", (struct rule_value){"a", 1},
                            (struct rule_value){"b", 2}));
    assert_int_equal(book.evaluated[RULE_IDENTITY_SYS], 2);
    assert_int_equal(book.fired[RULE_IDENTITY_SYS], 1);
}

TEST(a_block_shows_both_changes) {
    book.checked_before = 9;
    (void)rule_fail_values(&book, RULE_MODEL_FIELD, "Frees", (struct rule_value){"fast account", 7},
                           (struct rule_value){"model", 8});
    rule_add_before(&book, 5, 5);
    rule_add_before(&book, 1, 1); // the first stays
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *stream = open_memstream(&text, &size_bytes);
    finding_print(&book.finding, stream);
    (void)fclose(stream);
    assert_non_null(strstr(text, "rule       model-field (model)\n"));
    assert_non_null(strstr(text, "field      Frees\n"));
    assert_non_null(strstr(text, "fast account         +2 (was 5)\n"));
    assert_non_null(strstr(text, "model                +3 (was 5)\n"));
    assert_non_null(strstr(text, "one of those from 9 on"));
    free(text);
}

TEST(a_line_fits_any_room) {
    (void)rule_fail(&book, RULE_SPAN_PLACE, (struct rule_place){0}, "in words");
    char whole[512];
    int length = finding_line(&book.finding, whole, sizeof whole);
    for (size_t room = 1; room < (size_t)length; room++) {
        char part[512];
        memset(part, 'x', sizeof part);
        assert_int_equal(finding_line(&book.finding, part, room), length);
        assert_memory_equal(part, whole, room - 1);
        assert_int_equal(part[room - 1], 0);
        assert_int_equal(part[room], 'x');
    }
}

TEST_WITH(same_means_rule_and_field, NULL, NULL) {
    struct finding a = {.rule = RULE_SCAN_FIELD, .field = "Sys", .left = 1};
    struct finding b = {.rule = RULE_SCAN_FIELD, .field = "Sys", .left = 2};
    assert_true(finding_is_same(&a, &b));
    b.rule = RULE_MODEL_FIELD;
    assert_false(finding_is_same(&a, &b));
    b = (struct finding){.rule = RULE_SCAN_FIELD, .field = "Alloc"};
    assert_false(finding_is_same(&a, &b));
}

TEST(each_rule_has_a_name_and_a_reason_of_its_own) {
    for (unsigned i = 0; i < go_rules.count; i++) {
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(go_rules.rows[i].name, go_rules.rows[j].name);
            assert_string_not_equal(go_rules.rows[i].reason, go_rules.rows[j].reason);
        }
    }
}

// model-status has some twenty sentences: one failure is not taken for another of the same rule.
TEST_WITH(two_sentences_of_one_rule_are_two_findings, NULL, NULL) {
    const struct rule_place nowhere = {0};
    (void)state;
    rule_book_begin(&book);
    (void)rule_fail(&book, RULE_MODEL_STATUS, nowhere, "released %d bytes of %d", 1, 2);
    struct finding first = book.finding;
    assert_string_equal(first.text, "released 1 bytes of 2");
    rule_book_begin(&book);
    (void)rule_fail(&book, RULE_MODEL_STATUS, nowhere, "released %d bytes of %d", 7, 9);
    assert_true(finding_is_same(&first, &book.finding)); // other numbers, the same failure
    rule_book_begin(&book);
    (void)rule_fail(&book, RULE_MODEL_STATUS, nowhere, "the cycle had not begun");
    assert_false(finding_is_same(&first, &book.finding));
    struct finding second = book.finding;
    rule_book_begin(&book);
    (void)rule_fail(&book, RULE_MODEL_STATUS, nowhere, "%s", "the cycle had not begun");
    assert_true(finding_is_same(&second, &book.finding)); // said by a helper
}

static struct finding said_by_a_helper(const char *what, int number, const char *datum) {
    rule_book_begin(&book);
    (void)rule_fail(&book, RULE_SPAN_LIST, (struct rule_place){0}, "%s in %s (%d, \"%.*s\")", what,
                    "a list", number, 9, datum);
    return book.finding;
}

// A helper's format is the same for all that it is told.
TEST_WITH(what_a_helper_is_told_tells_failures_apart, NULL, NULL) {
    struct finding first = said_by_a_helper("a circle", 1, "some name");
    assert_string_equal(first.text, "a circle in a list (1, \"some name\")");
    struct finding other = said_by_a_helper("a circle", 2, "any");
    assert_true(finding_is_same(&first, &other));
    other = said_by_a_helper("a stranger", 1, "some name");
    assert_false(finding_is_same(&first, &other));
    char long_words[2 * FINDING_SENTENCE_BYTES] = "";
    memset(long_words, 'x', sizeof long_words - 1);
    other = said_by_a_helper(long_words, 1, "");
    assert_int_equal(strlen(other.sentence), FINDING_SENTENCE_BYTES - 1);
}

TEST_WITH(every_rule_has_a_name_a_truth_and_a_reason, NULL, NULL) {
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        assert_true(go_rules.rows[rule].name[0] != 0 && go_rules.rows[rule].truth[0] != 0 &&
                    go_rules.rows[rule].reason[0] != 0);
        for (int other = 0; other < rule; other++) {
            assert_string_not_equal(go_rules.rows[rule].name, go_rules.rows[other].name);
        }
    }
}
