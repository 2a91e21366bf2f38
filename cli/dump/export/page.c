// page: the data of a page, as the script of page.html reads it; texts stand in a list of their
// own.

#include "cli/dump/export/page.h"

#include "cli/dump/dump.h"
#include "cli/io/array.h"
#include "cli/io/escape.h"
#include "oracle/core/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES       160 // of a text; a longer one is cut
#define TEXTS_BYTES_MAX  700000
#define WAYS_BYTES_MAX   1500000
#define WAY_STEPS_MAX    40 // of one way; of a longer one the middle is left out
#define GROUPS_MAX       500
#define GROUP_FRAMES_MAX 30
#define SIZES_MAX        500

// Goroutines of the same state and stack.
struct group {
    uint64_t bytes, count; // that each alone holds, added up
    uint64_t goroutines;
    uint32_t first; // the graph's index
};
struct size_sum {
    uint64_t size_bytes, count, pointer_words;
};

struct page {
    const struct dump_graph *graph;
    const struct kept *kept;
    const struct explain *explain;
    struct text data, texts;
    struct lookup text_of; // by hash
    uint32_t text_count;
    size_t ways_begin; // in data
    bool is_out_of_memory;
};

// ---- parts

static void put(struct page *page, const char *words) {
    text_string(&page->data, words);
}

static void put_number(struct page *page, const char *before, uint64_t number) {
    put(page, before);
    text_number(&page->data, number);
}

// "1f8" of 0x1f8.
static void put_digits(struct page *page, uint64_t address) {
    char digits[32];
    (void)snprintf(digits, sizeof digits, "\"%" PRIx64 "\"", address);
    put(page, digits);
}

// The text's place in the list, or -1: it is NULL, or the list is full.
static int64_t text_place(struct page *page, const char *words) {
    char escaped[NAME_BYTES + 1];
    if (words == NULL) {
        return -1;
    }
    size_t length = escape_text(escaped, sizeof escaped, words);
    uint64_t hash = hash_bytes(HASH_START, escaped, length);
    uint32_t known = lookup_get(&page->text_of, hash);
    if (known != LOOKUP_NONE) {
        return known;
    }
    if (page->texts.used > TEXTS_BYTES_MAX) {
        return -1;
    }
    if (!lookup_put(&page->text_of, hash, page->text_count)) {
        page->is_out_of_memory = true;
        return -1;
    }
    text_string(&page->texts, page->text_count > 0 ? ",\n" : "");
    text_json(&page->texts, escaped, length);
    return page->text_count++;
}

static void put_place(struct page *page, const char *before, int64_t place) {
    put(page, before);
    if (place < 0) {
        put(page, "-1");
    } else {
        text_number(&page->data, (uint64_t)place);
    }
}

static void put_text(struct page *page, const char *before, const char *words) {
    put_place(page, before, text_place(page, words));
}

static void put_sum(struct page *page, const char *before, const uint64_t sum[2]) {
    put_number(page, before, sum[0]);
    put_number(page, ",", sum[1]);
    put(page, "]");
}

// ---- objects

static int64_t root_place(struct page *page, uint32_t root) {
    char words[HOLDING_WORDS_BYTES];
    if (root == DUMP_GRAPH_NONE) {
        return -1;
    }
    holding_root_words(words, sizeof words, page->graph, dump_graph_root(page->graph, root));
    return text_place(page, words);
}

static void put_object(struct page *page, const struct kept_node *one) {
    const struct dump_node *node = dump_graph_node(page->graph, one->node);
    const struct explain *explain = page->explain;
    uint32_t site = explain->site[one->node];
    uint32_t type = explain->type[one->node];
    put(page, "[");
    put_digits(page, node->address);
    put_number(page, ",", node->size_bytes);
    put_number(page, ",", one->retained_bytes);
    put_number(page, ",", one->retained_count);
    put_place(page, ",", one->parent == KEPT_NONE ? -1 : (int64_t)one->parent);
    put_text(page, ",", type == EXPLAIN_NONE ? NULL : explain->types[type].name);
    put_text(page, ",", site == EXPLAIN_NONE ? NULL : explain->sites[site].function);
    put_place(page, ",", root_place(page, one->root));
    put_number(page, ",", one->distance);
    put(page, "]");
}

