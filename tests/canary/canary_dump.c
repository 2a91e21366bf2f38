// canary_dump: each rule of the round trip and each kind of record, made to fire by one wrong
// record.
//
// holds: oracle/go/roundtrip/recode.c oracle/go/roundtrip/graph.c

// clang-format off
// wrap: write_EOF write_Object write_OtherRoot write_Type write_Goroutine write_StackFrame
// wrap: write_Params write_Finalizer write_Itab write_OSThread write_MemStats
// wrap: write_QueuedFinalizer write_Data write_BSS write_Defer write_Panic write_MemProf
// wrap: write_AllocSample dump_recoder_add heap_read_memstats graph_reach
// clang-format on

#include "allocator/special.h"
#include "dump/graph/private.h"
#include "dump/recode.h"
#include "dump/write/records.h"
#include "tests/canary/matrix.h"
#include "tests/oracle/world.h"
#include "oracle/go/rules.h"

// ---- wrappers that change one record before it is written, leave it out, or write it twice

enum result { ONCE, NEVER, TWICE };

static struct lies {
#define DUMP_RECORD(tag, name, fields) void (*name)(struct writer_##name * record);
#define DUMP_RECORD_BARE(tag, name)
#include "dump/records.def"
    enum result object, ends; // of the first object, and of EOF
    bool recoder, statistics;
    void (*graph)(struct dump_graph *graph); // of what it found reachable
} lies;

#define DUMP_RECORD(tag, name, fields)                                                             \
    void __real_write_##name(struct out *out, const struct writer_##name *record);                 \
    void __wrap_write_##name(struct out *out, const struct writer_##name *record);                 \
    void __wrap_write_##name(struct out *out, const struct writer_##name *record) {                \
        struct writer_##name changed = *record;                                                    \
        if (lies.name != NULL) {                                                                   \
            lies.name(&changed);                                                                   \
        }                                                                                          \
        enum result result = (tag) == WRITER_TAG_OBJECT ? lies.object : ONCE;                      \
        lies.object = (tag) == WRITER_TAG_OBJECT ? ONCE : lies.object;                             \
        if (result != NEVER) {                                                                     \
            __real_write_##name(out, &changed);                                                    \
        }                                                                                          \
        if (result == TWICE) {                                                                     \
            __real_write_##name(out, &changed);                                                    \
        }                                                                                          \
    }
#define DUMP_RECORD_BARE(tag, name)                                                                \
    void __real_write_##name(struct out *out);                                                     \
    void __wrap_write_##name(struct out *out);                                                     \
    void __wrap_write_##name(struct out *out) {                                                    \
        if (lies.ends != NEVER) {                                                                  \
            __real_write_##name(out);                                                              \
        }                                                                                          \
    }
#include "dump/records.def"

bool __real_dump_recoder_add(struct dump_recoder *recoder, const struct dump_record *record);
bool __wrap_dump_recoder_add(struct dump_recoder *recoder, const struct dump_record *record);
bool __wrap_dump_recoder_add(struct dump_recoder *recoder, const struct dump_record *record) {
    struct dump_record changed = *record;
    if (lies.recoder && record->tag == DUMP_TAG_OSThread) {
        changed.as.OSThread.id++;
    }
    return __real_dump_recoder_add(recoder, &changed);
}

void __real_heap_read_memstats(struct heap *heap, struct memstats *stats);
void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats);
void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats) {
    __real_heap_read_memstats(heap, stats);
    stats->HeapObjects += lies.statistics ? 1 : 0;
}

bool __real_graph_reach(struct dump_graph *graph);
bool __wrap_graph_reach(struct dump_graph *graph);
bool __wrap_graph_reach(struct dump_graph *graph) {
    bool has_memory = __real_graph_reach(graph);
    if (lies.graph != NULL) {
        lies.graph(graph);
    }
    return has_memory;
}

// ---- the scene: the world of the round trip's tests, and an object too large to be written in
// place

enum { BIG = 50, BEHIND_BIG, FINALIZED, FOR_FINALIZER, UNTOLD_BYTES = 40000 };

static struct fixture *fixture;
static uint8_t other_bytes[65536]; // what is nowhere in the world

static void make_scene(void) {
    void *state;
    (void)setup_world(&state);
    fixture = state;
    const struct model_request request = {.size_bytes = 20000, .layout = &dense};
    assert_true(driver_alloc_with(&fixture->driver, BIG, request, 0));
    assert_true(driver_alloc(&fixture->driver, BEHIND_BIG, 50000));
    struct driver *driver = &fixture->driver;
    const struct model_request small = {.size_bytes = 64, .layout = &dense};
    assert_true(driver_alloc_with(driver, FINALIZED, small, 0)); // which nothing else leads to
    assert_true(driver_alloc(driver, FOR_FINALIZER, 64));
    assert_true(driver_write(driver, FINALIZED, 2,
                             model_handle(driver->model, FOR_FINALIZER)->address + 8));
    assert_true(driver_set_finalizer(driver, FINALIZED));
    memset(other_bytes, 0x5a, sizeof other_bytes);
}

