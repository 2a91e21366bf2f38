// phantom: tells Go's phantom objects from real ones, as the objects of a dump go by.
//
// Go >= 1.22 keeps the pointer bits of a one-page span of pointerful objects of at most 64 words in
// the last 1/64 (1/32 on 32-bit) of the page, and its dumper shows them as objects.
#ifndef DUMP_GRAPH_PHANTOM_H
#define DUMP_GRAPH_PHANTOM_H

#include "dump/reader.h"

#include <stdbool.h>
#include <stdint.h>

// What has been seen so far; all zero at the start.
struct phantoms {
    bool are_possible; // as Params says
    uint64_t pointer_bytes;
    uint64_t page; // of the last object
    bool page_has_pointer;
};

// Takes what Params says: whether it is a Go that has them.
void phantoms_begin(struct phantoms *phantoms, const struct dump_record_Params *params);

// The next object, in the order of the dump: true when it is a phantom.
bool phantoms_next(struct phantoms *phantoms, uint64_t address, uint64_t size_bytes,
                   bool has_pointer);

#endif
