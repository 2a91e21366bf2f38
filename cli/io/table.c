// table: keeps up to twice the rows that are wanted, then drops the smaller half.

#include "cli/io/table.h"

#include "cli/io/array.h"
#include "cli/io/escape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int compare_rows(const void *left, const void *right) {
    const struct table_row *a = left;
    const struct table_row *b = right;
    if (a->amount != b->amount) {
        return a->amount > b->amount ? -1 : 1;
    }
    return (a->key > b->key) - (a->key < b->key);
}

static void sort(struct table *table) {
    if (table->row_count > 1) {
        qsort(table->rows, table->row_count, sizeof *table->rows, compare_rows);
    }
    if (table->limit != 0 && table->row_count > table->limit) {
        table->row_count = table->limit;
    }
}

void table_add(struct table *table, const struct table_row *row) {
    table->seen++;
    if (table->limit != 0 && table->row_count >= 2 * table->limit) {
        sort(table);
    }
    if (!ARRAY_RESERVE(table->rows, table->row_capacity, table->row_count + 1)) {
        table->is_out_of_memory = true;
        return;
    }
    table->rows[table->row_count++] = *row;
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
    json_open(json, table->name, '[');
    for (size_t i = 0; i < table->row_count; i++) {
        json_open_line(json, NULL, '{');
        for (size_t n = 0; table->columns[n].name != NULL; n++) {
            print_json_cell(json, &table->columns[n], &table->rows[i].cells[n]);
        }
        json_close(json);
    }
    json_close(json);
    char left_out[64];
    snprintf(left_out, sizeof left_out, "%s_left_out", table->name);
    json_number(json, left_out, table->seen - table->row_count);
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
    printf("\n%s\n", table->title);
    for (const struct table_column *column = table->columns; column->name != NULL; column++) {
        if (column->width > 0) {
            printf(column->kind == TABLE_NUMBER ? "  %*s" : "  %-*s",
                   column[1].name == NULL && column->kind != TABLE_NUMBER ? 0 : column->width,
                   column->name);
        }
    }
    putchar('\n');
    for (size_t i = 0; i < table->row_count; i++) {
        for (size_t n = 0; table->columns[n].name != NULL; n++) {
            if (table->columns[n].width > 0) {
                print_cell(&table->columns[n], &table->rows[i].cells[n]);
            }
        }
        putchar('\n');
    }
    if (table->seen > table->row_count) {
        printf("  and %" PRIu64 " more\n", table->seen - table->row_count);
    }
}

void table_print(struct table *table, struct json *json) {
    sort(table);
    if (json != NULL) {
        print_json(table, json);
    } else if (table->row_count > 0) {
        print_screen(table);
    }
}

void table_fini(struct table *table) {
    free(table->rows);
    table->rows = NULL;
}
