// print: bytes from a dump made fit for a terminal or for JSON; they may be anything.

#include "cli/dump/dump.h"

#include <stdio.h>
#include <string.h>

// Length of the UTF-8 sequence at `bytes`, 1..4, or 0: there is none (bad, overlong, surrogate,
// over U+10FFFF).
static size_t utf8_bytes(const uint8_t *bytes, size_t size_bytes) {
    static const struct {
        uint8_t lead_min, lead_max, second_min, second_max, size_bytes;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    if (bytes[0] < 0x80) {
        return 1;
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (bytes[0] < forms[i].lead_min || bytes[0] > forms[i].lead_max) {
            continue;
        }
        size_t want = forms[i].size_bytes;
        if (size_bytes < want || bytes[1] < forms[i].second_min || bytes[1] > forms[i].second_max) {
            return 0;
        }
        for (size_t at = 2; at < want; at++) {
            if ((bytes[at] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return want;
    }
    return 0;
}

bool dump_is_utf8(const void *bytes, size_t size_bytes) {
    const uint8_t *at = bytes;
    const uint8_t *end = at + size_bytes;
    while (at < end) {
        size_t taken = utf8_bytes(at, (size_t)(end - at));
        if (taken == 0) {
            return false;
        }
        at += taken;
    }
    return true;
}

static void print_json_byte(uint8_t byte) {
    if (byte == '"' || byte == '\\') {
        putchar('\\');
        putchar(byte);
    } else if (byte < 0x20 || byte == 0x7f) {
        printf("\\u%04x", byte);
    } else {
        putchar(byte);
    }
}

void dump_print_json_string(const void *bytes, size_t size_bytes) {
    const uint8_t *at = bytes;
    const uint8_t *end = at + size_bytes;
    putchar('"');
    while (at < end) {
        size_t taken = utf8_bytes(at, (size_t)(end - at));
        if (taken == 0) {
            fputs("\\ufffd", stdout);
            at++;
        } else if (taken == 1) {
            print_json_byte(*at++);
        } else {
            fwrite(at, 1, taken, stdout);
            at += taken;
        }
    }
    putchar('"');
}

size_t dump_print_text(const char *text, size_t width) {
    const uint8_t *at = (const uint8_t *)text;
    const uint8_t *end = at + strlen(text);
    size_t columns = 0;
    while (at < end && columns < width) {
        size_t taken = utf8_bytes(at, (size_t)(end - at));
        if (taken == 0 || (taken == 1 && (*at < 0x20 || *at == 0x7f))) {
            putchar('?');
            at++;
        } else {
            fwrite(at, 1, taken, stdout);
            at += taken;
        }
        columns++;
    }
    return columns;
}
