// print: bytes from a dump made fit for a terminal or for JSON; they may be anything.

#include "cli/dump/dump.h"
#include "cli/io/escape.h"

#include <inttypes.h>
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

void dump_goroutine_state(char *to, size_t size_bytes, uint64_t status,
                          const struct dump_string *reason) {
    static const char *const names[] = {
        [0] = "idle",    [1] = "runnable", [2] = "running",   [3] = "in a system call",
        [4] = "waiting", [6] = "dead",     [8] = "copystack", [9] = "preempted"};
    const char *name = status < sizeof names / sizeof names[0] ? names[status] : NULL;
    int length = reason->size_bytes < 64 ? (int)reason->size_bytes : 64;
    if (name == NULL) {
        (void)snprintf(to, size_bytes, "status %" PRIu64, status);
    } else if (status == 4 && length > 0) {
        (void)snprintf(to, size_bytes, "%s: %.*s", name, length, (const char *)reason->bytes);
    } else {
        (void)snprintf(to, size_bytes, "%s", name);
    }
}
