// test_contract: each function of malloc's family keeps its contract, with good input and with bad.
//
// holds: malloc/allocate.c malloc/extend.c malloc/malloc.c
#define _GNU_SOURCE
#include "allocator/memstats.h"
#include "tests/child.h"
#include "tests/malloc/checked.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

enum { SENTINEL = 7777 };

// Sizes that the compiler does not know.
static volatile size_t too_much = (size_t)PTRDIFF_MAX + 1;
static volatile size_t nothing;

static struct memstats now(void) {
    struct memstats stats;
    assert_true(countercheck_malloc_memstats(&stats));
    return stats;
}

static bool is_zero(const unsigned char *bytes, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

struct ending {
    void (*act)(void);
};

static void act_ending(void *ending) {
    ((const struct ending *)ending)->act();
}

static void assert_ends_with(void (*act)(void), const char *sentence) {
    char text[512];
    struct ending ending = {act};
    int status = child_says(act_ending, &ending, text, sizeof text);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, sentence));
}

TEST(every_small_size_is_aligned_usable_and_its_own) {
    unsigned char *last = NULL;
    for (size_t size_bytes = 0; size_bytes <= 40000; size_bytes += size_bytes < 2000 ? 1 : 131) {
        unsigned char *object = malloc(size_bytes);
        assert_non_null(object);
        assert_ptr_not_equal(object, last);
        assert_int_equal((uintptr_t)object % 16, 0);
        assert_true(malloc_usable_size(object) >= (size_bytes == 0 ? 1 : size_bytes));
        memset(object, 0xee, malloc_usable_size(object));
        free(last);
        last = object;
    }
    free(last);
}

TEST(malloc_of_nothing_gives_unique_pointers) {
    void *a = malloc(nothing);
    void *b = malloc(nothing);
    void *c = calloc(nothing, 4);
    void *d = realloc(NULL, nothing);
    assert_true(a != NULL && b != NULL && c != NULL && d != NULL);
    assert_true(a != b && a != c && a != d && b != c && b != d && c != d);
    free(a);
    free(b);
    free(c);
    free(d);
}

TEST(what_is_too_much_is_enomem) {
    char *kept = malloc(100);
    void *untouched = kept;
    assert_non_null(kept);
    memset(kept, 0x5c, 100);
    struct memstats before = now();
    void *(*const with_one[])(size_t) = {malloc, valloc, pvalloc};
    const size_t sizes[] = {too_much, SIZE_MAX, SIZE_MAX - 15, (size_t)PTRDIFF_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t j = 0; j < sizeof with_one / sizeof with_one[0]; j++) {
            errno = 0;
            assert_null(with_one[j](sizes[i]));
            assert_int_equal(errno, ENOMEM);
        }
        errno = 0;
        assert_null(realloc(kept, sizes[i]));
        assert_int_equal(errno, ENOMEM);
        errno = 0;
        assert_null(aligned_alloc(64, sizes[i]));
        assert_int_equal(errno, ENOMEM);
        errno = 0;
        assert_null(memalign(4096, sizes[i]));
        assert_int_equal(errno, ENOMEM);
        errno = SENTINEL;
        assert_int_equal(posix_memalign(&untouched, 64, sizes[i]), ENOMEM);
        assert_int_equal(errno, SENTINEL);
        assert_ptr_equal(untouched, kept);
    }
    assert_int_equal(now().Mallocs, before.Mallocs);
    assert_int_equal(now().Frees, before.Frees);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(kept[i], 0x5c);
    }
    free(kept);
}

TEST(products_that_overflow_are_enomem) {
    const size_t pairs[][2] = {{SIZE_MAX, 2},
                               {2, SIZE_MAX},
                               {SIZE_MAX / 2 + 1, 2},
                               {(size_t)1 << 32, (size_t)1 << 32},
                               {too_much, 1}};
    char *volatile kept = malloc(8);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        errno = 0;
        assert_null(calloc(pairs[i][0], pairs[i][1]));
        assert_int_equal(errno, ENOMEM);
        errno = 0;
        assert_true(reallocarray(kept, pairs[i][0], pairs[i][1]) == NULL); // and it stays
        assert_int_equal(errno, ENOMEM);
    }
    char *grown = reallocarray(kept, 10, 10);
    assert_non_null(grown);
    assert_true(malloc_usable_size(grown) >= 100);
    free(grown);
}

TEST(calloc_is_zero_where_others_have_written) {
    const size_t sizes[] = {1, 16, 64, 1000, 8192, 32768, 40000, 300000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *dirty[8];
        for (size_t j = 0; j < 8; j++) {
            dirty[j] = malloc(sizes[i]);
            assert_non_null(dirty[j]);
            memset(dirty[j], 0xff, malloc_usable_size(dirty[j]));
        }
        for (size_t j = 0; j < 8; j++) {
            free(dirty[j]);
        }
        for (size_t j = 0; j < 8; j++) {
            dirty[j] = calloc(sizes[i], 1);
            assert_non_null(dirty[j]);
            assert_true(is_zero(dirty[j], sizes[i]));
        }
        for (size_t j = 0; j < 8; j++) {
            free(dirty[j]);
        }
    }
}

