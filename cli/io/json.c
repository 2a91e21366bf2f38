// json: prints as it goes; what is open stands on a stack.

#include "cli/io/json.h"

#include "cli/io/escape.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// What stands before a value: a comma, its name.
static void begin(struct json *json, const char *name, const char *space) {
    if (json->depth > 0) {
        bool *has_items = &json->has_items[json->depth - 1];
        printf("%s%s", *has_items ? "," : "", space);
        *has_items = true;
    }
    if (name != NULL) {
        printf("\"%s\":", name);
    }
}

static void open_value(struct json *json, const char *name, char bracket, const char *space) {
    begin(json, name, space);
    putchar(bracket);
    json->closing[json->depth] = bracket == '{' ? '}' : ']';
    json->has_items[json->depth] = false;
    json->depth++;
}

void json_open(struct json *json, const char *name, char bracket) {
    open_value(json, name, bracket, "");
}

void json_open_line(struct json *json, const char *name, char bracket) {
    open_value(json, name, bracket, "\n ");
}

void json_close(struct json *json) {
    json->depth--;
    putchar(json->closing[json->depth]);
}

void json_number(struct json *json, const char *name, uint64_t value) {
    begin(json, name, "");
    printf("%" PRIu64, value);
}

void json_number_or_null(struct json *json, const char *name, bool is_known, uint64_t value) {
    if (is_known) {
        json_number(json, name, value);
    } else {
        json_text(json, name, NULL);
    }
}

void json_address(struct json *json, const char *name, uint64_t address) {
    begin(json, name, "");
    printf("\"0x%" PRIx64 "\"", address);
}

void json_address_or_null(struct json *json, const char *name, bool is_known, uint64_t address) {
    if (is_known) {
        json_address(json, name, address);
    } else {
        json_text(json, name, NULL);
    }
}

void json_text(struct json *json, const char *name, const char *text) {
    begin(json, name, "");
    if (text == NULL) {
        fputs("null", stdout);
    } else {
        escape_print_json(text, strlen(text), stdout);
    }
}

void json_text_or_null(struct json *json, const char *name, const char *text) {
    json_text(json, name, text[0] == 0 ? NULL : text);
}

void json_bool(struct json *json, const char *name, bool value) {
    begin(json, name, "");
    fputs(value ? "true" : "false", stdout);
}

void json_hex(struct json *json, const char *name, const uint8_t *bytes, size_t size_bytes) {
    begin(json, name, "");
    putchar('"');
    for (size_t i = 0; i < size_bytes; i++) {
        printf("%02x", bytes[i]);
    }
    putchar('"');
}
