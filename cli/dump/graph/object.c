// object: `dump object`: what there is to say of one object: its bytes, what it points to, what
// points to it.

#include "cli/dump/graph/explain.h"
#include "cli/dump/graph/holding.h"
#include "cli/dump/graph/what.h"
#include "cli/dump/scan/whole.h"
#include "cli/io/array.h"
#include "cli/io/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_BYTES 16
#define SHOWN_MAX 256 // bytes on the screen; 20 of what points to it
#define IN_SHOWN  20

static const char usage[] =
    "usage: countercheck dump object FILE ADDRESS [--binary PROGRAM] [--all]\n"
    "                                [--json] [--lenient] [--memory-limit BYTES]\n"
    "The object that holds the address: its bytes, its pointer fields and where they\n"
    "lead, what points to it, its site and its type where the dump tells them. The\n"
    "screen has the first 256 bytes and 20 of what points to it; --all: all of "
    "them.\n" HOLDING_BINARY_HELP;

struct field {
    uint64_t offset, value;
};

// What is asked, and what was read.
struct subject_object {
    const struct dump_graph *graph;
    struct what what;
    uint64_t address;
    struct explain explain;
    struct whole whole;
    uint8_t *bytes;
    struct field *fields;
    size_t field_count, field_capacity;
    bool is_read, is_out_of_memory, has_all;
    struct json *json; // NULL: a screen
};

// ---- reading

// Keeps a copy of the first record that is the object.
static bool visit(void *context, const struct dump_record *record,
                  const struct dump_reader *reader) {
    struct subject_object *asked = context;
    const struct dump_record_Object *object = &record->as.Object;
    const struct dump_node *node = &asked->what.node;
    uint32_t width = dump_reader_pointer_bytes(reader);
    if (record->tag != DUMP_TAG_Object || object->address != node->address ||
        object->contents.total_bytes != node->size_bytes) {
        return true;
    }
    const uint8_t *bytes = whole_take(&asked->whole, record, &object->contents);
    asked->is_out_of_memory = asked->is_out_of_memory || asked->whole.is_out_of_memory;
    for (size_t i = 0; bytes != NULL && i < object->fields.count; i++) {
        uint64_t offset = object->fields.at[i].offset;
        if (asked->is_read || object->fields.at[i].kind != 1 || node->size_bytes < width ||
            offset > node->size_bytes - width) {
            continue;
        }
        if (!ARRAY_RESERVE(asked->fields, asked->field_capacity, asked->field_count + 1)) {
            asked->is_out_of_memory = true;
            return false;
        }
        asked->fields[asked->field_count++] = (struct field){
            offset, dump_pointer_at(bytes + offset, width, dump_reader_is_big_endian(reader))};
    }
    if (record->is_last && !asked->is_read && bytes != NULL) {
        asked->is_read = true;
        asked->bytes = malloc((size_t)node->size_bytes);
        asked->is_out_of_memory = asked->is_out_of_memory || asked->bytes == NULL;
        if (asked->bytes != NULL) {
            memcpy(asked->bytes, bytes, (size_t)node->size_bytes);
        }
    }
    return !asked->is_out_of_memory;
}

// ---- what it holds

static void tell_bytes(const struct subject_object *asked) {
    uint64_t size_bytes = asked->what.node.size_bytes;
    uint64_t shown = asked->has_all || size_bytes <= SHOWN_MAX ? size_bytes : SHOWN_MAX;
    if (asked->json != NULL) {
        json_hex(asked->json, "contents", asked->bytes, (size_t)size_bytes);
        return;
    }
    puts("\nbytes");
    for (uint64_t row = 0; row < shown && cli_can_print(); row += ROW_BYTES) {
        uint64_t end = shown - row < ROW_BYTES ? shown : row + ROW_BYTES;
        printf("  +%-6" PRIu64, row);
        for (uint64_t i = row; i < row + ROW_BYTES; i++) {
            printf(i < end ? " %02x" : "   ", i < end ? asked->bytes[i] : 0u);
        }
        fputs("  ", stdout);
        for (uint64_t i = row; i < end; i++) {
            putchar(asked->bytes[i] >= ' ' && asked->bytes[i] <= '~' ? asked->bytes[i] : '.');
        }
        putchar('\n');
    }
    if (shown < size_bytes) {
        printf("  and %" PRIu64 " more\n", size_bytes - shown);
    }
}

