// measure: the first reading: how many of each there are, so that the second takes its memory at
// once.

#include "dump/graph/phantom.h"
#include "dump/graph/private.h"

static void take_memory(struct dump_graph_size *size, const struct dump_record *record,
                        const struct dump_memory *memory) {
    bool is_whole = record->is_first && record->is_last;
    if (!is_whole && memory->size_bytes > 0 && memory->total_bytes > size->split_bytes) {
        size->split_bytes = memory->total_bytes;
    }
}

static void take_object(struct dump_graph_size *size, const struct dump_record *record) {
    const struct dump_record_Object *object = &record->as.Object;
    take_memory(size, record, &object->contents);
    size->field_count += object->fields.count;
    uint64_t size_bytes = object->contents.total_bytes;
    if (!record->is_last || size_bytes == 0) {
        return;
    }
    uint64_t last = object->address + size_bytes - 1;
    last = last < object->address ? UINT64_MAX : last;
    if (size->object_count == 0 || object->address < size->lowest_address) {
        size->lowest_address = object->address;
    }
    if (size->object_count == 0 || last > size->highest_address) {
        size->highest_address = last;
    }
    size->object_count++;
}

static void take_roots(struct dump_graph_size *size, const struct dump_record *record,
                       const struct dump_memory *memory, const struct dump_fields *fields) {
    take_memory(size, record, memory);
    size->root_count += fields->count;
    size->holder_count += record->is_last;
}

static void take(struct dump_graph_size *size, const struct dump_record *record) {
    switch (record->tag) {
    case DUMP_TAG_Object:
        take_object(size, record);
        break;
    case DUMP_TAG_Data:
        take_roots(size, record, &record->as.Data.contents, &record->as.Data.fields);
        break;
    case DUMP_TAG_BSS:
        take_roots(size, record, &record->as.BSS.contents, &record->as.BSS.fields);
        break;
    case DUMP_TAG_StackFrame:
        take_roots(size, record, &record->as.StackFrame.contents, &record->as.StackFrame.fields);
        size->text_bytes += record->as.StackFrame.function.size_bytes + record->is_last;
        break;
    case DUMP_TAG_OtherRoot:
        size->text_bytes += record->as.OtherRoot.description.size_bytes + record->is_last;
        size->root_count += record->is_last;
        size->holder_count += record->is_last;
        break;
    case DUMP_TAG_Goroutine:
        size->text_bytes += record->as.Goroutine.wait_reason.size_bytes + record->is_last;
        size->goroutine_count += record->is_last;
        size->root_count += record->is_last;
        size->holder_count += record->is_last;
        break;
    case DUMP_TAG_Finalizer:
        size->finalizer_count += record->is_last;
        size->root_count += record->is_last;
        size->holder_count += record->is_last;
        break;
    case DUMP_TAG_QueuedFinalizer:
        size->root_count += record->is_last ? 2 : 0;
        size->holder_count += record->is_last ? 2 : 0;
        break;
    case DUMP_TAG_Defer:
    case DUMP_TAG_Panic:
        size->root_count += record->is_last;
        size->holder_count += record->is_last;
        break;
    case DUMP_TAG_EOF:
    case DUMP_TAG_Type:
    case DUMP_TAG_Params:
    case DUMP_TAG_Itab:
    case DUMP_TAG_OSThread:
    case DUMP_TAG_MemStats:
    case DUMP_TAG_MemProf:
    case DUMP_TAG_AllocSample:
    case DUMP_TAG_COUNT:
        break;
    }
}

enum dump_graph_status dump_graph_measure(struct dump_reader *reader,
                                          struct dump_graph_size *size) {
    const struct dump_record *record;
    *size = (struct dump_graph_size){.object_count = 0};
    while ((record = dump_reader_next(reader)) != NULL) {
        take(size, record);
    }
    if (dump_reader_error(reader)->kind != DUMP_ERROR_NONE) {
        return DUMP_GRAPH_BAD_DUMP;
    }
    bool fits = size->object_count < DUMP_GRAPH_NONE && size->root_count < DUMP_GRAPH_NONE &&
                size->holder_count < DUMP_GRAPH_NONE && size->goroutine_count < DUMP_GRAPH_NONE;
    return fits ? DUMP_GRAPH_OK : DUMP_GRAPH_TOO_MANY;
}
