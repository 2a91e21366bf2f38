// growth: each object of each dump is counted under one label; labels are alike in all dumps.

#define _POSIX_C_SOURCE 200809L // strdup

#include "cli/dump/compare/growth.h"

#include "cli/dump/graph/explain.h"
#include "cli/dump/scan/stacks.h"
#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "oracle/core/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_BYTES 1024

const char *const growth_keys[GROWTH_COUNT] = {"class", "site", "type", "holder",
                                               "goroutine-stack"};

void growth_fini(struct growth *growth) {
    for (size_t i = 0; i < growth->row_count; i++) {
        free(growth->rows[i].label);
    }
    free(growth->rows);
    free(growth->before);
    lookup_fini(&growth->row_of);
}

// Counts under the label, in the dump that is being read. False: out of memory.
static bool count_under(struct growth *growth, const char *label, uint64_t count, uint64_t bytes) {
    uint64_t hash = hash_bytes(HASH_START, label, strlen(label));
    uint32_t row = lookup_get(&growth->row_of, hash);
    if (row == LOOKUP_NONE) {
        char *copy = strdup(label);
        row = (uint32_t)growth->row_count;
        if (copy == NULL ||
            !ARRAY_RESERVE(growth->rows, growth->row_capacity, growth->row_count + 1) ||
            !lookup_put(&growth->row_of, hash, row)) {
            free(copy);
            return false;
        }
        growth->rows[growth->row_count++] = (struct growth_row){.label = copy};
    }
    growth->rows[row].counts[growth->file_count] += count;
    growth->rows[row].bytes[growth->file_count] += bytes;
    return true;
}

// ---- labels

// Of a root, without what differs from process to process.
static void label_root(const struct dump_graph *graph, const struct dump_root *root, char *label) {
    const struct dump_holder *holder = dump_graph_holder(graph, root->holder);
    const char *kind = dump_root_kind_names[holder->kind];
    if (holder->kind == DUMP_ROOT_FRAME) {
        (void)snprintf(label, LABEL_BYTES, "frame %s +%" PRIu64, holder->name, root->field_offset);
    } else if (holder->kind == DUMP_ROOT_DATA || holder->kind == DUMP_ROOT_BSS) {
        (void)snprintf(label, LABEL_BYTES, "%s+0x%" PRIx64, kind, root->field_offset);
    } else if (holder->kind == DUMP_ROOT_OTHER) {
        (void)snprintf(label, LABEL_BYTES, "other root %s", holder->name);
    } else {
        (void)snprintf(label, LABEL_BYTES, "%s", kind);
    }
}

static void label_holder(const struct dump_graph *graph, const struct dump_dominators *tree,
                         uint32_t node, char *label) {
    static const char *const states[DUMP_NODE_STATE_COUNT] = {"(unreachable)", "(finalizer_only)",
                                                              "(shared)"};
    uint32_t owner = dump_dominators_owner(tree, node);
    if (owner == DUMP_GRAPH_NONE) {
        (void)snprintf(label, LABEL_BYTES, "%s", states[dump_graph_node(graph, node)->state]);
    } else {
        label_root(graph, dump_graph_root(graph, owner), label);
    }
}

static void label_node(const struct growth *growth, const struct explain *explain,
                       const struct dump_dominators *tree, uint32_t node, char *label) {
    const struct dump_graph *graph = explain->graph;
    uint32_t at;
    switch (growth->key) {
    case GROWTH_CLASS:
        (void)snprintf(label, LABEL_BYTES, "%" PRIu64 " B",
                       dump_graph_node(graph, node)->size_bytes);
        break;
    case GROWTH_SITE:
        at = explain->site[node];
        if (at == EXPLAIN_NONE || explain->sites[at].function == NULL) {
            (void)snprintf(label, LABEL_BYTES, at == EXPLAIN_NONE ? "(no sample)" : "(no stack)");
        } else {
            (void)snprintf(label, LABEL_BYTES, "%s %s:%" PRIu64, explain->sites[at].function,
                           explain->sites[at].file, explain->sites[at].line);
        }
        break;
    case GROWTH_TYPE:
        at = explain->type[node];
        (void)snprintf(label, LABEL_BYTES, "%s",
                       at == EXPLAIN_NONE ? "(unknown)" : explain->types[at].name);
        break;
    case GROWTH_HOLDER:
        label_holder(graph, tree, node, label);
        break;
    case GROWTH_STACK:
    case GROWTH_COUNT:
        label[0] = 0;
        break;
    }
}

// ---- one dump

