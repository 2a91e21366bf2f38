// laws: what a page, a picture and a profile keep to, whatever the dump: for the fuzz target that
// reads dumps.
#ifndef CLI_DUMP_EXPORT_LAWS_H
#define CLI_DUMP_EXPORT_LAWS_H

#include <stddef.h>
#include <stdint.h>

// Makes each of a dump that a strict reader takes, in memory, and aborts where a law does not hold.
// No file is written, and nothing printed.
void export_laws(const uint8_t *data, size_t size_bytes);

// Of the data of a page that has so many objects: that it is JSON, and names no text and no object
// that it has not. Likewise.
void export_laws_of_data(const char *data, size_t size_bytes, size_t object_count);

#endif
