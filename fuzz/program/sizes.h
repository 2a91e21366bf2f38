// sizes: the sizes at which allocators change their mind: the steps of a size-class allocator,
// pages, large objects.
//
// They are Go's classes, typed in once more: what is drawn may not change with the allocator that
// is tested. Bytes.
#ifndef FUZZ_PROGRAM_SIZES_H
#define FUZZ_PROGRAM_SIZES_H

#include <stdint.h>

#define SIZES_PAGE_BYTES 8192
#define SIZES_SMALL_MAX  32768
#define SIZES_STEP_COUNT 67

static const uint32_t sizes_steps[SIZES_STEP_COUNT] = {
    8,     16,    24,    32,    48,    64,    80,    96,    112,   128,   144,   160,
    176,   192,   208,   224,   240,   256,   288,   320,   352,   384,   416,   448,
    480,   512,   576,   640,   704,   768,   896,   1024,  1152,  1280,  1408,  1536,
    1792,  2048,  2304,  2688,  3072,  3200,  3456,  4096,  4864,  5376,  6144,  6528,
    6784,  6912,  8192,  9472,  9728,  10240, 10880, 12288, 13568, 14336, 16384, 18432,
    19072, 20480, 21760, 24576, 27264, 28672, 32768,
};

#endif
