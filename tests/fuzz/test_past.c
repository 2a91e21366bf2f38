// test_past: a program does the same on a heap and an oracle that others have used as on new ones:
// results, statistics, bytes of dumps, and what the oracle looked at.
#include "tests/test.h"

#include "fuzz/go/machine.h"
#include "fuzz/generate/generator.h"

#define PROGRAMS       150
#define OPERATIONS_MAX 256

struct outcome {
    enum verdict verdict;
    size_t position;
    uint64_t hash;
    uint64_t evaluated[RULE_COUNT];
};

static struct program program;

static const struct executor_options full = {.level = ORACLE_FULL, .final_dump = true};

static struct outcome run(struct executor *executor) {
    struct outcome outcome;
    const struct oracle *oracle = go_oracle(executor);
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        outcome.evaluated[rule] = oracle_evaluated(oracle, (unsigned)rule);
    }
    outcome.verdict = executor_run(executor, &program, false);
    outcome.position = executor_position(executor);
    outcome.hash = executor_hash(executor);
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        outcome.evaluated[rule] =
            oracle_evaluated(oracle, (unsigned)rule) - outcome.evaluated[rule];
    }
    return outcome;
}

// Whether a released page is resident, and whether Sys is all that is mapped, is asked on a new
// heap alone: a reset one keeps pages warm, and what it gave back.
static bool depends_on_the_past(unsigned rule) {
    return rule == RULE_KERNEL_RELEASED || rule == RULE_KERNEL_BYTES;
}

static void assert_same(const struct outcome *used, const struct outcome *fresh, uint32_t seed) {
    if (used->verdict != fresh->verdict || used->position != fresh->position ||
        used->hash != fresh->hash) {
        fail_msg("program %u: verdict %d, operation %zu, hash %llx; on new ones %d, %zu, %llx",
                 seed, used->verdict, used->position, (unsigned long long)used->hash,
                 fresh->verdict, fresh->position, (unsigned long long)fresh->hash);
    }
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        if (used->evaluated[rule] != fresh->evaluated[rule] &&
            !depends_on_the_past((unsigned)rule)) {
            fail_msg("program %u: rule %s was evaluated %llu times, on new ones %llu times", seed,
                     go_rules.rows[rule].name, (unsigned long long)used->evaluated[rule],
                     (unsigned long long)fresh->evaluated[rule]);
        }
    }
}

// One heap at a time: a second one lies elsewhere.
TEST(a_program_does_the_same_after_others) {
    static struct outcome after_others[PROGRAMS];
    struct executor *used = executor_create(&machine_go, NULL, &full);
    assert_non_null(used);
    for (uint32_t seed = 0; seed < PROGRAMS; seed++) {
        generator_program(&program, seed, OPERATIONS_MAX);
        after_others[seed] = run(used);
    }
    executor_destroy(used);
    for (uint32_t seed = 0; seed < PROGRAMS; seed++) {
        struct executor *fresh = executor_create(&machine_go, NULL, &full);
        assert_non_null(fresh);
        generator_program(&program, seed, OPERATIONS_MAX);
        struct outcome alone = run(fresh);
        assert_same(&after_others[seed], &alone, seed);
        executor_destroy(fresh);
    }
}
