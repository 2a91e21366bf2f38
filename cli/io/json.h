// json: a JSON value as it is printed: commas, names and brackets come by themselves.
//
//     struct json json = {.depth = 0};
//     json_open(&json, NULL, '{'); json_number(&json, "bytes", 48); json_close(&json);
//
#ifndef CLI_IO_JSON_H
#define CLI_IO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The most that are open in each other.
#define JSON_DEPTH_MAX 16

// What is open. All zero at the start.
struct json {
    unsigned depth; // below JSON_DEPTH_MAX
    char closing[JSON_DEPTH_MAX];
    bool has_items[JSON_DEPTH_MAX];
};

// All of these print to stdout; a name of NULL is none: in a list, or of the outermost value.

// Begins an object or a list, by its bracket: '{' or '['.
void json_open(struct json *json, const char *name, char bracket);
// The same on a line of its own.
void json_open_line(struct json *json, const char *name, char bracket);
// Ends what was begun last.
void json_close(struct json *json);
// A whole number.
void json_number(struct json *json, const char *name, uint64_t value);
// A number, or null.
void json_number_or_null(struct json *json, const char *name, bool is_known, uint64_t value);
// An address: "0x...".
void json_address(struct json *json, const char *name, uint64_t address);
// An address, or null.
void json_address_or_null(struct json *json, const char *name, bool is_known, uint64_t address);
// A text, escaped. NULL: null.
void json_text(struct json *json, const char *name, const char *text);
// A text, or null when it is empty.
void json_text_or_null(struct json *json, const char *name, const char *text);
// true or false.
void json_bool(struct json *json, const char *name, bool value);
// Bytes as hexadecimal digits.
void json_hex(struct json *json, const char *name, const uint8_t *bytes, size_t size_bytes);

#endif
