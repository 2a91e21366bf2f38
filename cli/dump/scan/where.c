// where: a parser by hand, whose errors name the column, and the check of records.

#include "cli/dump/scan/where.h"

#include "cli/io/cli.h"
#include "cli/io/escape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void where_init(struct where *where) {
    *where = (struct where){.tags = UINT32_MAX,
                            .size = {0, UINT64_MAX},
                            .address = {0, UINT64_MAX},
                            .goroutine = {0, UINT64_MAX}};
}

void where_fini(struct where *where) {
    whole_fini(&where->whole);
}

// ---- the text

struct parser {
    const char *text, *at;
    const char *expected; // NULL: all is well
};

static void skip_blanks(struct parser *parser) {
    parser->at += strspn(parser->at, " \t\n");
}

// Takes the word if it is next.
static bool take(struct parser *parser, const char *word) {
    skip_blanks(parser);
    size_t length = strlen(word);
    bool is_it = strncmp(parser->at, word, length) == 0;
    parser->at += is_it ? length : 0;
    return is_it;
}

static void fail(struct parser *parser, const char *expected) {
    parser->expected = parser->expected == NULL ? expected : parser->expected;
}

static uint64_t take_number(struct parser *parser) {
    char *end = NULL;
    skip_blanks(parser);
    errno = 0;
    uint64_t number = strtoull(parser->at, &end, 0);
    if (*parser->at < '0' || *parser->at > '9' || errno != 0) {
        fail(parser, "a number below 2^64");
        return 0;
    }
    parser->at = end;
    return number;
}

// "in A..B"
static struct where_range take_in(struct parser *parser) {
    struct where_range range = {.lowest = take_number(parser)};
    if (!take(parser, "..")) {
        fail(parser, "..");
    }
    skip_blanks(parser);
    const char *at = parser->at;
    range.highest = take_number(parser);
    if (parser->expected == NULL && range.highest < range.lowest) {
        parser->at = at;
        fail(parser, "a number not below the first");
    }
    return range;
}

// OP N, or in A..B.
static struct where_range take_range(struct parser *parser) {
    if (take(parser, "in ")) {
        return take_in(parser);
    }
    if (take(parser, ">=")) {
        return (struct where_range){take_number(parser), UINT64_MAX};
    }
    if (take(parser, "<=")) {
        return (struct where_range){0, take_number(parser)};
    }
    bool is_above = take(parser, ">");
    if (is_above || take(parser, "<")) {
        skip_blanks(parser);
        const char *at = parser->at;
        uint64_t number = take_number(parser);
        if (parser->expected == NULL && number == (is_above ? UINT64_MAX : 0)) {
            parser->at = at;
            fail(parser, "a number that another can be beyond");
        }
        return is_above ? (struct where_range){number + 1, UINT64_MAX}
                        : (struct where_range){0, number - 1};
    }
    (void)take(parser, "==");
    uint64_t number = take_number(parser);
    return (struct where_range){number, number};
}

static struct where_range both(struct where_range a, struct where_range b) {
    return (struct where_range){a.lowest > b.lowest ? a.lowest : b.lowest,
                                a.highest < b.highest ? a.highest : b.highest};
}

