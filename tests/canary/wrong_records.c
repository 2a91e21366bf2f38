// wrong_records: every field of every record of a dump, wrong alone, is told by its name and with
// both values by the truths that its row names, each of them alone; and so is a record that is gone
// or comes twice.
//
// The clean dump is decoded, one member changed, and encoded again. What one wrong record of the
// writer's makes fire, among all rules, is canary_dump's business.

#include "dump/reader.h"
#include "dump/recode.h"
#include "tests/oracle/world.h"

// ---- the rows: which rule tells it by the lists of heap and runtime, and which by the ledger

struct row {
    enum dump_tag tag;
    const char *member;       // "contents.size": the size, and so on
    enum rule own, ledger;    // NONE: this truth does not know it
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
    {DUMP_TAG_Params, "arch", RULE_DUMP_PARAMS, NONE, "arch is \"", NULL},
    {DUMP_TAG_Params, "version", RULE_DUMP_PARAMS, NONE, "version is \"", NULL},
    ROW_ALONE(Params, "cpus", PARAMS),
    ROW_WORDS(Type, "address", TYPE, TYPE_MODEL, NULL, "the ledger has no such record here"),
    ROW(Type, "size", TYPE, TYPE_MODEL),
    ROW_WORDS(Type, "name", TYPE, TYPE_MODEL, "the name is not the type's", "name: dump \""),
    ROW(Type, "indirect", TYPE, TYPE_MODEL),
    ROW(Itab, "address", ITAB, ITAB_MODEL),
    ROW(Itab, "type", ITAB, ITAB_MODEL),
    ROW_WORDS(OtherRoot, "description", OTHER_ROOT, OTHER_ROOT_MODEL, "description is \"",
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
    ROW_WORDS(Goroutine, "wait_reason", GOROUTINE, GOROUTINE_MODEL, "wait_reason is \"",
              "wait_reason: dump \""),
    ROW(Goroutine, "context", GOROUTINE, GOROUTINE_MODEL),
    ROW(Goroutine, "thread", GOROUTINE, GOROUTINE_MODEL),
    ROW(Goroutine, "defers", GOROUTINE, GOROUTINE_MODEL),
    ROW(Goroutine, "panics", GOROUTINE, GOROUTINE_MODEL),
    ROW(StackFrame, "sp", FRAME, FRAME_MODEL),
    ROW(StackFrame, "depth", FRAME, FRAME_MODEL),
    ROW(StackFrame, "child_sp", FRAME, FRAME_MODEL),
    ROW_WORDS(StackFrame, "contents", FRAME_CONTENTS, FRAME_MODEL, "in the dump", "contents: byte"),
    ROW_WORDS(StackFrame, "contents.size", FRAME, FRAME_MODEL, "size", "contents"),
    ROW(StackFrame, "entry", FRAME, FRAME_MODEL),
    ROW(StackFrame, "pc", FRAME, FRAME_MODEL),
    ROW(StackFrame, "continuation_pc", FRAME, FRAME_MODEL),
    ROW_WORDS(StackFrame, "function", FRAME, FRAME_MODEL, "function is \"", "function: dump \""),
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
        ROW_WORDS(record, "contents.size", SEGMENT, SEGMENT_MODEL, "size", "contents"),            \
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
    WHOLE(Panic, PANIC, PANIC_MODEL, PANIC, PANIC_MODEL),
    WHOLE(OSThread, OSTHREAD, OSTHREAD_MODEL, OSTHREAD, OSTHREAD_MODEL),
    WHOLE(Finalizer, FINALIZER, FINALIZER_MODEL, FINALIZER, FINALIZER_MODEL),
    WHOLE(QueuedFinalizer, QUEUED, QUEUED_MODEL, QUEUED, QUEUED_MODEL),
    WHOLE(MemProf, MEMPROF, MEMPROF_MODEL, MEMPROF, MEMPROF_MODEL),
    WHOLE(AllocSample, SAMPLE, SAMPLE_MODEL, SAMPLE, SAMPLE_MODEL),
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

// ---- changes of a member: as many as it has places

struct change {
    const char *member;
    size_t place; // which of them to make
    bool is_made;
    uint64_t before, after; // of a number
    char name[48];          // of the field that is told: "PauseNs[3]"
};

static uint8_t bent_bytes[1 << 16];
static struct dump_field bent_fields[DUMP_PART_FIELDS_MAX];
static struct dump_call bent_calls[DUMP_PART_CALLS_MAX];

static bool is_asked(const struct change *change, const char *member, const char *part,
                     size_t place_count) {
    char name[48];
    (void)snprintf(name, sizeof name, "%s%s", member, part);
    return strcmp(change->member, name) == 0 && change->place < place_count;
}

static void note(struct change *change, const char *name, uint64_t before, uint64_t after) {
    change->is_made = true;
    change->before = before;
    change->after = after;
    (void)snprintf(change->name, sizeof change->name, "%s", name);
}

static void bend_number(struct change *change, const char *member, uint64_t *number) {
    if (is_asked(change, member, "", 1)) {
        note(change, member, *number, *number + 8);
        *number += 8;
    }
}

static void bend_pointer_size(struct change *change, const char *member, uint64_t *number) {
    if (is_asked(change, member, "", 1)) {
        note(change, member, *number, 4);
        *number = 4;
    }
}

static void bend_bool(struct change *change, const char *member, bool *value) {
    if (is_asked(change, member, "", 1)) {
        note(change, member, *value, !*value);
        *value = !*value;
    }
}

// Another last character; one less, or more where there is none.
static void bend_string(struct change *change, const char *member, struct dump_string *string) {
    if (!is_asked(change, member, "", 2) || (string->size_bytes == 0 && change->place == 0)) {
        return;
    }
    note(change, member, 0, 0);
    size_t size_bytes = (size_t)string->size_bytes;
    memcpy(bent_bytes, string->bytes, size_bytes);
    if (change->place == 0) {
        bent_bytes[size_bytes - 1] ^= 1;
    } else {
        size_bytes = size_bytes == 0 ? 1 : size_bytes - 1;
    }
    *string = (struct dump_string){bent_bytes, size_bytes};
}

// The first byte and the last; a word less.
static void bend_memory(struct change *change, const char *member, struct dump_memory *memory) {
    size_t size_bytes = (size_t)memory->size_bytes;
    if (is_asked(change, member, "", size_bytes == 0 ? 0 : 2)) {
        note(change, member, 0, 0);
        memcpy(bent_bytes, memory->bytes, size_bytes);
        bent_bytes[change->place == 0 ? 0 : size_bytes - 1] ^= 1;
        memory->bytes = bent_bytes;
    } else if (is_asked(change, member, ".size", size_bytes == 0 ? 0 : 1)) {
        note(change, member, size_bytes, size_bytes - 8);
        memory->size_bytes = memory->total_bytes = size_bytes - 8;
    }
}

// Each offset; a field less, and one more.
static void bend_fields(struct change *change, const char *member, struct dump_fields *fields) {
    memcpy(bent_fields, fields->at, fields->count * sizeof *fields->at);
    if (is_asked(change, member, "", fields->count)) {
        uint64_t *offset = &bent_fields[change->place].offset;
        note(change, member, *offset, *offset + 4);
        *offset += 4;
    } else if (is_asked(change, member, ".count", 2) && (change->place == 1 || fields->count > 0)) {
        note(change, member, 0, 0);
        bent_fields[fields->count] = (struct dump_field){1, 1 << 20};
        fields->count += change->place == 1 ? 1 : (size_t)-1;
    }
    fields->at = bent_fields;
}

static void bend_pauses(struct change *change, const char *member, uint64_t *pauses) {
    if (is_asked(change, member, "", DUMP_PAUSE_COUNT)) {
        char name[48];
        (void)snprintf(name, sizeof name, "%s[%zu]", member, change->place);
        note(change, name, pauses[change->place], pauses[change->place] + 1);
        pauses[change->place]++;
    }
}

// Function, file and line of each call; a call less.
static void bend_calls(struct change *change, const char *member, struct dump_calls *calls) {
    memcpy(bent_calls, calls->at, calls->count * sizeof *calls->at);
    if (is_asked(change, member, "", 3 * calls->count)) {
        struct dump_call *call = &bent_calls[change->place / 3];
        static const char *const names[] = {"function", "file", "line"};
        struct change last = {.member = "x"};
        if (change->place % 3 == 2) {
            call->line++;
        } else {
            bend_string(&last, "x", change->place % 3 == 0 ? &call->function : &call->file);
        }
        note(change, names[change->place % 3], 0, 0);
    } else if (is_asked(change, member, ".count", calls->count == 0 ? 0 : 1)) {
        note(change, member, 0, 0);
        calls->count--;
        calls->total--;
    }
    calls->at = bent_calls;
}

#define U(name) bend_number(change, #name, &own->name);
#define A(name) U(name)
#define B(name) bend_bool(change, #name, &own->name);
#define P(name) bend_pointer_size(change, #name, &own->name);
#define S(name) bend_string(change, #name, &own->name);
#define M(name) bend_memory(change, #name, &own->name);
#define F(name) bend_fields(change, #name, &own->name);
#define N(name) bend_pauses(change, #name, own->name);
#define K(name) bend_calls(change, #name, &own->name);
static void bend(struct dump_record *record, struct change *change) {
    switch (record->tag) {
#define DUMP_RECORD_BARE(tag, name)
#define DUMP_RECORD(tag, name, fields)                                                             \
    case (enum dump_tag)(tag): {                                                                   \
        struct dump_record_##name *own = &record->as.name;                                         \
        fields;                                                                                    \
        break;                                                                                     \
    }
#include "dump/records.def"
    case DUMP_TAG_EOF:
    case DUMP_TAG_COUNT:
        break;
    }
}
#undef U
#undef A
#undef B
#undef P
#undef S
#undef M
#undef F
#undef N
#undef K

// ---- a dump with one change

static struct fixture *fixture;
static uint8_t wrong_bytes[1 << 18];
static size_t wrong_size;

static int64_t take_wrong(void *context, const void *bytes, size_t size_bytes) {
    (void)context;
    assert_true(wrong_size + size_bytes <= sizeof wrong_bytes);
    memcpy(wrong_bytes + wrong_size, bytes, size_bytes);
    wrong_size += size_bytes;
    return (int64_t)size_bytes;
}

// Of the index-th record with the row's tag. False: there is none.
static bool write_wrong(const struct row *row, size_t index, struct change *change) {
    static struct dump_recoder recoder;
    const struct dump_output output = {take_wrong, NULL};
    wrong_size = 0;
    dump_recoder_init(&recoder, &output);
    struct dump_reader *reader =
        dump_reader_create_memory(fixture->bytes, fixture->size_bytes, DUMP_STRICT);
    const struct dump_record *record;
    size_t at = 0;
    while ((record = dump_reader_next(reader)) != NULL) {
        struct dump_record changed = *record;
        bool is_it = record->tag == row->tag && at++ == index;
        bool is_gone = is_it && strcmp(row->member, "(gone)") == 0;
        bool is_twice = is_it && strcmp(row->member, "(twice)") == 0;
        if (is_it) {
            bend(&changed, change);
        }
        if ((is_gone || is_twice) && change->place == 0) {
            note(change, "", 0, 0);
        }
        for (int times = is_gone ? 0 : is_twice ? 2 : 1; times > 0; times--) {
            (void)dump_recoder_add(&recoder, &changed);
        }
    }
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_NONE);
    dump_reader_destroy(reader);
    assert_true(dump_recoder_finish(&recoder));
    return at > index;
}

// ---- what is said of it

static void assert_told(const struct row *row, const struct change *change, enum rule rule,
                        const char *words) {
    const struct finding *finding = oracle_finding(fixture->driver.oracle);
    if (finding == NULL) {
        fail_msg("%s.%s: %s does not see it", dump_tag_names[row->tag], row->member,
                 rule_names[rule]);
    }
    bool is_told = finding->rule == rule;
    if (words == NULL) {
        is_told &= strcmp(finding->field, change->name) == 0 && finding->has_values &&
                   strcmp(finding->left_name, "dump") == 0 && finding->left == change->after &&
                   finding->right == change->before;
    } else {
        is_told &= strstr(finding->text, words) != NULL || strcmp(finding->field, words) == 0;
    }
    if (!is_told) {
        finding_print(finding, stderr);
        fail_msg("%s.%s: %s does not say so first", dump_tag_names[row->tag], row->member,
                 rule_names[rule]);
    }
}

// Each change of the row, judged; `looks` says how often the rule is evaluated, 0: at least once.
static void judge_row(const struct row *row, enum rule rule, const char *words, uint64_t looks) {
    struct oracle *oracle = fixture->driver.oracle;
    size_t made = 0;
    for (size_t index = 0;; index++) {
        struct change change = {.member = row->member};
        if (!write_wrong(row, index, &change)) {
            break;
        }
        for (; change.is_made; made++) {
            uint64_t before = oracle_evaluated(oracle, rule);
            (void)check_bytes(fixture, wrong_bytes, wrong_size);
            assert_told(row, &change, rule, words);
            oracle_forget_finding(oracle);
            uint64_t evaluated = oracle_evaluated(oracle, rule) - before;
            assert_true(looks == 0 ? evaluated > 0 : evaluated == looks);
            change.is_made = false;
            change.place++;
            (void)write_wrong(row, index, &change);
        }
    }
    if (made == 0) {
        fail_msg("no record of the scene lets %s.%s be wrong", dump_tag_names[row->tag],
                 row->member);
    }
}

// ---- the scene: the world of the round trip's tests, and more goroutines than one

static void make_scene(void) {
    void *state;
    (void)setup_world(&state);
    fixture = state;
    struct driver *driver = &fixture->driver;
    struct goroutine *g = driver_start_goroutine(driver, 3, 0x401028, false);
    make_frames(driver, g, 3);
    (void)driver_push_defer(driver, g, 3, 0x600000, 0x401044);
    (void)driver_start_goroutine(driver, 4, 0x401018, false);
    dump(fixture);
    assert_true(check(fixture));
}

static void end_scene(void) {
    void *state = fixture;
    (void)teardown(&state);
}

static bool is_whole(const struct row *row) {
    return row->member[0] == '(';
}

static void each_wrong_field_is_told_first_by_its_own_rule(void **unused) {
    (void)unused;
    make_scene();
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].own != NONE && !is_whole(&rows[i])) {
            judge_row(&rows[i], rows[i].own, rows[i].own_words, 1);
        }
    }
    end_scene();
}