TEST(realloc_keeps_the_bytes_up_and_down) {
    const size_t sizes[] = {1, 17, 16, 100, 90, 3000, 40000, 41000, 200000, 5000, 100000, 24, 1};
    unsigned char *object = malloc(1);
    size_t kept = 1;
    object[0] = 1;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        object = realloc(object, sizes[i]);
        assert_non_null(object);
        assert_true(malloc_usable_size(object) >= sizes[i]);
        kept = kept < sizes[i] ? kept : sizes[i];
        for (size_t j = 0; j < kept; j++) {
            assert_int_equal(object[j], (unsigned char)(j * 7 + 1));
        }
        for (size_t j = 0; j < sizes[i]; j++) {
            object[j] = (unsigned char)(j * 7 + 1);
        }
        kept = sizes[i];
    }
    struct memstats before = now();
    assert_null(realloc(object, nothing)); // frees, as glibc's does
    assert_int_equal(now().Frees, before.Frees + 1);
}

TEST(a_shrunk_object_gives_its_memory_back) {
    char *object = malloc(1 << 20);
    assert_non_null(object);
    uint64_t before = now().HeapAlloc;
    object = realloc(object, 100);
    assert_non_null(object);
    assert_true(now().HeapAlloc <= before - (1 << 20) + 112);
    free(object);
}

TEST(a_large_object_grows_where_it_is) {
    char *object = malloc(200 << 20); // behind all others
    assert_non_null(object);
    uintptr_t place = (uintptr_t)object;
    object[0] = 'a';
    struct memstats before = now();
    for (size_t size_bytes = 201 << 20; size_bytes <= 300 << 20; size_bytes += 9 << 20) {
        char *grown = realloc(object, size_bytes);
        assert_int_equal((uintptr_t)grown, place);
        object = grown;
        object[size_bytes - 1] = 'z';
        assert_true(malloc_usable_size(object) >= size_bytes);
    }
    struct memstats after = now();
    assert_int_equal(after.Mallocs, before.Mallocs);
    assert_int_equal(after.Frees, before.Frees);
    assert_int_equal(after.HeapAlloc - before.HeapAlloc, after.TotalAlloc - before.TotalAlloc);
    assert_true(countercheck_malloc_check());
    assert_int_equal(object[0], 'a');
    char *behind = malloc(1 << 20); // now it has to move
    object = realloc(object, 400 << 20);
    assert_non_null(object);
    assert_int_equal(object[(201 << 20) - 1], 'z');
    assert_true(countercheck_malloc_check());
    free(behind);
    free(object);
}

TEST(alignment_is_what_was_asked_for) {
    for (size_t align = 1; align <= (size_t)1 << 21; align *= 2) {
        for (size_t size_bytes = 0; size_bytes < 20000; size_bytes = size_bytes * 3 + 1) {
            void *objects[3] = {aligned_alloc(align, size_bytes), memalign(align, size_bytes),
                                NULL};
            int error = posix_memalign(&objects[2], align, size_bytes);
            assert_int_equal(error, align < sizeof(void *) ? EINVAL : 0);
            for (size_t i = 0; i < 3; i++) {
                assert_int_equal((uintptr_t)objects[i] % align, 0);
                if (objects[i] != NULL) {
                    assert_int_equal((uintptr_t)objects[i] % 16, 0);
                    assert_true(malloc_usable_size(objects[i]) >= size_bytes);
                    memset(objects[i], 0xaa, size_bytes);
                }
            }
            assert_true(objects[0] != NULL && objects[1] != NULL);
            for (size_t i = 0; i < 3; i++) {
                free(objects[i]);
            }
        }
    }
}

// None has a record of the profile, which the fast lane would not take away.
TEST(many_aligned_objects_leave_nothing_behind) {
    for (size_t i = 0; i < 100000; i++) {
        void *object = aligned_alloc(64, 960);
        assert_non_null(object);
        free(object);
    }
    assert_int_equal(now().BuckHashSys, 0);
    assert_true(countercheck_malloc_check());
}

