// test_collects: a collector may give memory anew that was dropped, and none that is held.
#include <string.h>

#include "tests/test.h"

#include "fuzz/program/text.h"
#include "fuzz/subject/machine.h"

#define SLOT_BYTES 256
#define SLOT_COUNT 16

static struct {
    char *arena;
    bool is_held[SLOT_COUNT];
    bool forgets; // that an object is held
} heap;

static void *create(const struct countercheck_host *host) {
    memset(heap.is_held, 0, sizeof heap.is_held);
    heap.arena = host->arena;
    return &heap;
}

static void *allocate(void *self, size_t size_bytes) {
    (void)self;
    for (size_t slot = 0; slot < SLOT_COUNT && size_bytes <= SLOT_BYTES; slot++) {
        if (!heap.is_held[slot]) {
            heap.is_held[slot] = !heap.forgets;
            return heap.arena + slot * SLOT_BYTES;
        }
    }
    return NULL;
}

static void drop(void *self, void *object) {
    (void)self;
    heap.is_held[(size_t)((char *)object - heap.arena) / SLOT_BYTES] = false;
}

static const struct countercheck_statistic statistics[] = {
    {"held", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, ""},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};

static bool read_all(void *self, int64_t *values) {
    (void)self;
    values[0] = 0;
    for (size_t slot = 0; slot < SLOT_COUNT; slot++) {
        values[0] += heap.is_held[slot];
    }
    return true;
}

static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof table,
    .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_MAY_FAIL | COUNTERCHECK_COLLECTS,
    .name = "collector",
    .alignment = 16,
    .arena_bytes = SLOT_BYTES * SLOT_COUNT,
    .create = create,
    .allocate = allocate,
    .drop = drop,
    .statistics = statistics,
    .read = read_all,
};

// The name of the rule that failed; NULL: none did.
static const char *run(const char *relations, const char *text) {
    static struct program program;
    static struct subject subject;
    char message[SUBJECT_MESSAGE_BYTES];
    struct text_error error;
    const struct executor_options options = {.level = ORACLE_FULL};
    assert_int_equal(subject_open_table(&subject, &table, relations, message), SUBJECT_OPEN);
    struct executor *executor = executor_create(&subject.machine, &subject, &options);
    assert_non_null(executor);
    program_clear(&program);
    assert_true(text_parse_program(&program, text, strlen(text), &error));
    enum verdict verdict = executor_run(executor, &program, false);
    const char *rule = verdict == VERDICT_FINDING ? executor_finding(executor)->row->name : NULL;
    executor_destroy(executor);
    subject_close(&subject);
    language_use(NULL);
    return rule;
}

TEST(dropped_memory_may_be_given_again) {
    heap.forgets = false;
    assert_null(run("", "program check=1\nh0 = alloc c0 size=64\nh1 = alloc c0 size=64\n"
                        "drop c0 h0\nh2 = alloc c0 size=200\ncheck full\ndrop c0 h2\n"));
}

TEST(what_is_given_again_has_died) {
    heap.forgets = false;
    // of three drops two were followed by an allocation there: one object at most may still live
    assert_null(run("held <= live.count\nlive.count >= held - 1\ntotal.count == 3\n",
                    "program check=255\nh0 = alloc c0 size=64\ndrop c0 h0\nh0 = alloc c0 size=32\n"
                    "drop c0 h0\nh0 = alloc c0 size=16\ndrop c0 h0\ncheck full\n"));
    assert_string_equal(run("live.count >= 2",
                            "program check=255\nh0 = alloc c0 size=64\ndrop c0 h0\n"
                            "h0 = alloc c0 size=32\ncheck full\n"),
                        "subject-relation");
}

TEST(held_memory_may_not) {
    heap.forgets = true;
    assert_string_equal(run("", "h0 = alloc c0 size=64\nh1 = alloc c0 size=64\n"),
                        "subject-overlap");
}
