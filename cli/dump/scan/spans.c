// spans: `dump spans`: how full the spans are that hold an object: HeapInuse against HeapAlloc.
//
// A dump does not say where spans are, but its objects do: a span is a row of pages cut into
// objects of one size, and Go's pages for a size leave one beginning that fits.

#include "cli/dump/dump.h"
#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "cli/io/lookup.h"
#include "cli/io/table.h"
#include "dump/graph/phantom.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE_BYTES     UINT64_C(8192)
#define BITS_WORDS_MAX 64 // of an object whose pointer bits lie in its span

static const char usage[] =
    "usage: countercheck dump spans FILE [--json] [--lenient]\n"
    "How full the spans are that hold an object, by size: what HeapInuse has over\n"
    "HeapAlloc. Sizes are those of Go's classes; a size that is none has no spans\n"
    "that could be told. Spans in which nothing lives are not in a dump: the rest of\n"
    "HeapInuse is theirs.\n";

// Sizes whose span is more than one page, and their pages; after Go's sizeclasses.go.
static const struct {
    uint16_t size_bytes, pages;
} long_spans[] = {{1408, 2},  {1792, 2},   {2304, 2},  {3072, 3},  {3200, 2},  {3456, 3},
                  {4864, 3},  {5376, 2},   {6144, 3},  {6528, 4},  {6784, 5},  {6912, 6},
                  {9472, 7},  {9728, 6},   {10240, 5}, {10880, 4}, {12288, 3}, {13568, 5},
                  {14336, 7}, {16384, 2},  {18432, 9}, {19072, 7}, {20480, 5}, {21760, 8},
                  {24576, 3}, {27264, 10}, {28672, 7}, {32768, 4}};

struct span {
    uint32_t class; // index of its size
    uint32_t live;
    bool has_pointer; // an object of it does
};
struct class {
    uint64_t size_bytes, pages;
    uint64_t spans, live, slots;
};

struct spans {
    struct span *spans;
    struct class *classes;
    size_t span_count, span_capacity, class_count, class_capacity;
    struct lookup span_at, class_of; // by the page of its beginning; by size
    struct phantoms phantoms;
    uint64_t elsewhere, elsewhere_bytes; // objects that fit no span
    uint64_t heap_alloc, heap_inuse;
    bool has_memstats, is_out_of_memory;
};

// ---- where an object's span begins

static uint64_t pages_of(uint64_t size_bytes) {
    for (size_t i = 0; i < sizeof long_spans / sizeof long_spans[0]; i++) {
        if (long_spans[i].size_bytes == size_bytes) {
            return long_spans[i].pages;
        }
    }
    return (size_bytes - 1) / PAGE_BYTES + 1;
}

// False: there is none.
static bool begin_of(uint64_t address, uint64_t size_bytes, uint64_t pages, uint64_t *begin) {
    uint64_t slots = pages * PAGE_BYTES / size_bytes;
    for (uint64_t slot = 0; slot < slots && slot * size_bytes <= address; slot++) {
        if ((address - slot * size_bytes) % PAGE_BYTES == 0) {
            *begin = address - slot * size_bytes;
            return true;
        }
    }
    return false;
}

// ---- records

// The index of a size. LOOKUP_NONE: out of memory.
static uint32_t class_of(struct spans *spans, uint64_t size_bytes, uint64_t pages) {
    uint32_t class = lookup_get(&spans->class_of, size_bytes);
    if (class != LOOKUP_NONE) {
        return class;
    }
    class = (uint32_t)spans->class_count;
    if (!ARRAY_RESERVE(spans->classes, spans->class_capacity, spans->class_count + 1) ||
        !lookup_put(&spans->class_of, size_bytes, class)) {
        spans->is_out_of_memory = true;
        return LOOKUP_NONE;
    }
    spans->classes[spans->class_count++] = (struct class){.size_bytes = size_bytes, .pages = pages};
    return class;
}

