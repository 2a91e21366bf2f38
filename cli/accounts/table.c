// table: the differences for a terminal, at most 100 columns wide but for paths.
#include "cli/accounts/accounts.h"

#include "cli/io/cli.h"
#include "cli/io/escape.h"

#define ROWS_MAX 6 // of operations, records or findings; --json has all

static const char *text_of(struct json_object *value) {
    return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
}

static void print_place(const struct accounts_place *place) {
    (void)printf("    %s", escape_shown(place->input));
    if (place->operation != ACCOUNTS_NOWHERE) {
        (void)printf(", operation %zu: %s", place->operation,
                     place->text == NULL ? "" : escape_shown(place->text));
    }
    (void)printf("\n");
}

static const char *allowed(bool allow) {
    return allow ? "  (allowed)" : "";
}

static void print_field(const struct accounts *accounts, const struct accounts_field *field) {
    char name[128];
    (void)snprintf(name, sizeof name, "%s%s", escape_shown(field->name), field->part);
    (void)printf("%-20s %5zu of %-5zu %14s -> ", name, field->input_count, accounts->input_count,
                 field->is_only_in[ACCOUNTS_NEW] ? "(none)" : text_of(field->values[0]));
    (void)printf("%s%s\n", field->is_only_in[ACCOUNTS_OLD] ? "(none)" : text_of(field->values[1]),
                 allowed(accounts_allows(accounts, field->name)));
    (void)print_place(&field->place);
    if (field->is_only_in[0] || field->is_only_in[1]) {
        (void)printf("    only in %s\n",
                     escape_shown(accounts->builds[field->is_only_in[ACCOUNTS_NEW] ? 1 : 0].path));
    } else if (field->place.operation == ACCOUNTS_NOWHERE && field->earliest == 0) {
        (void)printf("    before the first operation, or after the last\n");
    }
}

// "+8192", "-16", "0"; what is no number as it is.
static const char *signed_text(struct json_object *value, char *text, size_t size_bytes) {
    const char *plain = value == NULL ? "0" : text_of(value);
    bool is_positive = value != NULL && plain[0] >= '1' && plain[0] <= '9';
    (void)snprintf(text, size_bytes, "%s%s", is_positive ? "+" : "", plain);
    return text;
}

static void print_more(size_t count) {
    if (count > ROWS_MAX) {
        (void)printf("... and %zu more (--json has all)\n", count - ROWS_MAX);
    }
}

static void print_deltas(const struct accounts *accounts) {
    if (accounts->delta_count > 0) {
        (void)printf("\n%-20s %-18s %7s %14s -> new\n", "operation", "moves", "times", "old");
    }
    for (size_t i = 0; i < accounts->delta_count && i < ROWS_MAX; i++) {
        const struct accounts_delta *delta = &accounts->deltas[i];
        char old_text[32];
        char new_text[32];
        (void)printf("%-20s %-18s %7zu %14s -> %s%s\n", escape_shown(delta->operation),
                     escape_shown(delta->field), delta->times,
                     signed_text(delta->values[0], old_text, sizeof old_text),
                     signed_text(delta->values[1], new_text, sizeof new_text),
                     allowed(accounts_allows(accounts, delta->field)));
    }
    print_more(accounts->delta_count);
}

static void print_members(const struct accounts_record *record) {
    (void)printf("    ");
    for (size_t i = 0; i < json_object_array_length(record->members); i++) {
        (void)printf("%s%s", i == 0 ? "" : ", ",
                     json_object_get_string(json_object_array_get_idx(record->members, i)));
    }
    (void)printf("\n");
}

// One that is gone and one that is new may be the same one, changed.
static size_t changed_count(const struct accounts_record *record) {
    const size_t *only = record->only_counts;
    return only[0] > only[1] ? only[0] : only[1];
}

static void print_records(const struct accounts *accounts) {
    if (accounts->record_count > 0) {
        (void)printf("\n%-20s %-14s %14s -> new\n", "record", "    inputs", "old");
    }
    for (size_t i = 0; i < accounts->record_count; i++) {
        const struct accounts_record *record = &accounts->records[i];
        (void)printf("%-20s %5zu of %-5zu %14zu -> %zu, %zu changed%s\n", record->name,
                     record->input_count, accounts->input_count, record->counts[0],
                     record->counts[1], changed_count(record),
                     allowed(accounts_allows_record(accounts, record)));
        if (record->members != NULL) {
            print_members(record);
        } else {
            print_place(&record->place);
        }
    }
}

static void print_findings(const struct accounts *accounts) {
    if (accounts->finding_count > 0) {
        (void)printf("\n%-24s %-20s inputs%s\n    the smallest input, and the operation\n",
                     "NEW's own rules say", "field", allowed(accounts->allows_findings));
    }
    for (size_t i = 0; i < accounts->finding_count && i < ROWS_MAX; i++) {
        const struct accounts_finding *finding = &accounts->findings[i];
        (void)printf("%-24s %-20s %zu of %zu\n", escape_shown(finding->rule),
                     escape_shown(finding->field), finding->input_count, accounts->input_count);
        print_place(&finding->place);
    }
    print_more(accounts->finding_count);
}

static void print_summary(const struct accounts *accounts) {
    (void)printf("%zu input%s, %zu field%s differ%s", accounts->input_count,
                 cli_s(accounts->input_count), accounts->field_count, cli_s(accounts->field_count),
                 accounts->field_count == 1 ? "s" : "");
    if (accounts->delta_count > 0) {
        (void)printf(", %zu delta%s", accounts->delta_count, cli_s(accounts->delta_count));
    }
    if (accounts->record_count > 0) {
        (void)printf(", %zu kind%s of record", accounts->record_count,
                     cli_s(accounts->record_count));
    }
    if (accounts->judged_count > 0) {
        (void)printf("; NEW has findings on %zu input%s", accounts->judged_count,
                     cli_s(accounts->judged_count));
    }
    (void)printf("\n");
}

void accounts_print_table(const struct accounts *accounts) {
    if (accounts->field_count > 0) {
        (void)printf("%-20s %14s %14s -> %s\n    %s\n", "field", "inputs      ", "old", "new",
                     "the smallest input, and where its numbers part");
    }
    for (size_t i = 0; i < accounts->field_count; i++) {
        print_field(accounts, &accounts->fields[i]);
    }
    print_deltas(accounts);
    print_records(accounts);
    print_findings(accounts);
    if (accounts->ended_count > 0) {
        (void)printf("\n%zu input%s ended differently, first %s: status %d -> %d\n",
                     accounts->ended_count, cli_s(accounts->ended_count),
                     escape_shown(accounts->ended.input), accounts->ended_status[0],
                     accounts->ended_status[1]);
    }
    if (accounts->delta_count + accounts->record_count + accounts->finding_count > 0) {
        (void)printf("\n");
    }
    print_summary(accounts);
}