static void put_objects(struct page *page) {
    put(page, ",\n\"objects\":[");
    for (size_t i = 0; i < page->kept->count; i++) {
        put(page, i > 0 ? ",\n" : "\n");
        put_object(page, &page->kept->nodes[i]);
    }
    put(page, "]");
}

// ---- ways

static struct dump_edge edge_of(const struct dump_graph *graph, struct kept_step step) {
    if (step.node == DUMP_GRAPH_NONE) {
        const struct dump_root *root = dump_graph_root(graph, step.edge);
        return (struct dump_edge){root->node, root->field_offset, root->offset};
    }
    return dump_graph_edge(graph, step.node, step.edge);
}

static void put_step(struct page *page, struct kept_step step) {
    struct dump_edge edge = edge_of(page->graph, step);
    const struct dump_node *to = dump_graph_node(page->graph, edge.node);
    put_number(page, ",", edge.field_offset);
    put(page, ",");
    put_digits(page, to->address);
    put_number(page, ",", to->size_bytes);
    put_number(page, ",", edge.offset);
}

// From a kept object or a root: [its place, or -1 - that of its words, four of each step...].
static void put_way(struct page *page, const struct kept_node *one) {
    struct kept_step last[WAY_STEPS_MAX]; // backwards
    uint64_t count = 0;
    uint32_t node = one->node;
    uint32_t place;
    int64_t root = -1;
    do {
        struct kept_step step = page->kept->steps[node];
        if (count < WAY_STEPS_MAX) {
            last[count] = step;
        }
        count++;
        node = step.node;
        place = node == DUMP_GRAPH_NONE ? LOOKUP_NONE : lookup_get(&page->kept->place_of, node);
    } while (node != DUMP_GRAPH_NONE && place == LOOKUP_NONE && one->root != DUMP_GRAPH_NONE);
    if (node == DUMP_GRAPH_NONE) {
        root = root_place(page, one->root);
    }
    if (one->root == DUMP_GRAPH_NONE || (place == LOOKUP_NONE && root < 0) ||
        page->data.used - page->ways_begin > WAYS_BYTES_MAX) {
        put(page, "0");
        return;
    }
    put(page, "[");
    if (place != LOOKUP_NONE) {
        text_number(&page->data, place);
    } else {
        put_number(page, "-", (uint64_t)root + 1);
    }
    if (count > WAY_STEPS_MAX) { // the first are not at hand
        put_number(page, ",-", count - WAY_STEPS_MAX);
        put(page, ",\"\",0,0");
    }
    for (uint64_t i = count < WAY_STEPS_MAX ? count : WAY_STEPS_MAX; i > 0; i--) {
        put_step(page, last[i - 1]);
    }
    put(page, "]");
}

static void put_ways(struct page *page) {
    put(page, ",\n\"paths\":[");
    page->ways_begin = page->data.used;
    for (size_t i = 0; i < page->kept->count; i++) {
        put(page, i > 0 ? ",\n" : "\n");
        put_way(page, &page->kept->nodes[i]);
    }
    put(page, "]");
}

// ---- goroutines

static const char *frame_name(const struct page *page, const struct dump_goroutine *goroutine,
                              uint32_t i) {
    return dump_graph_holder(page->graph, goroutine->frame_begin + i)->name;
}

static void state_of(const struct dump_goroutine *goroutine, char *to, size_t size_bytes) {
    const struct dump_string reason = {(const uint8_t *)goroutine->wait_reason,
                                       strlen(goroutine->wait_reason)};
    dump_goroutine_state(to, size_bytes, goroutine->status, &reason);
}

static uint64_t hash_of(const struct page *page, const struct dump_goroutine *goroutine) {
    char state[NAME_BYTES];
    state_of(goroutine, state, sizeof state);
    uint64_t hash = hash_bytes(HASH_START, state, strlen(state) + 1);
    for (uint32_t i = 0; i < goroutine->frame_count; i++) {
        const char *name = frame_name(page, goroutine, i);
        hash = hash_bytes(hash, name, strlen(name) + 1);
    }
    return hash;
}