static void tell_field(const struct subject_object *asked, const struct field *field) {
    struct what to = what_is(asked->graph, field->value);
    bool has_place = strcmp(to.kind, "none") != 0;
    uint64_t offset = field->value - to.begin;
    if (asked->json == NULL) {
        printf("  +%-6" PRIu64 " 0x%" PRIx64, field->offset, field->value);
        if (to.has_object) {
            printf(" -> 0x%" PRIx64 " %" PRIu64 " B +%" PRIu64 "%s", to.node.address,
                   to.node.size_bytes, offset, to.index == DUMP_GRAPH_NONE ? " (phantom)" : "");
        } else if (has_place) {
            printf(" -> %s+0x%" PRIx64, to.kind, offset);
        }
        putchar('\n');
        return;
    }
    json_open_line(asked->json, NULL, '{');
    json_number(asked->json, "field", field->offset);
    json_address(asked->json, "value", field->value);
    json_text(asked->json, "kind", to.kind);
    json_address_or_null(asked->json, "object", to.has_object, to.node.address);
    json_number_or_null(asked->json, "size", to.has_object, to.node.size_bytes);
    json_number_or_null(asked->json, "offset", has_place, offset);
    json_close(asked->json);
}

static void tell_out(const struct subject_object *asked) {
    if (asked->json != NULL) {
        json_open(asked->json, "out", '[');
    } else {
        printf("\nout: %zu pointer fields\n", asked->field_count);
    }
    for (size_t i = 0; i < asked->field_count && cli_can_print(); i++) {
        if (asked->json != NULL || asked->fields[i].value != 0) {
            tell_field(asked, &asked->fields[i]);
        }
    }
    if (asked->json != NULL) {
        json_close(asked->json);
    }
}

// ---- what points to it

static void tell_in_root(const struct subject_object *asked, const struct dump_root *root) {
    if (asked->json == NULL) {
        fputs("  ", stdout);
        holding_print_root(asked->graph, root);
        printf(" -> +%" PRIu64 "\n", root->offset);
        return;
    }
    json_open_line(asked->json, NULL, '{');
    holding_print_json_root(asked->json, "root", asked->graph, root);
    json_address_or_null(asked->json, "object", false, 0);
    json_number_or_null(asked->json, "field", false, 0);
    json_number(asked->json, "offset", root->offset);
    json_close(asked->json);
}

static void tell_in_edge(const struct subject_object *asked, const struct dump_node *from,
                         struct dump_edge edge) {
    if (asked->json == NULL) {
        printf("  0x%" PRIx64 " %" PRIu64 " B +%" PRIu64 " -> +%" PRIu64 "\n", from->address,
               from->size_bytes, edge.field_offset, edge.offset);
        return;
    }
    json_open_line(asked->json, NULL, '{');
    json_text(asked->json, "root", NULL);
    json_address(asked->json, "object", from->address);
    json_number(asked->json, "field", edge.field_offset);
    json_number(asked->json, "offset", edge.offset);
    json_close(asked->json);
}

// Tells those below `limit`, roots first; returns how many there are.
static uint64_t each_in(const struct subject_object *asked, uint64_t limit) {
    const struct dump_graph *graph = asked->graph;
    uint64_t count = 0;
    for (uint32_t i = 0; i < dump_graph_root_count(graph); i++) {
        const struct dump_root *root = dump_graph_root(graph, i);
        if (root->node == asked->what.index && count++ < limit) {
            tell_in_root(asked, root);
        }
    }
    for (uint32_t i = 0; i < dump_graph_node_count(graph); i++) {
        const struct dump_node *from = dump_graph_node(graph, i);
        for (uint32_t n = 0; n < from->edge_count; n++) {
            struct dump_edge edge = dump_graph_edge(graph, i, n);
            if (edge.node == asked->what.index && count++ < limit) {
                tell_in_edge(asked, from, edge);
            }
        }
    }
    return count;
}

static void tell_in(const struct subject_object *asked) {
    bool has_node = asked->what.index != DUMP_GRAPH_NONE;
    if (asked->json != NULL) {
        json_open(asked->json, "in", '[');
        (void)(has_node ? each_in(asked, UINT64_MAX) : 0);
        json_close(asked->json);
        return;
    }
    uint64_t all = has_node ? each_in(asked, 0) : 0;
    printf("\nin: %" PRIu64 " pointer%s\n", all, cli_s(all));
    uint64_t shown = asked->has_all ? UINT64_MAX : IN_SHOWN;
    uint64_t count = has_node ? each_in(asked, shown) : 0;
    if (count > shown) {
        printf("  and %" PRIu64 " more\n", count - shown);
    }
}

