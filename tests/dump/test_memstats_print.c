// test_memstats_print: each field under its name, once, in both forms; rows of classes that were
// used, and all of them in JSON.
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#include "dump/write/memstats_print.h"

// Each number differs from all others, so that one in another's place is seen.
static struct memstats numbered(void) {
    struct memstats stats = {.NumGC = 1001, .NumForcedGC = 1002, .GCCPUFraction = 0.25};
    uint64_t number = 2000;
#define MEMSTATS_FIELD(name, unit, meaning, truths) stats.name = number++;
#include "allocator/memstats_fields.def"
    for (size_t i = 0; i < MEMSTATS_PAUSE_COUNT; i++) {
        stats.PauseNs[i] = 3000 + i;
        stats.PauseEnd[i] = 4000 + i;
    }
    for (size_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        stats.BySize[i] = (struct memstats_by_size){(uint32_t)(5000 + i), 6000 + i, 7000 + i};
    }
    return stats;
}

// What `print` writes; to be freed.
static char *printed(void (*print)(const struct memstats *, FILE *), const struct memstats *stats) {
    static char *text; // gcc 12 takes what open_memstream fills for a local that ended
    static size_t size_bytes;
    FILE *stream = open_memstream(&text, &size_bytes);
    assert_non_null(stream);
    print(stats, stream);
    assert_int_equal(fclose(stream), 0);
    return text;
}

// Takes the words off the text's beginning.
static void take(const char **text, const char *format, ...) {
    char expected[512];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(expected, sizeof expected, format, values);
    va_end(values);
    assert_in_range(length, 1, sizeof expected - 1);
    if (strncmp(*text, expected, (size_t)length) != 0) {
        fail_msg("expected \"%s\" at \"%.60s\"", expected, *text);
    }
    *text += length;
}

static void take_ring(const char **text, const char *name, uint64_t first) {
    take(text, "\"%s\":[%" PRIu64, name, first);
    for (uint64_t i = 1; i < MEMSTATS_PAUSE_COUNT; i++) {
        take(text, ",%" PRIu64, first + i);
    }
    take(text, "],");
}

TEST(json_has_each_field_in_gos_order) {
    struct memstats stats = numbered();
    for (unsigned flags = 0; flags < 4; flags++) {
        stats.EnableGC = (flags & 1) != 0;
        stats.DebugGC = (flags & 2) != 0;
        char *json = printed(memstats_print_json, &stats);
        const char *rest = json;
        uint64_t number = 2000;
        take(&rest, "{");
#define MEMSTATS_FIELD(name, unit, meaning, truths)                                                \
    take(&rest, "\"" #name "\":%" PRIu64 ",", number++);
#include "allocator/memstats_fields.def"
        take_ring(&rest, "PauseNs", 3000);
        take_ring(&rest, "PauseEnd", 4000);
        take(&rest, "\"NumGC\":1001,\"NumForcedGC\":1002,\"GCCPUFraction\":0.25,");
        take(&rest, "\"EnableGC\":%s,\"DebugGC\":%s,", (flags & 1) != 0 ? "true" : "false",
             (flags & 2) != 0 ? "true" : "false");
        take(&rest, "\"BySize\":[");
        for (unsigned i = 0; i < SIZE_CLASS_COUNT; i++) {
            take(&rest, "%s{\"Size\":%u,\"Mallocs\":%u,\"Frees\":%u}", i > 0 ? "," : "", 5000 + i,
                 6000 + i, 7000 + i);
        }
        take(&rest, "]}");
        assert_string_equal(rest, "");
        free(json);
    }
}

TEST(text_has_a_line_for_each_number_and_each_class) {
    struct memstats stats = numbered();
    char *text = printed(memstats_print_text, &stats);
    const char *rest = text;
    uint64_t number = 2000;
#define MEMSTATS_FIELD(name, unit, meaning, truths)                                                \
    take(&rest, "%-14s %20" PRIu64 "  %s\n", #name, number++, unit);
#include "allocator/memstats_fields.def"
    take(&rest, "NumGC                          1001  count\n");
    take(&rest, "NumForcedGC                    1002  count\n");
    take(&rest, "GCCPUFraction              0.250000  fraction\n");
    for (unsigned i = 0; i < SIZE_CLASS_COUNT; i++) {
        take(&rest, "BySize[%u]%s %8u B: %u mallocs, %u frees\n", i, i < 10 ? "     " : "    ",
             5000 + i, 6000 + i, 7000 + i);
    }
    assert_string_equal(rest, "");
    free(text);
}

TEST(text_leaves_out_classes_that_nobody_used) {
    struct memstats stats = numbered();
    for (size_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        stats.BySize[i].Mallocs = i == 5;
        stats.BySize[i].Frees = i == 7;
    }
    char *text = printed(memstats_print_text, &stats);
    const char *rest = strstr(text, "BySize");
    assert_non_null(rest);
    take(&rest, "BySize[5]          5005 B: 1 mallocs, 0 frees\n");
    take(&rest, "BySize[7]          5007 B: 0 mallocs, 1 frees\n");
    assert_string_equal(rest, "");
    free(text);
}
