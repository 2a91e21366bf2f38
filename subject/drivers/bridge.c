// bridge: the table of an allocator that a driver has, in another process and its own language.
//
// `subject/drivers/compile` compiles the driver's command in, and its relations. What both say to
// each other stands in subject/README.md. What goes wrong with the driver itself (it dies, does not
// answer, answers nonsense) is what verify() tells: a finding with the operation that did it.
#include "subject/drivers/description.h"
#include "subject/drivers/process.h"
#include "subject/subject.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OBJECTS_MAX 70000              // more than the harness ever holds
#define NUMBER_MAX  (INT64_C(1) << 46) // of an object's bytes, as the harness bounds sizes

struct object {
    uint64_t usable_bytes, footprint_bytes, row; // of no row: UINT32_MAX or more
    bool is_taken;
};

static char *const command[] = {DRIVER_COMMAND, NULL};
static const char relations[] =
#include DRIVER_RELATIONS // its lines as strings
    ;
static struct description description;
static struct object objects[OBJECTS_MAX];
static uint32_t first_free; // no number below it is free

// ---- answers

// The driver's answer to a request; NULL: none, now or any more.
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
static const char *
ask(const char *format, ...) {
    char request[200];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(request, sizeof request, format, arguments);
    va_end(arguments);
    return process_ask(request, description.answer_ms);
}

// The driver is wrong, and ends.
static void nonsense(const char *request, const char *answer, const char *wanted) {
    char said[64];
    char why[PROCESS_WRONG_BYTES];
    description_quote(said, sizeof said, answer);
    (void)snprintf(why, sizeof why, "the driver answers %s with '%s', and not with %s", request,
                   said, wanted);
    process_end(why);
}

static bool is_ok(const char *request, const char *answer) {
    bool is = answer != NULL && strcmp(answer, "ok") == 0;
    if (answer != NULL && !is) {
        nonsense(request, answer, "ok");
    }
    return is;
}

static bool tell(const char *request) {
    return is_ok(request, ask("%s", request));
}

// "ok [USABLE [FOOTPRINT [CLASS]]]", or another word before the numbers.
static bool read_object(const char *answer, const char *word, uint64_t size_bytes,
                        struct object *object) {
    size_t length = strlen(word);
    *object = (struct object){size_bytes, size_bytes, UINT32_MAX, true};
    if (strncmp(answer, word, length) != 0 || (answer[length] != 0 && answer[length] != ' ')) {
        return false;
    }
    uint64_t *const numbers[] = {&object->usable_bytes, &object->footprint_bytes, &object->row};
    const char *at = answer + length;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && *at != 0; i++) {
        int64_t value = 0;
        at = description_number(at, &value);
        if (at == NULL || value < 0 || value > NUMBER_MAX) {
            return false;
        }
        *numbers[i] = (uint64_t)value;
        object->footprint_bytes = i == 0 ? object->usable_bytes : object->footprint_bytes;
    }
    return *at == 0;
}

// ---- objects are numbers, and their addresses multiples of the alignment

static void *address_of(uint32_t number) {
    return (void *)(((uintptr_t)number + 1) * description.table.alignment);
}
static uint32_t number_of(const void *address) {
    return (uint32_t)((uintptr_t)address / description.table.alignment - 1);
}
static uint32_t free_number(void) {
    while (objects[first_free].is_taken) {
        first_free++;
    }
    return first_free;
}
static void leave(uint32_t number) {
    objects[number].is_taken = false;
    first_free = number < first_free ? number : first_free;
}
static void leave_all(void) {
    memset(objects, 0, sizeof objects);
    first_free = 0;
}

// ---- the table's functions

static void *make(const char *request, size_t size) {
    uint32_t number = free_number();
    struct object object;
    const char *answer = ask("%s %" PRIu32 " %zu", request, number, size);
    if (answer == NULL || strcmp(answer, "failed") == 0) {
        return NULL;
    }
    if (!read_object(answer, "ok", size, &object)) {
        nonsense(request, answer, "ok and at most three numbers, nor failed");
        return NULL;
    }
    objects[number] = object;
    return address_of(number);
}
static void *allocate(void *self, size_t size) {
    (void)self;
    return make("alloc", size);
}
static void *allocate_zeroed(void *self, size_t size) {
    (void)self;
    return make("zeroed", size);
}

// "same" says that the object keeps its number, "ok" that it has the new one.
static void *resize(void *address, size_t size, bool may_move) {
    const char *request = may_move ? "realloc" : "expand";
    uint32_t old = number_of(address);
    uint32_t new = may_move ? free_number() : old;
    struct object object;
    const char *answer = may_move ? ask("realloc %" PRIu32 " %" PRIu32 " %zu", old, new, size)
                                  : ask("expand %" PRIu32 " %zu", old, size);
    if (answer == NULL || strcmp(answer, "failed") == 0) {
        return NULL;
    }
    if (read_object(answer, "same", size, &object)) {
        objects[old] = object;
        return address;
    }
    if (!may_move || !read_object(answer, "ok", size, &object)) {
        nonsense(request, answer, may_move ? "ok, same or failed" : "same or failed");
        return NULL;
    }
    leave(old);
    objects[new] = object;
    return address_of(new);
}
static void *reallocate(void *self, void *object, size_t size) {
    (void)self;
    return resize(object, size, true);
}
static bool expand(void *self, void *object, size_t size) {
    (void)self;
    return resize(object, size, false) != NULL;
}

