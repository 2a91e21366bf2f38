// top: `dump top`: what takes the memory: sizes, roots, goroutines, frames, sites, types.

#include "cli/dump/graph/explain.h"
#include "cli/dump/graph/holding.h"
#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "cli/io/table.h"
#include "oracle/core/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck dump top FILE [--binary PROGRAM] [--top N] [--json]\n"
    "                             [--lenient] [--memory-limit BYTES]\n"
    "What takes the memory: objects by size, by the kind of root, the goroutine and\n"
    "the frame that alone leads to them, by the profile's site where they were\n"
    "sampled, by type where an interface tells it. Pointer words are what the\n"
    "collector pays for. A type's name that ends in a dot is a pointer's: Go leaves\n"
    "the rest out. --top 10 rows of each; 0: all.\n" HOLDING_BINARY_HELP;

// What was added up.
struct sum {
    uint64_t count, bytes, pointer_words;
};

// What is asked, and what is known.
struct top {
    const struct dump_graph *graph;
    struct explain explain;
    size_t limit;
    struct json *json; // NULL: a screen
    bool is_out_of_memory;
};

static void add(struct sum *sum, const struct top *top, uint32_t node) {
    sum->count++;
    sum->bytes += dump_graph_node(top->graph, node)->size_bytes;
    sum->pointer_words += top->explain.pointer_words[node];
}

#define NUMBER(value) ((struct table_cell){.number = (value)})
#define TEXT(value)   ((struct table_cell){.text = (value), .is_null = (value) == NULL})
#define COUNT_COLUMNS                                                                              \
    {"count", TABLE_NUMBER, 10}, {"bytes", TABLE_NUMBER, 14}, {                                    \
        "pointer_words", TABLE_NUMBER, 13                                                          \
    }
#define COUNT_CELLS(sum) NUMBER((sum).count), NUMBER((sum).bytes), NUMBER((sum).pointer_words)

static void end_table(struct top *top, struct table *table) {
    top->is_out_of_memory = top->is_out_of_memory || table->is_out_of_memory;
    if (!top->is_out_of_memory) {
        table_print(table, top->json);
    }
    table_fini(table);
}

// ---- by class

struct class_sum {
    uint64_t size_bytes;
    struct sum sum;
};

static void tell_classes(struct top *top) {
    static const struct table_column columns[] = {
        COUNT_COLUMNS, {"size", TABLE_NUMBER, 10}, {.name = NULL}};
    struct table table = {
        .name = "by_class", .title = "by size", .columns = columns, .limit = top->limit};
    struct class_sum *sums = NULL;
    size_t count = 0;
    size_t capacity = 0;
    struct lookup class_of = {.count = 0};
    for (uint32_t i = 0; i < dump_graph_node_count(top->graph) && !top->is_out_of_memory; i++) {
        uint64_t size_bytes = dump_graph_node(top->graph, i)->size_bytes;
        uint32_t class = lookup_get(&class_of, size_bytes);
        if (class >= count) { // LOOKUP_NONE
            class = (uint32_t)count;
            if (!ARRAY_RESERVE(sums, capacity, count + 1) ||
                !lookup_put(&class_of, size_bytes, class)) {
                top->is_out_of_memory = true;
                break;
            }
            sums[count++] = (struct class_sum){.size_bytes = size_bytes};
        }
        add(&sums[class].sum, top, i);
    }
    for (size_t i = 0; i < count; i++) {
        table_add(&table, &(struct table_row){
                              .amount = sums[i].sum.bytes,
                              .key = sums[i].size_bytes,
                              .cells = {COUNT_CELLS(sums[i].sum), NUMBER(sums[i].size_bytes)}});
    }
    end_table(top, &table);
    lookup_fini(&class_of);
    free(sums);
}

// ---- by who holds them

// The sums of each group, and behind them of what none holds alone. NULL: out of memory.
static struct sum *sums_of(struct top *top, enum dump_grouping grouping, uint32_t group_count) {
    struct sum *sums = calloc(group_count + (size_t)1, sizeof *sums);
    struct dump_dominators *tree = dump_dominators_create(top->graph, grouping);
    top->is_out_of_memory = top->is_out_of_memory || sums == NULL || tree == NULL;
    for (uint32_t i = 0; !top->is_out_of_memory && i < dump_graph_node_count(top->graph); i++) {
        if (dump_graph_node(top->graph, i)->state == DUMP_NODE_REACHABLE) {
            uint32_t owner = dump_dominators_owner(tree, i);
            add(&sums[owner == DUMP_GRAPH_NONE ? group_count : owner], top, i);
        }
    }
    dump_dominators_destroy(tree);
    return sums;
}

