// size_classes: rounding of a request to its class, by two lookup tables.
#include "allocator/size_classes.h"

const uint16_t size_class_bytes[SIZE_CLASS_COUNT] = {
#define SIZE_CLASS(class, bytes, pages) bytes,
#include "allocator/size_classes.def"
};

const uint8_t size_class_pages[SIZE_CLASS_COUNT] = {
#define SIZE_CLASS(class, bytes, pages) pages,
#include "allocator/size_classes.def"
};

const uint8_t size_class_by_8[SIZE_CLASS_BY_8_MAX / 8 + 1] = {
#define SIZE_CLASS_LOOKUP_8
#include "allocator/size_classes.def"
};

const uint8_t size_class_by_128[(SMALL_SIZE_MAX - SIZE_CLASS_BY_8_MAX) / 128 + 1] = {
#define SIZE_CLASS_LOOKUP_128
#include "allocator/size_classes.def"
};
