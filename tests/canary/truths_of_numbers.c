// truths_of_numbers: which truths see a wrong number in MemStats, each alone: those that its row in
// allocator/memstats_fields.def names, and no other; at least two, of which one shares nothing with
// the fast account.
//
// Each number lies in turn while all truths but one are set aside. What the dump and the twin see
// is shown in canary_dump and canary_executor.
//
// holds: oracle/go/model/account.c oracle/go/verify/identities.c

// clang-format off
// wrap: heap_read_memstats
// clang-format on

#include "tests/canary/scene.h"
#include "oracle/go/rules.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

typedef void change_function(struct memstats *stats, size_t index);

static change_function *lie;
static size_t lying_index;

void __real_heap_read_memstats(struct heap *heap, struct memstats *stats);
void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats);
void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats) {
    __real_heap_read_memstats(heap, stats);
    if (lie != NULL) {
        lie(stats, lying_index);
    }
}

// ---- one truth alone

struct truth {
    char letter;
    const char *name;
};
static const struct truth truths[] = {
    {'K', "kernel"}, // first: the heap at the default base is its
    {'M', "model"},  {'S', "scan"}, {'I', "identities"}, {'D', "delta"},
};
#define TRUTH_COUNT (sizeof truths / sizeof truths[0])
#define MODEL       1

static struct driver drivers[TRUTH_COUNT]; // a scene for each truth

static void set_others_aside(const char *truth) {
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        if (strcmp(go_rules.rows[rule].truth, truth) != 0) {
            assert_true(rule_set_aside(oracle_book(driver.oracle), go_rules.rows[rule].name));
        }
    }
}

// A collection has ended in each.
static int make_scenes(void **unused) {
    (void)unused;
    for (size_t i = 0; i < TRUTH_COUNT; i++) {
        make_scene();
        (void)driver_collect(&driver, true);
        assert_true(check_fully());
        set_others_aside(truths[i].name);
        drivers[i] = driver;
    }
    return 0;
}

static int destroy_scenes(void **unused) {
    (void)unused;
    for (size_t i = 0; i < TRUTH_COUNT; i++) {
        driver_destroy(&drivers[i]);
    }
    return 0;
}

TEST_GROUP(make_scenes, destroy_scenes)

static uint64_t fired(const struct oracle *oracle, const char *truth) {
    uint64_t sum = 0;
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        bool is_of_it = strcmp(go_rules.rows[rule].truth, truth) == 0;
        sum += is_of_it ? oracle_fired(oracle, (unsigned)rule) : 0;
    }
    return sum;
}

// After an operation that moves nothing, the number changes; a true look before it, so that no lie
// of earlier counts.
static bool sees(size_t truth, change_function *change, size_t index) {
    struct driver *own = &drivers[truth];
    enum oracle_level level = truths[truth].letter == 'K' ? ORACLE_PARANOID : ORACLE_FULL;
    (void)driver_check(own, level);
    oracle_begin(own->oracle, ++own->operation, ORACLE_MOVES_NONE);
    uint64_t before = fired(own->oracle, truths[truth].name);
    lie = change;
    lying_index = index;
    (void)driver_check(own, level);
    lie = NULL;
    return fired(own->oracle, truths[truth].name) > before;
}

// The letters of the truths that see one of the changes.
struct letters {
    char text[TRUTH_COUNT + 1];
};

static struct letters seen_by(change_function *const *changes, size_t change_count, size_t index) {
    struct letters letters = {{0}};
    for (size_t i = 0; i < TRUTH_COUNT; i++) {
        bool seen = false;
        for (size_t change = 0; change < change_count && !seen; change++) {
            seen = sees(i, changes[change], index);
        }
        if (seen) {
            letters.text[strlen(letters.text)] = truths[i].letter;
        }
    }
    return letters;
}

static bool has_each(const char *all, const char *some) {
    for (; *some != 0; some++) {
        if (strchr("SMIKD", *some) != NULL && strchr(all, *some) == NULL) {
            return false;
        }
    }
    return true;
}

static void assert_letters(const char *name, const char *declared, const struct letters *seen) {
    if (!has_each(seen->text, declared) || !has_each(declared, seen->text)) {
        fail_msg("%s: the table says %s, and those that see it are %s", name, declared, seen->text);
    }
}

// ---- fields

static void add_page(struct memstats *stats, size_t index) {
    ((uint64_t *)stats)[index] += HEAP_PAGE_BYTES;
}

static void add_byte(struct memstats *stats, size_t index) {
    ((uint64_t *)stats)[index] += 1;
}