// ---- all of it

static void tell_explained(const struct subject_object *asked) {
    const struct explain *explain = &asked->explain;
    bool has_node = asked->what.index != DUMP_GRAPH_NONE;
    uint32_t at = has_node ? explain->site[asked->what.index] : EXPLAIN_NONE;
    const struct explain_site *site = at == EXPLAIN_NONE ? NULL : &explain->sites[at];
    at = has_node ? explain->type[asked->what.index] : EXPLAIN_NONE;
    const struct explain_type *type = at == EXPLAIN_NONE ? NULL : &explain->types[at];
    if (asked->json != NULL) {
        json_text(asked->json, "site", site == NULL ? NULL : site->function);
        json_address_or_null(asked->json, "bucket", site != NULL, site == NULL ? 0 : site->bucket);
        json_text(asked->json, "type", type == NULL ? NULL : type->name);
        return;
    }
    if (site != NULL) {
        fputs("allocated by ", stdout);
        (void)dump_print_text(site->function == NULL ? "?" : site->function, 200);
        putchar('\n');
    }
    if (type != NULL) {
        fputs("type ", stdout);
        (void)dump_print_text(type->name, 200);
        putchar('\n');
    }
}

static void tell_head(const struct subject_object *asked) {
    const struct what *what = &asked->what;
    bool has_place = strcmp(what->kind, "none") != 0;
    if (asked->json == NULL) {
        printf("0x%" PRIx64, asked->address);
        if (what->has_object) {
            printf(" = 0x%" PRIx64 " + %" PRIu64 " (%" PRIu64 " B)", what->node.address,
                   asked->address - what->begin, what->node.size_bytes);
        } else {
            printf(": in %s", has_place ? what->kind : "no object");
        }
        printf("%s%s\n", what->note == NULL ? "" : ": ", what->note == NULL ? "" : what->note);
        return;
    }
    json_open(asked->json, NULL, '{');
    json_address(asked->json, "address", asked->address);
    json_text(asked->json, "kind", what->kind);
    json_address_or_null(asked->json, "object", what->has_object, what->node.address);
    json_number_or_null(asked->json, "size", what->has_object, what->node.size_bytes);
    json_number_or_null(asked->json, "offset", has_place, asked->address - what->begin);
    json_text(asked->json, "note", what->note);
    json_bool(asked->json, "reachable", what->is_reachable);
}

static int tell(struct subject_object *asked, struct holding *holding, bool is_json) {
    struct json json = {.depth = 0};
    asked->json = is_json ? &json : NULL;
    int status = explain_read(&asked->explain, holding);
    if (status == CLI_CLEAN && asked->what.has_object) {
        status = holding_each(holding, visit, asked);
    }
    if (status == CLI_CLEAN && asked->is_out_of_memory) {
        cli_message("%s: out of memory", holding->path);
        status = CLI_ENVIRONMENT;
    }
    if (status == CLI_CLEAN) {
        tell_head(asked);
        if (asked->bytes != NULL) {
            tell_explained(asked);
            tell_bytes(asked);
            tell_out(asked);
            tell_in(asked);
        }
        if (is_json) {
            json_close(&json);
            putchar('\n');
        }
        status = cli_finish(status);
    }
    explain_fini(&asked->explain);
    whole_fini(&asked->whole);
    free(asked->bytes);
    free(asked->fields);
    return status;
}

int dump_object(int argc, char **argv) {
    struct holding_options options = {.json = false};
    bool has_all = false;
    const struct cli_option table[] = {
        HOLDING_OPTIONS(options) HOLDING_BINARY(options){.name = "--all", .flag = &has_all},
        {.name = NULL}};
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 2, .operands_max = 2};
    char **operands;
    size_t count;
    uint64_t address;
    struct holding holding;
    int status = cli_parse(&call, argc, argv, &operands, &count);
    if (status >= 0) {
        return status;
    }
    if (!dump_address("object", operands[1], &address)) {
        return CLI_UNUSABLE;
    }
    if (holding_open(&holding, "object", operands[0], &options, &status)) {
        struct subject_object asked = {.graph = holding.graph,
                                       .what = what_is(holding.graph, address),
                                       .address = address,
                                       .has_all = has_all};
        status = tell(&asked, &holding, options.json);
        holding_close(&holding);
    }
    return status;
}