// Nodes of two dumps, each in the order of (address, size).
static void compare_addresses(const struct growth *growth, const struct dump_graph *graph,
                              struct growth_file *file) {
    uint32_t count = dump_graph_node_count(graph);
    uint32_t b = 0;
    size_t a = 0;
    while (a < growth->before_count || b < count) {
        bool has_old = a < growth->before_count;
        bool has_now = b < count;
        struct dump_node old = has_old ? growth->before[a] : (struct dump_node){.address = 0};
        struct dump_node now =
            has_now ? *dump_graph_node(graph, b) : (struct dump_node){.address = 0};
        bool is_old = !has_now ||
                      (has_old && (old.address < now.address || (old.address == now.address &&
                                                                 old.size_bytes < now.size_bytes)));
        bool is_both =
            has_old && has_now && old.address == now.address && old.size_bytes == now.size_bytes;
        uint64_t *sum = is_both ? file->kept : is_old ? file->gone : file->fresh;
        sum[0]++;
        sum[1] += is_old ? old.size_bytes : now.size_bytes;
        a += is_both || is_old;
        b += is_both || !is_old;
    }
}

static bool keep_nodes(struct growth *growth, const struct dump_graph *graph) {
    size_t count = dump_graph_node_count(graph);
    free(growth->before);
    growth->before = malloc((count + 1) * sizeof *growth->before);
    growth->before_count = growth->before == NULL ? 0 : count;
    if (growth->before_count > 0) {
        memcpy(growth->before, dump_graph_node(graph, 0), count * sizeof *growth->before);
    }
    return growth->before != NULL;
}

static bool count_nodes(struct growth *growth, const struct explain *explain) {
    const struct dump_graph *graph = explain->graph;
    struct growth_file *file = &growth->files[growth->file_count];
    struct dump_dominators *tree = NULL;
    char label[LABEL_BYTES] = "";
    bool has_memory = true;
    if (growth->key == GROWTH_HOLDER) {
        tree = dump_dominators_create(graph, DUMP_BY_ROOT);
        has_memory = tree != NULL;
    }
    for (uint32_t i = 0; has_memory && i < dump_graph_node_count(graph); i++) {
        uint64_t size_bytes = dump_graph_node(graph, i)->size_bytes;
        file->count++;
        file->bytes += size_bytes;
        if (growth->key != GROWTH_STACK) {
            label_node(growth, explain, tree, i, label);
            has_memory = count_under(growth, label, 1, size_bytes);
        }
    }
    dump_dominators_destroy(tree);
    compare_addresses(growth, graph, file);
    return has_memory && keep_nodes(growth, graph);
}

static bool count_stacks(struct growth *growth, const struct stacks *stacks) {
    char label[LABEL_BYTES];
    bool has_memory = true;
    for (size_t i = 0; has_memory && i < stacks->group_count; i++) {
        const struct stack_group *group = &stacks->groups[i];
        size_t used = 0;
        label[0] = 0;
        for (size_t n = 0; n < group->frame_count && used < sizeof label; n++) {
            int wanted = snprintf(label + used, sizeof label - used, "%s%s", n > 0 ? " < " : "",
                                  stacks->text + stacks->frames[group->frame_begin + n].function);
            used += wanted > 0 ? (size_t)wanted : 0;
        }
        has_memory = count_under(growth, label, group->count, 0);
    }
    return has_memory;
}

int growth_add(struct growth *growth, const char *path, const struct holding_options *options) {
    struct holding holding;
    struct explain explain;
    struct stacks stacks = {.frames = NULL};
    int status = CLI_CLEAN;
    growth->files[growth->file_count] = (struct growth_file){.path = path};
    if (growth->key == GROWTH_STACK) {
        status = stacks_read(&stacks, path, options->lenient ? DUMP_LENIENT : DUMP_STRICT);
    }
    bool is_open = status == CLI_CLEAN && holding_open(&holding, "diff", path, options, &status);
    if (is_open) {
        status = explain_read(&explain, &holding);
        growth->files[growth->file_count].has_memstats = explain.has_memstats;
        growth->files[growth->file_count].heap_alloc = explain.heap_alloc;
        bool has_memory =
            status != CLI_CLEAN || (count_nodes(growth, &explain) && count_stacks(growth, &stacks));
        if (!has_memory) {
            cli_message("%s: out of memory", path);
            status = CLI_ENVIRONMENT;
        }
        explain_fini(&explain);
        holding_close(&holding);
    }
    stacks_fini(&stacks);
    growth->file_count++;
    return status;
}