static void judge(void) {
    dump(fixture);
    (void)check_bytes(fixture, fixture->bytes, fixture->size_bytes);
}

// ---- lies

#define LIE(rule_name, record_name, statement)                                                     \
    static void change_##rule_name(struct writer_##record_name *record) {                          \
        statement;                                                                                 \
    }                                                                                              \
    static void rule_name(void) {                                                                  \
        lies.record_name = change_##rule_name;                                                     \
        judge();                                                                                   \
    }

LIE(params, Params, record->cpus++)
LIE(type, Type, record->size++)
LIE(itab, Itab, record->address += 8)
LIE(other_root, OtherRoot, record->target++)
LIE(object_dead, Object, record->address += 8)
LIE(object_size, Object, record->contents.size_bytes -= 64)
LIE(object_contents, Object, record->contents.address = (uintptr_t)other_bytes)
LIE(object_fields, Object, record->fields.object_bytes /= 2)
LIE(goroutine, Goroutine, record->id++)
LIE(frame, StackFrame, record->depth++)
LIE(frame_contents, StackFrame, record->contents.address = (uintptr_t)other_bytes)
LIE(frame_fields, StackFrame, record->fields.runs[1].word_count = 0)
LIE(defer, Defer, record->pc++)
LIE(panic, Panic, record->data++)
LIE(osthread, OSThread, record->process_id++)
LIE(segment, Data, record->address += 8)
LIE(segment_of_bss, BSS, record->address += 8)
LIE(segment_contents, Data, record->contents.address = (uintptr_t)other_bytes)
LIE(segment_fields, Data, record->fields.runs[0].word_count--)
LIE(finalizer, Finalizer, record->function++)
LIE(queued, QueuedFinalizer, record->entry++)
LIE(memstats, MemStats, record->Frees++)
LIE(memprof, MemProf, record->size += 8)
LIE(memprof_stack, MemProf, record->stack.count--)
LIE(memprof_count, MemProf, record->allocs++)
LIE(sample, AllocSample, record->bucket += 8)

static void decode(void) {
    lies.ends = NEVER;
    judge();
}

static void recode(void) {
    lies.recoder = true;
    judge();
}

static void object_lost(void) {
    lies.object = NEVER;
    judge();
}

static void object_order(void) {
    lies.object = TWICE;
    judge();
}

static void object_model(void) { // nobody tells the ledger
    (void)heap_alloc(fixture->driver.heap, fixture->driver.caches[0], UNTOLD_BYTES, NULL, 0);
    judge();
}

static void object_sum(void) { // the record and the fast account lie alike
    lies.statistics = true;
    judge();
}

static void finalizer_model(void) { // nobody tells the ledger
    const struct finalizer untold = {.object = model_handle(fixture->driver.model, BIG)->address,
                                     .function = 1};
    (void)heap_add_finalizer(fixture->driver.heap, &untold);
    judge();
}

static void queued_model(void) { // likewise: it has run
    runtime_finish_finalizer(fixture->driver.runtime);
    judge();
}

// The first node of that state gets another.
static void change_state(struct dump_graph *graph, enum dump_node_state from,
                         enum dump_node_state to) {
    uint32_t node = 0;
    while (graph->nodes[node].state != (uint32_t)from) {
        assert_true(++node < graph->node_count);
    }
    graph->nodes[node].state = to;
}

#define GRAPH_LIE(name, statement)                                                                 \
    static void change_##name(struct dump_graph *graph) {                                          \
        statement;                                                                                 \
    }                                                                                              \
    static void name(void) {                                                                       \
        lies.graph = change_##name;                                                                \
        judge();                                                                                   \
    }

GRAPH_LIE(reach_lost, change_state(graph, DUMP_NODE_REACHABLE, DUMP_NODE_UNREACHABLE))
GRAPH_LIE(reach_too_far, change_state(graph, DUMP_NODE_UNREACHABLE, DUMP_NODE_REACHABLE))
GRAPH_LIE(reach_by_finalizer, change_state(graph, DUMP_NODE_FINALIZER_ONLY, DUMP_NODE_REACHABLE))
GRAPH_LIE(reach_no_finalizer, change_state(graph, DUMP_NODE_FINALIZER_ONLY, DUMP_NODE_UNREACHABLE))
GRAPH_LIE(reach_fewer, graph->node_count--)

