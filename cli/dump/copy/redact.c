// redact: `dump redact`: a dump without the program's data: its shape, addresses, graph and
// statistics stay.
//
// Of the memory of objects, segments and frames, pointer fields keep their values where these lie
// in an object, a segment or a frame of the dump; every other byte becomes 0.

#include "cli/dump/copy/names.h"
#include "cli/dump/copy/target.h"
#include "cli/dump/graph/holding.h"
#include "cli/dump/scan/whole.h"
#include "cli/io/array.h"
#include "cli/io/cli.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck dump redact IN OUT [--names KEY] [--lenient]\n"
    "                                [--memory-limit BYTES]\n"
    "IN without the program's data: a pointer field keeps its value when that lies\n"
    "in an object, a segment or a frame of the dump; every other byte of memory\n"
    "becomes 0. Shape, addresses, graph and statistics stay. --names KEY: functions,\n"
    "files, types and descriptions become 16 hexadecimal digits of HMAC-SHA-256 by\n"
    "that key, alike in all dumps of one key. OUT is made as by recode.\n";

// Addresses from begin to end - 1.
struct range {
    uint64_t begin, end;
};
struct redaction {
    struct target *target;
    const struct dump_graph *graph;
    struct range *ranges; // segments and frames, apart and in order
    size_t range_count;
    struct whole whole;
    struct dump_field *fields; // of a record that comes in parts
    size_t field_count, field_capacity;
    uint8_t *bytes; // what is written
    size_t capacity;
    struct names *names;    // NULL: they stay
    char name[NAMES_BYTES]; // of a frame that comes in parts
    size_t name_bytes;
    bool is_out_of_memory;
};

// ---- what a pointer may lead to

static int compare_ranges(const void *left, const void *right) {
    const struct range *a = left;
    const struct range *b = right;
    return (a->begin > b->begin) - (a->begin < b->begin);
}

static bool list_ranges(struct redaction *redaction) {
    uint32_t count = dump_graph_holder_count(redaction->graph);
    struct range *ranges = malloc((count + (size_t)1) * sizeof *ranges);
    size_t kept = 0;
    if (ranges == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct dump_holder *holder = dump_graph_holder(redaction->graph, i);
        uint64_t end = holder->address + holder->size_bytes;
        if (holder->size_bytes > 0) {
            ranges[kept++] =
                (struct range){holder->address, end < holder->address ? UINT64_MAX : end};
        }
    }
    if (kept > 1) {
        qsort(ranges, kept, sizeof *ranges, compare_ranges);
    }
    for (size_t i = 0; i < kept; i++) { // those that meet become one
        struct range *last =
            redaction->range_count == 0 ? NULL : &ranges[redaction->range_count - 1];
        if (last != NULL && ranges[i].begin <= last->end) {
            last->end = ranges[i].end > last->end ? ranges[i].end : last->end;
        } else {
            ranges[redaction->range_count++] = ranges[i];
        }
    }
    redaction->ranges = ranges;
    return true;
}

