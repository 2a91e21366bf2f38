// drive: a trace's events on an allocator, and a ledger of what it gave.
#define _GNU_SOURCE // clock_gettime, RUSAGE_SELF
#include "cli/trace/drive.h"

#include "cli/io/clock.h"
#include "cli/trace/marks.h"
#include "fuzz/execute/child.h"
#include "oracle/core/harness_memory.h"
#include "oracle/relations/statistic.h"
#include "oracle/subject/judge.h"
#include "oracle/subject/live.h"
#include "oracle/subject/pattern.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

// An object in its place.
struct object {
    void *address; // NULL: there is none
    uint64_t seed; // of its contents
    int64_t measures[RELATIONS_MEASURES];
    uint32_t row; // LIVE_NONE: none
};

typedef int64_t tallies[RELATIONS_LEDGER][RELATIONS_MEASURES];

struct drive {
    struct driven driven;
    struct subject *subject;
    struct drive_options options;
    struct drive_result *result;
    struct object *objects; // by place
    uint32_t capacity;
    uint64_t next_seed;
    struct rule_book book;
    struct relations_facts facts;
    tallies sums;
    tallies *rows; // LIVE_ROWS_MAX of them
    uint32_t row_count;
    int64_t *values;
    const struct feed_batch *batch; // that is being done
};

static const char *const kind_names[] = {"nothing", "allocate", "allocate zeroed", "resize",
                                         "release"};

static void describe(void *context, uint64_t number, char *text, size_t size_bytes) {
    const struct drive *drive = context;
    const struct feed_batch *batch = drive->batch;
    if (batch == NULL || number - batch->first >= batch->count) {
        (void)snprintf(text, size_bytes, "the end of the trace");
        return;
    }
    const struct feed_event *event = &batch->events[number - batch->first];
    (void)snprintf(text, size_bytes, "%s %" PRIu64 " B, thread %u", kind_names[event->kind],
                   event->size_bytes, event->thread);
}

// ---- the ledger

static void add_to(int64_t *row, const struct object *object, int64_t sign) {
    for (int i = 0; i < RELATIONS_MEASURES; i++) {
        row[i] += sign * object->measures[i];
    }
}

static void add(struct drive *drive, enum relations_tally tally, const struct object *object) {
    add_to(drive->sums[tally], object, 1);
    if (object->row < LIVE_ROWS_MAX) {
        add_to(drive->rows[object->row][tally], object, 1);
        if (object->row >= drive->row_count) {
            drive->row_count = object->row + 1;
        }
    }
}

// Where it is: what it gained was allocated, what it lost was freed.
static void add_change(tallies sums, const int64_t *before, const int64_t *now) {
    for (int i = 0; i < RELATIONS_MEASURES; i++) {
        int64_t gained = now[i] - before[i];
        sums[RELATIONS_TOTAL][i] += gained > 0 ? gained : 0;
        sums[RELATIONS_FREED][i] -= gained < 0 ? gained : 0;
    }
}

static void change(struct drive *drive, const struct object *before, const struct object *now) {
    add_change(drive->sums, before->measures, now->measures);
    if (before->row == now->row && now->row < LIVE_ROWS_MAX) {
        add_change(drive->rows[now->row], before->measures, now->measures);
    } else if (before->row != now->row) {
        if (before->row < LIVE_ROWS_MAX) {
            add_to(drive->rows[before->row][RELATIONS_FREED], before, 1);
        }
        if (now->row < LIVE_ROWS_MAX) {
            add_to(drive->rows[now->row][RELATIONS_TOTAL], now, 1);
            drive->row_count = now->row >= drive->row_count ? now->row + 1 : drive->row_count;
        }
    }
}

static void note(struct drive *drive, enum relations_operation operation, uint32_t moment) {
    drive->facts.operations[operation]++;
    drive->facts.moment = moment | RELATIONS_ONE_LANE;
}

// ---- results