static void release(void *self, void *object) {
    (void)self;
    (void)is_ok("free", ask("free %" PRIu32, number_of(object)));
    leave(number_of(object));
}
static void drop(void *self, void *object) {
    (void)self;
    (void)is_ok("drop", ask("drop %" PRIu32, number_of(object)));
    leave(number_of(object));
}

static void reset(void *self) {
    (void)self;
    (void)tell("reset");
    leave_all();
}
static void flush(void *self) {
    (void)self;
    (void)tell("flush");
}
static void purge(void *self) {
    (void)self;
    (void)tell("purge");
}
static void collect(void *self) {
    (void)self;
    (void)tell("collect");
}
static void settle(void *self) {
    (void)self;
    (void)tell("settle");
}
static void reset_peaks(void *self) {
    (void)self;
    (void)tell("reset_peaks");
}

static size_t usable(void *self, void *object) {
    (void)self;
    return (size_t)objects[number_of(object)].usable_bytes;
}
static size_t footprint(void *self, void *object) {
    (void)self;
    return (size_t)objects[number_of(object)].footprint_bytes;
}
static uint32_t class_of(void *self, void *object) {
    (void)self;
    uint64_t row = objects[number_of(object)].row;
    return row < UINT32_MAX ? (uint32_t)row : UINT32_MAX;
}

static bool read_values(void *self, int64_t *values) {
    const char *answer = ask("read");
    const char *at = answer;
    (void)self;
    for (uint32_t i = 0; at != NULL && i < description.value_count; i++) {
        at = description_number(at, &values[i]);
    }
    if (answer != NULL && (at == NULL || *at != 0)) {
        char wanted[48];
        (void)snprintf(wanted, sizeof wanted, "%" PRIu32 " numbers", description.value_count);
        nonsense("read", answer, wanted);
        return false;
    }
    return answer != NULL;
}

static const char *verify(void *self) {
    (void)self;
    const char *answer =
        process_wrong() != NULL || !description_does(&description, "verify") ? NULL : ask("verify");
    static char said[PROCESS_WRONG_BYTES];
    if (answer != NULL && strcmp(answer, "ok") != 0) {
        description_quote(said, sizeof said, answer);
        return said;
    }
    return process_wrong();
}

// ---- life

// What the driver says when it starts: it describes itself, and each time as it did first.
static bool hear_description(void) {
    static char wrong[PROCESS_WRONG_BYTES];
    bool is_first = !description.is_ready;
    size_t at = 0;
    bool is_right = true;
    if (is_first) {
        description_init(&description);
    }
    while (is_right && (is_first ? !description.is_ready : at < description.said_used)) {
        const char *line = process_line(description.answer_ms);
        if (line == NULL) {
            return false;
        }
        wrong[0] = 0;
        is_right = is_first ? description_take(&description, line, wrong)
                            : description_repeats(&description, line, &at);
    }
    if (!is_right) {
        process_end(is_first ? wrong : "the driver describes itself otherwise than at first");
    }
    return is_right;
}

// NULL: there is no driver. One that is wrong is a finding, which verify() tells.
static void *create(const struct countercheck_host *host) {
    bool is_global = (description.table.capabilities & COUNTERCHECK_GLOBAL) != 0;
    leave_all();
    if (is_global || !process_is_alive()) {
        if (!process_start(command)) {
            (void)fprintf(stderr, "driver: %s\n", process_wrong());
            return NULL;
        }
        (void)hear_description();
    }
    (void)is_ok("begin", host->option == NULL ? ask("begin") : ask("begin %s", host->option));
    return &description;
}

static void destroy(void *self) {
    (void)self;
    (void)tell("end");
}

// What the driver has no request for is NULL in the table.
static void fill(struct countercheck_subject *table) {
    const struct description *has = &description;
    table->create = create;
    table->destroy = destroy;
    table->allocate = allocate;
    table->allocate_zeroed = description_does(has, "zeroed") ? allocate_zeroed : NULL;
    table->reallocate = description_does(has, "realloc") ? reallocate : NULL;
    table->expand = description_does(has, "expand") ? expand : NULL;
    table->release = description_does(has, "free") ? release : NULL;
    table->drop = description_does(has, "drop") ? drop : NULL;
    table->reset = description_does(has, "reset") ? reset : NULL;
    table->flush = description_does(has, "flush") ? flush : NULL;
    table->purge = description_does(has, "purge") ? purge : NULL;
    table->collect = description_does(has, "collect") ? collect : NULL;
    table->settle = description_does(has, "settle") ? settle : NULL;
    table->reset_peaks = description_does(has, "reset_peaks") ? reset_peaks : NULL;
    table->usable = usable;
    table->footprint = footprint;
    table->class_of = class_of;
    table->read = has->value_count == 0 ? NULL : read_values;
    table->verify = verify;
    table->relations = relations;
}

static bool has_started;
static char why_none[PROCESS_WRONG_BYTES + 64];

const struct countercheck_subject *COUNTERCHECK_SUBJECT_TABLE(void) {
    static struct countercheck_subject table;
    if (!description.is_ready) {
        has_started = process_start(command);
        if (!has_started || !hear_description()) {
            (void)snprintf(why_none, sizeof why_none, "%s%s", process_wrong(),
                           has_started ? "" : " (Debian: " DRIVER_NEEDS ")");
            return NULL;
        }
        process_end(NULL); // each process that runs programs starts a driver of its own
        table = description.table;
        fill(&table);
    }
    return &table;
}

const char *countercheck_subject_wrong(bool *is_environment) {
    *is_environment = !has_started;
    return why_none;
}
