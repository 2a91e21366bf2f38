// test_minimizer: what is left is small, plain, and still the same to the judge.
#include <string.h>
#include "tests/test.h"

#include "fuzz/generate/generator.h"
#include "fuzz/generate/minimizer.h"
#include "fuzz/program/text.h"
#include "oracle/core/harness_memory.h"

static struct program program;

// Some h = alloc of 100 bytes or more, and later a free of that slot.
static bool frees_what_it_allocated(void *context, const struct program *candidate) {
    (void)context;
    bool allocated[256] = {false};
    for (size_t i = 0; i < candidate->count; i++) {
        struct operation operation = candidate->operations[i];
        if (operation_code(operation) == OP_ALLOC) {
            allocated[operation_get(operation, OPERAND_HANDLE)] =
                operation_get(operation, OPERAND_SIZE) >= 100;
        }
        if (operation_code(operation) == OP_FREE &&
            allocated[operation_get(operation, OPERAND_HANDLE)]) {
            return true;
        }
    }
    return false;
}

static void assert_text(const char *expected) {
    char *text = text_print_program(&program);
    assert_string_equal(text, expected);
    harness_free(text);
}

TEST(a_long_program_shrinks_to_the_two_that_matter) {
    int reduced = 0;
    for (uint32_t seed = 0; seed < 60; seed++) {
        generator_program(&program, seed, 512);
        struct minimizer minimizer = {.is_same = frees_what_it_allocated};
        if (frees_what_it_allocated(NULL, &program)) {
            minimizer_reduce(&minimizer, &program);
            assert_text("h0 = alloc c0 size=100\nfree c0 h0\n");
            reduced++;
        }
    }
    assert_true(reduced > 5);
}

static bool has_two_threads(void *context, const struct program *candidate) {
    (void)context;
    size_t count = 0;
    for (size_t i = 0; i < candidate->count; i++) {
        count += operation_code(candidate->operations[i]) == OP_THREAD_START;
    }
    return count >= 2 && candidate->header.caches >= 2;
}

TEST(the_header_shrinks_as_far_as_it_may) {
    struct text_error error;
    const char text[] = "program caches=4 check=3 seed=77 off=dump fault=mmap:9\n"
                        "t5 = thread_start\nh9 = alloc size=10\nt9 = thread_start\n";
    assert_true(text_parse_program(&program, text, strlen(text), &error));
    struct minimizer minimizer = {.is_same = has_two_threads};
    minimizer_reduce(&minimizer, &program);
    assert_text("program caches=2 check=16\nt0 = thread_start\nt1 = thread_start\n");
}

TEST(the_limit_of_trials_is_kept) {
    generator_program(&program, 3, 512);
    struct minimizer minimizer = {.is_same = has_two_threads, .trial_limit = 5};
    minimizer_reduce(&minimizer, &program);
    assert_int_equal(minimizer.trial_count, 5);
}

// As a finding that needs a sample does: six allocations, or one when each is sampled.
static bool reaches_a_sample(void *context, const struct program *candidate) {
    (void)context;
    size_t needed = 6;
    for (size_t i = 0; i < candidate->count; i++) {
        struct operation operation = candidate->operations[i];
        if (operation_code(operation) == OP_PROFILE_RATE) {
            needed = operation_get(operation, OPERAND_RATE) == 1 ? 1 : 6;
        }
        if (operation_code(operation) == OP_ALLOC && --needed == 0) {
            return true;
        }
    }
    return false;
}

TEST(what_needs_a_sample_is_left_with_every_allocation_sampled) {
    struct text_error error;
    const char text[] = "h1 = alloc size=1\nh2 = alloc size=1\nh3 = alloc size=1\n"
                        "h4 = alloc size=1\nh5 = alloc size=1\nh6 = alloc size=1\n";
    assert_true(text_parse_program(&program, text, strlen(text), &error));
    struct minimizer minimizer = {.is_same = reaches_a_sample};
    minimizer_reduce(&minimizer, &program);
    assert_text("profile_rate rate=1\nh0 = alloc c0 size=0\n");
}

static bool always(void *context, const struct program *candidate) {
    (void)context;
    (void)candidate;
    return true;
}

static bool makes_and_frees(void *context, const struct program *candidate) {
    (void)context;
    enum operation_code first = operation_code(candidate->operations[0]);
    enum operation_code last = operation_code(candidate->operations[candidate->count - 1]);
    return (first == OP_ALLOC || first == OP_ALLOC_RUN) && (last == OP_FREE || last == OP_FREE_RUN);
}

static bool frees_the_third_of_four(void *context, const struct program *candidate) {
    (void)context;
    struct operation run = candidate->operations[0];
    struct operation last = candidate->operations[candidate->count - 1];
    return candidate->count == 2 && operation_code(run) == OP_ALLOC_RUN &&
           operation_get(run, OPERAND_RUN) >= 4 && operation_code(last) == OP_FREE &&
           operation_get(last, OPERAND_HANDLE) == operation_get(run, OPERAND_HANDLE) + 2;
}

TEST(what_is_left_is_said_most_simply) {
    static const struct {
        bool (*is_same)(void *state, const struct program *candidate);
        const char *text;
    } cases[] = {{always, "nop\n"},
                 {makes_and_frees, "h0 = alloc c0 size=0\nfree c0 h0\n"},
                 {frees_the_third_of_four, "h0 = alloc_run c0 size=0 count=4\nfree c0 h2\n"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char text[] = "h7 = alloc_run c0 size=9 count=6\nfree_run c0 h7 count=3 stride=2\n";
        const char third[] = "h7 = alloc_run c0 size=9 count=6\nfree c0 h9\n";
        const char *from = cases[i].is_same == frees_the_third_of_four ? third : text;
        struct text_error error;
        assert_true(text_parse_program(&program, from, strlen(from), &error));
        struct minimizer minimizer = {.is_same = cases[i].is_same};
        minimizer_reduce(&minimizer, &program);
        assert_text(cases[i].text);
    }
}
