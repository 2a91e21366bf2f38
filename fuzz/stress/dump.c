// dump: dumps while workers run, read back. The world stays stopped until every record is
// compared, or goes on as soon as the dump is written.
#include "fuzz/stress/state.h"

#include "dump/reader.h"
#include "dump/writer.h"
#include "oracle/go/oracle.h"
#include "oracle/go/roundtrip/roundtrip.h"
#include "oracle/core/harness_memory.h"

#include <errno.h>
#include <string.h>

static int64_t take_bytes(void *context, const void *bytes, size_t size_bytes) {
    struct crew *crew = context;
    if (!HARNESS_RESERVE(crew->dump_bytes, crew->dump_capacity, crew->dump_size + size_bytes)) {
        return -ENOMEM;
    }
    memcpy(crew->dump_bytes + crew->dump_size, bytes, size_bytes);
    crew->dump_size += size_bytes;
    return (int64_t)size_bytes;
}

static bool write_dump(struct crew *crew) {
    const struct dump_sink sink = {.write = take_bytes, .context = crew};
    crew->dump_size = 0;
    return dump_write(crew->runtime, crew->cache, &sink).error == 0;
}

bool crew_dump(struct crew *crew) {
    struct memstats fast;
    runtime_stop_world(crew->runtime);
    oracle_reset(crew->oracle, crew->heap); // looks
    bool complete = write_dump(crew);
    heap_read_memstats(crew->heap, &fast);
    bool clean = true;
    if (complete) {
        const struct roundtrip_dump dump = {.bytes = crew->dump_bytes,
                                            .size_bytes = crew->dump_size,
                                            .runtime = crew->runtime,
                                            .fast = &fast};
        clean = roundtrip_check(crew->oracle, &dump);
        crew->report->dump_count++;
    }
    runtime_start_world(crew->runtime);
    if (!clean) {
        char line[THREADS_LINE_BYTES];
        (void)finding_line(oracle_finding(crew->oracle), line, sizeof line);
        crew_take_line(crew, line);
    }
    return clean;
}

// ---- a dump alone: what it shows is gone when it is read

struct dump_sums {
    uint64_t object_count, object_bytes;
    uint64_t heap_objects, heap_alloc_bytes; // of its own statistics
};

static enum dump_error_kind sum_records(struct dump_reader *reader, struct dump_sums *sums) {
    const struct dump_record *record;
    while ((record = dump_reader_next(reader)) != NULL) {
        if (record->tag == DUMP_TAG_Object && record->is_last) {
            sums->object_count++;
            sums->object_bytes += record->as.Object.contents.total_bytes;
        } else if (record->tag == DUMP_TAG_MemStats && record->is_last) {
            sums->heap_objects = record->as.MemStats.HeapObjects;
            sums->heap_alloc_bytes = record->as.MemStats.HeapAlloc;
        }
    }
    return dump_reader_error(reader)->kind;
}

static bool check_sums(struct crew *crew, const struct dump_sums *sums) {
    return rule_equal(&crew->book, RULE_DUMP_OBJECT_SUM, "HeapAlloc",
                      (struct rule_value){"dump", sums->heap_alloc_bytes},
                      (struct rule_value){"objects", sums->object_bytes}) &&
           rule_equal(&crew->book, RULE_DUMP_OBJECT_SUM, "HeapObjects",
                      (struct rule_value){"dump", sums->heap_objects},
                      (struct rule_value){"objects", sums->object_count});
}

bool crew_dump_in_flight(struct crew *crew) {
    struct dump_sums sums = {.object_count = 0};
    if (!write_dump(crew)) {
        return true; // no memory of our own
    }
    struct dump_reader *reader =
        dump_reader_create_memory(crew->dump_bytes, crew->dump_size, DUMP_STRICT);
    if (reader == NULL) {
        return true;
    }
    enum dump_error_kind error = sum_records(reader, &sums);
    dump_reader_destroy(reader);
    crew->report->dump_count++;
    bool clean =
        error == DUMP_ERROR_MEMORY ||
        (rule_equal(&crew->book, RULE_DUMP_DECODE, "error", (struct rule_value){"reader", error},
                    (struct rule_value){"none", DUMP_ERROR_NONE}) &&
         check_sums(crew, &sums));
    crew_take_finding(crew, &crew->book);
    return clean;
}
