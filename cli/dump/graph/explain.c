// explain: reads the dump once more, with the graph at hand.

#include "cli/dump/graph/explain.h"

#include "cli/dump/scan/whole.h"
#include "cli/io/array.h"
#include "cli/io/cli.h"

#include <stdlib.h>
#include <string.h>

struct reading {
    struct explain *explain;
    struct whole whole;
    uint32_t node; // of the object that is being read
    char *name;    // of the type that is being read; NULL: not there yet
};

// A copy, NUL-terminated. NULL: out of memory.
static char *copy_of(const struct dump_string *text) {
    char *copy = malloc((size_t)text->size_bytes + 1);
    if (copy != NULL) {
        if (text->size_bytes > 0) {
            memcpy(copy, text->bytes, (size_t)text->size_bytes);
        }
        copy[text->size_bytes] = 0;
    }
    return copy;
}

// The first node of that address and size.
static uint32_t node_of(const struct dump_graph *graph, uint64_t address, uint64_t size_bytes) {
    uint32_t low = 0;
    uint32_t high = dump_graph_node_count(graph);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct dump_node *node = dump_graph_node(graph, middle);
        if (node->address < address ||
            (node->address == address && node->size_bytes < size_bytes)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == dump_graph_node_count(graph)) {
        return DUMP_GRAPH_NONE;
    }
    const struct dump_node *node = dump_graph_node(graph, low);
    bool is_it = node->address == address && node->size_bytes == size_bytes;
    return is_it ? low : DUMP_GRAPH_NONE;
}

// ---- types

// The interface whose data this pointer field is, if it is one's.
static void take_interface(struct explain *explain, const struct dump_reader *reader,
                           const uint8_t *bytes, uint64_t offset) {
    uint32_t width = dump_reader_pointer_bytes(reader);
    bool is_big_endian = dump_reader_is_big_endian(reader);
    if (offset < width) {
        return;
    }
    uint32_t type = lookup_get(&explain->type_of,
                               dump_pointer_at(bytes + offset - width, width, is_big_endian));
    if (type == LOOKUP_NONE) {
        return;
    }
    uint64_t value = dump_pointer_at(bytes + offset, width, is_big_endian);
    uint32_t node = dump_graph_find(explain->graph, value);
    if (node != DUMP_GRAPH_NONE && dump_graph_node(explain->graph, node)->address == value &&
        explain->type[node] == EXPLAIN_NONE) {
        explain->type[node] = type;
    }
}

static void take_memory(struct reading *reading, const struct dump_record *record,
                        const struct dump_reader *reader, const struct dump_memory *memory,
                        const struct dump_fields *fields) {
    struct explain *explain = reading->explain;
    const uint8_t *bytes = whole_take(&reading->whole, record, memory);
    uint32_t width = dump_reader_pointer_bytes(reader);
    bool is_object = record->tag == DUMP_TAG_Object;
    if (record->is_first) {
        reading->node =
            is_object ? node_of(explain->graph, record->as.Object.address, memory->total_bytes)
                      : DUMP_GRAPH_NONE;
    }
    if (bytes == NULL || (is_object && reading->node == DUMP_GRAPH_NONE)) {
        return; // a phantom, or of no byte
    }
    for (size_t i = 0; i < fields->count; i++) {
        const struct dump_field *field = &fields->at[i];
        if (field->kind != 1 || memory->total_bytes < width ||
            field->offset > memory->total_bytes - width) {
            continue;
        }
        if (is_object) {
            explain->pointer_words[reading->node]++;
        }
        take_interface(explain, reader, bytes, field->offset);
    }
}

static bool add_type(struct explain *explain, const struct dump_record_Type *type, char **name) {
    if (!ARRAY_RESERVE(explain->types, explain->type_capacity, explain->type_count + 1)) {
        return false;
    }
    explain->types[explain->type_count] = (struct explain_type){type->address, type->size, *name};
    *name = NULL;
    return lookup_put(&explain->type_of, type->address, (uint32_t)explain->type_count++);
}

static bool take_type(struct reading *reading, const struct dump_record *record) {
    const struct dump_record_Type *type = &record->as.Type;
    if (record->is_first || type->name.size_bytes > 0) {
        free(reading->name);
        reading->name = copy_of(&type->name);
        if (reading->name == NULL) {
            return false;
        }
    }
    const char *known = symbols_type(holding_symbols(), type->address); // whole, unlike the dump's
    if (record->is_last && known != NULL) {
        free(reading->name);
        reading->name = copy_of(&(struct dump_string){(const uint8_t *)known, strlen(known)});
        if (reading->name == NULL) {
            return false;
        }
    }
    bool is_new =
        record->is_last && lookup_get(&reading->explain->type_of, type->address) == LOOKUP_NONE;
    return !is_new || add_type(reading->explain, type, &reading->name);
}