static void add_kind(struct table *table, const char *kind, const struct sum *sum, uint64_t key) {
    table_add(table, &(struct table_row){.amount = sum->bytes,
                                         .key = key,
                                         .cells = {COUNT_CELLS(*sum), TEXT(kind)}});
}

static void tell_kinds(struct top *top) {
    static const struct table_column columns[] = {
        COUNT_COLUMNS, {"kind", TABLE_TEXT, 20}, {.name = NULL}};
    struct table table = {
        .name = "by_root", .title = "by kind of root: what it alone holds", .columns = columns};
    struct sum *sums = sums_of(top, DUMP_BY_KIND, DUMP_ROOT_KIND_COUNT);
    struct sum dead[DUMP_NODE_STATE_COUNT] = {{0, 0, 0}};
    for (uint32_t i = 0; i < dump_graph_node_count(top->graph); i++) {
        add(&dead[dump_graph_node(top->graph, i)->state], top, i);
    }
    for (uint32_t i = 0; !top->is_out_of_memory && i < DUMP_ROOT_KIND_COUNT; i++) {
        add_kind(&table, dump_root_kind_names[i], &sums[i], i);
    }
    if (!top->is_out_of_memory) {
        add_kind(&table, "shared", &sums[DUMP_ROOT_KIND_COUNT], DUMP_ROOT_KIND_COUNT);
        add_kind(&table, "finalizer_only", &dead[DUMP_NODE_FINALIZER_ONLY],
                 DUMP_ROOT_KIND_COUNT + 1);
        add_kind(&table, "unreachable", &dead[DUMP_NODE_UNREACHABLE], DUMP_ROOT_KIND_COUNT + 2);
    }
    end_table(top, &table);
    free(sums);
}

static void tell_goroutines(struct top *top) {
    static const struct table_column columns[] = {COUNT_COLUMNS,
                                                  {"goroutine", TABLE_NUMBER, 10},
                                                  {"function", TABLE_TEXT, 40},
                                                  {.name = NULL}};
    struct table table = {.name = "by_goroutine",
                          .title = "by goroutine: what it alone holds",
                          .columns = columns,
                          .limit = top->limit};
    uint32_t count = dump_graph_goroutine_count(top->graph);
    struct sum *sums = sums_of(top, DUMP_BY_GOROUTINE, count);
    for (uint32_t i = 0; !top->is_out_of_memory && i < count; i++) {
        uint64_t id = dump_graph_goroutine(top->graph, i)->id;
        if (sums[i].count > 0) {
            table_add(&table,
                      &(struct table_row){.amount = sums[i].bytes,
                                          .key = id,
                                          .cells = {COUNT_CELLS(sums[i]), NUMBER(id),
                                                    TEXT(holding_function(top->graph, i))}});
        }
    }
    end_table(top, &table);
    free(sums);
}

static void tell_frames(struct top *top) {
    static const struct table_column columns[] = {COUNT_COLUMNS,
                                                  {"goroutine", TABLE_NUMBER, 10},
                                                  {"depth", TABLE_NUMBER, 5},
                                                  {"function", TABLE_TEXT, 40},
                                                  {"file", TABLE_TEXT, 0},
                                                  {"line", TABLE_NUMBER, 0},
                                                  {.name = NULL}};
    static const struct table_column with_lines[] = {COUNT_COLUMNS,
                                                     {"goroutine", TABLE_NUMBER, 10},
                                                     {"depth", TABLE_NUMBER, 5},
                                                     {"function", TABLE_TEXT, 30},
                                                     {"file", TABLE_TEXT, 30},
                                                     {"line", TABLE_NUMBER, 6},
                                                     {.name = NULL}};
    struct table table = {.name = "by_frame",
                          .title = "by frame: what it alone holds",
                          .columns = holding_symbols() == NULL ? columns : with_lines,
                          .limit = top->limit};
    uint32_t count = dump_graph_holder_count(top->graph);
    struct sum *sums = sums_of(top, DUMP_BY_HOLDER, count);
    for (uint32_t i = 0; !top->is_out_of_memory && i < count; i++) {
        const struct dump_holder *holder = dump_graph_holder(top->graph, i);
        bool has_goroutine = holder->goroutine != DUMP_GRAPH_NONE;
        if (holder->kind != DUMP_ROOT_FRAME || sums[i].count == 0) {
            continue;
        }
        uint64_t id = has_goroutine ? dump_graph_goroutine(top->graph, holder->goroutine)->id : 0;
        uint64_t line;
        const char *file = symbols_line(holding_symbols(), holder->address, &line);
        table_add(&table,
                  &(struct table_row){.amount = sums[i].bytes,
                                      .key = i,
                                      .cells = {COUNT_CELLS(sums[i]),
                                                {.number = id, .is_null = !has_goroutine},
                                                NUMBER(holder->depth),
                                                TEXT(holder->name),
                                                TEXT(file),
                                                {.number = line, .is_null = file == NULL}}});
    }
    end_table(top, &table);
    free(sums);
}