static bool is_touched(const struct drive *drive) {
    return (drive->driven.table->capabilities & COUNTERCHECK_REMOTE) == 0;
}

static struct object object_from(struct drive *drive, void *address, uint64_t size_bytes) {
    const struct countercheck_subject *table = drive->driven.table;
    void *self = drive->driven.self;
    size_t usable = table->usable != NULL ? table->usable(self, address) : size_bytes;
    size_t footprint = table->footprint != NULL ? table->footprint(self, address) : usable;
    return (struct object){
        .address = address,
        .measures = {1, (int64_t)size_bytes, (int64_t)usable, (int64_t)footprint},
        .row = table->class_of != NULL ? table->class_of(self, address) : LIVE_NONE,
    };
}

static size_t size_of(const struct object *object) {
    return (size_t)object->measures[RELATIONS_REQUESTED];
}

static bool is_promised(struct drive *drive, const struct object *object, size_t alignment) {
    struct rule_book *book = &drive->book;
    const struct rule_place place = {.object = (uintptr_t)object->address};
    rule_count(book, RULE_SUBJECT_ALIGNMENT);
    rule_count(book, RULE_SUBJECT_USABLE);
    if ((uintptr_t)object->address % alignment != 0) {
        return rule_fail(book, RULE_SUBJECT_ALIGNMENT, place, "not a multiple of %zu", alignment);
    }
    return object->measures[RELATIONS_USABLE] >= object->measures[RELATIONS_REQUESTED] ||
           rule_fail(book, RULE_SUBJECT_USABLE, place,
                     "%" PRId64 " bytes are usable, %" PRId64 " were asked for",
                     object->measures[RELATIONS_USABLE], object->measures[RELATIONS_REQUESTED]);
}

static bool keeps_contents(struct drive *drive, const struct object *object, const void *address,
                           size_t size_bytes) {
    if (!drive->options.has_contents) {
        return true;
    }
    rule_count(&drive->book, RULE_SUBJECT_CONTENTS);
    return marks_hold(address, size_of(object), size_bytes, object->seed) ||
           rule_fail(&drive->book, RULE_SUBJECT_CONTENTS,
                     (struct rule_place){.object = (uintptr_t)address},
                     "its bytes are not what was written");
}

// The allocator may have none.
static bool may_give_nothing(struct drive *drive, uint64_t size_bytes) {
    const struct countercheck_subject *table = drive->driven.table;
    if (size_bytes == 0) {
        return true;
    }
    drive->result->failed_count++;
    note(drive, RELATIONS_FAILED, RELATIONS_ON_FAILED);
    bool may = (table->capabilities & COUNTERCHECK_MAY_FAIL) != 0;
    rule_count(&drive->book, RULE_SUBJECT_FAILED);
    return may || !drive->options.has_ledger ||
           rule_fail(&drive->book, RULE_SUBJECT_FAILED, (struct rule_place){0},
                     "nothing was given, and the table says no COUNTERCHECK_MAY_FAIL");
}

// ---- events

static void enter(struct drive *drive, struct object *place, struct object now) {
    now.seed = drive->next_seed++;
    *place = now;
    if (drive->options.has_contents) {
        marks_fill(now.address, size_of(&now), now.seed);
    }
}