static bool take_itab(struct explain *explain, const struct dump_record_Itab *itab) {
    uint32_t type = lookup_get(&explain->type_of, itab->type);
    return type == LOOKUP_NONE || lookup_put(&explain->type_of, itab->address, type);
}

// ---- sites

static bool take_site(struct explain *explain, const struct dump_record *record) {
    const struct dump_record_MemProf *bucket = &record->as.MemProf;
    if (record->is_first) {
        if (!ARRAY_RESERVE(explain->sites, explain->site_capacity, explain->site_count + 1)) {
            return false;
        }
        explain->sites[explain->site_count++] = (struct explain_site){.bucket = bucket->address};
    }
    struct explain_site *site = &explain->sites[explain->site_count - 1];
    if (bucket->stack.begin == 0 && bucket->stack.count > 0) {
        site->function = copy_of(&bucket->stack.at[0].function);
        site->file = copy_of(&bucket->stack.at[0].file);
        site->line = bucket->stack.at[0].line;
        if (site->function == NULL || site->file == NULL) {
            return false;
        }
    }
    if (!record->is_last) {
        return true;
    }
    site->bucket = bucket->address;
    site->size_bytes = bucket->size;
    site->allocs = bucket->allocs;
    site->frees = bucket->frees;
    return lookup_put(&explain->site_of, site->bucket, (uint32_t)explain->site_count - 1);
}

static void take_sample(struct explain *explain, const struct dump_record_AllocSample *sample) {
    uint32_t node = dump_graph_find(explain->graph, sample->object);
    uint32_t site = lookup_get(&explain->site_of, sample->bucket);
    if (node != DUMP_GRAPH_NONE && site != LOOKUP_NONE && explain->site[node] == EXPLAIN_NONE) {
        explain->site[node] = site;
    }
}

// ---- all records

static bool visit(void *context, const struct dump_record *record,
                  const struct dump_reader *reader) {
    struct reading *reading = context;
    struct explain *explain = reading->explain;
    const struct dump_memory *memory;
    const struct dump_fields *fields;
    bool has_memory = true;
    if (whole_of(record, &memory, &fields)) {
        take_memory(reading, record, reader, memory, fields);
        has_memory = !reading->whole.is_out_of_memory;
    } else if (record->tag == DUMP_TAG_MemProf) {
        has_memory = take_site(explain, record);
    } else if (record->tag == DUMP_TAG_Type) {
        has_memory = take_type(reading, record);
    } else if (record->is_last && record->tag == DUMP_TAG_Itab) {
        has_memory = take_itab(explain, &record->as.Itab);
    } else if (record->is_last && record->tag == DUMP_TAG_AllocSample) {
        take_sample(explain, &record->as.AllocSample);
    } else if (record->is_last && record->tag == DUMP_TAG_MemStats) {
        explain->has_memstats = true;
        explain->heap_alloc = record->as.MemStats.HeapAlloc;
    }
    explain->is_out_of_memory = !has_memory;
    return has_memory;
}

int explain_read(struct explain *explain, struct holding *holding) {
    size_t count = dump_graph_node_count(holding->graph);
    *explain = (struct explain){.graph = holding->graph};
    explain->pointer_words = calloc(count + 1, sizeof *explain->pointer_words);
    explain->site = malloc((count + 1) * sizeof *explain->site);
    explain->type = malloc((count + 1) * sizeof *explain->type);
    int status = CLI_CLEAN;
    explain->is_out_of_memory =
        explain->pointer_words == NULL || explain->site == NULL || explain->type == NULL;
    if (!explain->is_out_of_memory) {
        memset(explain->site, 0xff, (count + 1) * sizeof *explain->site);
        memset(explain->type, 0xff, (count + 1) * sizeof *explain->type);
        struct reading reading = {.explain = explain};
        status = holding_each(holding, visit, &reading);
        whole_fini(&reading.whole);
        free(reading.name);
    }
    if (explain->is_out_of_memory) {
        cli_message("%s: out of memory", holding->path);
        return CLI_ENVIRONMENT;
    }
    return status;
}

void explain_fini(struct explain *explain) {
    for (size_t i = 0; i < explain->site_count; i++) {
        free(explain->sites[i].function);
        free(explain->sites[i].file);
    }
    for (size_t i = 0; i < explain->type_count; i++) {
        free(explain->types[i].name);
    }
    free(explain->sites);
    free(explain->types);
    free(explain->pointer_words);
    free(explain->site);
    free(explain->type);
    lookup_fini(&explain->site_of);
    lookup_fini(&explain->type_of);
}