// What was added up of a variable; its name is the program's.
struct global_sum {
    const char *name;
    struct sum sum;
};

// The sums of all roots of each variable; *count of them. NULL: there are none, or out of memory.
static struct global_sum *globals_of(struct top *top, const struct sum *sums, size_t *count) {
    struct global_sum *globals = NULL;
    size_t capacity = 0;
    struct lookup global_of = {.count = 0};
    for (uint32_t i = 0; !top->is_out_of_memory && i < dump_graph_root_count(top->graph); i++) {
        const char *name = holding_symbol(top->graph, dump_graph_root(top->graph, i)).name;
        if (name == NULL || sums[i].count == 0) {
            continue;
        }
        uint64_t hash = hash_bytes(HASH_START, name, strlen(name));
        uint32_t at = lookup_get(&global_of, hash);
        if (at >= *count) { // LOOKUP_NONE
            at = (uint32_t)*count;
            if (!ARRAY_RESERVE(globals, capacity, *count + 1) ||
                !lookup_put(&global_of, hash, at)) {
                top->is_out_of_memory = true;
                break;
            }
            globals[(*count)++] = (struct global_sum){.name = name};
        }
        globals[at].sum.count += sums[i].count;
        globals[at].sum.bytes += sums[i].bytes;
        globals[at].sum.pointer_words += sums[i].pointer_words;
    }
    lookup_fini(&global_of);
    return globals;
}

static void tell_globals(struct top *top) {
    static const struct table_column columns[] = {
        COUNT_COLUMNS, {"variable", TABLE_TEXT, 40}, {.name = NULL}};
    struct table table = {.name = "by_global",
                          .title = "by variable: what each of its pointers alone holds, added up",
                          .columns = columns,
                          .limit = top->limit};
    size_t count = 0;
    struct sum *sums = sums_of(top, DUMP_BY_ROOT, dump_graph_root_count(top->graph));
    struct global_sum *globals = sums == NULL ? NULL : globals_of(top, sums, &count);
    for (size_t i = 0; i < count; i++) {
        table_add(&table, &(struct table_row){
                              .amount = globals[i].sum.bytes,
                              .key = i,
                              .cells = {COUNT_CELLS(globals[i].sum), TEXT(globals[i].name)}});
    }
    end_table(top, &table);
    free(globals);
    free(sums);
}

// ---- by what the dump says of them

// The sums by an index of each node. NULL: out of memory.
static struct sum *sums_by(struct top *top, const uint32_t *index, size_t count) {
    struct sum *sums = calloc(count + 1, sizeof *sums);
    top->is_out_of_memory = top->is_out_of_memory || sums == NULL;
    for (uint32_t i = 0; !top->is_out_of_memory && i < dump_graph_node_count(top->graph); i++) {
        if (index[i] != EXPLAIN_NONE) {
            add(&sums[index[i]], top, i);
        }
    }
    return sums;
}

static void tell_sites(struct top *top) {
    static const struct table_column columns[] = {COUNT_COLUMNS,
                                                  {"function", TABLE_TEXT, 30},
                                                  {"file", TABLE_TEXT, 30},
                                                  {"line", TABLE_NUMBER, 6},
                                                  {"bucket", TABLE_ADDRESS, 12},
                                                  {.name = NULL}};
    struct table table = {.name = "by_site",
                          .title = "by profile site (sampled objects alone)",
                          .columns = columns,
                          .limit = top->limit};
    struct sum *sums = sums_by(top, top->explain.site, top->explain.site_count);
    for (size_t i = 0; !top->is_out_of_memory && i < top->explain.site_count; i++) {
        const struct explain_site *site = &top->explain.sites[i];
        if (sums[i].count > 0) {
            table_add(&table, &(struct table_row){
                                  .amount = sums[i].bytes,
                                  .key = site->bucket,
                                  .cells = {COUNT_CELLS(sums[i]),
                                            TEXT(site->function),
                                            TEXT(site->file),
                                            {.number = site->line, .is_null = site->file == NULL},
                                            NUMBER(site->bucket)}});
        }
    }
    end_table(top, &table);
    free(sums);
}