static bool allocate(struct drive *drive, struct object *place, const struct feed_event *event) {
    const struct countercheck_subject *table = drive->driven.table;
    const struct driven_wish wish = {event->size_bytes, event->align_log,
                                     event->kind == FEED_ALLOCATE_ZEROED};
    void *address = driven_allocate(&drive->driven, &wish);
    place->address = NULL;
    if (address == NULL) {
        return may_give_nothing(drive, event->size_bytes);
    }
    if (!drive->options.has_ledger) {
        *place = (struct object){.address = address};
        place->measures[RELATIONS_REQUESTED] = (int64_t)event->size_bytes;
        enter(drive, place, *place);
        return true;
    }
    struct object now = object_from(drive, address, event->size_bytes);
    bool is_zeroed = wish.is_zeroed && table->allocate_zeroed != NULL && wish.align_log == 0;
    if (!is_promised(drive, &now, table->alignment)) {
        return false;
    }
    rule_count(&drive->book, RULE_SUBJECT_ZERO);
    if (is_zeroed && is_touched(drive) && !pattern_is_zero((uintptr_t)address, event->size_bytes)) {
        return rule_fail(&drive->book, RULE_SUBJECT_ZERO,
                         (struct rule_place){.object = (uintptr_t)address},
                         "of %" PRIu64 " bytes some are not zero", event->size_bytes);
    }
    enter(drive, place, now);
    add(drive, RELATIONS_TOTAL, place);
    note(drive, RELATIONS_ALLOC, RELATIONS_ON_ALLOC);
    drive->facts.operations[RELATIONS_ZEROED] += is_zeroed;
    drive->facts.operations[RELATIONS_ALIGNED] += wish.align_log > 0;
    return true;
}

static bool release(struct drive *drive, struct object *place) {
    const struct object before = *place;
    bool is_dropped =
        drive->driven.table->release == NULL && drive->driven.table->release_sized == NULL;
    if (before.address == NULL) { // it never was
        return true;
    }
    if (!keeps_contents(drive, &before, before.address, size_of(&before))) {
        return false;
    }
    place->address = NULL;
    driven_release(&drive->driven, before.address, size_of(&before));
    if (drive->options.has_ledger) {
        bool collects = (drive->driven.table->capabilities & COUNTERCHECK_COLLECTS) != 0;
        add(drive, is_dropped && collects ? RELATIONS_DROPPED : RELATIONS_FREED, &before);
        note(drive, is_dropped ? RELATIONS_DROP : RELATIONS_FREE, RELATIONS_ON_FREE);
    }
    return true;
}

static void note_resize(struct drive *drive, const struct object *before,
                        const struct object *now) {
    if (now->address == before->address) {
        change(drive, before, now);
        note(drive, RELATIONS_REALLOC_IN_PLACE, RELATIONS_ON_REALLOC_IN_PLACE);
    } else {
        add(drive, RELATIONS_TOTAL, now);
        add(drive, RELATIONS_FREED, before);
        note(drive, RELATIONS_REALLOC_MOVED, RELATIONS_ON_REALLOC_MOVED);
    }
}

static bool resize(struct drive *drive, struct object *place, const struct feed_event *event) {
    const struct object before = *place;
    uint64_t size_bytes = event->size_bytes == 0 ? 1 : event->size_bytes;
    if (before.address == NULL) {
        return allocate(drive, place, event);
    }
    if (!keeps_contents(drive, &before, before.address, size_of(&before))) {
        return false;
    }
    void *address = driven_resize(&drive->driven, before.address, size_of(&before), size_bytes);
    if (address == NULL) {
        return may_give_nothing(drive, size_bytes);
    }
    struct object now = {.address = address};
    now.measures[RELATIONS_REQUESTED] = (int64_t)size_bytes;
    if (!keeps_contents(drive, &before, address, size_bytes)) {
        return false;
    }
    if (drive->options.has_ledger) {
        now = object_from(drive, address, size_bytes);
        if (!is_promised(drive, &now, drive->driven.table->alignment)) {
            return false;
        }
        note_resize(drive, &before, &now);
    }
    enter(drive, place, now);
    return true;
}

// What the allocator does not take stays as it was.
static bool take(struct drive *drive, const struct feed_event *event) {
    struct object *place = &drive->objects[event->place];
    if (event->kind != FEED_RELEASE && !driven_takes(&drive->driven, event->size_bytes)) {
        drive->result->failed_count++;
        place->address = event->kind == FEED_RESIZE ? place->address : NULL;
        return true;
    }
    switch ((enum feed_kind)event->kind) {
    case FEED_NOTHING:
        return true;
    case FEED_ALLOCATE:
    case FEED_ALLOCATE_ZEROED:
        drive->result->call_count++;
        return allocate(drive, place, event);
    case FEED_RESIZE:
        drive->result->call_count++;
        return resize(drive, place, event);
    case FEED_RELEASE:
        drive->result->call_count++;
        return release(drive, place);
    }
    return true;
}

