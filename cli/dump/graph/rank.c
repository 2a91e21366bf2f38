// rank: who retains how much, by the dominator tree; of classes, by taking each away in turn.

#include "cli/dump/graph/holding.h"
#include "cli/dump/graph/retained.h"
#include "cli/io/cli.h"
#include "cli/io/clock.h"

#include <stdlib.h>
#include <string.h>

void retained_sum_up(struct report *report) {
    for (uint32_t i = 0; i < dump_graph_node_count(report->graph); i++) {
        const struct dump_node *node = dump_graph_node(report->graph, i);
        report->sums[node->state][0]++;
        report->sums[node->state][1] += node->size_bytes;
    }
}

// ---- rows

static int compare_rows(const void *left, const void *right) {
    const struct retained_row *a = left;
    const struct retained_row *b = right;
    if (a->retained_bytes != b->retained_bytes) {
        return a->retained_bytes > b->retained_bytes ? -1 : 1;
    }
    for (size_t i = 0; i < sizeof a->key / sizeof a->key[0]; i++) {
        if (a->key[i] != b->key[i]) {
            return a->key[i] < b->key[i] ? -1 : 1;
        }
    }
    return (a->index > b->index) - (a->index < b->index);
}

static bool add(struct report *report, struct dump_retained retained, uint64_t first_key,
                uint64_t second_key, uint64_t third_key, uint32_t index) {
    return largest_add(&report->ranking,
                       &(struct retained_row){.retained_bytes = retained.bytes,
                                              .objects = retained.count,
                                              .key = {first_key, second_key, third_key},
                                              .index = index});
}

// What all groups hold, each alone.
static void take_shared(struct report *report, const uint64_t held[2]) {
    report->has_shared = true;
    report->shared[0] = report->sums[DUMP_NODE_REACHABLE][0] - held[0];
    report->shared[1] = report->sums[DUMP_NODE_REACHABLE][1] - held[1];
}

static bool rank_objects(struct report *report) {
    const struct dump_graph *graph = report->graph;
    struct dump_dominators *tree = dump_dominators_create(graph, DUMP_BY_OBJECT);
    bool has_memory = tree != NULL;
    for (uint32_t i = 0; has_memory && i < dump_graph_node_count(graph); i++) {
        const struct dump_node *node = dump_graph_node(graph, i);
        if (node->state == DUMP_NODE_REACHABLE) {
            struct dump_retained retained = dump_dominators_node(tree, i);
            has_memory = add(report, retained, node->address, retained.dominator, 0, i);
        }
    }
    dump_dominators_destroy(tree);
    return has_memory;
}

static bool rank_roots(struct report *report) {
    const struct dump_graph *graph = report->graph;
    struct dump_dominators *tree = dump_dominators_create(graph, DUMP_BY_ROOT);
    uint64_t held[2] = {0, 0};
    bool has_memory = tree != NULL;
    for (uint32_t i = 0; has_memory && i < dump_graph_root_count(graph); i++) {
        const struct dump_root *root = dump_graph_root(graph, i);
        const struct dump_holder *holder = dump_graph_holder(graph, root->holder);
        struct dump_retained retained = dump_dominators_group(tree, i);
        has_memory = add(report, retained, holder->kind, holder->address, root->field_offset, i);
        held[0] += retained.count;
        held[1] += retained.bytes;
    }
    dump_dominators_destroy(tree);
    take_shared(report, held);
    return has_memory;
}

static bool rank_goroutines(struct report *report) {
    const struct dump_graph *graph = report->graph;
    struct dump_dominators *tree = dump_dominators_create(graph, DUMP_BY_GOROUTINE);
    uint64_t held[2] = {0, 0};
    bool has_memory = tree != NULL;
    for (uint32_t i = 0; has_memory && i < dump_graph_goroutine_count(graph); i++) {
        const struct dump_goroutine *goroutine = dump_graph_goroutine(graph, i);
        struct dump_retained retained = dump_dominators_group(tree, i);
        if (goroutine->first == i) {
            has_memory = add(report, retained, goroutine->id, 0, 0, i);
        }
        held[0] += retained.count;
        held[1] += retained.bytes;
    }
    dump_dominators_destroy(tree);
    take_shared(report, held);
    return has_memory;
}

// ---- taking away

static bool is_node_gone(void *context, uint32_t node) {
    const struct removal *removal = context;
    return node == removal->node ||
           (removal->size_bytes != 0 &&
            dump_graph_node(removal->graph, node)->size_bytes == removal->size_bytes);
}

