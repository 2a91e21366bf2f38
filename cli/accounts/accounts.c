// accounts: the rows of differences, what of them is allowed, and their order.
#define _POSIX_C_SOURCE 200809L
#include "cli/accounts/accounts.h"

#include "dump/reader.h"

#include "cli/io/cli.h"
#include "oracle/core/nearest.h"

#include <stdlib.h>
#include <string.h>

static const char whole[] = "dump"; // of a dump that cannot be read, or that only one build writes

const char *accounts_record_name(size_t index) {
    return index < DUMP_TAG_COUNT ? dump_tag_names[index] : index == DUMP_TAG_COUNT ? whole : NULL;
}

void *accounts_add(struct accounts *accounts, void **rows, size_t *count, size_t row_bytes) {
    uint8_t *grown = realloc(*rows, (*count + 1) * row_bytes);
    if (grown == NULL) {
        accounts->is_out_of_memory = true;
        return NULL;
    }
    *rows = grown;
    return memset(grown + row_bytes * (*count)++, 0, row_bytes);
}

char *accounts_copy(struct accounts *accounts, const char *text) {
    char *copy = strdup(text);
    accounts->is_out_of_memory |= copy == NULL;
    return copy;
}

bool accounts_place_is_better(const struct accounts_place *place, size_t operation_count) {
    return place->input == NULL || operation_count < place->operation_count;
}

static void place_fini(struct accounts_place *place) {
    free(place->input);
    free(place->text);
}

void accounts_place_set(struct accounts *accounts, struct accounts_place *place,
                        const struct accounts_place *value) {
    place_fini(place);
    *place = *value;
    place->input = accounts_copy(accounts, value->input);
    place->text = value->text == NULL ? NULL : accounts_copy(accounts, value->text);
}

void accounts_fini(struct accounts *accounts) {
    for (size_t i = 0; i < accounts->field_count; i++) {
        struct accounts_field *field = &accounts->fields[i];
        free(field->name);
        (void)json_object_put(field->values[0]);
        (void)json_object_put(field->values[1]);
        place_fini(&field->place);
    }
    for (size_t i = 0; i < accounts->delta_count; i++) {
        struct accounts_delta *delta = &accounts->deltas[i];
        free(delta->operation);
        free(delta->field);
        (void)json_object_put(delta->values[0]);
        (void)json_object_put(delta->values[1]);
        place_fini(&delta->place);
    }
    for (size_t i = 0; i < accounts->record_count; i++) {
        free(accounts->records[i].name);
        (void)json_object_put(accounts->records[i].members);
        place_fini(&accounts->records[i].place);
    }
    for (size_t i = 0; i < accounts->finding_count; i++) {
        struct accounts_finding *finding = &accounts->findings[i];
        free(finding->rule);
        free(finding->field);
        free(finding->message);
        place_fini(&finding->place);
    }
    place_fini(&accounts->ended);
    free(accounts->fields);
    free(accounts->deltas);
    free(accounts->records);
    free(accounts->findings);
    (void)json_object_put(accounts->names);
    *accounts = (struct accounts){0};
}

// ---- what is allowed

bool accounts_allows(const struct accounts *accounts, const char *name) {
    size_t length = strlen(name);
    for (const char *at = accounts->allowed; at != NULL && *at != 0;) {
        size_t here = strcspn(at, ",");
        if (here == length && memcmp(at, name, length) == 0) {
            return true;
        }
        at += here + (at[here] == ',');
    }
    return false;
}

bool accounts_allows_record(const struct accounts *accounts, const struct accounts_record *record) {
    bool allow = accounts_allows(accounts, record->name);
    if (allow || record->members == NULL) {
        return allow;
    }
    allow = true;
    for (size_t i = 0; i < json_object_array_length(record->members); i++) {
        struct json_object *name = json_object_array_get_idx(record->members, i);
        allow &= accounts_allows(accounts, json_object_get_string(name));
    }
    return allow;
}