// ---- checks

static void count_living(struct drive *drive) {
    for (int i = 0; i < RELATIONS_MEASURES; i++) {
        drive->sums[RELATIONS_LIVE][i] =
            drive->sums[RELATIONS_TOTAL][i] - drive->sums[RELATIONS_FREED][i];
        for (uint32_t row = 0; row < drive->row_count; row++) {
            int64_t(*of)[RELATIONS_MEASURES] = drive->rows[row];
            of[RELATIONS_LIVE][i] = of[RELATIONS_TOTAL][i] - of[RELATIONS_FREED][i];
        }
    }
    drive->facts.tally = (const int64_t(*)[RELATIONS_MEASURES])drive->sums;
    drive->facts.rows = drive->driven.table->class_of == NULL
                            ? NULL
                            : (const int64_t(*)[RELATIONS_LEDGER][RELATIONS_MEASURES])drive->rows;
    drive->facts.row_count = drive->row_count;
}

static void read_values(struct drive *drive) {
    const struct countercheck_subject *table = drive->driven.table;
    bool can_read = table->read != NULL && table->read(drive->driven.self, drive->values);
    drive->facts.values = can_read ? drive->values : NULL;
    host_tell(&drive->driven.host, drive->facts.backing);
}

static bool check_relations(struct drive *drive) {
    struct relations_failure failure;
    rule_count(&drive->book, RULE_SUBJECT_RELATION);
    if (relations_check(drive->subject->relations, &drive->facts, &failure, 1) == 0) {
        return true;
    }
    const struct relations_rule *rule = relations_rule(drive->subject->relations, failure.rule);
    return rule_fail_words(&drive->book, RULE_SUBJECT_RELATION,
                           rule->label != NULL ? rule->label : rule->text, rule->text,
                           failure.text);
}

static bool check_verify(struct drive *drive) {
    const struct countercheck_subject *table = drive->driven.table;
    if (table->verify == NULL) {
        return true;
    }
    rule_count(&drive->book, RULE_SUBJECT_VERIFY);
    const char *what = table->verify(drive->driven.self);
    return what == NULL ||
           rule_fail(&drive->book, RULE_SUBJECT_VERIFY, (struct rule_place){0}, "%s", what);
}

// All that lives; `moment`: what is true besides.
static bool check(struct drive *drive, uint32_t moment) {
    if (!drive->options.has_ledger) {
        return true;
    }
    drive->result->check_count++;
    for (uint32_t i = 0; i < drive->capacity; i++) {
        const struct object *object = &drive->objects[i];
        if (object->address != NULL &&
            !keeps_contents(drive, object, object->address, size_of(object))) {
            return false;
        }
    }
    count_living(drive);
    read_values(drive);
    drive->facts.moment |= moment | RELATIONS_ONE_LANE;
    if (drive->sums[RELATIONS_LIVE][RELATIONS_COUNT] == 0) {
        drive->facts.moment |= RELATIONS_EMPTY;
    }
    drive->book.checked_before = drive->book.operation + 1;
    return check_verify(drive) && check_relations(drive);
}

static bool settle(struct drive *drive) {
    const struct countercheck_subject *table = drive->driven.table;
    if (table->flush != NULL) {
        table->flush(drive->driven.self);
    }
    if (table->settle != NULL) {
        table->settle(drive->driven.self);
    }
    drive->facts.moment = 0;
    return check(drive, RELATIONS_SETTLED | RELATIONS_QUIET);
}

