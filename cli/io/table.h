// table: rows of columns, of which only the largest are wanted: on a screen, or as a list in JSON.
#ifndef CLI_IO_TABLE_H
#define CLI_IO_TABLE_H

#include "cli/io/json.h"
#include "cli/io/largest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The most columns.
#define TABLE_COLUMNS_MAX 8

// How a cell looks.
enum table_kind {
    TABLE_NUMBER,  // right-aligned
    TABLE_ADDRESS, // "0x..."
    TABLE_TEXT,    // escaped
};
// A column.
struct table_column {
    const char *name; // of the member in JSON; its title on the screen
    enum table_kind kind;
    int width; // on the screen; 0: not there
};
// What stands in one.
struct table_cell {
    uint64_t number; // or address
    const char *text;
    bool is_null;
};
// What sorts the rows: the largest amount first, then by ascending keys.
struct table_row {
    uint64_t amount, key;
    struct table_cell cells[TABLE_COLUMNS_MAX];
};
// Its columns end with a NULL name. Otherwise all zero at the start, but for what the reader wants.
struct table {
    const char *name; // of the list in JSON
    const char *title;
    const struct table_column *columns;
    size_t limit; // rows that are wanted; 0: all
    struct largest rows;
    bool is_out_of_memory;
};

// Adds a row; texts stay the caller's until it is printed. After the first that finds no memory,
// table->is_out_of_memory is set.
void table_add(struct table *table, const struct table_row *row);
// Prints the largest rows, in `json` when it is not NULL, and how many were left out:
// NAME_left_out.
void table_print(struct table *table, struct json *json);
// Gives its memory back.
void table_fini(struct table *table);

#endif
