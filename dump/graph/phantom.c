// phantom: an object behind the room that a page of pointerful objects has is none.

#include "dump/graph/phantom.h"

#include <string.h>

#define GO_PAGE_BYTES   8192
#define BITS_WORDS_MAX  64 // larger objects have a header instead
#define GO_MINOR_BEGINS 22

// "go1.22.3", "devel go1.23-abcdef": the 22 and the 23; 0: no such version.
static unsigned go_minor(const struct dump_string *version) {
    unsigned minor = 0;
    for (uint64_t i = 0; i + 6 <= version->size_bytes; i++) {
        if (memcmp(version->bytes + i, "go1.", 4) != 0) {
            continue;
        }
        for (uint64_t at = i + 4; at < version->size_bytes && at < i + 8; at++) {
            unsigned digit = version->bytes[at] - (unsigned)'0';
            if (digit > 9) {
                break;
            }
            minor = minor * 10 + digit;
        }
        return minor;
    }
    return minor;
}

static bool begins_with(const struct dump_string *string, const char *prefix) {
    size_t size_bytes = strlen(prefix);
    return string->size_bytes >= size_bytes && memcmp(string->bytes, prefix, size_bytes) == 0;
}

void phantoms_begin(struct phantoms *phantoms, const struct dump_record_Params *params) {
    const struct dump_string *version = &params->version;
    phantoms->pointer_bytes = params->pointer_size;
    if (version->size_bytes > 0) {
        phantoms->are_possible = (begins_with(version, "go1.") || begins_with(version, "devel")) &&
                                 go_minor(version) >= GO_MINOR_BEGINS;
    }
}

bool phantoms_next(struct phantoms *phantoms, uint64_t address, uint64_t size_bytes,
                   bool has_pointer) {
    uint64_t page = address / GO_PAGE_BYTES;
    bool had_pointer = page == phantoms->page && phantoms->page_has_pointer;
    phantoms->page_has_pointer = had_pointer || has_pointer;
    phantoms->page = page;
    if (!phantoms->are_possible || !had_pointer || size_bytes == 0 ||
        size_bytes > BITS_WORDS_MAX * phantoms->pointer_bytes) {
        return false;
    }
    uint64_t index = address % GO_PAGE_BYTES / size_bytes;
    uint64_t room = GO_PAGE_BYTES - GO_PAGE_BYTES / (8 * phantoms->pointer_bytes);
    return index >= room / size_bytes;
}
