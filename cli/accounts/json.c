// json: all differences as one object; its keys are a contract.
#include "cli/accounts/accounts.h"

#include "cli/io/escape.h"

#include <stdlib.h>
#include <string.h>

static void add(struct json_object *object, const char *key, struct json_object *value) {
    (void)json_object_object_add(object, key, value);
}

// A name on a disk may hold any bytes: what is no UTF-8 becomes U+FFFD.
static struct json_object *text(const char *value) {
    size_t left = value == NULL ? 0 : strlen(value);
    char *clean = value == NULL ? NULL : malloc(3 * left + 1);
    size_t length = 0;
    if (clean == NULL) {
        return NULL;
    }
    for (const char *at = value; left > 0;) {
        size_t count = escape_utf8_bytes((const uint8_t *)at, left);
        const char *from = count == 0 ? "\xef\xbf\xbd" : at;
        memcpy(clean + length, from, count == 0 ? 3 : count);
        length += count == 0 ? 3 : count;
        at += count == 0 ? 1 : count;
        left -= count == 0 ? 1 : count;
    }
    struct json_object *string = json_object_new_string_len(clean, (int)length);
    free(clean);
    return string;
}

static struct json_object *number(size_t value) {
    return json_object_new_uint64(value);
}

static struct json_object *boolean(bool value) {
    return json_object_new_boolean(value);
}

static void add_place(struct json_object *object, const struct accounts_place *place) {
    add(object, "input", text(place->input));
    add(object, "operations", number(place->operation_count));
    if (place->operation != ACCOUNTS_NOWHERE) {
        add(object, "operation", number(place->operation));
        add(object, "text", text(place->text));
    }
}

static struct json_object *fields_of(const struct accounts *accounts) {
    struct json_object *fields = json_object_new_object();
    for (size_t i = 0; i < accounts->field_count; i++) {
        const struct accounts_field *field = &accounts->fields[i];
        struct json_object *row = json_object_new_object();
        add(row, "inputs", number(field->input_count));
        add(row, "part", text(field->part));
        add(row, "old", json_object_get(field->values[0]));
        add(row, "new", json_object_get(field->values[1]));
        add(row, "allowed", boolean(accounts_allows(accounts, field->name)));
        add_place(row, &field->place);
        add(fields, field->name, row);
    }
    return fields;
}

static struct json_object *only_in(const struct accounts *accounts, size_t which) {
    struct json_object *names = json_object_new_array();
    for (size_t i = 0; i < accounts->field_count; i++) {
        if (accounts->fields[i].is_only_in[which]) {
            (void)json_object_array_add(names, text(accounts->fields[i].name));
        }
    }
    return names;
}

// A delta of nothing is 0.
static struct json_object *moved(struct json_object *value) {
    return value == NULL ? number(0) : json_object_get(value);
}

// "operation" is the name here, and "at" is where: the keys of a place belong to the statistics.
static struct json_object *deltas_of(const struct accounts *accounts) {
    struct json_object *deltas = json_object_new_array();
    for (size_t i = 0; i < accounts->delta_count; i++) {
        const struct accounts_delta *delta = &accounts->deltas[i];
        struct json_object *row = json_object_new_object();
        add(row, "operation", text(delta->operation));
        add(row, "field", text(delta->field));
        add(row, "inputs", number(delta->input_count));
        add(row, "times", number(delta->times));
        add(row, "old", moved(delta->values[0]));
        add(row, "new", moved(delta->values[1]));
        add(row, "allowed", boolean(accounts_allows(accounts, delta->field)));
        add(row, "input", text(delta->place.input));
        add(row, "at", number(delta->place.operation));
        add(row, "text", text(delta->place.text));
        (void)json_object_array_add(deltas, row);
    }
    return deltas;
}

static struct json_object *records_of(const struct accounts *accounts) {
    struct json_object *records = json_object_new_object();
    for (size_t i = 0; i < accounts->record_count; i++) {
        const struct accounts_record *record = &accounts->records[i];
        struct json_object *row = json_object_new_object();
        add(row, "inputs", number(record->input_count));
        add(row, "old", number(record->counts[0]));
        add(row, "new", number(record->counts[1]));
        add(row, "only_old", number(record->only_counts[0]));
        add(row, "only_new", number(record->only_counts[1]));
        if (record->members != NULL) {
            add(row, "members", json_object_get(record->members));
        }
        add(row, "allowed", boolean(accounts_allows_record(accounts, record)));
        add(row, "input", text(record->place.input));
        add(records, record->name, row);
    }
    return records;
}

static struct json_object *findings_of(const struct accounts *accounts) {
    struct json_object *findings = json_object_new_array();
    for (size_t i = 0; i < accounts->finding_count; i++) {
        const struct accounts_finding *finding = &accounts->findings[i];
        struct json_object *row = json_object_new_object();
        add(row, "rule", text(finding->rule));
        add(row, "field", text(finding->field));
        add(row, "inputs", number(finding->input_count));
        add_place(row, &finding->place);
        add(row, "message", text(finding->message));
        (void)json_object_array_add(findings, row);
    }
    return findings;
}

void accounts_print_json(const struct accounts *accounts) {
    struct json_object *all = json_object_new_object();
    struct json_object *only = json_object_new_object();
    add(only, "old", only_in(accounts, ACCOUNTS_OLD));
    add(only, "new", only_in(accounts, ACCOUNTS_NEW));
    add(all, "inputs", number(accounts->input_count));
    add(all, "ended_differently", number(accounts->ended_count));
    add(all, "fields", fields_of(accounts));
    add(all, "only_in", only);
    add(all, "deltas", deltas_of(accounts));
    add(all, "records", records_of(accounts));
    add(all, "findings", findings_of(accounts));
    (void)puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PLAIN |
                                                       JSON_C_TO_STRING_NOSLASHESCAPE));
    (void)json_object_put(all);
}
