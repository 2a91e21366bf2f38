// canary_subject: each rule of foreign allocators by a small heap that lies in one way at a time.
//
// holds: oracle/subject/judge.c oracle/subject/kind.c oracle/subject/walk.c
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#include "fuzz/program/text.h"
#include "fuzz/subject/machine.h"
#include "oracle/core/finding.h"

#define ARENA_BYTES 65536
#define SLOT_BYTES  512 // every object has a slot of its own
#define SLOT_COUNT  64

enum lie {
    HONEST,
    OVERLAPS,
    LEAVES_THE_ARENA,
    IS_MISALIGNED,
    HAS_TOO_FEW_USABLE,
    IS_NOT_ZERO,
    WRITES_INTO_OTHERS,
    LOSES_BYTES_IN_REALLOC,
    GAUGE_BELOW_ZERO,
    COUNT_GOES_DOWN,
    COUNT_OF_32_BITS_GOES_DOWN,
    PEAK_BELOW_GAUGE,
    PEAK_GOES_DOWN,
    TROUGH_ABOVE_GAUGE,
    CONSTANT_CHANGES,
    READS_DIFFER,
    READS_TOO_MANY,
    ROUNDS_BACKWARDS,
    ROUNDED_BELOW_ZERO,
    CHARGES_A_FAILURE,
    WALK_SHOWS_TWICE,
    WALK_LEAVES_OUT,
    WALK_SHOWS_THE_DEAD,
    WALK_HAS_ANOTHER_SIZE,
    IS_BROKEN,
    FORGETS_A_FREE,
    COUNTS_A_HEADER_ONCE,
    LIE_COUNT,
};

static enum lie lie;

static struct {
    unsigned char *arena;
    size_t size_bytes[SLOT_COUNT]; // 0: free
    size_t last_bytes;             // of the object given last: whose size is asked for
    int64_t in_use, peak, least, allocs, reads;
} heap;

// ---- the heap

static void *create(const struct countercheck_host *host) {
    memset(&heap, 0, sizeof heap);
    heap.arena = host->arena;
    return &heap;
}

static size_t slot_of(const void *object) {
    return (size_t)((const unsigned char *)object - heap.arena) / SLOT_BYTES;
}

static void charge(int64_t bytes) {
    heap.in_use += bytes;
    heap.peak = heap.in_use > heap.peak ? heap.in_use : heap.peak;
}

static void *allocate(void *self, size_t size_bytes) {
    (void)self;
    if (size_bytes > SLOT_BYTES) {
        charge(lie == CHARGES_A_FAILURE ? 1 : 0);
        return NULL;
    }
    size_t slot = 0;
    while (slot < SLOT_COUNT && heap.size_bytes[slot] != 0) {
        slot++;
    }
    if (slot == SLOT_COUNT || size_bytes == 0) {
        return NULL;
    }
    heap.size_bytes[slot] = size_bytes;
    heap.last_bytes = size_bytes;
    charge((int64_t)size_bytes + (lie == COUNTS_A_HEADER_ONCE ? 8 : 0));
    heap.allocs++;
    unsigned char *object = heap.arena + slot * SLOT_BYTES;
    if (lie == WRITES_INTO_OTHERS && slot > 0) {
        heap.arena[3] ^= 1;
    }
    if (lie == OVERLAPS && slot > 0) {
        return object - SLOT_BYTES + 16;
    }
    if (lie == LEAVES_THE_ARENA && slot > 0) {
        return object - ARENA_BYTES;
    }
    return object + (lie == IS_MISALIGNED ? 1 : 0);
}

static void *allocate_zeroed(void *self, size_t size_bytes) {
    unsigned char *object = allocate(self, size_bytes);
    if (object != NULL) {
        memset(object, 0, size_bytes);
        object[size_bytes / 2] = lie == IS_NOT_ZERO;
    }
    return object;
}

static void release(void *self, void *object) {
    size_t slot = slot_of(object);
    (void)self;
    heap.in_use -= lie == FORGETS_A_FREE ? 0 : (int64_t)heap.size_bytes[slot];
    heap.least = heap.in_use < heap.least ? heap.in_use : heap.least;
    heap.size_bytes[slot] = 0;
}

static void *reallocate(void *self, void *object, size_t size_bytes) {
    unsigned char *moved = allocate(self, size_bytes);
    if (moved != NULL) {
        size_t old_bytes = heap.size_bytes[slot_of(object)];
        memcpy(moved, object, old_bytes < size_bytes ? old_bytes : size_bytes);
        moved[0] ^= lie == LOSES_BYTES_IN_REALLOC;
        release(self, object);
    }
    return moved;
}

static size_t usable(void *self, void *object) {
    (void)self;
    (void)object;
    return heap.last_bytes - (lie == HAS_TOO_FEW_USABLE);
}

// ---- what it says

