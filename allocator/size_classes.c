// size_classes: rounding of a request to its class, by two lookup tables.
#include "allocator/size_classes.h"

#include "allocator/check.h"

const uint16_t size_class_bytes[SIZE_CLASS_COUNT] = {
#define SIZE_CLASS(class, bytes, pages) bytes,
#include "allocator/size_classes.def"
};

const uint8_t size_class_pages[SIZE_CLASS_COUNT] = {
#define SIZE_CLASS(class, bytes, pages) pages,
#include "allocator/size_classes.def"
};

#define LOOKUP_8_MAX 1024

static const uint8_t class_by_8[] = {
#define SIZE_CLASS_LOOKUP_8
#include "allocator/size_classes.def"
};

static const uint8_t class_by_128[] = {
#define SIZE_CLASS_LOOKUP_128
#include "allocator/size_classes.def"
};

_Static_assert(sizeof class_by_8 == LOOKUP_8_MAX / 8 + 1, "a row for each 8 bytes");
_Static_assert(sizeof class_by_128 == (SMALL_SIZE_MAX - LOOKUP_8_MAX) / 128 + 1,
               "a row for each 128 bytes");

uint8_t size_class_of(size_t size_bytes) {
    ASSERT(size_bytes >= 1 && size_bytes <= SMALL_SIZE_MAX);
    if (size_bytes <= LOOKUP_8_MAX) {
        return class_by_8[(size_bytes + 7) / 8];
    }
    return class_by_128[(size_bytes - LOOKUP_8_MAX + 127) / 128];
}

size_t size_class_round_up(size_t size_bytes) {
    if (size_bytes == 0) {
        return 0;
    }
    if (size_bytes <= SMALL_SIZE_MAX) {
        return size_class_bytes[size_class_of(size_bytes)];
    }
    if (size_bytes > SIZE_MAX - (HEAP_PAGE_BYTES - 1)) {
        return 0;
    }
    return (size_bytes + HEAP_PAGE_BYTES - 1) & ~(size_t)(HEAP_PAGE_BYTES - 1);
}
