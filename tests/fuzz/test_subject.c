// test_subject: what a table must be to be taken, and what an allocator may say only when it runs.
//
// holds: fuzz/subject/describe.c fuzz/subject/table.c
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#include "fuzz/subject/subject.h"
#include "oracle/core/harness_memory.h"

#define TABLE_BYTES_LEAST offsetof(struct countercheck_subject, create)

static struct { // what the allocator is going to say
    bool cannot_describe, gives_null;
    char name[16];
    struct countercheck_statistic *rows; // lives from create to destroy
    int created, destroyed;
} mine;

static void *create(const struct countercheck_host *host) {
    (void)host;
    mine.created++;
    mine.rows = calloc(3, sizeof *mine.rows);
    return mine.gives_null ? NULL : &mine;
}

static void destroy(void *self) {
    (void)self;
    mine.destroyed++;
    free(mine.rows);
    memset(mine.name, 'x', sizeof mine.name);
}

static void *allocate(void *self, size_t size_bytes) {
    (void)self;
    (void)size_bytes;
    return NULL;
}

static void release(void *self, void *object) {
    (void)self;
    (void)object;
}

static bool read_all(void *self, int64_t *values) {
    (void)self;
    values[0] = 0;
    return true;
}

static bool describe(void *self, struct countercheck_description *description) {
    (void)self;
    strcpy(mine.name, "bin.live");
    mine.rows[0] = (struct countercheck_statistic){
        .name = mine.name, .kind = COUNTERCHECK_GAUGE, .count = 5, .unit = "B"};
    mine.rows[1] = (struct countercheck_statistic){
        .name = "bin.most", .kind = COUNTERCHECK_PEAK, .count = 5, .of = mine.name};
    description->statistics = mine.rows;
    description->version = "7.1";
    description->relations = "each bin: bin.live == 0 when version >= 7\n";
    return !mine.cannot_describe;
}

static const struct countercheck_subject plain = {
    .struct_size_bytes = sizeof plain,
    .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_MAY_FAIL,
    .name = "mine",
    .alignment = 16,
    .create = create,
    .destroy = destroy,
    .allocate = allocate,
    .release = release,
    .read = read_all,
};
static struct countercheck_subject table;
static struct subject subject;
static char message[SUBJECT_MESSAGE_BYTES];

static int setup(void **state) {
    (void)state;
    memset(&mine, 0, sizeof mine);
    table = plain;
    return 0;
}

static enum subject_status open_it(void) {
    message[0] = 0;
    enum subject_status status = subject_open_table(&subject, &table, NULL, message);
    if (status == SUBJECT_OPEN) {
        subject_close(&subject);
    }
    return status;
}

static void assert_refused(const char *words) {
    assert_int_equal(open_it(), SUBJECT_UNUSABLE);
    if (strstr(message, words) == NULL) {
        fail_msg("'%s' says nothing of '%s'", message, words);
    }
}

TEST(a_table_without_statistics_is_taken) {
    assert_int_equal(open_it(), SUBJECT_OPEN);
    assert_int_equal(mine.created, 0); // there is nothing to ask for
}

TEST(what_is_no_table_is_refused) {
    assert_int_equal(subject_open_table(&subject, NULL, NULL, message), SUBJECT_UNUSABLE);
    table.abi = 99;
    assert_refused("ABI 99");
    table = plain;
    table.struct_size_bytes = TABLE_BYTES_LEAST - 1;
    assert_refused("bytes");
    table = plain;
    table.struct_size_bytes = SIZE_MAX;
    assert_refused("bytes");
    table = plain;
    table.name = NULL;
    assert_refused("name");
    table.name = "a b";
    assert_refused("name");
    table = plain;
    table.alignment = 0;
    assert_refused("alignment 0");
    table.alignment = 24;
    assert_refused("no power of two");
    table = plain;
    table.alignment_max = 48;
    assert_refused("alignment_max 48");
    table = plain;
    table.size_max = SIZE_MAX;
    assert_refused("objects of");
    table = plain;
    table.allocate = NULL;
    assert_refused("no allocate()");
    table = plain;
    table.create = NULL;
    assert_refused("no create()");
    table = plain;
    table.release = NULL;
    assert_refused("nothing frees");
}

TEST(what_is_no_statistic_is_refused) {
    static struct countercheck_statistic rows[3];
    static const struct countercheck_statistic good = {.name = "a", .kind = COUNTERCHECK_GAUGE};
    (void)state;
    table.statistics = rows;
    memset(rows, 0, sizeof rows);
    rows[0] = good;
    assert_int_equal(open_it(), SUBJECT_OPEN);
    rows[1] = good;
    assert_refused("there twice");
    memset(&rows[1], 0, sizeof rows[1]);
    rows[0].name = "a-b";
    assert_refused("name");
    rows[0] = good;
    rows[0].bits = 65;
    assert_refused("65 bits");
    rows[0] = good;
    rows[0].count = UINT32_MAX;
    assert_refused("rows");
    rows[0] = good;
    rows[0].of = "b";
    assert_refused("`of` names no statistic");
    rows[0] = good;
    table.read = NULL;
    assert_refused("no read()");
}

TEST(an_older_table_lacks_what_came_later) {
    table.struct_size_bytes = offsetof(struct countercheck_subject, describe);
    table.describe = describe;
    assert_int_equal(open_it(), SUBJECT_OPEN);
    assert_int_equal(mine.created, 0);
}

TEST(what_is_known_when_it_runs_is_asked_once_and_kept) {
    table.describe = describe;
    assert_int_equal(subject_open_table(&subject, &table, NULL, message), SUBJECT_OPEN);
    assert_int_equal(mine.created, 1);
    assert_int_equal(mine.destroyed, 1);
    assert_string_equal(subject.table.version, "7.1");
    assert_string_equal(subject.table.statistics[0].name, "bin.live");
    assert_string_equal(subject.table.statistics[0].unit, "B");
    assert_string_equal(subject.table.statistics[1].of, "bin.live");
    assert_null(subject.table.statistics[2].name);
    assert_int_equal(relations_count(subject.relations), 1);
    assert_int_equal(subject.schema.count, 2);
    subject_close(&subject);
}

TEST(what_cannot_be_asked_is_said) {
    table.describe = describe;
    mine.cannot_describe = true;
    assert_int_equal(open_it(), SUBJECT_ENVIRONMENT);
    assert_non_null(strstr(message, "describe()"));
    mine.gives_null = true;
    assert_int_equal(open_it(), SUBJECT_UNUSABLE);
    assert_non_null(strstr(message, "create() gives NULL"));
}

static int nothing_is_kept(void **state) {
    (void)state;
    return harness_block_count() == 0 ? 0 : -1;
}

TEST_FIXTURE(setup, NULL)
TEST_GROUP(NULL, nothing_is_kept)