// With every other rule deaf.
static void each_truth_tells_what_is_wrong_alone(void **unused) {
    (void)unused;
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        bool has_scene = false;
        for (size_t i = 0; i < ROW_COUNT; i++) {
            bool is_own = rows[i].own == (enum rule)rule;
            if (!is_own && rows[i].ledger != (enum rule)rule) {
                continue;
            }
            if (!has_scene) {
                make_scene();
                for (int other = 0; other < RULE_COUNT; other++) {
                    assert_true(other == rule ||
                                oracle_set_aside(fixture->driver.oracle, rule_names[other]));
                }
                has_scene = true;
            }
            judge_row(&rows[i], (enum rule)rule, is_own ? rows[i].own_words : rows[i].ledger_words,
                      0);
        }
        if (has_scene) {
            end_scene();
        }
    }
}

static bool has_row(enum dump_tag tag, const char *member) {
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].tag == tag && strcmp(rows[i].member, member) == 0) {
            return true;
        }
    }
    return false;
}

static void every_member_has_a_row(void **unused) {
    (void)unused;
#define MEMBER(name)                                                                               \
    if (!has_row(tag, #name)) {                                                                    \
        fail_msg("%s.%s has no row", dump_tag_names[tag], #name);                                  \
    }
#define U(name) MEMBER(name)
#define A(name) MEMBER(name)
#define B(name) MEMBER(name)
#define P(name) MEMBER(name)
#define S(name) MEMBER(name)
#define M(name) MEMBER(name)
#define F(name) MEMBER(name)
#define N(name) MEMBER(name)
#define K(name) MEMBER(name)
#define DUMP_RECORD_BARE(tag, name)
#define DUMP_RECORD(number, name, fields)                                                          \
    {                                                                                              \
        const enum dump_tag tag = DUMP_TAG_##name;                                                 \
        fields                                                                                     \
    }
#include "dump/records.def"
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_has_a_row),
        cmocka_unit_test(each_wrong_field_is_told_first_by_its_own_rule),
        cmocka_unit_test(each_truth_tells_what_is_wrong_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