static int compare_groups(const void *left, const void *right) {
    const struct group *a = left;
    const struct group *b = right;
    if (a->bytes != b->bytes) {
        return a->bytes > b->bytes ? -1 : 1;
    }
    if (a->goroutines != b->goroutines) {
        return a->goroutines > b->goroutines ? -1 : 1;
    }
    return (a->first > b->first) - (a->first < b->first);
}

// NULL: out of memory.
static struct group *groups_of(struct page *page, size_t *group_count) {
    uint32_t count = dump_graph_goroutine_count(page->graph);
    struct dump_dominators *tree = dump_dominators_create(page->graph, DUMP_BY_GOROUTINE);
    struct group *groups = calloc(count + (size_t)1, sizeof *groups);
    struct lookup group_of = {.count = 0};
    bool has_memory = tree != NULL && groups != NULL;
    for (uint32_t i = 0; has_memory && i < count; i++) {
        uint64_t hash = hash_of(page, dump_graph_goroutine(page->graph, i));
        uint32_t at = lookup_get(&group_of, hash);
        if (at == LOOKUP_NONE) {
            at = (uint32_t)*group_count;
            groups[(*group_count)++] = (struct group){.first = i};
            has_memory = lookup_put(&group_of, hash, at);
        }
        struct dump_retained held = dump_dominators_group(tree, i);
        groups[at].goroutines++;
        groups[at].bytes += held.bytes;
        groups[at].count += held.count;
    }
    dump_dominators_destroy(tree);
    lookup_fini(&group_of);
    if (!has_memory) {
        free(groups);
        return NULL;
    }
    if (*group_count > 1) {
        qsort(groups, *group_count, sizeof *groups, compare_groups);
    }
    return groups;
}

static void put_group(struct page *page, const struct group *group) {
    const struct dump_goroutine *goroutine = dump_graph_goroutine(page->graph, group->first);
    char state[NAME_BYTES];
    char id[24];
    uint32_t shown =
        goroutine->frame_count < GROUP_FRAMES_MAX ? goroutine->frame_count : GROUP_FRAMES_MAX;
    state_of(goroutine, state, sizeof state);
    (void)snprintf(id, sizeof id, ",\"%" PRIu64 "\"", goroutine->id);
    put_number(page, "[", group->bytes);
    put_number(page, ",", group->count);
    put_number(page, ",", group->goroutines);
    put(page, id);
    put_text(page, ",", state);
    put(page, ",[");
    for (uint32_t i = 0; i < shown; i++) {
        put_text(page, i > 0 ? "," : "", frame_name(page, goroutine, i));
    }
    put_number(page, "],", goroutine->frame_count - shown);
    put(page, "]");
}

static void put_goroutines(struct page *page) {
    size_t count = 0;
    struct group *groups = groups_of(page, &count);
    page->is_out_of_memory = page->is_out_of_memory || groups == NULL;
    put(page, ",\n\"goroutines\":[");
    for (size_t i = 0; groups != NULL && i < count && i < GROUPS_MAX; i++) {
        put(page, i > 0 ? ",\n" : "\n");
        put_group(page, &groups[i]);
    }
    put_number(page, "],\n\"goroutines_left_out\":", count > GROUPS_MAX ? count - GROUPS_MAX : 0);
    free(groups);
}

// ---- sizes

static int compare_sizes(const void *left, const void *right) {
    const struct size_sum *a = left;
    const struct size_sum *b = right;
    uint64_t a_bytes = a->size_bytes * a->count;
    uint64_t b_bytes = b->size_bytes * b->count;
    if (a_bytes != b_bytes) {
        return a_bytes > b_bytes ? -1 : 1;
    }
    return (a->size_bytes > b->size_bytes) - (a->size_bytes < b->size_bytes);
}

