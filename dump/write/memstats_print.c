// memstats_print: every field, in Go's order.
#include "dump/write/memstats_print.h"

#include <inttypes.h>

void memstats_print_text(const struct memstats *stats, FILE *stream) {
#define MEMSTATS_FIELD(name, unit, meaning, truths)                                                \
    (void)fprintf(stream, "%-14s %20" PRIu64 "  %s\n", #name, stats->name, unit);
#include "allocator/memstats_fields.def"
    (void)fprintf(stream, "%-14s %20" PRIu32 "  count\n", "NumGC", stats->NumGC);
    (void)fprintf(stream, "%-14s %20" PRIu32 "  count\n", "NumForcedGC", stats->NumForcedGC);
    (void)fprintf(stream, "%-14s %20.6f  fraction\n", "GCCPUFraction", stats->GCCPUFraction);
    for (size_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        const struct memstats_by_size *row = &stats->BySize[i];
        if (row->Mallocs != 0 || row->Frees != 0) {
            (void)fprintf(stream,
                          "BySize[%zu]%*s %8" PRIu32 " B: %" PRIu64 " mallocs, %" PRIu64 " frees\n",
                          i, i < 10 ? 5 : 4, "", row->Size, row->Mallocs, row->Frees);
        }
    }
}

static void print_ring(FILE *stream, const char *name, const uint64_t *values) {
    (void)fprintf(stream, "\"%s\":[", name);
    for (size_t i = 0; i < MEMSTATS_PAUSE_COUNT; i++) {
        (void)fprintf(stream, "%s%" PRIu64, i == 0 ? "" : ",", values[i]);
    }
    (void)fputs("],", stream);
}

void memstats_print_json(const struct memstats *stats, FILE *stream) {
    (void)fputc('{', stream);
#define MEMSTATS_FIELD(name, unit, meaning, truths)                                                \
    (void)fprintf(stream, "\"%s\":%" PRIu64 ",", #name, stats->name);
#include "allocator/memstats_fields.def"
    print_ring(stream, "PauseNs", stats->PauseNs);
    print_ring(stream, "PauseEnd", stats->PauseEnd);
    (void)fprintf(stream,
                  "\"NumGC\":%" PRIu32 ",\"NumForcedGC\":%" PRIu32 ",\"GCCPUFraction\":%.9g,",
                  stats->NumGC, stats->NumForcedGC, stats->GCCPUFraction);
    (void)fprintf(stream, "\"EnableGC\":%s,\"DebugGC\":%s,\"BySize\":[",
                  stats->EnableGC ? "true" : "false", stats->DebugGC ? "true" : "false");
    for (size_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        const struct memstats_by_size *row = &stats->BySize[i];
        (void)fprintf(stream,
                      "%s{\"Size\":%" PRIu32 ",\"Mallocs\":%" PRIu64 ",\"Frees\":%" PRIu64 "}",
                      i == 0 ? "" : ",", row->Size, row->Mallocs, row->Frees);
    }
    (void)fputs("]}", stream);
}
