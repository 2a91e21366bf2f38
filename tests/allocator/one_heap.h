// one_heap: one heap for each test of a file; when a test ends, the heap's pages are sound.
//
// Included by one test each.
#ifndef TESTS_ALLOCATOR_ONE_HEAP_H
#define TESTS_ALLOCATOR_ONE_HEAP_H

#include "tests/allocator/support_snapshot.h"

#include <stdlib.h>
#include <string.h>
#include "tests/test.h"

static struct heap *heap; // of the test that runs

static int setup(void **state) {
    (void)state;
    heap = heap_create(NULL);
    return heap == NULL ? -1 : 0;
}

static int teardown(void **state) {
    (void)state;
    assert_pages_are_sound(heap);
    heap_destroy(heap);
    return 0;
}

#endif
