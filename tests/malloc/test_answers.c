// test_answers: what malloc tells of itself is what the statistics say, and a size that is told to
// free has to be the object's.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#include "allocator/memstats.h"
#include "malloc/answers.h"
#include "tests/child.h"
#include "tests/malloc/checked.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static struct memstats now(void) {
    struct memstats stats;
    assert_true(countercheck_malloc_memstats(&stats));
    return stats;
}

static void what_is_told_is_what_the_statistics_say(void **unused) {
    (void)unused;
    void *small[100];
    size_t large_before = mallinfo2().hblks;
    size_t used_before = mallinfo2().uordblks;
    for (size_t i = 0; i < 100; i++) {
        small[i] = malloc(1000);
    }
    void *large = malloc(70000);
    struct mallinfo2 info = mallinfo2();
    struct memstats stats = now();
    assert_int_equal(info.uordblks, stats.HeapAlloc);
    assert_int_equal(info.uordblks, used_before + (100 * malloc_usable_size(small[0])) +
                                        malloc_usable_size(large));
    assert_int_equal(info.arena, stats.HeapSys - stats.HeapReleased);
    assert_int_equal(info.fordblks, info.arena - info.uordblks);
    assert_int_equal(info.keepcost, stats.HeapIdle - stats.HeapReleased);
    assert_int_equal(info.hblks, large_before + 1);
    assert_int_equal(info.hblkhd, 0);
    for (size_t i = 0; i < 100; i++) {
        free(small[i]);
    }
    free(large);
    assert_int_equal(mallinfo2().uordblks, used_before);
    assert_int_equal(mallinfo2().hblks, large_before);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static void numbers_that_int_cannot_hold_are_its_greatest(void **unused) {
    (void)unused;
    struct mallinfo before = mallinfo();
    assert_int_equal(before.uordblks, now().HeapAlloc);
    void *huge = malloc((size_t)3 << 30); // nobody touches it
    assert_non_null(huge);
    struct mallinfo info = mallinfo();
    assert_int_equal(info.uordblks, INT_MAX);
    assert_int_equal(info.arena, INT_MAX);
    assert_int_equal(info.hblks, before.hblks + 1);
    free(huge);
}
#pragma GCC diagnostic pop

static void a_trim_gives_the_idle_pages_back_but_for_what_it_has_to_leave(void **unused) {
    (void)unused;
    void *large = malloc((size_t)8 << 20);
    assert_non_null(large);
    memset(large, 1, (size_t)8 << 20);
    free(large);
    size_t idle = mallinfo2().keepcost;
    assert_true(idle >= (size_t)8 << 20);
    assert_int_equal(malloc_trim((size_t)1 << 20), 1);
    assert_true(mallinfo2().keepcost <= (size_t)1 << 20);
    assert_int_equal(malloc_trim((size_t)64 << 20), 0); // there is less
    uint64_t released = now().HeapReleased;
    (void)malloc_trim(0);
    assert_int_equal(mallinfo2().keepcost, 0);
    assert_true(now().HeapReleased >= released);
    assert_int_equal(malloc_trim(0), 0);
    assert_true(countercheck_malloc_check());
}

static void what_can_be_set_is_what_holds(void **unused) {
    (void)unused;
    assert_int_equal(mallopt(M_ARENA_MAX, 1), 1);
    assert_int_equal(mallopt(M_ARENA_MAX, 8), 1);
    assert_int_equal(mallopt(M_ARENA_MAX, 0), 0);
    assert_int_equal(mallopt(M_MMAP_MAX, 0), 1);
    assert_int_equal(mallopt(M_PERTURB, 0), 1);
    assert_int_equal(mallopt(M_PERTURB, 85), 0);
    assert_int_equal(mallopt(M_MMAP_THRESHOLD, 65536), 0);
    assert_int_equal(mallopt(M_TRIM_THRESHOLD, 65536), 0);
    assert_int_equal(mallopt(12345, 1), 0);
}

static bool has(const char *text, const char *format, uint64_t number) {
    char words[128];
    (void)snprintf(words, sizeof words, format, (unsigned long long)number);
    return strstr(text, words) != NULL;
}

static void the_account_is_told_as_xml(void **unused) {
    (void)unused;
    static char text[1 << 16];
    FILE *stream = tmpfile();
    assert_non_null(stream);
    assert_int_equal(malloc_info(1, stream), EINVAL);
    assert_int_equal(ftell(stream), 0);
    (void)setvbuf(stream, text, _IOFBF, sizeof text); // it allocates nothing then
    void *object = malloc(100);
    assert_non_null(object);
    struct memstats stats = now();
    size_t class = 1;
    while (stats.BySize[class].Size != malloc_usable_size(object)) {
        class ++;
    }
    assert_int_equal(malloc_info(0, stream), 0);
    assert_int_equal(fputc('\0', stream), 0);
    assert_memory_equal(text, "<malloc version=\"1\">", 20);
    assert_true(has(text, "<total type=\"live\" count=\"%llu\"", stats.HeapObjects));
    assert_true(has(text, " size=\"%llu\"/>\n<total type=\"large\"", stats.HeapAlloc));
    assert_true(
        has(text, "<system type=\"current\" size=\"%llu\"/>", stats.HeapSys - stats.HeapReleased));
    assert_true(has(text, "<size size=\"112\" mallocs=\"%llu\"", stats.BySize[class].Mallocs));
    assert_non_null(strstr(text, "</malloc>\n"));
    assert_int_equal(fclose(stream), 0);
    free(object);
}

// ---- what ends a process

enum { NOTHING, TELLS, RIGHT_SIZE, WRONG_SIZE, WRONG_ALIGNMENT };

static void act(int what) {
    void *other;
    switch (what) {
    case TELLS:
        malloc_stats();
        break;
    case RIGHT_SIZE:
        free_sized(malloc(100), 100);
        free_sized(NULL, 0);
        free_aligned_sized(aligned_alloc(4096, 8192), 4096, 8192);
        free_aligned_sized(NULL, 64, 5);
        break;
    case WRONG_SIZE:
        free_sized(malloc(100), 1000);
        break;
    case WRONG_ALIGNMENT:
        other = malloc(48); // one of two is at no such address
        free_aligned_sized(malloc(48), (size_t)1 << 40, 48);
        free_aligned_sized(other, (size_t)1 << 40, 48);
        break;
    default:
        break;
    }
}

// The program's end, and what it says on stderr, which is told by its parent: its own beginning.
static void begin_again(void *what) {
    (void)execl("/proc/self/exe", "test_answers", (const char *)what, (char *)NULL);
    _exit(2);
}

static int run(const char *what, char *text, size_t size_bytes) {
    return child_says(begin_again, (void *)(uintptr_t)what, text, size_bytes);
}

static void the_account_is_told_on_stderr(void **unused) {
    (void)unused;
    char text[4096];
    assert_int_equal(run("1", text, sizeof text), 0);
    assert_non_null(strstr(text, "system bytes     = "));
    assert_non_null(strstr(text, "\nin use bytes     = "));
    assert_non_null(strstr(text, "\nlarge objects    =          0\n"));
}

static void a_size_or_an_alignment_that_cannot_be_ends_the_program(void **unused) {
    (void)unused;
    char text[4096];
    assert_int_equal(run("2", text, sizeof text), 0);
    int status = run("3", text, sizeof text);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "free of an object with a size that it has no room for"));
    status = run("4", text, sizeof text);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "free of an object at another alignment"));
}

int main(int argc, char **argv) {
    if (argc > 1) {
        act((int)strtol(argv[1], NULL, 10));
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told_is_what_the_statistics_say),
        cmocka_unit_test(numbers_that_int_cannot_hold_are_its_greatest),
        cmocka_unit_test(a_trim_gives_the_idle_pages_back_but_for_what_it_has_to_leave),
        cmocka_unit_test(what_can_be_set_is_what_holds),
        cmocka_unit_test(the_account_is_told_as_xml),
        cmocka_unit_test(the_account_is_told_on_stderr),
        cmocka_unit_test(a_size_or_an_alignment_that_cannot_be_ends_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
