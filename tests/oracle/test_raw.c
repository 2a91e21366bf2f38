// test_raw: memory is compared as it is, to the byte, poisoned or not.
#include "oracle/go/view/raw.h"

#include "allocator/heap.h"

#include <string.h>

#include "tests/test.h"

TEST(the_first_byte_that_differs_is_found_at_every_place) {
    uint64_t memory[5] = {0};
    uint8_t bytes[sizeof memory] = {0};
    for (size_t size_bytes = 0; size_bytes <= sizeof memory; size_bytes++) {
        assert_int_equal(raw_mismatch((uintptr_t)memory, bytes, size_bytes), size_bytes);
        for (size_t i = 0; i < size_bytes; i++) {
            bytes[i] = 1;
            if (i + 1 < size_bytes) {
                bytes[i + 1] = 1;
            }
            assert_int_equal(raw_mismatch((uintptr_t)memory, bytes, size_bytes), i);
            memset(bytes, 0, sizeof bytes);
        }
    }
}

// The tail of a slot belongs to nobody.
TEST(poisoned_bytes_are_read_all_the_same) {
    struct heap *heap = heap_create(NULL);
    struct mcache *cache = heap_acquire_cache(heap);
    uint8_t *object = heap_alloc(heap, cache, 33, NULL, HEAP_ALLOC_ZERO);
    memset(object, 7, 33);
    uint8_t slot[48] = {0};
    memset(slot, 7, 33);
    assert_int_equal(raw_mismatch((uintptr_t)object, slot, 48), 48);
    slot[47] = 1;
    assert_int_equal(raw_mismatch((uintptr_t)object, slot, 48), 47);
    for (size_t from = 0; from < 16; from++) { // poisoned ones too, from any place on
        uint8_t copied[48] = {0};
        raw_copy(copied, (uintptr_t)object + from, sizeof copied - from);
        assert_int_equal(copied[0], 7);
        assert_int_equal(copied[32 - from], 7);
        assert_int_equal(copied[33 - from], 0);
    }
    heap_release_cache(heap, cache);
    heap_destroy(heap);
}
