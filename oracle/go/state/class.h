// class: the size classes of a Go-like heap, typed in a second time.
#ifndef ORACLE_GO_STATE_CLASS_H
#define ORACLE_GO_STATE_CLASS_H

#include "allocator/size_classes.h"

#include <stddef.h>
#include <stdint.h>

extern const uint16_t go_class_bytes[SIZE_CLASS_COUNT]; // of an object; 0 of class 0
extern const uint8_t go_class_pages[SIZE_CLASS_COUNT];  // of a span

// The smallest class whose objects hold that many bytes; 0: large.
uint8_t go_class_of(size_t size_bytes);

// What an object of that many bytes takes: its class, or whole pages.
size_t go_element_bytes(size_t size_bytes);

// The slot that a request takes.
struct element {
    size_t size_bytes;
    uint8_t size_class; // 0: large
};
struct model_request;
// The lowest class that is large enough and a multiple of the alignment; whole pages when there is
// none, or when no class's spans are aligned so far.
struct element go_element_of(const struct model_request *request);

#endif
