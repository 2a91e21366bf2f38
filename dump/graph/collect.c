// collect: the second reading: objects, their pointers, and roots, as the dump has them.
//
// What a pointer's value lies in is only known when all objects are; until then the value stands in
// the edge's place. Values that lie before all objects or behind them are dropped at once.

#include "dump/graph/phantom.h"
#include "dump/graph/private.h"

#include <stdlib.h>
#include <string.h>

struct collector {
    struct dump_graph *graph;
    const struct dump_graph_size *size;
    const struct dump_reader *reader;
    struct phantoms phantoms;
    uint8_t *split;          // memory of a record that comes in parts
    uint64_t edge_begin;     // of the object that is being read
    struct dump_holder *now; // the segment or frame that is being read
    const char *name;        // of the record that is being read
    bool has_changed, has_no_memory;
};

// The whole memory of the record, as far as it has come.
static const uint8_t *gather(struct collector *collector, const struct dump_record *record,
                             const struct dump_memory *memory) {
    if (record->is_first && record->is_last) {
        return memory->bytes;
    }
    if (memory->total_bytes > collector->size->split_bytes) {
        collector->has_changed = true;
        return NULL;
    }
    if (memory->size_bytes > 0) {
        memcpy(collector->split + memory->begin_bytes, memory->bytes, (size_t)memory->size_bytes);
    }
    return collector->split;
}

static bool is_candidate(const struct collector *collector, uint64_t value) {
    return value != 0 && value >= collector->size->lowest_address &&
           value <= collector->size->highest_address;
}

// The value of a pointer field, or 0: it is none, or lies outside of the memory.
static uint64_t value_of(const struct collector *collector, const struct dump_field *field,
                         const uint8_t *bytes, uint64_t total_bytes) {
    uint32_t pointer_bytes = dump_reader_pointer_bytes(collector->reader);
    if (field->kind != 1 || total_bytes < pointer_bytes ||
        field->offset > total_bytes - pointer_bytes) {
        return 0;
    }
    uint64_t value = dump_pointer_at(bytes + field->offset, pointer_bytes,
                                     dump_reader_is_big_endian(collector->reader));
    return is_candidate(collector, value) ? value : 0;
}

// ---- objects

static void add_edge(struct collector *collector, uint64_t field_offset, uint64_t value) {
    struct dump_graph *graph = collector->graph;
    if (graph->edge_count == collector->size->field_count) {
        collector->has_changed = true;
        return;
    }
    bool is_wide = field_offset >= GRAPH_WIDE;
    if (is_wide) {
        const struct graph_wide wide = {.edge = graph->edge_count, .field = field_offset};
        if (!graph_wide_add(&graph->wide, wide)) {
            collector->has_no_memory = true;
        }
    }
    graph->edges[graph->edge_count++] =
        (struct graph_edge){.node = (uint32_t)value,
                            .field = is_wide ? GRAPH_WIDE : (uint32_t)field_offset,
                            .offset = (uint32_t)(value >> 32)};
}

static void end_object(struct collector *collector, const struct dump_record_Object *object) {
    struct dump_graph *graph = collector->graph;
    uint64_t edge_count = graph->edge_count - collector->edge_begin;
    struct dump_node node = {.address = object->address,
                             .size_bytes = object->contents.total_bytes,
                             .edge_begin = collector->edge_begin,
                             .edge_count = (uint32_t)edge_count};
    bool has_pointer = object->fields.begin + object->fields.count > 0;
    bool is_phantom =
        phantoms_next(&collector->phantoms, node.address, node.size_bytes, has_pointer);
    if (node.size_bytes == 0) {
        return;
    }
    if (graph->node_count + graph->phantom_count == collector->size->object_count ||
        edge_count > UINT32_MAX) {
        collector->has_changed = true;
        return;
    }
    if (is_phantom) { // at the other end of the same array
        graph->edge_count = collector->edge_begin;
        node.edge_count = 0;
        graph->phantom_count++;
        graph->phantom_bytes += node.size_bytes;
        graph->nodes[collector->size->object_count - graph->phantom_count] = node;
        return;
    }
    graph->nodes[graph->node_count++] = node;
}

