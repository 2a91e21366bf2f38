// test_host: the memory that an allocator gets from the harness, and what it gives back of it.
//
// holds: fuzz/subject/host.c
#include <string.h>

#include "tests/test.h"

#include "fuzz/subject/host.h"
#include "oracle/core/harness_memory.h"

#define PAGE ((size_t)4096)

static struct host host;

static int setup(void **state) {
    (void)state;
    return host_init(&host, 0) ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    host_fini(&host);
    return harness_block_count() == 0 ? 0 : -1;
}

TEST_FIXTURE(setup, teardown)

static char *map(size_t size_bytes, size_t alignment) {
    char *address = host.shown.map(host.shown.context, size_bytes, alignment);
    assert_non_null(address);
    memset(address, 0x5a, size_bytes);
    return address;
}

static void unmap(char *address, size_t size_bytes) {
    host.shown.unmap(host.shown.context, address, size_bytes);
}

TEST(a_whole_mapping_is_given_back) {
    char *one = map(100, 0);
    char *two = map(3 * PAGE, 1 << 20);
    assert_int_equal((uintptr_t)two % (1 << 20), 0);
    assert_int_equal(host.bytes, 100 + 3 * PAGE);
    unmap(one, PAGE); // it knows pages, and asked for less
    assert_int_equal(host.bytes, 3 * PAGE);
    unmap(two, 3 * PAGE);
    assert_int_equal(host.bytes, 0);
    assert_int_equal(host.peak_bytes, 100 + 3 * PAGE);
    assert_int_equal(host.call_count, 2);
}

// What is left can be written, and is given back in its turn.
TEST(pages_of_a_mapping_are_given_back) {
    for (size_t at = 0; at < 5; at++) {
        char *whole = map(5 * PAGE, 1 << 16);
        unmap(whole + at * PAGE, PAGE);
        assert_int_equal(host.bytes, 4 * PAGE);
        for (size_t page = 0; page < 5; page++) {
            if (page != at) {
                assert_int_equal(whole[page * PAGE], 0x5a);
                unmap(whole + page * PAGE, PAGE);
            }
        }
        assert_int_equal(host.bytes, 0);
        assert_null(host.mappings);
    }
    char *whole = map(5 * PAGE, 0);
    unmap(whole + PAGE, SIZE_MAX - PAGE);
    assert_int_equal(host.bytes, PAGE);
    host_begin(&host, NULL);
    assert_null(host.mappings);
}

TEST(what_is_no_page_of_a_mapping_stays) {
    char *whole = map(2 * PAGE, 0);
    unmap(whole + 16, PAGE);
    unmap(whole, 100);
    unmap(whole, 0);
    unmap(whole + 2 * PAGE, PAGE);
    unmap(whole - PAGE, PAGE);
    assert_int_equal(host.bytes, 2 * PAGE);
    assert_int_equal(whole[2 * PAGE - 1], 0x5a);
}
