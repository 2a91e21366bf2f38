// escape: a sequence of UTF-8 at a time: itself, or what is shown in its place.
#include "cli/io/escape.h"

#include <string.h>

#define PIECE_BYTES 12 // "\u{202e}" and its NUL
#define SHOWN_BYTES 1024
#define SHOWN_TEXTS 4

size_t escape_utf8_bytes(const uint8_t *bytes, size_t size_bytes) {
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

// The character of a sequence of one to three bytes; a longer one is never escaped.
static uint32_t character_of(const uint8_t *bytes, size_t length) {
    switch (length) {
    case 1:
        return bytes[0];
    case 2:
        return (uint32_t)(bytes[0] & 0x1f) << 6 | (bytes[1] & 0x3f);
    case 3:
        return (uint32_t)(bytes[0] & 0x0f) << 12 | (uint32_t)(bytes[1] & 0x3f) << 6 |
               (bytes[2] & 0x3f);
    default:
        return 'x';
    }
}

static bool is_hostile(uint32_t character) {
    return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x200e ||
           character == 0x200f || (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

// Takes one sequence; `piece` is what is shown of it, its length in *piece_bytes. Returns how many
// bytes it took.
static size_t take(const uint8_t *at, size_t left, char piece[PIECE_BYTES], size_t *piece_bytes) {
    size_t length = escape_utf8_bytes(at, left);
    uint32_t character = character_of(at, length);
    int shown = -1;
    if (length == 0 || (length == 1 && is_hostile(character))) {
        shown = snprintf(piece, PIECE_BYTES, "\\x%02x", at[0]);
    } else if (is_hostile(character)) {
        shown = snprintf(piece, PIECE_BYTES, "\\u{%x}", (unsigned)character);
    } else {
        memcpy(piece, at, length);
    }
    *piece_bytes = shown < 0 ? length : (size_t)shown;
    return length == 0 ? 1 : length;
}

size_t escape_text(char *to, size_t to_bytes, const char *from) {
    const uint8_t *at = (const uint8_t *)from;
    size_t left = strlen(from);
    size_t used = 0;
    while (left > 0) {
        char piece[PIECE_BYTES];
        size_t piece_bytes;
        size_t taken = take(at, left, piece, &piece_bytes);
        if (used + piece_bytes >= to_bytes) {
            break;
        }
        memcpy(to + used, piece, piece_bytes);
        used += piece_bytes;
        at += taken;
        left -= taken;
    }
    to[used] = 0;
    return used;
}

const char *escape_shown(const char *text) {
    static char texts[SHOWN_TEXTS][SHOWN_BYTES];
    static unsigned next;
    char *shown = texts[next++ % SHOWN_TEXTS];
    (void)escape_text(shown, SHOWN_BYTES, text);
    return shown;
}

size_t escape_print(const char *text, size_t width, FILE *stream) {
    const uint8_t *at = (const uint8_t *)text;
    size_t left = strlen(text);
    size_t columns = 0;
    while (left > 0) {
        char piece[PIECE_BYTES];
        size_t piece_bytes;
        size_t taken = take(at, left, piece, &piece_bytes);
        bool is_itself = piece_bytes == taken && memcmp(piece, at, taken) == 0;
        size_t wide = is_itself ? 1 : piece_bytes;
        if (columns + wide > width) {
            break;
        }
        (void)fwrite(piece, 1, piece_bytes, stream);
        columns += wide;
        at += taken;
        left -= taken;
    }
    return columns;
}

static bool is_plain_word(const char *text) {
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-./+:,=@%");
    return size > 0 && text[size] == 0;
}

static bool is_shown_as_it_is(const char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        char piece[PIECE_BYTES];
        size_t piece_bytes;
        size_t taken = take((const uint8_t *)text, left, piece, &piece_bytes);
        if (piece_bytes != taken || memcmp(piece, text, taken) != 0) {
            return false;
        }
        text += taken;
        left -= taken;
    }
    return true;
}

void escape_print_word(const char *text, FILE *stream) {
    if (is_plain_word(text)) {
        (void)fputs(text, stream);
        return;
    }
    bool is_shown = is_shown_as_it_is(text);
    (void)fputs(is_shown ? "'" : "$'", stream);
    for (const char *at = text; *at != 0; at++) {
        bool is_special = *at == '\'' || (!is_shown && (*at == '\\' || *at < 0x20 || *at > 0x7e));
        if (!is_special) {
            (void)fputc(*at, stream);
        } else if (is_shown) {
            (void)fputs("'\\''", stream); // out of the quotes, a quote, and into them again
        } else {
            (void)fprintf(stream, "\\%03o", (unsigned)(unsigned char)*at);
        }
    }
    (void)fputc('\'', stream);
}

void escape_print_json(const void *bytes, size_t size_bytes, FILE *stream) {
    const uint8_t *at = bytes;
    const uint8_t *end = at + size_bytes;
    (void)fputc('"', stream);
    while (at < end) {
        size_t length = escape_utf8_bytes(at, (size_t)(end - at));
        uint32_t character = character_of(at, length);
        if (length == 0) {
            (void)fputs("\\ufffd", stream);
        } else if (is_hostile(character)) {
            (void)fprintf(stream, "\\u%04x", (unsigned)character);
        } else {
            if (character == '"' || character == '\\') {
                (void)fputc('\\', stream);
            }
            (void)fwrite(at, 1, length, stream);
        }
        at += length == 0 ? 1 : length;
    }
    (void)fputc('"', stream);
}
