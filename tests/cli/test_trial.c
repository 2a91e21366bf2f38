// test_trial: which findings are the same one: of an address that moves, the other side says so.
#include "cli/run/trial.h"
#include "tests/test.h"

#define PLACE         UINT64_C(0x5540000269e0)
#define ANOTHER_PLACE UINT64_C(0x554000026a40)

static const struct rule_row expected = {.name = "expected"};
static const struct rule_row link = {.name = "dump-defer"};
static const struct rule_row twin = {.name = "twin-hash"};

static bool is_exact(const struct rule_row *rule, uint64_t left, uint64_t right,
                     uint64_t other_left, uint64_t other_right) {
    struct outcome one = {.kind = OUTCOME_FINDING, .rule = rule, .has_values = true};
    struct outcome other = one;
    one.left = left, one.right = right;
    other.left = other_left, other.right = other_right;
    bool is = outcome_is_exact(&one, &other);
    assert_int_equal(is, outcome_is_exact(&other, &one));
    return is;
}

TEST(of_numbers_the_difference_is_the_same) {
    assert_true(is_exact(&link, 7, 4, 9, 6));
    assert_false(is_exact(&link, 7, 4, 9, 7));
    assert_false(is_exact(&link, 7, 4, 4, 7));
}

TEST(of_an_address_and_a_number_the_number_is_the_same) {
    assert_true(is_exact(&link, 0, PLACE, 0, ANOTHER_PLACE));
    assert_true(is_exact(&link, PLACE, 0, ANOTHER_PLACE, 0));
    assert_false(is_exact(&link, 0, PLACE, 1, ANOTHER_PLACE));
    assert_false(is_exact(&link, PLACE, 0, ANOTHER_PLACE, 1));
    assert_false(is_exact(&link, 0, PLACE, ANOTHER_PLACE, 0));
    assert_false(is_exact(&link, 0, PLACE, 0, 1 << 20));
}

TEST(of_two_addresses_the_difference_is_the_same) {
    assert_true(is_exact(&link, PLACE, PLACE + 8, ANOTHER_PLACE, ANOTHER_PLACE + 8));
    assert_false(is_exact(&link, PLACE, PLACE + 8, ANOTHER_PLACE, ANOTHER_PLACE + 16));
    assert_false(is_exact(&link, PLACE, PLACE + 8, PLACE, ANOTHER_PLACE));
}

TEST(an_expectation_is_the_same_with_both_values) {
    assert_true(is_exact(&expected, 7, 4, 7, 4));
    assert_false(is_exact(&expected, 7, 4, 9, 6));
    assert_false(is_exact(&expected, 0, PLACE, 0, ANOTHER_PLACE));
    assert_true(is_exact(&twin, 7, 4, 9, 7));
}
