// test_target_stats: the counts of a target are in the file that the environment names: early, now
// and then, and at the end; without one, nothing is written.
#define _GNU_SOURCE // as the source has it
#include <string.h>
#include "tests/test.h"

#include "fuzz/targets/target_stats.c" // linked into targets alone

static char path[] = "/tmp/countercheck-test-target-stats-XXXXXX";

static int begin(void **context) {
    (void)context;
    strcpy(path + sizeof path - 7, "XXXXXX");
    int file = mkstemp(path);
    memset(&stats, 0, sizeof stats);
    stats.file = -1;
    return file < 0 || close(file) != 0 || setenv("COUNTERCHECK_STATS", path, 1) != 0;
}

static int end(void **context) {
    (void)context;
    target_stats_leave();
    return unlink(path);
}

TEST_FIXTURE(begin, end)

static void assert_written(const char *wanted) {
    char text[256];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, wanted);
}

TEST(counts_are_written_early_and_now_and_then) {
    target_stats_add(10, 7);
    assert_written("{\"executions\":1,\"operations\":10,\"effective\":7}\n");
    target_stats_add(10, 7);
    target_stats_add(10, 7);
    assert_written("{\"executions\":2,\"operations\":20,\"effective\":14}\n");
    while (stats.executions < 3 * WRITE_INTERVAL + 1) {
        target_stats_add(10, 7);
    }
    assert_written("{\"executions\":768,\"operations\":7680,\"effective\":5376}\n");
    assert_int_equal(target_stats_operations(), 7690);
}

TEST(counts_in_all_and_counts_added_are_the_same) {
    target_stats_reach(10, 7);
    target_stats_reach(20, 14);
    assert_written("{\"executions\":2,\"operations\":20,\"effective\":14}\n");
}

TEST(the_last_counts_are_written_at_the_end) {
    for (int i = 0; i < 3; i++) {
        target_stats_add(1, 0);
    }
    target_stats_finish();
    assert_written("{\"executions\":3,\"operations\":3,\"effective\":0}\n");
}

TEST(who_left_counts_its_own_from_0) {
    target_stats_add(10, 7);
    target_stats_leave();
    target_stats_reach(9, 7);
    assert_int_equal(target_stats_operations(), 9);
}

TEST(who_left_writes_no_more) {
    target_stats_leave();
    for (int i = 0; i < 8; i++) {
        target_stats_add(1, 1);
    }
    target_stats_finish();
    assert_written("");
}

TEST(nobody_asked_and_nothing_is_written) {
    assert_int_equal(unsetenv("COUNTERCHECK_STATS"), 0);
    target_stats_add(1, 1);
    target_stats_finish();
    assert_written("");
    assert_int_equal(target_stats_operations(), 1);
}
