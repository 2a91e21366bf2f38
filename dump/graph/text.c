// text: strings of a dump, each kept once: thousands of frames share a few functions.

#include "dump/graph/private.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const struct dump_string *text) {
    uint64_t hash = 14695981039346656037u; // FNV-1a
    for (uint64_t i = 0; i < text->size_bytes; i++) {
        hash = (hash ^ text->bytes[i]) * 1099511628211u;
    }
    return hash ^ hash >> 32;
}

static bool is_equal(const char *kept, const struct dump_string *text) {
    return memcmp(kept, text->bytes, (size_t)text->size_bytes) == 0 && kept[text->size_bytes] == 0;
}

// The table holds 1 + the place of each text.
static void enter(struct dump_graph *graph, uint64_t hash, uint32_t place) {
    uint64_t slot = hash & (graph->text_table_size - 1);
    while (graph->text_table[slot] != 0) {
        slot = (slot + 1) & (graph->text_table_size - 1);
    }
    graph->text_table[slot] = place + 1;
}

// Keeps a place in two free. False: no memory.
static bool grow(struct dump_graph *graph) {
    uint64_t old_size = graph->text_table_size;
    uint32_t *old = graph->text_table;
    if (old != NULL && graph->text_count * 2 < old_size) {
        return true;
    }
    uint64_t size = old_size == 0 ? 256 : old_size * 2;
    uint32_t *table = calloc((size_t)size, sizeof *table);
    if (table == NULL) {
        return false;
    }
    graph->text_table = table;
    graph->text_table_size = size;
    for (uint64_t i = 0; old != NULL && i < old_size; i++) {
        if (old[i] != 0) {
            const char *kept = graph->text + old[i] - 1;
            const struct dump_string text = {(const uint8_t *)kept, strlen(kept)};
            enter(graph, hash_of(&text), old[i] - 1);
        }
    }
    free(old);
    return true;
}

const char *graph_text(struct dump_graph *graph, const struct dump_string *whole) {
    const void *nul = memchr(whole->bytes, 0, (size_t)whole->size_bytes);
    struct dump_string text = *whole;
    text.size_bytes =
        nul == NULL ? text.size_bytes : (uint64_t)((const uint8_t *)nul - whole->bytes);
    if (!grow(graph)) {
        return NULL;
    }
    uint64_t hash = hash_of(&text);
    uint32_t place;
    for (uint64_t i = hash; (place = graph->text_table[i & (graph->text_table_size - 1)]) != 0;
         i++) {
        const char *kept = graph->text + place - 1;
        if (strlen(kept) == text.size_bytes && is_equal(kept, &text)) {
            return kept;
        }
    }
    bool fits = text.size_bytes < graph->text_capacity - graph->text_bytes &&
                graph->text_bytes < UINT32_MAX;
    if (!fits) { // the dump has changed since it was measured
        return "";
    }
    char *to = graph->text + graph->text_bytes;
    memcpy(to, text.bytes, (size_t)text.size_bytes);
    to[text.size_bytes] = 0;
    enter(graph, hash, (uint32_t)graph->text_bytes);
    graph->text_count++;
    graph->text_bytes += text.size_bytes + 1;
    return to;
}