static void add_much(struct memstats *stats, size_t index) {
    ((uint64_t *)stats)[index] += (uint64_t)1 << 40;
}

static void take_away(struct memstats *stats, size_t index) {
    ((uint64_t *)stats)[index] = 0;
}

TEST(every_field_is_seen_by_the_truths_of_its_row) {
    static change_function *const changes[] = {add_page, add_byte, add_much, take_away};
    static const char *const declared[] = {
#define MEMSTATS_FIELD(name, unit, meaning, truths) truths,
#include "allocator/memstats_fields.def"
    };
    for (size_t i = 0; i < MEMSTATS_INDEX_COUNT; i++) {
        struct letters seen = seen_by(changes, sizeof changes / sizeof changes[0], i);
        assert_letters(memstats_field_names[i], declared[i], &seen);
    }
}

// ---- arrays, and what is no uint64_t

#define CHANGE(name, statement)                                                                    \
    static void name(struct memstats *stats, size_t index) {                                       \
        (void)index;                                                                               \
        statement;                                                                                 \
    }
CHANGE(add_pause, stats->PauseNs[index]++)
CHANGE(add_pause_end, stats->PauseEnd[index]++)
CHANGE(end_late, stats->PauseEnd[index] = UINT64_MAX >> 1)
CHANGE(add_cycle, stats->NumGC++)
CHANGE(add_forced, stats->NumForcedGC++)
CHANGE(add_cycles, stats->NumForcedGC += 1000)
CHANGE(add_share, stats->GCCPUFraction += 0x1p-40)
CHANGE(add_shares, stats->GCCPUFraction += 2)
CHANGE(disable, stats->EnableGC = false)
CHANGE(debug, stats->DebugGC = true)
CHANGE(add_malloc, stats->BySize[index].Mallocs++)
CHANGE(add_free, stats->BySize[index].Frees++)
CHANGE(add_both, stats->BySize[index].Mallocs++; stats->BySize[index].Frees++)
CHANGE(add_mallocs, stats->BySize[index].Mallocs += 1000)
CHANGE(add_frees, stats->BySize[index].Frees += 1000)
CHANGE(add_size, stats->BySize[index].Size += 8)

#define SEEN(field, count, ...)                                                                    \
    static void seen_##field(const char *declared) {                                               \
        static change_function *const changes[] = {__VA_ARGS__};                                   \
        for (size_t i = 0; i < (count); i++) {                                                     \
            struct letters seen = seen_by(changes, sizeof changes / sizeof changes[0], i);         \
            char name[48];                                                                         \
            (void)snprintf(name, sizeof name, #field "[%zu]", i);                                  \
            assert_letters(name, declared, &seen);                                                 \
        }                                                                                          \
    }
SEEN(PauseNs, MEMSTATS_PAUSE_COUNT, add_pause)
SEEN(PauseEnd, MEMSTATS_PAUSE_COUNT, add_pause_end, end_late)
SEEN(NumGC, 1, add_cycle)
SEEN(NumForcedGC, 1, add_forced, add_cycles)
SEEN(GCCPUFraction, 1, add_share, add_shares)
SEEN(EnableGC, 1, disable)
SEEN(DebugGC, 1, debug)
SEEN(BySize, SIZE_CLASS_COUNT, add_malloc, add_free, add_mallocs, add_frees, add_size)

TEST(every_other_number_is_seen_by_the_truths_of_its_row) {
#define MEMSTATS_EXTRA(name, unit, meaning, truths) seen_##name(truths);
#include "allocator/memstats_fields.def"
}

TEST(a_row_that_errs_on_both_sides_is_seen_by_the_model) {
    for (size_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        assert_true(sees(MODEL, add_both, i));
    }
}

// ---- the table itself

static void assert_two_truths(const char *name, const char *meaning, const char *letters) {
    if (strlen(letters) < 2 && strstr(meaning, "a constant has one truth") == NULL) {
        fail_msg("%s has one truth alone, and no reason", name);
    }
    if (strpbrk(letters, "SMK") == NULL && strstr(meaning, "always") == NULL) {
        fail_msg("%s has no truth that is independent of the fast account", name);
    }
}

TEST(every_row_names_two_truths_one_of_them_independent) {
#define MEMSTATS_FIELD(name, unit, meaning, truths) assert_two_truths(#name, meaning, truths);
#define MEMSTATS_EXTRA(name, unit, meaning, truths) assert_two_truths(#name, meaning, truths);
#include "allocator/memstats_fields.def"
}
