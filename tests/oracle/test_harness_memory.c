// test_harness_memory: the harness's blocks are apart from each other and from malloc's, zeroed
// when that is asked for, and refused and counted when the system has none.
//
// wrap: mmap
#include <string.h>

#include "tests/test.h"

#include "allocator/poison.h"
#include "oracle/core/harness_memory.h"

#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "tests/child.h"
#include "tests/sanitizer.h"

#define BLOCKS 400

void *__real_mmap(void *at, size_t size_bytes, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *at, size_t size_bytes, int protection, int flags, int file, off_t offset);

static bool refuses;

void *__wrap_mmap(void *at, size_t size_bytes, int protection, int flags, int file, off_t offset) {
    return refuses ? MAP_FAILED : __real_mmap(at, size_bytes, protection, flags, file, offset);
}

// From a byte to 640 KiB, cut from chunks and mapped, each size several times.
static size_t size_of(size_t i) {
    return ((size_t)1 << i % 20) + i * 37 % ((size_t)1 << i % 20);
}

TEST(blocks_are_apart_and_aligned_and_keep_what_is_in_them) {
    uint64_t before = harness_block_count();
    uint8_t *blocks[BLOCKS];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            blocks[i] = harness_alloc(size_of(i));
            assert_non_null(blocks[i]);
            assert_int_equal((uintptr_t)blocks[i] % 16, 0);
            memset(blocks[i], (int)i & 0xff, size_of(i));
        }
        assert_int_equal(harness_block_count(), before + BLOCKS);
        for (size_t i = 0; i < BLOCKS; i++) {
            for (size_t at = 0; at < size_of(i); at++) {
                assert_int_equal(blocks[i][at], i & 0xff);
            }
            harness_free(blocks[i]);
        }
        assert_int_equal(harness_block_count(), before);
    }
}

TEST(a_block_that_was_somebodys_is_zeroed_when_asked_for) {
    for (size_t size_bytes = 8; size_bytes <= (size_t)64 << 20; size_bytes *= 8) {
        uint8_t *dirty = harness_alloc(size_bytes);
        assert_non_null(dirty);
        memset(dirty, 0xff, size_bytes);
        harness_free(dirty);
        uint8_t *zeroed = harness_calloc(size_bytes / 8, 8);
        assert_non_null(zeroed);
        for (size_t at = 0; at < size_bytes; at++) {
            assert_int_equal(zeroed[at], 0);
        }
        harness_free(zeroed);
    }
}

TEST(a_resized_block_has_what_it_had) {
    uint64_t before = harness_block_count();
    uint8_t *block = harness_realloc(NULL, 1);
    assert_non_null(block);
    block[0] = 7;
    for (size_t size_bytes = 2; size_bytes <= (size_t)1 << 21; size_bytes *= 2) {
        block = harness_realloc(block, size_bytes);
        assert_non_null(block);
        for (size_t at = 0; at < size_bytes / 2; at++) {
            assert_int_equal(block[at], 7);
        }
        memset(block, 7, size_bytes);
    }
    block = harness_realloc(block, 3);
    assert_non_null(block);
    assert_int_equal(block[2], 7);
    harness_free(block);
    harness_free(NULL);
    assert_int_equal(harness_block_count(), before);
}

TEST(what_the_system_refuses_is_counted_and_changes_nothing) {
    uint64_t before = harness_refusal_count();
    uint8_t *block = harness_alloc(9);
    assert_non_null(block);
    block[8] = 5;
    uint64_t block_count = harness_block_count();
    refuses = true;
    assert_null(harness_alloc((size_t)3 << 30));
    assert_null(harness_calloc(3, (size_t)1 << 30));
    assert_null(harness_realloc(block, (size_t)3 << 30));
    refuses = false;
    assert_int_equal(harness_refusal_count(), before + 3);
    assert_null(harness_calloc(SIZE_MAX / 2, 3)); // a product that overflows
    assert_null(harness_alloc(SIZE_MAX - 8));
    harness_refused();
    assert_int_equal(harness_refusal_count(), before + 6);
    assert_int_equal(harness_block_count(), block_count);
    assert_int_equal(block[8], 5);
    harness_free(block);
}

// Else a check would move the very numbers that it checks.
TEST(no_block_is_of_mallocs_memory) {
    if (SANITIZER_HAS_SHADOW) {
        return; // its malloc has no such numbers
    }
    uint8_t *blocks[BLOCKS];
    struct mallinfo2 before = mallinfo2();
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = harness_realloc(harness_calloc(1, size_of(i) / 2), size_of(i));
        assert_non_null(blocks[i]);
    }
    struct mallinfo2 after = mallinfo2();
    assert_int_equal(after.uordblks, before.uordblks);
    assert_int_equal(after.arena, before.arena);
    assert_int_equal(after.hblkhd, before.hblkhd);
    for (size_t i = 0; i < BLOCKS; i++) {
        harness_free(blocks[i]);
    }
}

// Where bytes can be made untouchable, all but those that were asked for are.
TEST(what_nobody_asked_for_is_untouchable) {
#if HEAP_POISON_ACTIVE
    for (size_t size_bytes = 1; size_bytes < 100000; size_bytes = size_bytes * 3 + 1) {
        char *block = harness_alloc(size_bytes);
        assert_non_null(block);
        assert_true(__asan_address_is_poisoned(block - 1));
        assert_null(__asan_region_is_poisoned(block, size_bytes));
        assert_true(__asan_address_is_poisoned(block + size_bytes));
        harness_free(block);
        assert_true(__asan_address_is_poisoned(block));
        assert_true(__asan_address_is_poisoned(block + size_bytes - 1));
    }
#else
    skip();
#endif
}

static void give_back_twice(void *block) {
    (void)signal(SIGABRT, SIG_DFL);
    harness_free(block);
    harness_free(block);
}

static void give_back_another(void *blocks) {
    (void)signal(SIGABRT, SIG_DFL);
    harness_free((char *)blocks + 32);
}

TEST(what_is_anothers_or_was_given_back_is_refused) {
    static _Alignas(16) char another[96];
    char text[4096];
    int status = child_says(give_back_twice, harness_alloc(100), text, sizeof text);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "block->next == block"));
    status = child_says(give_back_another, another, text, sizeof text);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "block->next == block"));
}