static const struct countercheck_statistic statistics[] = {
    {"in_use", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"peak", COUNTERCHECK_PEAK, 0, 0, 0, "in_use", "B"},
    {"least", COUNTERCHECK_TROUGH, 0, 0, 0, "in_use", "B"},
    {"allocs", COUNTERCHECK_CUMULATIVE, 0, 0, 0, NULL, ""},
    {"small_allocs", COUNTERCHECK_CUMULATIVE, 0, 32, 0, NULL, ""},
    {"slots", COUNTERCHECK_CONSTANT, 0, 0, 0, NULL, ""},
    {"shown", COUNTERCHECK_GAUGE, COUNTERCHECK_ROUNDED, 0, 0, NULL, "B"},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};

static bool read_stats(void *self, int64_t *values) {
    bool is_late = heap.allocs > 1;
    (void)self;
    heap.reads++;
    values[0] = lie == GAUGE_BELOW_ZERO ? -1 : heap.in_use + (lie == READS_DIFFER ? heap.reads : 0);
    values[1] = lie == PEAK_BELOW_GAUGE ? heap.in_use - 1
                : lie == PEAK_GOES_DOWN ? 4096 - heap.allocs
                                        : heap.peak;
    values[1] = lie == READS_DIFFER ? 1 << 20 : values[1];
    values[2] = lie == TROUGH_ABOVE_GAUGE ? heap.in_use + 1 : heap.least;
    values[3] = lie == COUNT_GOES_DOWN && is_late ? 0 : heap.allocs;
    values[4] =
        (int64_t)(UINT32_MAX & (uint64_t)(heap.allocs - 1 -
                                          (lie == COUNT_OF_32_BITS_GOES_DOWN && is_late ? 5 : 0)));
    values[5] = SLOT_COUNT + (lie == CONSTANT_CHANGES && is_late);
    values[6] = lie == ROUNDED_BELOW_ZERO ? -1024 : heap.in_use / 1024 * 1024;
    values[7] = lie == ROUNDED_BELOW_ZERO ? -1 : values[6] + (lie == ROUNDS_BACKWARDS ? -1 : 1023);
    if (lie == READS_TOO_MANY) {
        values[8] = 0;
    }
    return true;
}

static bool walk(void *self, countercheck_visit *visit, void *arg) {
    (void)self;
    for (size_t slot = 0; slot < SLOT_COUNT; slot++) {
        const unsigned char *object = heap.arena + slot * SLOT_BYTES;
        size_t size_bytes = heap.size_bytes[slot];
        if (size_bytes == 0 && lie == WALK_SHOWS_THE_DEAD) {
            visit(arg, object, 1, COUNTERCHECK_LIVE);
        } else if (size_bytes != 0 && !(lie == WALK_LEAVES_OUT && slot == 0)) {
            visit(arg, object, size_bytes + (lie == WALK_HAS_ANOTHER_SIZE), COUNTERCHECK_LIVE);
            if (lie == WALK_SHOWS_TWICE) {
                visit(arg, object, size_bytes, COUNTERCHECK_LIVE);
            }
        }
    }
    return true;
}

static const char *verify(void *self) {
    (void)self;
    return lie == IS_BROKEN ? "it is broken" : NULL;
}

static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof table,
    .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_MAY_FAIL,
    .name = "liar",
    .alignment = 16,
    .arena_bytes = ARENA_BYTES,
    .create = create,
    .allocate = allocate,
    .allocate_zeroed = allocate_zeroed,
    .reallocate = reallocate,
    .release = release,
    .usable = usable,
    .statistics = statistics,
    .read = read_stats,
    .walk = walk,
    .verify = verify,
    .relations = "used: in_use == live.footprint\n",
};

// ---- the canaries