static bool is_of_symbol(const struct removal *removal, uint32_t root) {
    const char *name = holding_symbol(removal->graph, dump_graph_root(removal->graph, root)).name;
    return name != NULL && removal->symbol != NULL && strcmp(name, removal->symbol) == 0;
}

bool retained_has_symbol(const struct removal *removal) {
    bool has = false;
    for (uint32_t i = 0; !has && i < dump_graph_root_count(removal->graph); i++) {
        has = is_of_symbol(removal, i);
    }
    return has;
}

static bool is_root_gone(void *context, uint32_t root) {
    const struct removal *removal = context;
    if (removal->symbol != NULL) {
        return is_of_symbol(removal, root);
    }
    uint32_t holder = dump_graph_root(removal->graph, root)->holder;
    uint32_t goroutine = dump_graph_holder(removal->graph, holder)->goroutine;
    return removal->has_goroutine && goroutine != DUMP_GRAPH_NONE &&
           dump_graph_goroutine(removal->graph, goroutine)->id == removal->goroutine;
}

bool retained_without(const struct removal *removal, struct dump_retained *lost) {
    struct removal copy = *removal;
    return dump_graph_without(removal->graph, is_node_gone, is_root_gone, &copy, lost);
}

// ---- classes

struct class_row {
    uint64_t size_bytes, count, reachable_count;
    uint32_t node; // one of them
};

static int compare_classes(const void *left, const void *right) {
    const struct class_row *a = left;
    const struct class_row *b = right;
    return (a->size_bytes > b->size_bytes) - (a->size_bytes < b->size_bytes);
}

// A row for each node, then one for each size. NULL: out of memory.
static struct class_row *classes_of(const struct dump_graph *graph, size_t *count) {
    uint32_t node_count = dump_graph_node_count(graph);
    struct class_row *rows = malloc((node_count + (size_t)1) * sizeof *rows);
    *count = 0;
    if (rows == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < node_count; i++) {
        const struct dump_node *node = dump_graph_node(graph, i);
        rows[i] = (struct class_row){node->size_bytes, 1, node->state == DUMP_NODE_REACHABLE, i};
    }
    if (node_count > 1) {
        qsort(rows, node_count, sizeof *rows, compare_classes);
    }
    for (uint32_t i = 0; i < node_count; i++) {
        struct class_row *last = *count == 0 ? NULL : &rows[*count - 1];
        if (last == NULL || last->size_bytes != rows[i].size_bytes) {
            rows[(*count)++] = rows[i];
            continue;
        }
        last->count += rows[i].count;
        last->node = rows[i].reachable_count != 0 ? rows[i].node : last->node;
        last->reachable_count += rows[i].reachable_count;
    }
    return rows;
}

static bool rank_classes(struct report *report) {
    const struct dump_graph *graph = report->graph;
    size_t count;
    struct class_row *rows = classes_of(graph, &count);
    struct dump_dominators *tree = dump_dominators_create(graph, DUMP_BY_OBJECT);
    bool has_memory = rows != NULL && tree != NULL;
    int64_t told_ms = clock_ms();
    for (size_t i = 0; has_memory && i < count; i++) {
        struct dump_retained retained = {.bytes = 0};
        if (rows[i].reachable_count == 1) {
            retained = dump_dominators_node(tree, rows[i].node);
        } else if (rows[i].reachable_count > 1) {
            struct removal removal = {
                .graph = graph, .size_bytes = rows[i].size_bytes, .node = DUMP_GRAPH_NONE};
            has_memory = retained_without(&removal, &retained);
        }
        has_memory = has_memory &&
                     add(report, retained, rows[i].size_bytes, rows[i].count, 0, DUMP_GRAPH_NONE);
        cli_tell(&told_ms, "class %zu of %zu", i + 1, count);
    }
    (void)cli_progress("");
    free(rows);
    dump_dominators_destroy(tree);
    return has_memory;
}

// ---- all ways

const char *const retained_ways[BY_COUNT] = {"object", "root", "goroutine", "class"};

bool retained_rank(struct report *report) {
    static bool (*const ranks[BY_COUNT])(struct report *) = {rank_objects, rank_roots,
                                                             rank_goroutines, rank_classes};
    retained_sum_up(report);
    report->ranking.row_bytes = sizeof(struct retained_row);
    report->ranking.compare = compare_rows;
    bool has_memory = ranks[report->by](report);
    largest_sort(&report->ranking);
    return has_memory;
}
