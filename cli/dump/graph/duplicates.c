// duplicates: `dump duplicates`: objects without pointers that have the same bytes.

#include "cli/dump/graph/holding.h"
#include "cli/dump/scan/whole.h"
#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "cli/io/lookup.h"
#include "oracle/core/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: countercheck dump duplicates FILE [--top N] [--json] [--lenient]\n"
    "                                    [--memory-limit BYTES]\n"
    "Objects without pointers that have the same size and the same bytes: what all\n"
    "but one of them waste, how many there are, one of them, and what holds it. An\n"
    "object is as large as its class; what the program did not ask for at its end is\n"
    "compared as well. --top 10 rows; 0: all.\n";

// Objects of the same bytes.
struct same {
    uint64_t size_bytes, count, example; // the lowest address
    uint64_t check;                      // a second hash of the bytes
    bool is_zero;
};

struct duplicates {
    const struct dump_graph *graph;
    struct same *list;
    size_t count, capacity;
    struct lookup same_of; // by hash
    struct whole whole;
    uint64_t wasted_bytes, wasted_count;
    bool is_out_of_memory;
};

// ---- reading

static bool is_all_zero(const uint8_t *bytes, uint64_t size_bytes) {
    for (uint64_t i = 0; i < size_bytes; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

// Another hash than FNV: together they have 128 bits.
static uint64_t second_hash(const uint8_t *bytes, uint64_t size_bytes) {
    uint64_t hash = size_bytes;
    for (uint64_t i = 0; i < size_bytes; i++) {
        hash = (hash + bytes[i] + 1) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return hash;
}

static bool add(struct duplicates *all, uint64_t address, const uint8_t *bytes,
                uint64_t size_bytes) {
    uint64_t key = hash_bytes(hash_bytes(HASH_START, &size_bytes, sizeof size_bytes), bytes,
                              (size_t)size_bytes);
    uint64_t check = second_hash(bytes, size_bytes);
    uint32_t at = lookup_get(&all->same_of, key);
    while (at != LOOKUP_NONE && all->list[at].check != check) { // another of the same hash
        at = lookup_get(&all->same_of, ++key);
    }
    if (at != LOOKUP_NONE) {
        struct same *same = &all->list[at];
        same->count++;
        same->example = address < same->example ? address : same->example;
        return true;
    }
    if (!ARRAY_RESERVE(all->list, all->capacity, all->count + 1) ||
        !lookup_put(&all->same_of, key, (uint32_t)all->count)) {
        return false;
    }
    all->list[all->count++] = (struct same){.size_bytes = size_bytes,
                                            .count = 1,
                                            .example = address,
                                            .check = check,
                                            .is_zero = is_all_zero(bytes, size_bytes)};
    return true;
}

static bool visit(void *context, const struct dump_record *record,
                  const struct dump_reader *reader) {
    struct duplicates *all = context;
    const struct dump_record_Object *object = &record->as.Object;
    (void)reader;
    if (record->tag != DUMP_TAG_Object) {
        return true;
    }
    const uint8_t *bytes = whole_take(&all->whole, record, &object->contents);
    bool has_fields = object->fields.begin + object->fields.count > 0;
    struct dump_node phantom;
    if (record->is_last && !has_fields && object->contents.total_bytes > 0 && bytes != NULL &&
        !dump_graph_find_phantom(all->graph, object->address, &phantom) &&
        !add(all, object->address, bytes, object->contents.total_bytes)) {
        all->is_out_of_memory = true;
    }
    all->is_out_of_memory = all->is_out_of_memory || all->whole.is_out_of_memory;
    return !all->is_out_of_memory;
}

// ---- telling

static int compare(const void *left, const void *right) {
    const struct same *a = left;
    const struct same *b = right;
    uint64_t a_bytes = (a->count - 1) * a->size_bytes;
    uint64_t b_bytes = (b->count - 1) * b->size_bytes;
    if (a_bytes != b_bytes) {
        return a_bytes > b_bytes ? -1 : 1;
    }
    return (a->example > b->example) - (a->example < b->example);
}

// What the shortest way to an object comes from last.
struct holder {
    bool is_found;
    uint32_t root, node, edge;
};

static bool take_path(void *context, const struct dump_path *path) {
    struct holder *holder = context;
    holder->is_found = true;
    holder->root = path->root;
    holder->node = path->step_count > 1 ? path->node[path->step_count - 2] : DUMP_GRAPH_NONE;
    holder->edge = path->edge[path->step_count - 1];
    return false;
}

static void tell_holder(const struct dump_graph *graph, const struct holder *holder,
                        struct json *json) {
    bool is_object = holder->is_found && holder->node != DUMP_GRAPH_NONE;
    uint64_t address = is_object ? dump_graph_node(graph, holder->node)->address : 0;
    uint64_t field =
        is_object ? dump_graph_edge(graph, holder->node, holder->edge).field_offset : 0;
    if (json != NULL) {
        json_open(json, "holder", '{');
        json_address_or_null(json, "object", is_object, address);
        json_number_or_null(json, "field", is_object, field);
        if (holder->is_found) {
            holding_print_json_root(json, "root", graph, dump_graph_root(graph, holder->root));
        } else {
            json_text(json, "root", NULL);
        }
        json_close(json);
    } else if (is_object) {
        printf(" < 0x%" PRIx64 " +%" PRIu64, address, field);
    } else if (!holder->is_found) {
        fputs(" < nothing", stdout);
    }
    if (json == NULL && holder->is_found) {
        fputs(" < ", stdout);
        holding_print_root(graph, dump_graph_root(graph, holder->root));
    }
}

static bool tell_row(const struct duplicates *all, const struct same *same,
                     const struct dump_paths *paths, struct json *json) {
    struct holder holder = {.is_found = false};
    uint32_t node = dump_graph_find(all->graph, same->example);
    if (node != DUMP_GRAPH_NONE && dump_paths_distance(paths, node) > 0 &&
        !dump_paths_each(paths, node, take_path, &holder)) {
        return false;
    }
    uint64_t wasted = (same->count - 1) * same->size_bytes;
    if (json == NULL) {
        printf("  %12" PRIu64 "  %8" PRIu64 "  %8" PRIu64 "  0x%" PRIx64 "%s", wasted, same->count,
               same->size_bytes, same->example, same->is_zero ? " (all zero)" : "");
        tell_holder(all->graph, &holder, NULL);
        putchar('\n');
        return true;
    }
    json_open_line(json, NULL, '{');
    json_number(json, "wasted", wasted);
    json_number(json, "count", same->count);
    json_number(json, "size", same->size_bytes);
    json_address(json, "example", same->example);
    json_bool(json, "zero", same->is_zero);
    tell_holder(all->graph, &holder, json);
    json_close(json);
    return true;
}

static void add_up(struct duplicates *all) {
    if (all->count > 1) {
        qsort(all->list, all->count, sizeof *all->list, compare);
    }
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (all->list[i].count > 1) {
            all->wasted_count += all->list[i].count - 1;
            all->wasted_bytes += (all->list[i].count - 1) * all->list[i].size_bytes;
            all->list[kept++] = all->list[i];
        }
    }
    all->count = kept;
}

static bool tell(const struct duplicates *all, size_t limit, bool is_json) {
    struct json whole = {.depth = 0};
    struct json *json = is_json ? &whole : NULL;
    struct dump_paths *paths = dump_paths_create(all->graph);
    bool has_memory = paths != NULL;
    size_t shown = limit == 0 || limit > all->count ? all->count : limit;
    if (is_json) {
        json_open(json, NULL, '{');
        json_number(json, "wasted", all->wasted_bytes);
        json_number(json, "count", all->wasted_count);
        json_open(json, "rows", '[');
    } else {
        printf("%" PRIu64 " bytes in %" PRIu64 " object%s there more than once\n\n",
               all->wasted_bytes, all->wasted_count,
               all->wasted_count == 1 ? " that is" : "s that are");
        puts("        wasted     count      size  one of them, and what holds it");
    }
    for (size_t i = 0; has_memory && i < shown; i++) {
        has_memory = tell_row(all, &all->list[i], paths, json);
    }
    if (is_json) {
        json_close(json);
        json_number(json, "left_out", all->count - shown);
        json_close(json);
        putchar('\n');
    } else if (all->count > shown) {
        printf("  and %zu more\n", all->count - shown);
    }
    dump_paths_destroy(paths);
    return has_memory;
}

static int run(struct holding *holding, size_t limit, bool is_json) {
    struct duplicates all = {.graph = holding->graph};
    int status = holding_each(holding, visit, &all);
    if (status == CLI_CLEAN && !all.is_out_of_memory) {
        add_up(&all);
        all.is_out_of_memory = !tell(&all, limit, is_json);
    }
    if (all.is_out_of_memory) {
        cli_message("%s: out of memory", holding->path);
        status = CLI_ENVIRONMENT;
    }
    whole_fini(&all.whole);
    lookup_fini(&all.same_of);
    free(all.list);
    return status == CLI_CLEAN ? cli_finish(status) : status;
}

int dump_duplicates(int argc, char **argv) {
    struct holding_options options = {.json = false};
    const char *limit_text = NULL;
    const struct cli_option table[] = {
        HOLDING_OPTIONS(options){.name = "--top", .value = &limit_text},
        {.name = NULL},
    };
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 1, .operands_max = 1};
    size_t limit;
    struct holding holding;
    int status = holding_begin(&holding, &call, argc, argv, &options, &limit_text, &limit);
    if (status < 0) {
        status = run(&holding, limit, options.json);
        holding_close(&holding);
    }
    return status;
}