static bool check_name(const struct accounts *accounts, const char *name, size_t length) {
    struct nearest nearest = nearest_begin(name, length);
    nearest_offer(&nearest, "effective");
    json_object_object_foreach(accounts->names, key, value) {
        (void)value;
        nearest_offer(&nearest, key);
    }
    for (size_t i = 0; accounts_record_name(i) != NULL; i++) {
        nearest_offer(&nearest, accounts_record_name(i));
    }
    if (nearest.best != NULL && strlen(nearest.best) == length &&
        memcmp(nearest.best, name, length) == 0) {
        return true;
    }
    cli_message(
        "accounts: --allow: neither build has a statistic, and no dump a record, '%.*s'%s%s",
        length < 60 ? (int)length : 60, name, nearest.best == NULL ? "" : ": nearest is ",
        nearest.best == NULL ? "" : nearest.best);
    return false;
}

bool accounts_check_allowed(const struct accounts *accounts) {
    bool ok = true;
    for (const char *at = accounts->allowed; ok && at != NULL && *at != 0;) {
        size_t length = strcspn(at, ",");
        ok = length == 0 || check_name(accounts, at, length);
        at += length + (at[length] == ',');
    }
    return ok;
}

bool accounts_is_found(const struct accounts *accounts) {
    bool found =
        accounts->ended_count > 0 || (accounts->finding_count > 0 && !accounts->allows_findings);
    for (size_t i = 0; i < accounts->field_count; i++) {
        found |= !accounts_allows(accounts, accounts->fields[i].name);
    }
    for (size_t i = 0; i < accounts->delta_count; i++) {
        found |= !accounts_allows(accounts, accounts->deltas[i].field);
    }
    for (size_t i = 0; i < accounts->record_count; i++) {
        found |= !accounts_allows_record(accounts, &accounts->records[i]);
    }
    return found;
}

// ---- order

static size_t rank_of(const struct accounts *accounts, const char *name) {
    size_t rank = 0;
    json_object_object_foreach(accounts->names, key, value) {
        (void)value;
        if (strcmp(key, name) == 0) {
            return rank;
        }
        rank++;
    }
    return rank;
}

static int order_of(size_t a, size_t b) {
    return (a > b) - (a < b);
}

// Of those that part at the same operation, the first in the builds' own order is first.
static void sort_fields(struct accounts *accounts) {
    for (size_t i = 1; i < accounts->field_count; i++) {
        struct accounts_field field = accounts->fields[i];
        size_t rank = rank_of(accounts, field.name);
        size_t at = i;
        while (at > 0) {
            const struct accounts_field *before = &accounts->fields[at - 1];
            int order = order_of(before->earliest, field.earliest);
            order = order != 0 ? order : order_of(rank_of(accounts, before->name), rank);
            if (order <= 0) {
                break;
            }
            accounts->fields[at] = *before;
            at--;
        }
        accounts->fields[at] = field;
    }
}

static int compare_deltas(const void *a, const void *b) {
    const struct accounts_delta *one = a;
    const struct accounts_delta *other = b;
    int order = order_of(one->rank, other->rank);
    order = order != 0 ? order : strcmp(one->field, other->field);
    return order != 0 ? order : strcmp(one->operation, other->operation);
}

// Behind their fields; those of fields that are the same in the end come last.
static void sort_deltas(struct accounts *accounts) {
    for (size_t i = 0; i < accounts->delta_count; i++) {
        struct accounts_delta *delta = &accounts->deltas[i];
        while (delta->rank < accounts->field_count &&
               strcmp(accounts->fields[delta->rank].name, delta->field) != 0) {
            delta->rank++;
        }
    }
    if (accounts->delta_count > 1) {
        qsort(accounts->deltas, accounts->delta_count, sizeof accounts->deltas[0], compare_deltas);
    }
}

int accounts_finish(struct accounts *accounts) {
    for (size_t which = 0; which < 2; which++) {
        if (!accounts->has_spoken[which]) {
            cli_message("%s: prints no statistics of any input", accounts->builds[which].path);
            return CLI_UNUSABLE;
        }
    }
    sort_fields(accounts);
    sort_deltas(accounts);
    return CLI_CLEAN;
}
