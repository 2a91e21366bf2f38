// mcentral: the spans of one span class that are in no cache: partial and full, swept and unswept.
//
// Two lists of each kind; which of the two is the swept one alternates with the sweep generation, as in Go. Large
// spans stand in the lists of size class 0.
#ifndef ALLOCATOR_MCENTRAL_H
#define ALLOCATOR_MCENTRAL_H

#include "allocator/lock.h"
#include "allocator/mspan.h"

struct mspan_queue {
    struct mspan *first;
    struct mspan *last;
};

struct mcentral {
    struct lock lock;
    uint8_t span_class;
    struct mspan_queue partial[2]; // [generation / 2 % 2] is the swept one
    struct mspan_queue full[2];
};

#endif