// At rest, then with nothing alive.
static bool finish(struct drive *drive) {
    drive->batch = NULL;
    bool is_clean = !drive->options.has_ledger || settle(drive);
    for (uint32_t i = 0; i < drive->capacity && is_clean; i++) {
        is_clean = release(drive, &drive->objects[i]);
    }
    return is_clean && (!drive->options.has_ledger || settle(drive));
}

// ---- the whole

static bool begin(struct drive *drive) {
    const struct countercheck_statistic *statistic = drive->subject->table.statistics;
    size_t value_count = JUDGE_SLACK;
    for (; statistic != NULL && statistic->name != NULL; statistic++) {
        value_count += statistic_numbers(statistic);
    }
    drive->values = harness_calloc(value_count, sizeof *drive->values);
    drive->rows = harness_calloc(LIVE_ROWS_MAX, sizeof *drive->rows);
    if (drive->values == NULL || drive->rows == NULL ||
        !driven_begin(&drive->driven, drive->subject)) {
        return false;
    }
    rule_book_init(&drive->book, &core_rules);
    rule_book_begin(&drive->book);
    drive->book.describe = describe;
    drive->book.describe_context = drive;
    for (unsigned rule = RULE_SUBJECT_OVERLAP; rule < RULE_SUBJECT_RELATION; rule++) {
        if (relations_known(drive->subject->relations, rule) != NULL) {
            (void)rule_set_aside(&drive->book, core_rules.rows[rule].name);
        }
    }
    drive->options.has_contents = drive->options.has_contents && is_touched(drive);
    drive->facts = (struct relations_facts){.is_crowded = true}; // what was between is not known
    drive->facts.moment = RELATIONS_EMPTY | RELATIONS_ONE_LANE;
    count_living(drive);
    read_values(drive);
    relations_begin(drive->subject->relations, &drive->facts);
    return true;
}

// Room for the places of the batch. False: refused.
static bool make_room(struct drive *drive, uint32_t place_count) {
    uint32_t before = drive->capacity;
    if (!HARNESS_RESERVE(drive->objects, drive->capacity, place_count)) {
        return false;
    }
    if (drive->capacity > before) {
        memset(drive->objects + before, 0, (drive->capacity - before) * sizeof *drive->objects);
    }
    return true;
}

static bool take_all(struct drive *drive, struct feed *feed) {
    const struct feed_batch *batch;
    uint32_t ms = subject_hang_ms(drive->driven.table);
    uint32_t hang_ms = ms > UINT32_MAX / 10 ? UINT32_MAX : 10 * ms;
    while ((batch = feed_next(feed)) != NULL) {
        drive->batch = batch;
        child_alarm(hang_ms);
        if (!make_room(drive, batch->place_count)) {
            drive->result->is_environment = true;
            return true;
        }
        for (uint32_t i = 0; i < batch->count; i++) {
            drive->book.operation = batch->first + i;
            feed_at(feed, batch->first + i);
            if (!take(drive, &batch->events[i])) {
                return false;
            }
        }
        if (!check(drive, 0)) {
            return false;
        }
    }
    drive->book.operation++;
    child_alarm(hang_ms);
    return finish(drive);
}

void drive_all(struct feed *feed, struct subject *subject, const struct drive_options *options,
               struct drive_result *result) {
    struct rusage used;
    struct drive drive = {.subject = subject, .options = *options, .result = result};
    if (!begin(&drive)) {
        result->is_environment = true;
        return;
    }
    double begun = clock_processor_seconds();
    result->has_finding = !take_all(&drive, feed);
    result->seconds = clock_processor_seconds() - begun;
    (void)getrusage(RUSAGE_SELF, &used);
    result->peak_kib = (uint64_t)used.ru_maxrss;
    result->is_environment = result->is_environment || harness_refusal_count() > 0;
    if (result->has_finding) {
        result->finding = drive.book.finding; // it is no longer to be trusted
    } else {
        driven_end(&drive.driven);
    }
}
