// table: prints its rows in columns that are as wide as is said, or as a list of objects in JSON.

#include "cli/io/table.h"

#include "cli/io/escape.h"

#include <inttypes.h>
#include <stdio.h>

static int compare_rows(const void *left, const void *right) {
    const struct table_row *a = left;
    const struct table_row *b = right;
    if (a->amount != b->amount) {
        return a->amount > b->amount ? -1 : 1;
    }
    return (a->key > b->key) - (a->key < b->key);
}

void table_add(struct table *table, const struct table_row *row) {
    table->rows.row_bytes = sizeof *row;
    table->rows.limit = table->limit;
    table->rows.compare = compare_rows;
    if (!largest_add(&table->rows, row)) {
        table->is_out_of_memory = true;
    }
}

static void print_json_cell(struct json *json, const struct table_column *column,
                            const struct table_cell *cell) {
    if (cell->is_null) {
        json_text(json, column->name, NULL);
    } else if (column->kind == TABLE_NUMBER) {
        json_number(json, column->name, cell->number);
    } else if (column->kind == TABLE_ADDRESS) {
        json_address(json, column->name, cell->number);
    } else {
        json_text(json, column->name, cell->text);
    }
}

static void print_json(const struct table *table, struct json *json) {
    const struct table_row *rows = table->rows.rows;
    json_open(json, table->name, '[');
    for (size_t i = 0; i < table->rows.count; i++) {
        json_open_line(json, NULL, '{');
        for (size_t n = 0; table->columns[n].name != NULL; n++) {
            print_json_cell(json, &table->columns[n], &rows[i].cells[n]);
        }
        json_close(json);
    }
    json_close(json);
    char left_out[64];
    snprintf(left_out, sizeof left_out, "%s_left_out", table->name);
    json_number(json, left_out, largest_left_out(&table->rows));
}

static void print_cell(const struct table_column *column, const struct table_cell *cell) {
    char text[32];
    if (cell->is_null) {
        printf(column->kind == TABLE_NUMBER ? "  %*s" : "  %-*s", column->width, "-");
    } else if (column->kind == TABLE_NUMBER) {
        printf("  %*" PRIu64, column->width, cell->number);
    } else if (column->kind == TABLE_ADDRESS) {
        snprintf(text, sizeof text, "0x%" PRIx64, cell->number);
        printf("  %-*s", column[1].name == NULL ? 0 : column->width, text);
    } else {
        fputs("  ", stdout);
        size_t used = escape_print(cell->text, SIZE_MAX, stdout);
        bool is_last = column[1].name == NULL;
        printf("%*s", is_last || used >= (size_t)column->width ? 0 : column->width - (int)used, "");
    }
}

static void print_screen(const struct table *table) {
    const struct table_row *rows = table->rows.rows;
    uint64_t left_out = largest_left_out(&table->rows);
    printf("\n%s\n", table->title);
    for (const struct table_column *column = table->columns; column->name != NULL; column++) {
        if (column->width > 0) {
            printf(column->kind == TABLE_NUMBER ? "  %*s" : "  %-*s",
                   column[1].name == NULL && column->kind != TABLE_NUMBER ? 0 : column->width,
                   column->name);
        }
    }
    putchar('\n');
    for (size_t i = 0; i < table->rows.count; i++) {
        for (size_t n = 0; table->columns[n].name != NULL; n++) {
            if (table->columns[n].width > 0) {
                print_cell(&table->columns[n], &rows[i].cells[n]);
            }
        }
        putchar('\n');
    }
    if (left_out > 0) {
        printf("  and %" PRIu64 " more\n", left_out);
    }
}

void table_print(struct table *table, struct json *json) {
    largest_sort(&table->rows);
    if (json != NULL) {
        print_json(table, json);
    } else if (table->rows.count > 0) {
        print_screen(table);
    }
}

void table_fini(struct table *table) {
    largest_fini(&table->rows);
}
