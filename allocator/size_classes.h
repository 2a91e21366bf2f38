// size_classes: Go's 68 size classes, and the rounding of a request to its class.
//
// Class 0 stands for large objects, which have a span of their own. A span class is a size class
// and whether its objects hold pointers: span_class = size_class * 2 + noscan.
#ifndef ALLOCATOR_SIZE_CLASSES_H
#define ALLOCATOR_SIZE_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A page, and how many classes there are: of sizes, class 0 being large; of spans, each size
// with and without pointers.
#define HEAP_PAGE_SHIFT  13
#define HEAP_PAGE_BYTES  ((uintptr_t)1 << HEAP_PAGE_SHIFT)
#define SIZE_CLASS_COUNT 68
#define SPAN_CLASS_COUNT (SIZE_CLASS_COUNT * 2)
#define SMALL_SIZE_MAX   32768 // bytes; a larger request is a large object
#define TINY_SIZE_BYTES  16    // a tiny block
#define TINY_SIZE_CLASS  2
#define SPAN_OBJECTS_MAX 1024 // objects of 8 bytes in one page

extern const uint16_t size_class_bytes[SIZE_CLASS_COUNT]; // [0] is 0
extern const uint8_t size_class_pages[SIZE_CLASS_COUNT];  // pages of a span, [0] is 0

// The class of a size, by two tables: of sizes up to this one, and above it.
#define SIZE_CLASS_BY_8_MAX 1024
// By size / 8, rounded up. Go's size_to_class8.
extern const uint8_t size_class_by_8[SIZE_CLASS_BY_8_MAX / 8 + 1];
// By (size - SIZE_CLASS_BY_8_MAX) / 128, rounded up. Go's size_to_class128.
extern const uint8_t size_class_by_128[(SMALL_SIZE_MAX - SIZE_CLASS_BY_8_MAX) / 128 + 1];

// Size class of a request of 1..SMALL_SIZE_MAX bytes. After Go's size_to_class8 / size_to_class128.
static inline uint8_t size_class_of(size_t size_bytes) {
    if (size_bytes <= SIZE_CLASS_BY_8_MAX) {
        return size_class_by_8[(size_bytes + 7) / 8];
    }
    return size_class_by_128[(size_bytes - SIZE_CLASS_BY_8_MAX + 127) / 128];
}

// The span class of objects of this size class. After Go's makeSpanClass.
static inline uint8_t span_class_make(uint8_t size_class, bool noscan) {
    return (uint8_t)(size_class << 1 | (noscan ? 1 : 0));
}

#endif
