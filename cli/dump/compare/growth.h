// growth: what grew from one dump to the next: the sums of each by one key.
#ifndef CLI_DUMP_COMPARE_GROWTH_H
#define CLI_DUMP_COMPARE_GROWTH_H

#include "cli/dump/graph/holding.h"
#include "cli/io/lookup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The most dumps in a row.
#define GROWTH_FILES_MAX 16

// By what they are compared.
enum growth_key {
    GROWTH_CLASS,
    GROWTH_SITE,
    GROWTH_TYPE,
    GROWTH_HOLDER,
    GROWTH_STACK,
    GROWTH_COUNT
};
// As --by takes them.
extern const char *const growth_keys[GROWTH_COUNT];

// One key, in each of the dumps.
struct growth_row {
    char *label;
    uint64_t bytes[GROWTH_FILES_MAX], counts[GROWTH_FILES_MAX];
};
// What is told of a dump as a whole. From the dump before: objects of the same address and size,
// and those that only one of the two has.
struct growth_file {
    const char *path;
    uint64_t bytes, count, heap_alloc;
    uint64_t kept[2], gone[2], fresh[2]; // count, bytes
    bool has_memstats;
};

struct growth {
    enum growth_key key;
    struct growth_row *rows;
    size_t row_count, row_capacity;
    struct lookup row_of; // by the label's hash
    struct growth_file files[GROWTH_FILES_MAX];
    size_t file_count;
    struct dump_node *before; // nodes of the last dump
    size_t before_count;
};

// Reads one more dump. Returns a status; what fails is told.
int growth_add(struct growth *growth, const char *path, const struct holding_options *options);
// Gives its memory back.
void growth_fini(struct growth *growth);

#endif