static bool is_known(const struct redaction *redaction, uint64_t address) {
    size_t low = 0;
    size_t high = redaction->range_count;
    if (dump_graph_find(redaction->graph, address) != DUMP_GRAPH_NONE) {
        return true;
    }
    while (low < high) { // the first range behind the address
        size_t middle = low + (high - low) / 2;
        if (redaction->ranges[middle].begin <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && address < redaction->ranges[low - 1].end;
}

// ---- memory

// Keeps the part's fields; all that came stand in redaction->fields.
static bool keep_fields(struct redaction *redaction, const struct dump_record *record,
                        const struct dump_fields *fields) {
    redaction->field_count = record->is_first ? 0 : redaction->field_count;
    if (!ARRAY_RESERVE(redaction->fields, redaction->field_capacity,
                       redaction->field_count + fields->count)) {
        return false;
    }
    if (fields->count > 0) {
        memcpy(redaction->fields + redaction->field_count, fields->at,
               fields->count * sizeof *fields->at);
    }
    redaction->field_count += fields->count;
    return true;
}

// The memory as it may be shown: in redaction->bytes.
static bool clear(struct redaction *redaction, const struct dump_reader *reader,
                  const uint8_t *bytes, uint64_t size_bytes) {
    uint32_t width = dump_reader_pointer_bytes(reader);
    if (!ARRAY_RESERVE(redaction->bytes, redaction->capacity, (size_t)size_bytes + 1)) {
        return false;
    }
    memset(redaction->bytes, 0, (size_t)size_bytes);
    for (size_t i = 0; bytes != NULL && i < redaction->field_count; i++) { // NULL: no bytes
        uint64_t offset = redaction->fields[i].offset;
        if (redaction->fields[i].kind == 1 && size_bytes >= width && offset <= size_bytes - width &&
            is_known(redaction,
                     dump_pointer_at(bytes + offset, width, dump_reader_is_big_endian(reader)))) {
            memcpy(redaction->bytes + offset, bytes + offset, width);
        }
    }
    return true;
}

// A record with memory, written when all of it has come, in one part.
static bool take_memory(struct redaction *redaction, const struct dump_record *record,
                        const struct dump_reader *reader, const struct dump_memory *memory,
                        const struct dump_fields *fields) {
    const uint8_t *bytes = whole_take(&redaction->whole, record, memory);
    bool has_bytes = bytes != NULL || !redaction->whole.is_out_of_memory;
    bool is_frame = record->tag == DUMP_TAG_StackFrame;
    const struct dump_string *function = &record->as.StackFrame.function;
    if (!has_bytes || !keep_fields(redaction, record, fields)) {
        redaction->is_out_of_memory = true;
        return false;
    }
    if (is_frame && (record->is_first || function->size_bytes > 0)) {
        redaction->name_bytes = names_keep(redaction->names, function, redaction->name);
    }
    if (!record->is_last) {
        return true;
    }
    if (!clear(redaction, reader, bytes, memory->total_bytes)) {
        redaction->is_out_of_memory = true;
        return false;
    }
    struct dump_record whole = *record;
    const struct dump_memory cleared = {redaction->bytes, memory->total_bytes, 0,
                                        memory->total_bytes};
    const struct dump_fields all = {redaction->fields, redaction->field_count, 0};
    whole.is_first = true;
    whole.is_continued = false;
    whole.is_open = false;
    whole.member_begin = 0;
    whole.member_end = UINT32_MAX;
#define REDACT(kind)                                                                               \
    if (whole.tag == DUMP_TAG_##kind) {                                                            \
        whole.as.kind.contents = cleared;                                                          \
        whole.as.kind.fields = all;                                                                \
    }
    REDACT(Object)
    REDACT(StackFrame)
    REDACT(Data)
    REDACT(BSS)
#undef REDACT
    bool has_all = record->is_first && record->is_last && redaction->names == NULL;
    if (is_frame && !has_all) {
        whole.as.StackFrame.function =
            (struct dump_string){(const uint8_t *)redaction->name, redaction->name_bytes};
    }
    return dump_recoder_add(&redaction->target->recoder, &whole);
}

// ---- all records

static bool visit(void *context, const struct dump_record *record,
                  const struct dump_reader *reader) {
    struct redaction *redaction = context;
    const struct dump_memory *memory = NULL;
    const struct dump_fields *fields = NULL;
    if (whole_of(record, &memory, &fields)) {
        return take_memory(redaction, record, reader, memory, fields);
    }
    struct dump_record named = *record;
    struct dump_call calls[DUMP_PART_CALLS_MAX];
    if (record->tag == DUMP_TAG_MemProf) {
        const struct dump_calls *from = &record->as.MemProf.stack;
        for (size_t i = 0; i < from->count; i++) {
            calls[i] = from->at[i];
            names_hide(redaction->names, &calls[i].function);
            names_hide(redaction->names, &calls[i].file);
        }
        named.as.MemProf.stack.at = calls;
    } else if (record->tag == DUMP_TAG_Type) {
        names_hide(redaction->names, &named.as.Type.name);
    } else if (record->tag == DUMP_TAG_OtherRoot) {
        names_hide(redaction->names, &named.as.OtherRoot.description);
    }
    bool is_written = dump_recoder_add(&redaction->target->recoder, &named);
    names_forget(redaction->names);
    return is_written;
}

static int run(struct redaction *redaction, struct holding *holding, const char *to) {
    int status = CLI_CLEAN;
    redaction->graph = holding->graph;
    redaction->is_out_of_memory = !list_ranges(redaction);
    redaction->target = redaction->is_out_of_memory ? NULL : target_open(to, &status);
    if (redaction->target != NULL) {
        status = holding_each(holding, visit, redaction);
    }
    if (redaction->is_out_of_memory) {
        cli_message("%s: out of memory", holding->path);
        status = CLI_ENVIRONMENT;
    }
    if (status == CLI_CLEAN) {
        status = target_finish(redaction->target);
    }
    target_close(redaction->target);
    whole_fini(&redaction->whole);
    free(redaction->ranges);
    free(redaction->fields);
    free(redaction->bytes);
    return status;
}

int dump_redact(int argc, char **argv) {
    struct holding_options options = {.json = false};
    const char *key = NULL;
    const struct cli_option table[] = {{.name = "--lenient", .flag = &options.lenient},
                                       {.name = "--memory-limit", .value = &options.memory_limit},
                                       {.name = "--names", .value = &key},
                                       {.name = NULL}};
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 2, .operands_max = 2};
    char **operands;
    size_t count;
    struct holding holding;
    struct redaction redaction = {.target = NULL};
    int status = cli_parse(&call, argc, argv, &operands, &count);
    if (status >= 0) {
        return status;
    }
    if (key != NULL && (redaction.names = names_create(key, &status)) == NULL) {
        return status;
    }
    if (holding_open(&holding, "redact", operands[0], &options, &status)) {
        status = run(&redaction, &holding, operands[1]);
        holding_close(&holding);
    }
    names_destroy(redaction.names);
    return status;
}
