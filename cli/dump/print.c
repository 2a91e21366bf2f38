// print: bytes from a dump made fit for a terminal or for JSON; they may be anything.

#include "cli/dump/dump.h"
#include "cli/io/escape.h"

#include <stdio.h>

bool dump_is_utf8(const void *bytes, size_t size_bytes) {
    const uint8_t *at = bytes;
    const uint8_t *end = at + size_bytes;
    while (at < end) {
        size_t taken = escape_utf8_bytes(at, (size_t)(end - at));
        if (taken == 0) {
            return false;
        }
        at += taken;
    }
    return true;
}

void dump_print_json_string(const void *bytes, size_t size_bytes) {
    escape_print_json(bytes, size_bytes, stdout);
}

size_t dump_print_text(const char *text, size_t width) {
    return escape_print(text, width, stdout);
}