static void take_object(struct collector *collector, const struct dump_record *record) {
    const struct dump_record_Object *object = &record->as.Object;
    const uint8_t *bytes = gather(collector, record, &object->contents);
    if (record->is_first) {
        collector->edge_begin = collector->graph->edge_count;
    }
    for (size_t i = 0; bytes != NULL && i < object->fields.count; i++) {
        const struct dump_field *field = &object->fields.at[i];
        uint64_t value = value_of(collector, field, bytes, object->contents.total_bytes);
        if (value != 0) {
            add_edge(collector, field->offset, value);
        }
    }
    if (record->is_last) {
        end_object(collector, object);
    }
}

// ---- roots

static struct dump_holder *add_holder(struct collector *collector, enum dump_root_kind kind,
                                      uint64_t address) {
    struct dump_graph *graph = collector->graph;
    if (graph->holder_count == collector->size->holder_count) {
        collector->has_changed = true;
        return NULL;
    }
    struct dump_holder *holder = &graph->holders[graph->holder_count++];
    *holder = (struct dump_holder){
        .address = address, .goroutine = DUMP_GRAPH_NONE, .kind = kind, .name = ""};
    return holder;
}

static void add_root(struct collector *collector, const struct dump_holder *holder,
                     uint64_t field_offset, uint64_t value) {
    struct dump_graph *graph = collector->graph;
    if (holder == NULL || graph->root_count == collector->size->root_count) {
        collector->has_changed = true;
        return;
    }
    graph->roots[graph->root_count++] =
        (struct dump_root){.holder = (uint32_t)(holder - graph->holders),
                           .field_offset = field_offset,
                           .offset = value}; // until it is known what it lies in
}

// A root that no memory holds.
static struct dump_holder *add_bare(struct collector *collector, enum dump_root_kind kind,
                                    uint64_t address, uint64_t value) {
    if (!is_candidate(collector, value)) {
        return NULL;
    }
    struct dump_holder *holder = add_holder(collector, kind, address);
    add_root(collector, holder, 0, value);
    return holder;
}

// The same of the goroutine that was read last.
static void add_of_goroutine(struct collector *collector, enum dump_root_kind kind,
                             uint64_t address, uint64_t value) {
    struct dump_holder *holder = add_bare(collector, kind, address, value);
    if (holder != NULL) {
        holder->goroutine = collector->graph->goroutine_count - 1; // none: DUMP_GRAPH_NONE
    }
}

static void take_memory(struct collector *collector, const struct dump_record *record,
                        const struct dump_memory *memory, const struct dump_fields *fields) {
    const uint8_t *bytes = gather(collector, record, memory);
    if (collector->now == NULL) {
        return;
    }
    collector->now->size_bytes = memory->total_bytes;
    for (size_t i = 0; bytes != NULL && i < fields->count; i++) {
        uint64_t value = value_of(collector, &fields->at[i], bytes, memory->total_bytes);
        if (value != 0) {
            add_root(collector, collector->now, fields->at[i].offset, value);
        }
    }
}

// "" and has_no_memory: there was none.
static const char *keep_text(struct collector *collector, const struct dump_string *text) {
    const char *kept = graph_text(collector->graph, text);
    collector->has_no_memory |= kept == NULL;
    return kept == NULL ? "" : kept;
}

static void take_frame(struct collector *collector, const struct dump_record *record) {
    struct dump_graph *graph = collector->graph;
    const struct dump_record_StackFrame *frame = &record->as.StackFrame;
    if (record->is_first) {
        collector->now = add_holder(collector, DUMP_ROOT_FRAME, frame->sp);
    }
    if (collector->now == NULL) {
        return;
    }
    collector->now->depth = frame->depth;
    if (frame->function.size_bytes > 0) {
        collector->now->name = keep_text(collector, &frame->function);
    }
    if (record->is_first && graph->goroutine_count > 0) {
        struct dump_goroutine *goroutine = &graph->goroutines[graph->goroutine_count - 1];
        collector->now->goroutine = graph->goroutine_count - 1;
        uint32_t holder = graph->holder_count - 1;
        goroutine->frame_begin = goroutine->frame_count == 0 ? holder : goroutine->frame_begin;
        // a lenient reading may bring one behind a defer: it is no neighbour
        goroutine->frame_count += holder == goroutine->frame_begin + goroutine->frame_count;
    }
    take_memory(collector, record, &frame->contents, &frame->fields);
}

