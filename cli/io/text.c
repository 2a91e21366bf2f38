// text: one array that grows, as long as it may have to be taken back.

#define _POSIX_C_SOURCE 200809L // open_memstream

#include "cli/io/text.h"

#include "cli/io/array.h"
#include "cli/io/escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES (64u << 10)

// Room for so many bytes behind what there is. NULL: out of memory, or none is wanted.
static char *room(struct text *text, size_t size_bytes) {
    if (text->capacity - text->used < size_bytes &&
        !ARRAY_RESERVE(text->bytes, text->capacity, text->used + size_bytes)) {
        text->is_out_of_memory = true;
    }
    return text->is_out_of_memory || text->bytes == NULL ? NULL : text->bytes + text->used;
}

void text_bytes(struct text *text, const void *bytes, size_t size_bytes) {
    char *to = room(text, size_bytes);
    if (to != NULL && size_bytes > 0) {
        memcpy(to, bytes, size_bytes);
        text->used += size_bytes;
    }
}

void text_string(struct text *text, const char *string) {
    text_bytes(text, string, strlen(string));
}

void text_number(struct text *text, uint64_t number) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    text_bytes(text, digits + at, sizeof digits - at);
}

void text_address(struct text *text, uint64_t address) {
    char digits[18];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[address & 15];
        address >>= 4;
    } while (address > 0);
    digits[--at] = 'x';
    digits[--at] = '0';
    text_bytes(text, digits + at, sizeof digits - at);
}

void text_hex(struct text *text, const uint8_t *bytes, size_t size_bytes) {
    static char pairs[256][2];
    if (pairs[0][0] == 0) {
        for (unsigned i = 0; i < 256; i++) {
            pairs[i][0] = "0123456789abcdef"[i >> 4];
            pairs[i][1] = "0123456789abcdef"[i & 15];
        }
    }
    char *to = room(text, 2 * size_bytes);
    if (to == NULL) {
        return;
    }
    for (size_t i = 0; i < size_bytes; i++) {
        memcpy(to + 2 * i, pairs[bytes[i]], 2);
    }
    text->used += 2 * size_bytes;
}

static bool is_plain(const uint8_t *bytes, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; i++) {
        if (bytes[i] < ' ' || bytes[i] > '~' || bytes[i] == '"' || bytes[i] == '\\') {
            return false;
        }
    }
    return true;
}

void text_json(struct text *text, const void *bytes, size_t size_bytes) {
    char *escaped = NULL;
    size_t escaped_bytes = 0;
    if (is_plain(bytes, size_bytes)) {
        text_string(text, "\"");
        text_bytes(text, bytes, size_bytes);
        text_string(text, "\"");
        return;
    }
    FILE *stream = open_memstream(&escaped, &escaped_bytes);
    if (stream != NULL) {
        escape_print_json(bytes, size_bytes, stream);
    }
    if (stream == NULL || fclose(stream) != 0) {
        text->is_out_of_memory = true;
    } else {
        text_bytes(text, escaped, escaped_bytes);
    }
    free(escaped);
}

static void put_out(struct text *text) {
    (void)fwrite(text->bytes, 1, text->kept_bytes, stdout); // cli_finish() tells
    text->used = 0;
    text->kept_bytes = 0;
}

void text_keep(struct text *text) {
    text->kept_bytes = text->used;
    if (text->used >= PIECE_BYTES) {
        put_out(text);
    }
}

void text_drop(struct text *text) {
    text->used = text->kept_bytes;
}

void text_finish(struct text *text) {
    if (text->kept_bytes > 0) {
        put_out(text);
    }
    free(text->bytes);
    *text = (struct text){.bytes = NULL};
}