static void tell_types(struct top *top) {
    static const struct table_column columns[] = {
        COUNT_COLUMNS, {"address", TABLE_ADDRESS, 12}, {"type", TABLE_TEXT, 40}, {.name = NULL}};
    struct table table = {.name = "by_type",
                          .title = "by type (what an interface points to)",
                          .columns = columns,
                          .limit = top->limit};
    struct sum *sums = sums_by(top, top->explain.type, top->explain.type_count);
    for (size_t i = 0; !top->is_out_of_memory && i < top->explain.type_count; i++) {
        const struct explain_type *type = &top->explain.types[i];
        if (sums[i].count > 0) {
            table_add(&table,
                      &(struct table_row){.amount = sums[i].bytes,
                                          .key = type->address,
                                          .cells = {COUNT_CELLS(sums[i]), NUMBER(type->address),
                                                    TEXT(type->name)}});
        }
    }
    end_table(top, &table);
    free(sums);
}

// ---- all of it

static void tell_sum(const struct top *top, const char *name, const char *title,
                     const struct sum *sum) {
    if (top->json == NULL) {
        printf("%14" PRIu64 " bytes %10" PRIu64 " objects %12" PRIu64 " pointer words  %s\n",
               sum->bytes, sum->count, sum->pointer_words, title);
        return;
    }
    json_open(top->json, name, '{');
    json_number(top->json, "count", sum->count);
    json_number(top->json, "bytes", sum->bytes);
    json_number(top->json, "pointer_words", sum->pointer_words);
    json_close(top->json);
}

static void tell_all(struct top *top) {
    struct sum objects = {0, 0, 0};
    struct sum unexplained = {0, 0, 0};
    for (uint32_t i = 0; i < dump_graph_node_count(top->graph); i++) {
        add(&objects, top, i);
        if (dump_graph_node(top->graph, i)->state == DUMP_NODE_REACHABLE &&
            top->explain.site[i] == EXPLAIN_NONE && top->explain.type[i] == EXPLAIN_NONE) {
            add(&unexplained, top, i);
        }
    }
    tell_sum(top, "objects", "all objects", &objects);
    tell_sum(top, "unexplained", "unexplained: reachable, with neither a sample nor a type",
             &unexplained);
    tell_classes(top);
    tell_kinds(top);
    tell_goroutines(top);
    tell_frames(top);
    tell_globals(top);
    tell_sites(top);
    tell_types(top);
}

static int tell(struct top *top, struct holding *holding, bool is_json) {
    struct json json = {.depth = 0};
    int status = explain_read(&top->explain, holding);
    if (status == CLI_CLEAN) {
        top->json = is_json ? &json : NULL;
        if (is_json) {
            json_open(&json, NULL, '{');
        }
        tell_all(top);
        if (is_json) {
            json_close(&json);
            putchar('\n');
        }
    }
    if (status == CLI_CLEAN && top->is_out_of_memory) {
        cli_message("%s: out of memory", holding->path);
        status = CLI_ENVIRONMENT;
    }
    explain_fini(&top->explain);
    return status;
}

int dump_top(int argc, char **argv) {
    struct holding_options options = {.json = false};
    const char *limit_text = NULL;
    const struct cli_option table[] = {
        HOLDING_OPTIONS(options) HOLDING_BINARY(options){.name = "--top", .value = &limit_text},
        {.name = NULL},
    };
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 1, .operands_max = 1};
    size_t limit;
    struct holding holding;
    int status = holding_begin(&holding, &call, argc, argv, &options, &limit_text, &limit);
    if (status < 0) {
        struct top top = {.graph = holding.graph, .limit = limit};
        status = tell(&top, &holding, options.json);
        holding_close(&holding);
        status = status == CLI_CLEAN ? cli_finish(status) : status;
    }
    return status;
}