static void take_goroutine(struct collector *collector, const struct dump_record *record) {
    struct dump_graph *graph = collector->graph;
    const struct dump_record_Goroutine *from = &record->as.Goroutine;
    if (record->is_first) {
        if (graph->goroutine_count == collector->size->goroutine_count) {
            collector->has_changed = true;
            return;
        }
        graph->goroutines[graph->goroutine_count++] = (struct dump_goroutine){.wait_reason = ""};
    }
    struct dump_goroutine *goroutine = &graph->goroutines[graph->goroutine_count - 1];
    if (from->wait_reason.size_bytes > 0) {
        goroutine->wait_reason = keep_text(collector, &from->wait_reason);
    }
    if (record->is_last) {
        goroutine->address = from->address;
        goroutine->id = from->id;
        goroutine->status = from->status;
        goroutine->wait_since = from->wait_since;
        goroutine->is_system = from->is_system;
        goroutine->is_background = from->is_background;
        add_of_goroutine(collector, DUMP_ROOT_CONTEXT, from->address, from->context);
    }
}

static void take_other(struct collector *collector, const struct dump_record *record) {
    const struct dump_record_OtherRoot *root = &record->as.OtherRoot;
    collector->name = record->is_first ? "" : collector->name;
    if (root->description.size_bytes > 0) {
        collector->name = keep_text(collector, &root->description);
    }
    if (record->is_last) {
        struct dump_holder *holder = add_bare(collector, DUMP_ROOT_OTHER, 0, root->target);
        if (holder != NULL) {
            holder->name = collector->name;
        }
    }
}

static void take_defer(struct collector *collector, const struct dump_record_Defer *defer) {
    if (collector->graph->goroutine_count > 0) {
        collector->graph->goroutines[collector->graph->goroutine_count - 1].defer_count++;
    }
    add_of_goroutine(collector, DUMP_ROOT_DEFER, defer->address, defer->function);
}

static void take_panic(struct collector *collector, const struct dump_record_Panic *panic) {
    if (collector->graph->goroutine_count > 0) {
        collector->graph->goroutines[collector->graph->goroutine_count - 1].panic_count++;
    }
    add_of_goroutine(collector, DUMP_ROOT_PANIC, panic->address, panic->data);
}

static void take_finalizer(struct collector *collector,
                           const struct dump_record_Finalizer *finalizer) {
    struct dump_graph *graph = collector->graph;
    if (graph->finalized_count == collector->size->finalizer_count) {
        collector->has_changed = true;
        return;
    }
    graph->finalized[graph->finalized_count++] = finalizer->object;
    (void)add_bare(collector, DUMP_ROOT_FINALIZER_FUNCTION, finalizer->object, finalizer->function);
}

// Records of numbers alone, which are all there in the last part.
static void take_numbers(struct collector *collector, const struct dump_record *record) {
    const struct dump_record_QueuedFinalizer *queued = &record->as.QueuedFinalizer;
    if (!record->is_last) {
        return;
    }
    if (record->tag == DUMP_TAG_Finalizer) {
        take_finalizer(collector, &record->as.Finalizer);
    } else if (record->tag == DUMP_TAG_QueuedFinalizer) {
        (void)add_bare(collector, DUMP_ROOT_QUEUED_OBJECT, queued->object, queued->object);
        (void)add_bare(collector, DUMP_ROOT_QUEUED_FUNCTION, queued->object, queued->function);
    } else if (record->tag == DUMP_TAG_Defer) {
        take_defer(collector, &record->as.Defer);
    } else if (record->tag == DUMP_TAG_Panic) {
        take_panic(collector, &record->as.Panic);
    }
}

