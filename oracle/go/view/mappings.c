// mappings: reads /proc/self/maps line by line.
#define _POSIX_C_SOURCE 200809L
#include "oracle/go/view/mappings.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 512 // of one line; what is longer is a name, and cut

struct reader {
    int descriptor;
    size_t at, end; // of what was read
    char bytes[4096];
};

static int next_byte(struct reader *reader) {
    if (reader->at == reader->end) {
        ssize_t count = read(reader->descriptor, reader->bytes, sizeof reader->bytes);
        if (count <= 0) {
            return -1;
        }
        reader->at = 0;
        reader->end = (size_t)count;
    }
    return (unsigned char)reader->bytes[reader->at++];
}

static bool next_line(struct reader *reader, char *line) {
    size_t length = 0;
    int byte;
    while ((byte = next_byte(reader)) >= 0 && byte != '\n') {
        if (length + 1 < LINE_BYTES) {
            line[length++] = (char)byte;
        }
    }
    line[length] = 0;
    return byte >= 0 || length > 0;
}

// "5500000000-5500400000 rw-p ..."
static bool parse(const char *line, uintptr_t *base, uintptr_t *end) {
    char *rest;
    *base = (uintptr_t)strtoull(line, &rest, 16);
    *end = *base;
    if (*rest != '-') {
        return false;
    }
    *end = (uintptr_t)strtoull(rest + 1, &rest, 16);
    return strncmp(rest, " rw", 3) == 0;
}

bool mappings_visit(uintptr_t base, uintptr_t end,
                    void (*visit)(void *context, uintptr_t base, size_t size_bytes),
                    void *context) {
    char line[LINE_BYTES];
    struct reader reader = {.descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    if (reader.descriptor < 0) {
        return false;
    }
    bool is_behind = false; // the list is by address
    while (!is_behind && next_line(&reader, line)) {
        uintptr_t first, last;
        bool is_writable = parse(line, &first, &last);
        is_behind = first >= end;
        if (is_writable) {
            first = first < base ? base : first;
            last = last > end ? end : last;
            if (first < last) {
                visit(context, first, last - first);
            }
        }
    }
    (void)close(reader.descriptor);
    return true;
}
