// graph_laws: what must hold of the graph of any dump that decodes.
#ifndef FUZZ_TARGETS_GRAPH_LAWS_H
#define FUZZ_TARGETS_GRAPH_LAWS_H

#include <stddef.h>
#include <stdint.h>

// Builds the graph of a dump, read leniently, and aborts where a law does not hold.
void graph_laws(const uint8_t *data, size_t size_bytes);

#endif