TEST(alignments_that_are_none_are_einval) {
    const volatile size_t bad[] = {0, 3, 24, 100, SIZE_MAX, SIZE_MAX / 2 + 2};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        void *pointer = &pointer;
        errno = SENTINEL;
        assert_int_equal(posix_memalign(&pointer, bad[i], 100), EINVAL);
        assert_int_equal(errno, SENTINEL);
        assert_ptr_equal(pointer, &pointer);
        errno = 0;
        assert_null(aligned_alloc(bad[i], 100));
        assert_int_equal(errno, EINVAL);
    }
    const volatile size_t none[] = {SIZE_MAX, SIZE_MAX / 2 + 1, 100};
    errno = 0;
    assert_null(memalign(none[0], 8));
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_null(memalign(none[1], 8)); // a power of two that no memory has
    assert_int_equal(errno, ENOMEM);
    void *rounded = memalign(none[2], 8); // up to 128, as glibc does
    assert_non_null(rounded);
    assert_int_equal((uintptr_t)rounded % 128, 0);
    free(rounded);
}

TEST(an_alignment_of_64_mib_is_the_largest) {
    const volatile size_t largest = (size_t)64 << 20;
    void *object = aligned_alloc(largest, 100);
    assert_non_null(object);
    assert_int_equal((uintptr_t)object % largest, 0);
    free(object);
    for (size_t align = 2 * largest; align != 0; align *= 2) {
        void *untouched = &untouched;
        errno = 0;
        assert_null(aligned_alloc(align, 100));
        assert_int_equal(errno, ENOMEM);
        errno = 0;
        assert_null(memalign(align, 100));
        assert_int_equal(errno, ENOMEM);
        assert_int_equal(posix_memalign(&untouched, align, 100), ENOMEM);
        assert_ptr_equal(untouched, &untouched);
    }
    assert_true(countercheck_malloc_check());
}

TEST(pages_are_pages) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t sizes[] = {0, 1, page - 1, page, page + 1, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *v = valloc(sizes[i]);
        void *p = pvalloc(sizes[i]);
        assert_true(v != NULL && p != NULL);
        assert_int_equal((uintptr_t)v % page, 0);
        assert_int_equal((uintptr_t)p % page, 0);
        assert_true(malloc_usable_size(p) >= (sizes[i] + page - 1) / page * page);
        free(v);
        free(p);
    }
}

TEST(free_keeps_errno) {
    void *small = malloc(10);
    void *large = malloc(10 << 20);
    errno = SENTINEL;
    free(NULL);
    free(small);
    free(large);
    assert_int_equal(errno, SENTINEL);
    assert_int_equal(malloc_usable_size(NULL), 0);
}

TEST(memory_that_the_system_refuses_is_enomem) {
    pid_t child = fork();
    if (child == 0) {
        (void)setrlimit(RLIMIT_AS, &(struct rlimit){(rlim_t)1 << 30, (rlim_t)1 << 30});
        errno = 0;
        void *object = malloc((size_t)4 << 30);
        bool refused = object == NULL && errno == ENOMEM;
        void *small = malloc(100); // the heap goes on
        _exit(refused && small != NULL && countercheck_malloc_check() ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

TEST(mallocs_and_frees_are_counted_one_by_one) {
    enum { COUNT = 20000 };
    static void *objects[COUNT];
    struct memstats before = now();
    uint64_t bytes = 0;
    for (size_t i = 0; i < COUNT; i++) {
        objects[i] = malloc(i % 700 + (i % 997 == 0 ? 40000 : 0));
        bytes += malloc_usable_size(objects[i]);
    }
    struct memstats full = now();
    assert_int_equal(full.Mallocs - before.Mallocs, COUNT);
    assert_int_equal(full.HeapAlloc - before.HeapAlloc, bytes);
    assert_int_equal(full.Frees, before.Frees);
    assert_true(countercheck_malloc_check());
    struct memstats again = now();
    for (size_t i = 0; i < COUNT; i += 2) {
        free(objects[i]);
    }
    assert_int_equal(now().Frees - again.Frees, COUNT / 2);
    assert_true(countercheck_malloc_check());
    for (size_t i = 1; i < COUNT; i += 2) {
        free(objects[i]);
    }
}

// ---- misuse

static char outside[64];

static void free_foreign(void) {
    free((void *)(((uintptr_t)outside + 15) / 16 * 16));
}

static void free_twice(void) {
    void *volatile object = malloc(48);
    free(object);
    free(object);
}

static void free_large_twice(void) {
    void *volatile object = malloc(100000);
    free(object);
    free(object);
}

static void free_inside(void) {
    char *volatile object = malloc(48);
    free(object + 16);
}

static void realloc_foreign(void) {
    (void)!realloc(outside, 10);
}

TEST(misuse_ends_in_one_sentence) {
    assert_ends_with(free_foreign, "countercheck: misuse: free of a foreign pointer (0x");
    assert_ends_with(free_twice, "countercheck: misuse: double free (0x");
    assert_ends_with(free_large_twice, "countercheck: misuse: free of a foreign pointer (0x");
    assert_ends_with(free_inside, "countercheck: misuse: free of an interior pointer (0x");
    assert_ends_with(realloc_foreign,
                     "countercheck: misuse: realloc of a pointer that is no live object (0x");
}
