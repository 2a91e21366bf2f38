// markdown: the differences as a comment of a pull request: a verdict, a table, the rest folded
// away.
#include "cli/accounts/accounts.h"

#include "cli/io/cli.h"
#include "cli/io/escape.h"

#define ROWS_MAX 40 // of each table: a comment ends at 65,536 characters

// A cell of a table: code, in which a bar would end the cell and a backtick the code.
static void print_code(const char *text) {
    (void)fputs("`", stdout);
    for (const char *at = escape_shown(text); *at != 0; at++) {
        bool is_bar = *at == '|';
        (void)fputs(is_bar ? "\\" : "", stdout);
        (void)fputc(*at == '`' || *at == '\n' ? '\'' : *at, stdout);
    }
    (void)fputs("`", stdout);
}

static void print_value(struct json_object *value, bool is_there) {
    if (is_there) {
        print_code(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
    } else {
        (void)fputs("none", stdout);
    }
}

static void print_place(const struct accounts_place *place) {
    print_code(place->input);
    if (place->operation != ACCOUNTS_NOWHERE) {
        (void)printf(", operation %zu: ", place->operation);
        print_code(place->text == NULL ? "" : place->text);
    }
}

static const char *meant(bool allow) {
    return allow ? "yes" : "**no**";
}

static void print_fields(const struct accounts *accounts) {
    if (accounts->field_count > 0) {
        (void)puts(
            "\n| statistic | inputs | old | new | meant | parts first, in the smallest input "
            "|\n| --- | ---: | ---: | ---: | --- | --- |");
    }
    for (size_t i = 0; i < accounts->field_count && i < ROWS_MAX; i++) {
        const struct accounts_field *field = &accounts->fields[i];
        (void)printf("| %s%s | %zu of %zu | ", escape_shown(field->name), field->part,
                     field->input_count, accounts->input_count);
        print_value(field->values[0], !field->is_only_in[ACCOUNTS_NEW]);
        (void)fputs(" | ", stdout);
        print_value(field->values[1], !field->is_only_in[ACCOUNTS_OLD]);
        (void)printf(" | %s | ", meant(accounts_allows(accounts, field->name)));
        print_place(&field->place);
        (void)puts(" |");
    }
}

// The format takes the count, and the s behind a noun.
static void begin_details(const char *format, size_t count) {
    (void)fputs("\n<details><summary>", stdout);
    (void)printf(format, count, cli_s(count));
    (void)puts("</summary>\n");
}

static void end_details(size_t count) {
    if (count > ROWS_MAX) {
        (void)printf("\n... and %zu more: `countercheck accounts --json` has all.\n",
                     count - ROWS_MAX);
    }
    (void)puts("\n</details>");
}

static void print_deltas(const struct accounts *accounts) {
    if (accounts->delta_count == 0) {
        return;
    }
    begin_details("What operations move: %zu difference%s", accounts->delta_count);
    (void)puts("| operation | statistic | times | old | new | meant |\n"
               "| --- | --- | ---: | ---: | ---: | --- |");
    for (size_t i = 0; i < accounts->delta_count && i < ROWS_MAX; i++) {
        const struct accounts_delta *delta = &accounts->deltas[i];
        (void)printf("| %s | %s | %zu | ", escape_shown(delta->operation),
                     escape_shown(delta->field), delta->times);
        print_value(delta->values[0], delta->values[0] != NULL);
        (void)fputs(" | ", stdout);
        print_value(delta->values[1], delta->values[1] != NULL);
        (void)printf(" | %s |\n", meant(accounts_allows(accounts, delta->field)));
    }
    end_details(accounts->delta_count);
}

static void print_records(const struct accounts *accounts) {
    if (accounts->record_count == 0) {
        return;
    }
    begin_details("What the heap dump holds: %zu kind%s of record", accounts->record_count);
    (void)puts("| record | inputs | old | new | of them new | meant | the smallest input |\n"
               "| --- | ---: | ---: | ---: | ---: | --- | --- |");
    for (size_t i = 0; i < accounts->record_count; i++) {
        const struct accounts_record *record = &accounts->records[i];
        (void)printf("| %s | %zu of %zu | %zu | %zu | %zu | %s | ", record->name,
                     record->input_count, accounts->input_count, record->counts[0],
                     record->counts[1], record->only_counts[1],
                     meant(accounts_allows_record(accounts, record)));
        print_place(&record->place);
        (void)puts(" |");
    }
    end_details(0);
}

static void print_findings(const struct accounts *accounts) {
    if (accounts->finding_count == 0) {
        return;
    }
    begin_details("The new build's own rules: %zu finding%s", accounts->finding_count);
    (void)puts("| rule | field | inputs | the smallest input |\n| --- | --- | ---: | --- |");
    for (size_t i = 0; i < accounts->finding_count && i < ROWS_MAX; i++) {
        const struct accounts_finding *finding = &accounts->findings[i];
        (void)printf("| %s | %s | %zu of %zu | ", escape_shown(finding->rule),
                     escape_shown(finding->field), finding->input_count, accounts->input_count);
        print_place(&finding->place);
        (void)puts(" |");
    }
    end_details(accounts->finding_count);
}

void accounts_print_markdown(const struct accounts *accounts) {
    bool found = accounts_is_found(accounts);
    (void)printf("### Accounts: %zu statistic%s differ%s on %zu input%s%s\n", accounts->field_count,
                 cli_s(accounts->field_count), accounts->field_count == 1 ? "s" : "",
                 accounts->input_count, cli_s(accounts->input_count),
                 found ? "" : ", none but those meant");
    print_fields(accounts);
    if (accounts->ended_count > 0) {
        (void)printf("\n**%zu input%s ended differently**, first ", accounts->ended_count,
                     cli_s(accounts->ended_count));
        print_place(&accounts->ended);
        (void)printf(": status %d, now %d.\n", accounts->ended_status[0],
                     accounts->ended_status[1]);
    }
    print_deltas(accounts);
    print_records(accounts);
    print_findings(accounts);
}