// The span of that beginning. NULL: one of another size begins there, or out of memory.
static struct span *span_of(struct spans *spans, uint64_t begin, uint32_t class) {
    uint32_t at = lookup_get(&spans->span_at, begin / PAGE_BYTES);
    if (at != LOOKUP_NONE) {
        return spans->spans[at].class == class ? &spans->spans[at] : NULL;
    }
    if (!ARRAY_RESERVE(spans->spans, spans->span_capacity, spans->span_count + 1) ||
        !lookup_put(&spans->span_at, begin / PAGE_BYTES, (uint32_t)spans->span_count)) {
        spans->is_out_of_memory = true;
        return NULL;
    }
    spans->spans[spans->span_count] = (struct span){.class = class};
    return &spans->spans[spans->span_count++];
}

static void take_object(struct spans *spans, const struct dump_record_Object *object) {
    uint64_t size_bytes = object->contents.total_bytes;
    bool has_pointer = object->fields.begin + object->fields.count > 0;
    bool is_phantom = phantoms_next(&spans->phantoms, object->address, size_bytes, has_pointer);
    if (size_bytes == 0 || is_phantom) {
        return;
    }
    uint64_t pages = pages_of(size_bytes);
    uint64_t begin = 0;
    struct span *span = NULL;
    if (begin_of(object->address, size_bytes, pages, &begin)) {
        uint32_t class = class_of(spans, size_bytes, pages);
        span = class == LOOKUP_NONE ? NULL : span_of(spans, begin, class);
    }
    if (span == NULL) {
        spans->elsewhere++;
        spans->elsewhere_bytes += size_bytes;
        return;
    }
    span->live++;
    span->has_pointer = span->has_pointer || has_pointer;
}

static bool visit(void *context, const struct dump_record *record,
                  const struct dump_reader *reader) {
    struct spans *spans = context;
    (void)reader;
    if (record->tag == DUMP_TAG_Params) {
        phantoms_begin(&spans->phantoms, &record->as.Params);
    } else if (record->is_last && record->tag == DUMP_TAG_Object) {
        take_object(spans, &record->as.Object);
    } else if (record->is_last && record->tag == DUMP_TAG_MemStats) {
        spans->has_memstats = true;
        spans->heap_alloc = record->as.MemStats.HeapAlloc;
        spans->heap_inuse = record->as.MemStats.HeapInuse;
    }
    return !spans->is_out_of_memory;
}

// ---- adding up, telling

static uint64_t slots_of(const struct spans *spans, const struct span *span) {
    const struct class *class = &spans->classes[span->class];
    uint64_t bytes = class->pages * PAGE_BYTES;
    uint64_t word_bytes = spans->phantoms.pointer_bytes;
    bool has_bits = spans->phantoms.are_possible && span->has_pointer && class->pages == 1 &&
                    class->size_bytes <= BITS_WORDS_MAX * word_bytes;
    return (has_bits ? bytes - bytes / (8 * word_bytes) : bytes) / class->size_bytes;
}

static void add_up(struct spans *spans) {
    for (size_t i = 0; i < spans->span_count; i++) {
        const struct span *span = &spans->spans[i];
        struct class *class = &spans->classes[span->class];
        class->spans++;
        class->live += span->live;
        class->slots += slots_of(spans, span);
    }
}

#define NUMBER(value) ((struct table_cell){.number = (value)})

static void tell_classes(struct spans *spans, struct json *json) {
    static const struct table_column columns[] = {
        {"size", TABLE_NUMBER, 10},         {"spans", TABLE_NUMBER, 8},
        {"objects", TABLE_NUMBER, 10},      {"slots", TABLE_NUMBER, 10},
        {"span_bytes", TABLE_NUMBER, 12},   {"free_bytes", TABLE_NUMBER, 12},
        {"free_percent", TABLE_NUMBER, 12}, {.name = NULL}};
    struct table table = {.name = "classes", .title = "by size", .columns = columns};
    for (size_t i = 0; i < spans->class_count; i++) {
        const struct class *class = &spans->classes[i];
        uint64_t bytes = class->spans * class->pages * PAGE_BYTES;
        uint64_t live_bytes = class->live * class->size_bytes;
        uint64_t free_bytes = bytes > live_bytes ? bytes - live_bytes : 0;
        table_add(&table, &(struct table_row){
                              .amount = free_bytes,
                              .key = class->size_bytes,
                              .cells = {NUMBER(class->size_bytes), NUMBER(class->spans),
                                        NUMBER(class->live), NUMBER(class->slots), NUMBER(bytes),
                                        NUMBER(free_bytes), NUMBER(free_bytes * 100 / bytes)}});
    }
    spans->is_out_of_memory = table.is_out_of_memory;
    table_print(&table, json);
    table_fini(&table);
}

