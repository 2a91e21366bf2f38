// wrong_records: every field of every record of a dump, wrong alone, is told by its name and with
// both values by the truths that its row names, each of them alone; and so is a record that is gone
// or comes twice.
//
// The clean dump is decoded, one member changed, and encoded again. What one wrong record of the
// writer's makes fire, among all rules, is canary_dump's business.
//
// holds: oracle/go/roundtrip/fields.c oracle/go/view/record.c

// wrap: harness_realloc

#include "dump/reader.h"
#include "dump/recode.h"
#include "tests/canary/record_rows.h"
#include "tests/oracle/world.h"
#include "tests/test.h"
#include "oracle/go/rules.h"

// What nobody wrote is zero, and would come first in any order.
void *__real_harness_realloc(void *block, size_t size_bytes);
void *__wrap_harness_realloc(void *block, size_t size_bytes);
void *__wrap_harness_realloc(void *block, size_t size_bytes) {
    void *resized = __real_harness_realloc(block, size_bytes);
    if (block == NULL && resized != NULL) {
        memset(resized, 0, size_bytes);
    }
    return resized;
}

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

static void assert_told(const struct row *row, const struct change *change, unsigned rule,
                        const char *words) {
    const struct finding *finding = oracle_finding(fixture->driver.oracle);
    if (finding == NULL) {
        fail_msg("%s.%s: %s does not see it", dump_tag_names[row->tag], row->member,
                 go_rules.rows[rule].name);
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
                 go_rules.rows[rule].name);
    }
}

// Each change of the row, judged; `looks` says how often the rule is evaluated, 0: at least once.
static void judge_row(const struct row *row, unsigned rule, const char *words, uint64_t looks) {
    struct oracle *oracle = fixture->driver.oracle;
    size_t made = 0;
    for (size_t index = 0;; index++) {
        struct change change = {.member = row->member};
        if (!write_wrong(row, index, &change)) {
            break;
        }
        for (; change.is_made; made++) {
            uint64_t before = oracle_evaluated(oracle, rule);
            assert_false(check_bytes(fixture, wrong_bytes, wrong_size));
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
    driver_set_status(driver, g, 3, GOROUTINE_RUNNING, "");
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

TEST(each_wrong_field_is_told_first_by_its_own_rule) {
    make_scene();
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].own != NONE && !is_whole(&rows[i])) {
            judge_row(&rows[i], rows[i].own, rows[i].own_words, 1);
        }
    }
    end_scene();
}

static void listen_to(unsigned rule) {
    for (int other = 0; other < RULE_COUNT; other++) {
        assert_true(other == (int)rule ||
                    rule_set_aside(oracle_book(fixture->driver.oracle), go_rules.rows[other].name));
    }
}

// With every other rule deaf.
TEST(each_truth_tells_what_is_wrong_alone) {
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        bool has_scene = false;
        for (size_t i = 0; i < ROW_COUNT; i++) {
            bool is_own = rows[i].own == (unsigned)rule;
            if (!is_own && rows[i].ledger != (unsigned)rule) {
                continue;
            }
            if (!has_scene) {
                make_scene();
                listen_to((unsigned)rule);
                has_scene = true;
            }
            judge_row(&rows[i], (unsigned)rule, is_own ? rows[i].own_words : rows[i].ledger_words,
                      0);
        }
        if (has_scene) {
            end_scene();
        }
    }
}

// The pointer fields of BSS are more than a part of a record holds.
TEST(a_record_in_parts_is_clean) {
    fixture = calloc(1, sizeof *fixture);
    driver_create_with(&fixture->driver, 2 * DUMP_PART_FIELDS_MAX + 3);
    dump(fixture);
    assert_true(check(fixture));
    end_scene();
}

// All that should have come has come: one more is told by the count.
TEST(a_finalizer_behind_the_last_is_counted) {
    const unsigned rules[] = {RULE_DUMP_QUEUED, RULE_DUMP_QUEUED_MODEL};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        make_scene();
        listen_to(rules[i]);
        const struct row twice = {DUMP_TAG_QueuedFinalizer, "(twice)", rules[i], NONE, NULL, NULL};
        struct change change = {.member = "(twice)"};
        size_t count = 0;
        while (write_wrong(&twice, count, &change)) {
            count++;
        }
        (void)write_wrong(&twice, count - 1, &change);
        assert_false(check_bytes(fixture, wrong_bytes, wrong_size));
        const struct finding *finding = oracle_finding(fixture->driver.oracle);
        assert_non_null(finding);
        assert_string_equal(finding->field, "count");
        assert_int_equal(finding->left, count + 1);
        assert_int_equal(finding->right, count);
        end_scene();
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

TEST(every_member_has_a_row) {
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