// All objects, of each size. NULL: out of memory.
static struct size_sum *sizes_of(const struct page *page, size_t *count) {
    struct size_sum *sums = NULL;
    size_t capacity = 0;
    struct lookup sum_of = {.count = 0};
    bool has_memory = ARRAY_RESERVE(sums, capacity, 1);
    for (uint32_t i = 0; has_memory && i < dump_graph_node_count(page->graph); i++) {
        uint64_t size_bytes = dump_graph_node(page->graph, i)->size_bytes;
        uint32_t at = lookup_get(&sum_of, size_bytes);
        if (at == LOOKUP_NONE) {
            at = (uint32_t)*count;
            has_memory =
                ARRAY_RESERVE(sums, capacity, *count + 1) && lookup_put(&sum_of, size_bytes, at);
            if (!has_memory) {
                break;
            }
            sums[(*count)++] = (struct size_sum){.size_bytes = size_bytes};
        }
        sums[at].count++;
        sums[at].pointer_words += page->explain->pointer_words[i];
    }
    lookup_fini(&sum_of);
    if (!has_memory) {
        free(sums);
        return NULL;
    }
    if (*count > 1) {
        qsort(sums, *count, sizeof *sums, compare_sizes);
    }
    return sums;
}

static void put_sizes(struct page *page) {
    size_t count = 0;
    struct size_sum *sums = sizes_of(page, &count);
    page->is_out_of_memory = page->is_out_of_memory || sums == NULL;
    put(page, ",\n\"sizes\":[");
    for (size_t i = 0; sums != NULL && i < count && i < SIZES_MAX; i++) {
        put_number(page, i > 0 ? ",\n[" : "\n[", sums[i].size_bytes * sums[i].count);
        put_number(page, ",", sums[i].count);
        put_number(page, ",", sums[i].size_bytes);
        put_number(page, ",", sums[i].pointer_words);
        put(page, "]");
    }
    put_number(page, "],\n\"sizes_left_out\":", count > SIZES_MAX ? count - SIZES_MAX : 0);
    free(sums);
}

// ---- all of it

static void put_head(struct page *page, const char *path) {
    const struct kept *kept = page->kept;
    char name[NAME_BYTES + 1];
    size_t length = escape_text(name, sizeof name, path);
    put(page, "{\"file\":");
    text_json(&page->data, name, length);
    put_sum(page, ",\n\"sums\":{\"reachable\":[", kept->sums[DUMP_NODE_REACHABLE]);
    put_sum(page, ",\"finalizer_only\":[", kept->sums[DUMP_NODE_FINALIZER_ONLY]);
    put_sum(page, ",\"unreachable\":[", kept->sums[DUMP_NODE_UNREACHABLE]);
    put_sum(page, "},\n\"held\":[", kept->held);
    if (page->explain->has_memstats) { // a text: more than a number of a script may be
        put_number(page, ",\n\"heap_alloc\":\"", page->explain->heap_alloc);
        put(page, "\"");
    } else {
        put(page, ",\n\"heap_alloc\":null");
    }
}

static bool put_data(struct page *page, const char *path) {
    put_head(page, path);
    put_objects(page);
    put_ways(page);
    put_goroutines(page);
    put_sizes(page);
    put(page, ",\n\"texts\":[");
    text_bytes(&page->data, page->texts.bytes, page->texts.used);
    put(page, "]}");
    return !page->is_out_of_memory && !page->data.is_out_of_memory && !page->texts.is_out_of_memory;
}

// Data in a page: nothing of it may end its element.
static void append_data(struct text *text, const struct text *data) {
    size_t begin = 0;
    for (size_t i = 0; i < data->used; i++) {
        if (data->bytes[i] == '<') {
            text_bytes(text, data->bytes + begin, i - begin);
            text_string(text, "\\u003c");
            begin = i + 1;
        }
    }
    text_bytes(text, data->bytes + begin, data->used - begin);
}

bool page_write(struct text *text, const char *path, const struct kept *kept,
                const struct explain *explain) {
    struct page page = {.graph = kept->graph, .kept = kept, .explain = explain};
    const char *mark = strstr(page_text, PAGE_MARK);
    bool has_memory = put_data(&page, path);
    text_bytes(text, page_text, (size_t)(mark - page_text));
    append_data(text, &page.data);
    text_string(text, mark + sizeof PAGE_MARK - 1);
    text_finish(&page.data); // nothing of them was kept for stdout
    text_finish(&page.texts);
    lookup_fini(&page.text_of);
    return has_memory && !text->is_out_of_memory;
}