static void take(struct collector *collector, const struct dump_record *record) {
    switch (record->tag) {
    case DUMP_TAG_Params:
        phantoms_begin(&collector->phantoms, &record->as.Params);
        break;
    case DUMP_TAG_Object:
        take_object(collector, record);
        break;
    case DUMP_TAG_Data:
        if (record->is_first) {
            collector->now = add_holder(collector, DUMP_ROOT_DATA, record->as.Data.address);
        }
        take_memory(collector, record, &record->as.Data.contents, &record->as.Data.fields);
        break;
    case DUMP_TAG_BSS:
        if (record->is_first) {
            collector->now = add_holder(collector, DUMP_ROOT_BSS, record->as.BSS.address);
        }
        take_memory(collector, record, &record->as.BSS.contents, &record->as.BSS.fields);
        break;
    case DUMP_TAG_StackFrame:
        take_frame(collector, record);
        break;
    case DUMP_TAG_OtherRoot:
        take_other(collector, record);
        break;
    case DUMP_TAG_Goroutine:
        take_goroutine(collector, record);
        break;
    case DUMP_TAG_Finalizer:
    case DUMP_TAG_QueuedFinalizer:
    case DUMP_TAG_Defer:
    case DUMP_TAG_Panic:
        take_numbers(collector, record);
        break;
    case DUMP_TAG_EOF:
    case DUMP_TAG_Type:
    case DUMP_TAG_Itab:
    case DUMP_TAG_OSThread:
    case DUMP_TAG_MemStats:
    case DUMP_TAG_MemProf:
    case DUMP_TAG_AllocSample:
    case DUMP_TAG_COUNT:
        break;
    }
}

static void *array_of(uint64_t count, size_t item_bytes) {
    if (count >= SIZE_MAX / item_bytes) {
        return NULL;
    }
    return malloc((size_t)(count == 0 ? 1 : count) * item_bytes);
}

static bool reserve(struct collector *collector) {
    struct dump_graph *graph = collector->graph;
    const struct dump_graph_size *size = collector->size;
    graph->nodes = array_of(size->object_count, sizeof *graph->nodes);
    graph->edges = array_of(size->field_count, sizeof *graph->edges);
    graph->roots = array_of(size->root_count, sizeof *graph->roots);
    graph->holders = array_of(size->holder_count, sizeof *graph->holders);
    graph->goroutines = calloc((size_t)size->goroutine_count + 1, sizeof *graph->goroutines);
    graph->finalized = array_of(size->finalizer_count, sizeof *graph->finalized);
    graph->text = array_of(size->text_bytes, 1);
    graph->text_capacity = size->text_bytes;
    collector->split = array_of(size->split_bytes, 1);
    return graph->nodes != NULL && graph->edges != NULL && graph->roots != NULL &&
           graph->holders != NULL && graph->goroutines != NULL && graph->finalized != NULL &&
           graph->text != NULL && collector->split != NULL;
}

enum dump_graph_status graph_collect(struct dump_graph *graph, struct dump_reader *reader,
                                     const struct dump_graph_size *size) {
    struct collector collector = {.graph = graph, .size = size, .reader = reader};
    collector.has_no_memory = !reserve(&collector);
    const struct dump_record *record = NULL;
    while (!collector.has_no_memory && !collector.has_changed &&
           (record = dump_reader_next(reader)) != NULL) {
        take(&collector, record);
    }
    free(collector.split);
    if (collector.has_no_memory) {
        return DUMP_GRAPH_NO_MEMORY;
    }
    if (collector.has_changed) {
        return DUMP_GRAPH_CHANGED;
    }
    bool is_good = dump_reader_error(reader)->kind == DUMP_ERROR_NONE;
    return is_good ? DUMP_GRAPH_OK : DUMP_GRAPH_BAD_DUMP;
}
