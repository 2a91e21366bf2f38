// class: Go's size classes typed in a second time, and the rounding of a request, found
// another way.
#include "oracle/go/state/class.h"

#include "oracle/go/model/model.h" // struct model_request

const uint16_t go_class_bytes[SIZE_CLASS_COUNT] = {
    0,     8,     16,    24,    32,    48,    64,    80,    96,    112,   128,   144,
    160,   176,   192,   208,   224,   240,   256,   288,   320,   352,   384,   416,
    448,   480,   512,   576,   640,   704,   768,   896,   1024,  1152,  1280,  1408,
    1536,  1792,  2048,  2304,  2688,  3072,  3200,  3456,  4096,  4864,  5376,  6144,
    6528,  6784,  6912,  8192,  9472,  9728,  10240, 10880, 12288, 13568, 14336, 16384,
    18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768,
};

const uint8_t go_class_pages[SIZE_CLASS_COUNT] = {
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 2, 1, 2, 1, 3, 2,  3, 1, 3,
    2, 3, 4, 5, 6, 1, 7, 6, 5, 4, 3, 5, 7, 2, 9, 7, 5, 8, 3, 10, 7, 4,
};

// The lowest class that is large enough: halving steps over the table.
uint8_t go_class_of(size_t size_bytes) {
    if (size_bytes > SMALL_SIZE_MAX) {
        return 0;
    }
    unsigned below = 0; // the last class known to be too small
    for (unsigned step = 64; step > 0; step /= 2) {
        if (below + step < SIZE_CLASS_COUNT && go_class_bytes[below + step] < size_bytes) {
            below += step;
        }
    }
    return (uint8_t)(below + 1);
}

size_t go_element_bytes(size_t size_bytes) {
    uint8_t class = go_class_of(size_bytes);
    if (class != 0) {
        return go_class_bytes[class];
    }
    return (size_bytes + HEAP_PAGE_BYTES - 1) / HEAP_PAGE_BYTES * HEAP_PAGE_BYTES;
}

struct element go_element_of(const struct model_request *request) {
    size_t size_bytes = request->size_bytes;
    uint8_t class = go_class_of(size_bytes);
    if (request->align_bytes > HEAP_PAGE_BYTES) {
        class = 0;
    }
    if (class == 0) {
        size_t pages = (size_bytes + HEAP_PAGE_BYTES - 1) / HEAP_PAGE_BYTES;
        return (struct element){pages * HEAP_PAGE_BYTES, 0};
    }
    while (request->align_bytes > 0 && go_class_bytes[class] % request->align_bytes != 0) {
        class ++; // ends at the last: 32 KiB is a multiple of every alignment up to a page
    }
    return (struct element){go_class_bytes[class], class};
}