// Sums of all classes: bytes of spans, of objects.
static void sums_of(const struct spans *spans, uint64_t *span_bytes, uint64_t *object_bytes) {
    *span_bytes = 0;
    *object_bytes = 0;
    for (size_t i = 0; i < spans->class_count; i++) {
        const struct class *class = &spans->classes[i];
        *span_bytes += class->spans * class->pages * PAGE_BYTES;
        *object_bytes += class->live * class->size_bytes;
    }
}

static void tell_json(struct spans *spans) {
    struct json json = {.depth = 0};
    uint64_t span_bytes;
    uint64_t object_bytes;
    sums_of(spans, &span_bytes, &object_bytes);
    json_open(&json, NULL, '{');
    json_number(&json, "spans", spans->span_count);
    json_number(&json, "span_bytes", span_bytes);
    json_number(&json, "object_bytes", object_bytes);
    json_number_or_null(&json, "heap_inuse", spans->has_memstats, spans->heap_inuse);
    json_number_or_null(&json, "heap_alloc", spans->has_memstats, spans->heap_alloc);
    json_open(&json, "elsewhere", '{');
    json_number(&json, "count", spans->elsewhere);
    json_number(&json, "bytes", spans->elsewhere_bytes);
    json_close(&json);
    tell_classes(spans, &json);
    json_close(&json);
    putchar('\n');
}

static void tell_screen(struct spans *spans) {
    uint64_t span_bytes;
    uint64_t object_bytes;
    sums_of(spans, &span_bytes, &object_bytes);
    printf("%14" PRIu64 " bytes of objects\n", object_bytes);
    printf("%14" PRIu64 " bytes of %zu span%s that hold%s them\n", span_bytes, spans->span_count,
           cli_s(spans->span_count), spans->span_count == 1 ? "s" : "");
    if (spans->elsewhere > 0) {
        printf("%14" PRIu64 " bytes of %" PRIu64 " object%s outside all spans of Go's\n",
               spans->elsewhere_bytes, spans->elsewhere, cli_s(spans->elsewhere));
    }
    if (spans->has_memstats) {
        printf("%14" PRIu64 " bytes HeapAlloc, %" PRIu64 " bytes HeapInuse\n", spans->heap_alloc,
               spans->heap_inuse);
    }
    if (spans->has_memstats && spans->heap_inuse > span_bytes) {
        printf("%14" PRIu64 " bytes of HeapInuse in spans in which nothing lives\n",
               spans->heap_inuse - span_bytes);
    }
    tell_classes(spans, NULL);
}

int dump_spans(int argc, char **argv) {
    struct dump_options options;
    struct spans spans = {.spans = NULL};
    int status = dump_options_parse(&options, argc, argv, 1, true, usage);
    if (status >= 0) {
        return status;
    }
    status = dump_input_each(options.files[0], dump_options_mode(&options), visit, &spans);
    if (status == CLI_CLEAN && !spans.is_out_of_memory) {
        add_up(&spans);
        if (options.json) {
            tell_json(&spans);
        } else {
            tell_screen(&spans);
        }
    }
    if (spans.is_out_of_memory) {
        cli_message("%s: out of memory", options.files[0]);
        status = CLI_ENVIRONMENT;
    }
    free(spans.spans);
    free(spans.classes);
    lookup_fini(&spans.span_at);
    lookup_fini(&spans.class_of);
    return status == CLI_CLEAN ? cli_finish(status) : status;
}