static void take_kind(struct where *where, struct parser *parser) {
    (void)take(parser, "==");
    skip_blanks(parser);
    size_t length = strspn(parser->at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    for (uint32_t i = 0; i < DUMP_TAG_COUNT; i++) {
        if (length == strlen(dump_tag_names[i]) &&
            strncmp(parser->at, dump_tag_names[i], length) == 0) {
            where->tags &= UINT32_C(1) << i;
            parser->at += length;
            return;
        }
    }
    fail(parser, "a record's name, as dump info lists them");
}

static void take_term(struct where *where, struct parser *parser) {
    if (take(parser, "size")) {
        where->size = both(where->size, take_range(parser));
        where->has_size = true;
    } else if (take(parser, "address")) {
        where->address = both(where->address, take_range(parser));
        where->has_address = true;
    } else if (take(parser, "class")) {
        (void)take(parser, "==");
        uint64_t size_bytes = take_number(parser);
        where->size = both(where->size, (struct where_range){size_bytes, size_bytes});
        where->has_size = true;
        where->tags &= UINT32_C(1) << DUMP_TAG_Object;
    } else if (take(parser, "kind")) {
        take_kind(where, parser);
    } else if (take(parser, "goroutine")) {
        (void)take(parser, "==");
        uint64_t id = take_number(parser);
        where->goroutine = both(where->goroutine, (struct where_range){id, id});
        where->has_goroutine = true;
    } else if (take(parser, "points-to")) {
        if (where->point_count == WHERE_POINTS_MAX) {
            fail(parser, "no more than 8 points-to");
            return;
        }
        where->points[where->point_count++] = take_range(parser);
    } else {
        fail(parser, "size, address, class, kind, goroutine or points-to");
    }
}

bool where_parse(struct where *where, const char *subcommand, const char *option,
                 const char *text) {
    struct parser parser = {.text = text, .at = text};
    do {
        take_term(where, &parser);
        skip_blanks(&parser);
    } while (parser.expected == NULL && take(&parser, "&&"));
    skip_blanks(&parser);
    if (parser.expected == NULL && *parser.at != 0) {
        fail(&parser, "&& or the end");
    }
    if (parser.expected != NULL) {
        cli_message("%s: %s '%s', column %zu: expected %s", subcommand, option, escape_shown(text),
                    (size_t)(parser.at - text) + 1, parser.expected);
        return false;
    }
    return true;
}

// ---- records

static bool is_in(const struct where_range *range, uint64_t value) {
    return value >= range->lowest && value <= range->highest;
}

// False: the record has none.
static bool address_of(const struct dump_record *record, uint64_t *address) {
    switch (record->tag) {
#define WHERE_ADDRESS(name, member)                                                                \
    case DUMP_TAG_##name:                                                                          \
        *address = record->as.name.member;                                                         \
        return true;
        WHERE_ADDRESS(Object, address)
        WHERE_ADDRESS(Type, address)
        WHERE_ADDRESS(Goroutine, address)
        WHERE_ADDRESS(StackFrame, sp)
        WHERE_ADDRESS(Finalizer, object)
        WHERE_ADDRESS(Itab, address)
        WHERE_ADDRESS(OSThread, address)
        WHERE_ADDRESS(QueuedFinalizer, object)
        WHERE_ADDRESS(Data, address)
        WHERE_ADDRESS(BSS, address)
        WHERE_ADDRESS(Defer, address)
        WHERE_ADDRESS(Panic, address)
        WHERE_ADDRESS(MemProf, address)
        WHERE_ADDRESS(AllocSample, object)
#undef WHERE_ADDRESS
    case DUMP_TAG_EOF:
    case DUMP_TAG_OtherRoot:
    case DUMP_TAG_Params:
    case DUMP_TAG_MemStats:
    case DUMP_TAG_COUNT:
        break;
    }
    return false;
}

// Whose record this is: frames, defers and panics come behind their goroutine.
static void follow_goroutine(struct where *where, const struct dump_record *record) {
    if (record->tag == DUMP_TAG_Goroutine) {
        where->goroutine_now = record->as.Goroutine.id;
        where->is_in_goroutine = true;
    } else if (record->tag != DUMP_TAG_StackFrame && record->tag != DUMP_TAG_Defer &&
               record->tag != DUMP_TAG_Panic) {
        where->is_in_goroutine = false;
    }
}

// What the first part decides: the numbers before all that may be split are in it.
static bool is_refused_at_once(const struct where *where, const struct dump_record *record) {
    uint64_t address = 0;
    if ((where->tags >> record->tag & 1) == 0) {
        return true;
    }
    if (where->has_address && (!address_of(record, &address) || !is_in(&where->address, address))) {
        return true;
    }
    return where->has_goroutine &&
           (!where->is_in_goroutine || !is_in(&where->goroutine, where->goroutine_now));
}

static void follow_pointers(struct where *where, const struct dump_record *record,
                            const struct dump_reader *reader, const struct dump_memory *memory,
                            const struct dump_fields *fields) {
    const uint8_t *bytes = whole_take(&where->whole, record, memory);
    uint32_t width = dump_reader_pointer_bytes(reader);
    for (size_t i = 0; bytes != NULL && i < fields->count; i++) {
        uint64_t offset = fields->at[i].offset;
        if (fields->at[i].kind != 1 || memory->total_bytes < width ||
            offset > memory->total_bytes - width) {
            continue;
        }
        uint64_t value = dump_pointer_at(bytes + offset, width, dump_reader_is_big_endian(reader));
        for (size_t n = 0; n < where->point_count; n++) {
            where->is_pointed[n] = where->is_pointed[n] || is_in(&where->points[n], value);
        }
    }
}

enum where_verdict where_part(struct where *where, const struct dump_record *record,
                              const struct dump_reader *reader) {
    const struct dump_memory *memory = NULL;
    const struct dump_fields *fields = NULL;
    bool has_all = true;
    if (record->is_first) {
        follow_goroutine(where, record);
        where->is_refused = is_refused_at_once(where, record);
        memset(where->is_pointed, 0, sizeof where->is_pointed);
    }
    if (where->is_refused || (!where->has_size && where->point_count == 0)) {
        return where->is_refused ? WHERE_NO : WHERE_YES;
    }
    if (!whole_of(record, &memory, &fields)) {
        where->is_refused = true;
        return WHERE_NO;
    }
    if (where->has_size && !is_in(&where->size, memory->total_bytes)) {
        where->is_refused = true; // its first part brings the size
        return WHERE_NO;
    }
    if (where->point_count > 0) {
        follow_pointers(where, record, reader, memory, fields);
    }
    for (size_t n = 0; n < where->point_count; n++) {
        has_all = has_all && where->is_pointed[n];
    }
    if (has_all) {
        return WHERE_YES;
    }
    return record->is_last ? WHERE_NO : WHERE_UNKNOWN;
}