static const struct canary {
    enum lie lie;
    unsigned rule;
    const char *name;
    const char *relations; // NULL: the heap's own
} canaries[] = {
    {OVERLAPS, RULE_SUBJECT_OVERLAP, "overlaps", NULL},
    {LEAVES_THE_ARENA, RULE_SUBJECT_OVERLAP, "leaves-the-arena", NULL},
    {IS_MISALIGNED, RULE_SUBJECT_ALIGNMENT, "misaligned", NULL},
    {HAS_TOO_FEW_USABLE, RULE_SUBJECT_USABLE, "too-few-usable", NULL},
    {IS_NOT_ZERO, RULE_SUBJECT_ZERO, "not-zero", NULL},
    {WRITES_INTO_OTHERS, RULE_SUBJECT_CONTENTS, "writes-into-others", NULL},
    {LOSES_BYTES_IN_REALLOC, RULE_SUBJECT_CONTENTS, "realloc-loses-bytes", NULL},
    {GAUGE_BELOW_ZERO, RULE_SUBJECT_KIND, "gauge-below-zero", ""},
    {COUNT_GOES_DOWN, RULE_SUBJECT_KIND, "count-goes-down", NULL},
    {COUNT_OF_32_BITS_GOES_DOWN, RULE_SUBJECT_KIND, "32-bit-count-down", NULL},
    {PEAK_BELOW_GAUGE, RULE_SUBJECT_KIND, "peak-below-gauge", NULL},
    {PEAK_GOES_DOWN, RULE_SUBJECT_KIND, "peak-goes-down", NULL},
    {TROUGH_ABOVE_GAUGE, RULE_SUBJECT_KIND, "trough-above-gauge", NULL},
    {CONSTANT_CHANGES, RULE_SUBJECT_KIND, "constant-changes", NULL},
    {ROUNDED_BELOW_ZERO, RULE_SUBJECT_KIND, "rounded-below-zero", NULL},
    {READS_TOO_MANY, RULE_SUBJECT_READ, "reads-too-many", NULL},
    {ROUNDS_BACKWARDS, RULE_SUBJECT_READ, "rounds-backwards", NULL},
    {READS_DIFFER, RULE_SUBJECT_STEADY, "reads-differ", ""},
    {CHARGES_A_FAILURE, RULE_SUBJECT_FAILED, "charges-a-failure", NULL},
    {WALK_SHOWS_TWICE, RULE_SUBJECT_WALK, "walk-shows-twice", NULL},
    {WALK_LEAVES_OUT, RULE_SUBJECT_WALK, "walk-leaves-out", NULL},
    {WALK_SHOWS_THE_DEAD, RULE_SUBJECT_WALK, "walk-shows-the-dead", NULL},
    {WALK_HAS_ANOTHER_SIZE, RULE_SUBJECT_WALK, "walk-another-size", NULL},
    {IS_BROKEN, RULE_SUBJECT_VERIFY, "is-broken", NULL},
    {FORGETS_A_FREE, RULE_SUBJECT_RELATION, "forgets-a-free", NULL},
    {COUNTS_A_HEADER_ONCE, RULE_SUBJECT_RELATION, "header-on-one-side", NULL},
};
#define CANARY_COUNT (sizeof canaries / sizeof canaries[0])

static const char program_text[] =
    "program check=1\nh0 = alloc c0 size=64 zero\nh1 = alloc c0 size=100\n"
    "h2 = alloc c0 size=40\nfree c0 h1\nh3 = alloc c0 size=4000\n"
    "realloc c0 h0 size=200\nfree c0 h2\n";

static struct rule_book book; // of the last song

static bool sing(enum lie which, const char *relations) {
    static struct program program;
    static struct subject subject;
    char message[SUBJECT_MESSAGE_BYTES];
    struct text_error error;
    const struct executor_options options = {.level = ORACLE_PARANOID};
    lie = which;
    assert_int_equal(subject_open_table(&subject, &table, relations, message), SUBJECT_OPEN);
    struct executor *executor = executor_create(&subject.machine, &subject, &options);
    assert_non_null(executor);
    program_clear(&program);
    assert_true(text_parse_program(&program, program_text, strlen(program_text), &error));
    enum verdict verdict = executor_run(executor, &program, false);
    book = *executor_book(executor);
    executor_destroy(executor);
    subject_close(&subject);
    language_use(NULL);
    return verdict == VERDICT_FINDING;
}

static void an_honest_heap_is_clean(void **state) {
    (void)state;
    assert_false(sing(HONEST, NULL));
    for (unsigned rule = RULE_SUBJECT_OVERLAP; rule < RULE_CORE_COUNT; rule++) {
        if (book.evaluated[rule] == 0) {
            fail_msg("%s was not evaluated", core_rules.rows[rule].name);
        }
    }
}

static void canary_is_heard_first(void **state) {
    const struct canary *canary = *state;
    assert_true(sing(canary->lie, canary->relations));
    if (book.finding.rule != canary->rule) {
        finding_print(&book.finding, stderr);
        fail_msg("%s: rule %s did not report it first", canary->name,
                 core_rules.rows[canary->rule].name);
    }
}

static int print_matrix(void) {
    for (size_t i = 0; i < CANARY_COUNT; i++) {
        bool was_heard = sing(canaries[i].lie, canaries[i].relations);
        (void)printf("%s\t%s\t-\t-\t%s\t\n", core_rules.rows[canaries[i].rule].name,
                     canaries[i].name, was_heard ? book.finding.row->name : "-");
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        return strcmp(argv[1], "--matrix") == 0 ? print_matrix() : EXIT_FAILURE;
    }
    struct CMUnitTest tests[CANARY_COUNT + 1] = {cmocka_unit_test(an_honest_heap_is_clean)};
    for (size_t i = 0; i < CANARY_COUNT; i++) {
        tests[i + 1] = (struct CMUnitTest){.name = canaries[i].name,
                                           .test_func = canary_is_heard_first,
                                           .initial_state = (void *)(uintptr_t)&canaries[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
