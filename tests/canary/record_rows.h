// record_rows: which rule tells a wrong member of a record by the lists of heap and runtime, and
// which by the ledger; and what they say.
#ifndef TESTS_CANARY_RECORD_ROWS_H
#define TESTS_CANARY_RECORD_ROWS_H

#include "dump/reader.h"
#include "oracle/core/finding.h"
#include "oracle/go/rules.h"

struct row {
    enum dump_tag tag;
    const char *member;       // "contents.size": the size, and so on
    unsigned own, ledger;     // NONE: this truth does not know it
    const char *own_words;    // NULL: it says the member and both values; else what it says
    const char *ledger_words; // likewise
};
#define NONE RULE_COUNT

#define ROW(record, member, own, ledger)                                                           \
    { DUMP_TAG_##record, member, RULE_DUMP_##own, RULE_DUMP_##ledger, NULL, NULL }
#define ROW_ALONE(record, member, own)                                                             \
    { DUMP_TAG_##record, member, RULE_DUMP_##own, NONE, NULL, NULL }
#define ROW_WORDS(record, member, own, ledger, own_words, ledger_words)                            \
    { DUMP_TAG_##record, member, RULE_DUMP_##own, RULE_DUMP_##ledger, own_words, ledger_words }

static const struct row rows[] = {
    ROW_ALONE(Params, "big_endian", PARAMS),
    {DUMP_TAG_Params, "pointer_size", RULE_DUMP_DECODE, NONE, "wider than a pointer", NULL},
    ROW_ALONE(Params, "arena_start", PARAMS),
    ROW_ALONE(Params, "arena_end", PARAMS),
    {DUMP_TAG_Params, "arch", RULE_DUMP_PARAMS, NONE, "arch: dump \"", NULL},
    {DUMP_TAG_Params, "version", RULE_DUMP_PARAMS, NONE, "version: dump \"", NULL},
    ROW_ALONE(Params, "cpus", PARAMS),
    ROW_WORDS(Type, "address", TYPE, TYPE_MODEL, NULL, "the ledger has no such record here"),
    ROW(Type, "size", TYPE, TYPE_MODEL),
    ROW_WORDS(Type, "name", TYPE, TYPE_MODEL, "name: dump \"", "name: dump \""),
    ROW(Type, "indirect", TYPE, TYPE_MODEL),
    ROW(Itab, "address", ITAB, ITAB_MODEL),
    ROW(Itab, "type", ITAB, ITAB_MODEL),
    ROW_WORDS(OtherRoot, "description", OTHER_ROOT, OTHER_ROOT_MODEL, "description: dump \"",
              "description: dump \""),
    ROW(OtherRoot, "target", OTHER_ROOT, OTHER_ROOT_MODEL),
    ROW_WORDS(Object, "address", OBJECT_DEAD, OBJECT_MODEL, "is in the dump and is not live",
              "is not in the ledger"),
    {DUMP_TAG_Object, "contents", RULE_DUMP_OBJECT_CONTENTS, NONE, "in the dump", NULL},
    ROW_WORDS(Object, "contents.size", OBJECT_SIZE, OBJECT_MODEL, "size", "size"),
    {DUMP_TAG_Object, "fields", NONE, RULE_DUMP_OBJECT_FIELDS, NULL, "field offset"},
    {DUMP_TAG_Object, "fields.count", NONE, RULE_DUMP_OBJECT_FIELDS, NULL, "a pointer field"},
    ROW(Goroutine, "address", GOROUTINE, GOROUTINE_MODEL),
    ROW(Goroutine, "sp", GOROUTINE, GOROUTINE_MODEL),
    ROW(Goroutine, "id", GOROUTINE, GOROUTINE_MODEL),
    ROW(Goroutine, "go_pc", GOROUTINE, GOROUTINE_MODEL),
    ROW(Goroutine, "status", GOROUTINE, GOROUTINE_MODEL),
    ROW(Goroutine, "is_system", GOROUTINE, GOROUTINE_MODEL),
    ROW(Goroutine, "is_background", GOROUTINE, GOROUTINE_MODEL),
    ROW(Goroutine, "wait_since", GOROUTINE, GOROUTINE_MODEL),
    ROW_WORDS(Goroutine, "wait_reason", GOROUTINE, GOROUTINE_MODEL, "wait_reason: dump \"",
              "wait_reason: dump \""),
    ROW(Goroutine, "context", GOROUTINE, GOROUTINE_MODEL),
    ROW(Goroutine, "thread", GOROUTINE, GOROUTINE_MODEL),
    ROW(Goroutine, "defers", GOROUTINE, GOROUTINE_MODEL),
    ROW(Goroutine, "panics", GOROUTINE, GOROUTINE_MODEL),
    ROW(StackFrame, "sp", FRAME, FRAME_MODEL),
    ROW(StackFrame, "depth", FRAME, FRAME_MODEL),
    ROW(StackFrame, "child_sp", FRAME, FRAME_MODEL),
    ROW_WORDS(StackFrame, "contents", FRAME_CONTENTS, FRAME_MODEL, "in the dump", "contents: byte"),
    ROW_WORDS(StackFrame, "contents.size", FRAME, FRAME_MODEL, "contents", "contents"),
    ROW(StackFrame, "entry", FRAME, FRAME_MODEL),
    ROW(StackFrame, "pc", FRAME, FRAME_MODEL),
    ROW(StackFrame, "continuation_pc", FRAME, FRAME_MODEL),
    ROW_WORDS(StackFrame, "function", FRAME, FRAME_MODEL, "function: dump \"", "function: dump \""),
    ROW_WORDS(StackFrame, "fields", FRAME_FIELDS, FRAME_MODEL, "field offset", "field offset"),
    ROW_WORDS(StackFrame, "fields.count", FRAME_FIELDS, FRAME_MODEL, "a pointer field",
              "a pointer field"),
    ROW(Defer, "address", DEFER, DEFER_MODEL),
    ROW(Defer, "goroutine", DEFER, DEFER_MODEL),
    ROW(Defer, "sp", DEFER, DEFER_MODEL),
    ROW(Defer, "pc", DEFER, DEFER_MODEL),
    ROW(Defer, "function", DEFER, DEFER_MODEL),
    ROW(Defer, "entry", DEFER, DEFER_MODEL),
    ROW(Defer, "link", DEFER, DEFER_MODEL),
    ROW(Panic, "address", PANIC, PANIC_MODEL),
    ROW(Panic, "goroutine", PANIC, PANIC_MODEL),
    ROW(Panic, "type", PANIC, PANIC_MODEL),
    ROW(Panic, "data", PANIC, PANIC_MODEL),
    ROW(Panic, "defer", PANIC, PANIC_MODEL),
    ROW(Panic, "link", PANIC, PANIC_MODEL),
    ROW(OSThread, "address", OSTHREAD, OSTHREAD_MODEL),
    ROW(OSThread, "id", OSTHREAD, OSTHREAD_MODEL),
    ROW(OSThread, "process_id", OSTHREAD, OSTHREAD_MODEL),
#define SEGMENT(record)                                                                            \
    ROW(record, "address", SEGMENT, SEGMENT_MODEL),                                                \
        ROW_WORDS(record, "contents", SEGMENT_CONTENTS, SEGMENT_MODEL, "in the dump",              \
                  "contents: byte"),                                                               \
        ROW_WORDS(record, "contents.size", SEGMENT, SEGMENT_MODEL, "contents", "contents"),        \
        ROW_WORDS(record, "fields", SEGMENT_FIELDS, SEGMENT_MODEL, "field offset",                 \
                  "field offset"),                                                                 \
        ROW_WORDS(record, "fields.count", SEGMENT_FIELDS, SEGMENT_MODEL, "a pointer field",        \
                  "a pointer field")
    SEGMENT(Data),
    SEGMENT(BSS),
// the ledger's are sorted: where one stands in their order, its object says
#define FINALIZER(record, own, ledger)                                                             \
    ROW_WORDS(record, "object", own, ledger, NULL, "object"),                                      \
        ROW(record, "function", own, ledger), ROW(record, "entry", own, ledger),                   \
        ROW(record, "function_type", own, ledger), ROW(record, "object_type", own, ledger)
    FINALIZER(Finalizer, FINALIZER, FINALIZER_MODEL),
    FINALIZER(QueuedFinalizer, QUEUED, QUEUED_MODEL),
#define U(name) ROW_ALONE(MemStats, #name, MEMSTATS),
#define N(name) ROW_ALONE(MemStats, #name, MEMSTATS),
    DUMP_MEMSTATS_FIELDS
#undef U
#undef N
    {DUMP_TAG_MemStats, "HeapAlloc", NONE, RULE_DUMP_OBJECT_SUM, NULL, NULL},
    {DUMP_TAG_MemStats, "HeapObjects", NONE, RULE_DUMP_OBJECT_SUM, NULL, NULL},
    ROW_WORDS(MemProf, "address", MEMPROF, MEMPROF_MODEL, NULL,
              "nothing was ever sampled into the bucket"),
    ROW(MemProf, "size", MEMPROF, MEMPROF_MODEL),
    ROW_WORDS(MemProf, "stack", MEMPROF_STACK, MEMPROF_MODEL, "", ""),
    ROW_WORDS(MemProf, "stack.count", MEMPROF_STACK, MEMPROF_MODEL, "count", "count"),
    ROW_ALONE(MemProf, "allocs", MEMPROF_COUNT),
    ROW_ALONE(MemProf, "frees", MEMPROF_COUNT),
    ROW_WORDS(AllocSample, "object", SAMPLE, SAMPLE_MODEL, NULL, "is no object that was sampled"),
    ROW(AllocSample, "bucket", SAMPLE, SAMPLE_MODEL),
// a record that is gone, or comes twice
#define WHOLE(record, gone, gone_ledger, twice, twice_ledger)                                      \
    ROW_WORDS(record, "(gone)", gone, gone_ledger, "", ""),                                        \
        ROW_WORDS(record, "(twice)", twice, twice_ledger, "", "")
    {DUMP_TAG_Type, "(gone)", RULE_DUMP_TYPE, NONE, "an Itab's type was not written", NULL},
    {DUMP_TAG_Type, "(twice)", RULE_DUMP_TYPE, NONE, "a Type is written that is not due", NULL},
    WHOLE(Itab, ITAB, ITAB_MODEL, ITAB, ITAB_MODEL),
    WHOLE(OtherRoot, OTHER_ROOT, OTHER_ROOT_MODEL, OTHER_ROOT, OTHER_ROOT_MODEL),
    WHOLE(Object, OBJECT_LOST, OBJECT_MODEL, OBJECT_ORDER, OBJECT_MODEL),
    WHOLE(StackFrame, FRAME, FRAME_MODEL, FRAME, FRAME_MODEL),
    WHOLE(Defer, DEFER, DEFER_MODEL, DEFER, DEFER_MODEL),
    ROW_WORDS(Panic, "(gone)", PANIC, PANIC_MODEL, "", "the ledger has a record more"),
    ROW_WORDS(Panic, "(twice)", PANIC, PANIC_MODEL, "a Panic too many",
              "the ledger has no such record here"),
    WHOLE(OSThread, OSTHREAD, OSTHREAD_MODEL, OSTHREAD, OSTHREAD_MODEL),
    WHOLE(Finalizer, FINALIZER, FINALIZER_MODEL, FINALIZER, FINALIZER_MODEL),
    WHOLE(QueuedFinalizer, QUEUED, QUEUED_MODEL, QUEUED, QUEUED_MODEL),
    WHOLE(MemProf, MEMPROF, MEMPROF_MODEL, MEMPROF, MEMPROF_MODEL),
    WHOLE(AllocSample, SAMPLE, SAMPLE_MODEL, SAMPLE, SAMPLE_MODEL),
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

#endif
