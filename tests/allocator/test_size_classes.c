// test_size_classes: the table is Go's published one, and rounding takes the smallest class that
// fits.
#include "allocator/size_classes.h"

#include "tests/test.h"

// As published in the comment of Go's sizeclasses.go: bytes of an object, bytes of a span.
static const struct {
    uint32_t object_bytes, span_bytes;
} published[SIZE_CLASS_COUNT] = {
    {0, 0},         {8, 8192},      {16, 8192},     {24, 8192},     {32, 8192},     {48, 8192},
    {64, 8192},     {80, 8192},     {96, 8192},     {112, 8192},    {128, 8192},    {144, 8192},
    {160, 8192},    {176, 8192},    {192, 8192},    {208, 8192},    {224, 8192},    {240, 8192},
    {256, 8192},    {288, 8192},    {320, 8192},    {352, 8192},    {384, 8192},    {416, 8192},
    {448, 8192},    {480, 8192},    {512, 8192},    {576, 8192},    {640, 8192},    {704, 8192},
    {768, 8192},    {896, 8192},    {1024, 8192},   {1152, 8192},   {1280, 8192},   {1408, 16384},
    {1536, 8192},   {1792, 16384},  {2048, 8192},   {2304, 16384},  {2688, 8192},   {3072, 24576},
    {3200, 16384},  {3456, 24576},  {4096, 8192},   {4864, 24576},  {5376, 16384},  {6144, 24576},
    {6528, 32768},  {6784, 40960},  {6912, 49152},  {8192, 8192},   {9472, 57344},  {9728, 49152},
    {10240, 40960}, {10880, 32768}, {12288, 24576}, {13568, 40960}, {14336, 57344}, {16384, 16384},
    {18432, 73728}, {19072, 57344}, {20480, 40960}, {21760, 65536}, {24576, 24576}, {27264, 81920},
    {28672, 57344}, {32768, 32768},
};

TEST(table_is_the_published_one) {
    for (size_t class = 0; class < SIZE_CLASS_COUNT; class ++) {
        assert_int_equal(size_class_bytes[class], published[class].object_bytes);
        assert_int_equal(size_class_pages[class] * HEAP_PAGE_BYTES, published[class].span_bytes);
    }
}

TEST(each_size_takes_the_smallest_class_that_fits) {
    uint8_t expected = 1;
    for (size_t size = 1; size <= SMALL_SIZE_MAX; size++) {
        if (size > size_class_bytes[expected]) {
            expected++;
        }
        assert_int_equal(size_class_of(size), expected);
    }
    assert_int_equal(expected, SIZE_CLASS_COUNT - 1);
}

TEST(span_class_holds_class_and_noscan) {
    assert_int_equal(span_class_make(0, false), 0);
    assert_int_equal(span_class_make(67, true), 135);
}