// ---- the table

#define CANARY(id, name, record)                                                                   \
    { RULE_DUMP_##id, #name, name, 0, record }

static const struct canary canaries[] = {
    CANARY(DECODE, decode, "EOF"),
    CANARY(RECODE, recode, NULL),
    CANARY(PARAMS, params, "Params"),
    CANARY(TYPE, type, "Type"),
    CANARY(ITAB, itab, "Itab"),
    CANARY(OTHER_ROOT, other_root, "OtherRoot"),
    CANARY(OBJECT_LOST, object_lost, "Object"),
    CANARY(OBJECT_DEAD, object_dead, "Object"),
    CANARY(OBJECT_ORDER, object_order, "Object"),
    CANARY(OBJECT_SIZE, object_size, "Object"),
    CANARY(OBJECT_CONTENTS, object_contents, "Object"),
    CANARY(OBJECT_FIELDS, object_fields, "Object"),
    CANARY(OBJECT_MODEL, object_model, NULL),
    CANARY(OBJECT_SUM, object_sum, "MemStats"),
    CANARY(GOROUTINE, goroutine, "Goroutine"),
    CANARY(FRAME, frame, "StackFrame"),
    CANARY(FRAME_CONTENTS, frame_contents, "StackFrame"),
    CANARY(FRAME_FIELDS, frame_fields, "StackFrame"),
    CANARY(DEFER, defer, "Defer"),
    CANARY(PANIC, panic, "Panic"),
    CANARY(OSTHREAD, osthread, "OSThread"),
    CANARY(SEGMENT, segment, "Data"),
    CANARY(SEGMENT, segment_of_bss, "BSS"),
    CANARY(SEGMENT_CONTENTS, segment_contents, "Data"),
    CANARY(SEGMENT_FIELDS, segment_fields, "Data"),
    CANARY(FINALIZER, finalizer, "Finalizer"),
    CANARY(FINALIZER_MODEL, finalizer_model, NULL),
    CANARY(QUEUED, queued, "QueuedFinalizer"),
    CANARY(QUEUED_MODEL, queued_model, NULL),
    CANARY(MEMSTATS, memstats, "MemStats"),
    CANARY(MEMPROF, memprof, "MemProf"),
    CANARY(MEMPROF_STACK, memprof_stack, "MemProf"),
    CANARY(MEMPROF_COUNT, memprof_count, "MemProf"),
    CANARY(SAMPLE, sample, "AllocSample"),
    CANARY(REACH, reach_lost, NULL),
    CANARY(REACH, reach_too_far, NULL),
    CANARY(REACH, reach_by_finalizer, NULL),
    CANARY(REACH, reach_no_finalizer, NULL),
    CANARY(REACH, reach_fewer, NULL),
};
#define CANARY_COUNT (sizeof canaries / sizeof canaries[0])

static const struct oracle *sing(const struct canary *canary) {
    make_scene();
    dump(fixture);
    assert_true(check(fixture)); // clean, but for the lie
    canary->lie();
    lies = (struct lies){0};
    return fixture->driver.oracle;
}

static void end(void) {
    void *state = fixture;
    (void)teardown(&state);
}

static void every_rule_of_the_dump_has_a_canary(void **unused) {
    (void)unused;
    for (int rule = RULE_DUMP_DECODE; rule <= RULE_DUMP_REACH; rule++) {
        bool is_of_program = strstr(go_rules.rows[rule].name, "-model") != NULL; // canary_ledger's
        if (!has_sung[rule] && !is_of_program) {
            fail_msg("nobody makes rule %s fire", go_rules.rows[rule].name);
        }
    }
}

static void every_record_has_a_canary(void **unused) {
    (void)unused;
    static const char *const records[] = {
#define DUMP_RECORD(tag, name, fields) #name,
#define DUMP_RECORD_BARE(tag, name)    #name,
#include "dump/records.def"
    };
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        size_t at = 0;
        while (at < CANARY_COUNT &&
               (canaries[at].record == NULL || strcmp(canaries[at].record, records[i]) != 0)) {
            at++;
        }
        if (at == CANARY_COUNT) {
            fail_msg("no canary writes a wrong %s", records[i]);
        }
    }
}

int main(int argc, char **argv) {
    static const struct canary_stage dump_stage = {canaries, CANARY_COUNT, sing, end};
    const struct CMUnitTest others[] = {
        cmocka_unit_test(every_rule_of_the_dump_has_a_canary),
        cmocka_unit_test(every_record_has_a_canary),
    };
    return canary_main(argc, argv, &dump_stage, others, sizeof others / sizeof others[0]);
}
