// json: `dump json`: each record as one line of JSON, whatever its size, with the field names of
// records.def; dump/JSON.md says how.

#include "cli/dump/dump.h"
#include "cli/dump/scan/where.h"
#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/io/options.h"
#include "cli/io/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck dump json FILE [--only KINDS] [--where CONDITION]\n"
    "                              [--no-contents] [--lenient]\n"
    "Each record as a line of JSON: {\"record\":NAME,\"offset\":BYTE, and its fields}.\n"
    "Addresses are \"0x...\" strings, numbers over 2^53 decimal strings, contents\n"
    "hexadecimal digits, pointer fields a list of offsets, strings that are no UTF-8\n"
    "{\"bytes\":\"...\"}. --only goroutines,frames: these kinds alone, by their records'\n"
    "names. --no-contents: the size in place of the contents.\n" WHERE_HELP;

// What is printed, and how.
struct printer {
    struct where where;
    struct text text;
    bool has_no_contents;
};

static void print_name(struct text *text, const char *name) {
    text_string(text, ",\"");
    text_string(text, name);
    text_string(text, "\":");
}

static void print_value(struct text *text, uint64_t value) {
    bool is_quoted = value > UINT64_C(1) << 53;
    text_bytes(text, "\"", is_quoted);
    text_number(text, value);
    text_bytes(text, "\"", is_quoted);
}

static void print_number(struct text *text, const char *name, uint64_t value) {
    print_name(text, name);
    print_value(text, value);
}

static void print_address(struct text *text, const char *name, uint64_t value) {
    print_name(text, name);
    text_string(text, "\"");
    text_address(text, value);
    text_string(text, "\"");
}

static void print_bool(struct text *text, const char *name, bool value) {
    print_name(text, name);
    text_string(text, value ? "true" : "false");
}

static void print_text(struct text *text, const struct dump_string *string) {
    if (dump_is_utf8(string->bytes, (size_t)string->size_bytes)) {
        text_json(text, string->bytes, (size_t)string->size_bytes);
        return;
    }
    text_string(text, "{\"bytes\":\"");
    text_hex(text, string->bytes, (size_t)string->size_bytes);
    text_string(text, "\"}");
}

static void print_string(struct text *text, const char *name, const struct dump_string *string) {
    print_name(text, name);
    print_text(text, string);
}

// What a part holds of a member that may be split.
struct piece {
    bool begins, ends;
};

static void print_memory(struct printer *printer, const char *name,
                         const struct dump_memory *memory, struct piece piece) {
    struct text *text = &printer->text;
    if (printer->has_no_contents) {
        if (piece.begins) {
            print_number(text, "size", memory->total_bytes);
        }
        return;
    }
    if (piece.begins) {
        print_name(text, name);
        text_string(text, "\"");
    }
    text_hex(text, memory->bytes, (size_t)memory->size_bytes);
    if (piece.ends) {
        text_string(text, "\"");
    }
}

static void print_fields(struct text *text, const char *name, const struct dump_fields *fields,
                         struct piece piece) {
    if (piece.begins) {
        print_name(text, name);
        text_string(text, "[");
    }
    for (size_t i = 0; i < fields->count; i++) {
        const struct dump_field *field = &fields->at[i];
        text_bytes(text, ",", fields->begin + i > 0);
        if (field->kind != 1) {
            text_string(text, "[");
            text_number(text, field->kind);
            text_string(text, ",");
        }
        print_value(text, field->offset);
        text_bytes(text, "]", field->kind != 1);
    }
    if (piece.ends) {
        text_string(text, "]");
    }
}

static void print_pauses(struct text *text, const char *name, const uint64_t *pauses) {
    print_name(text, name);
    for (size_t i = 0; i < DUMP_PAUSE_COUNT; i++) {
        text_string(text, i == 0 ? "[" : ",");
        print_value(text, pauses[i]);
    }
    text_string(text, "]");
}

static void print_calls(struct text *text, const char *name, const struct dump_calls *calls,
                        struct piece piece) {
    if (piece.begins) {
        print_name(text, name);
        text_string(text, "[");
    }
    for (size_t i = 0; i < calls->count; i++) {
        text_string(text, calls->begin + i > 0 ? ",{\"function\":" : "{\"function\":");
        print_text(text, &calls->at[i].function);
        text_string(text, ",\"file\":");
        print_text(text, &calls->at[i].file);
        print_number(text, "line", calls->at[i].line);
        text_string(text, "}");
    }
    if (piece.ends) {
        text_string(text, "]");
    }
}

// print_Object() and so on: the members that the part covers.
#define PRINT(call)                                                                                \
    if (member >= part->member_begin && member < part->member_end) {                               \
        call;                                                                                      \
    }                                                                                              \
    member++;
#define PIECE                                                                                      \
    ((struct piece){.begins = member != part->member_begin || !part->is_continued,                 \
                    .ends = member + 1 != part->member_end || !part->is_open})
#define U(name) PRINT(print_number(&printer->text, #name, record->name))
#define A(name) PRINT(print_address(&printer->text, #name, record->name))
#define B(name) PRINT(print_bool(&printer->text, #name, record->name))
#define P(name) PRINT(print_number(&printer->text, #name, record->name))
#define S(name) PRINT(print_string(&printer->text, #name, &record->name))
#define M(name) PRINT(print_memory(printer, #name, &record->name, PIECE))
#define F(name) PRINT(print_fields(&printer->text, #name, &record->name, PIECE))
#define N(name) PRINT(print_pauses(&printer->text, #name, record->name))
#define K(name) PRINT(print_calls(&printer->text, #name, &record->name, PIECE))
#define DUMP_RECORD(tag, name, fields)                                                             \
    static void print_##name(struct printer *printer, const struct dump_record *part) {            \
        const struct dump_record_##name *record = &part->as.name;                                  \
        uint32_t member = 0;                                                                       \
        fields(void) member;                                                                       \
    }
#define DUMP_RECORD_BARE(tag, name)
#include "dump/records.def"

static void print_members(struct printer *printer, const struct dump_record *record) {
    switch (record->tag) {
#define DUMP_RECORD(tag, name, fields)                                                             \
    case (enum dump_tag)(tag):                                                                     \
        print_##name(printer, record);                                                             \
        break;
#define DUMP_RECORD_BARE(tag, name)                                                                \
    case (enum dump_tag)(tag):                                                                     \
        break;
#include "dump/records.def"
    case DUMP_TAG_COUNT:
        break;
    }
}

static bool visit(void *context, const struct dump_record *record,
                  const struct dump_reader *reader) {
    struct printer *printer = context;
    struct text *text = &printer->text;
    enum where_verdict verdict = where_part(&printer->where, record, reader);
    if (verdict == WHERE_NO) {
        text_drop(text);
        return !printer->where.whole.is_out_of_memory;
    }
    if (record->is_first) {
        text_string(text, "{\"record\":\"");
        text_string(text, dump_tag_names[record->tag]);
        text_string(text, "\"");
        print_number(text, "offset", record->offset_bytes);
    }
    print_members(printer, record);
    if (record->is_last) {
        text_string(text, "}\n");
    }
    if (verdict == WHERE_YES) {
        text_keep(text);
    }
    return !text->is_out_of_memory && !printer->where.whole.is_out_of_memory && cli_can_print();
}

// ---- --only

// Whether the word is the record's name in any case, with an s or without; StackFrame's is "frames"
// as well.
static bool is_name(const char *word, size_t length, const char *name) {
    size_t at = 0;
    length -= length > 1 && tolower((unsigned char)word[length - 1]) == 's' &&
                      tolower((unsigned char)name[strlen(name) - 1]) != 's'
                  ? 1
                  : 0;
    while (at < length && name[at] != 0 &&
           tolower((unsigned char)word[at]) == tolower((unsigned char)name[at])) {
        at++;
    }
    return at == length && name[at] == 0;
}

// False: told.
static bool read_kinds(struct where *where, const char *text) {
    uint32_t tags = 0;
    for (const char *at = text;; at += *at == ',') {
        size_t length = strcspn(at, ",");
        uint32_t tag = 0;
        while (tag < DUMP_TAG_COUNT && !is_name(at, length, dump_tag_names[tag])) {
            tag++;
        }
        tag = is_name(at, length, "frame") ? DUMP_TAG_StackFrame : tag;
        if (length == 0 || tag == DUMP_TAG_COUNT) {
            cli_message("dump json: --only '%s', column %zu: expected a record's name, as dump "
                        "info lists them",
                        escape_shown(text), (size_t)(at - text) + 1);
            return false;
        }
        tags |= UINT32_C(1) << tag;
        at += length;
        if (*at == 0) {
            break;
        }
    }
    where->tags &= tags;
    return true;
}

int dump_json(int argc, char **argv) {
    struct printer printer = {.has_no_contents = false};
    bool is_lenient = false;
    const char *only = NULL;
    const char *condition = NULL;
    const struct cli_option table[] = {{.name = "--only", .value = &only},
                                       {.name = "--where", .value = &condition},
                                       {.name = "--no-contents", .flag = &printer.has_no_contents},
                                       {.name = "--lenient", .flag = &is_lenient},
                                       {.name = NULL}};
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 1, .operands_max = 1};
    char **operands;
    size_t count;
    int status = cli_parse(&call, argc, argv, &operands, &count);
    if (status >= 0) {
        return status;
    }
    where_init(&printer.where);
    if ((only != NULL && !read_kinds(&printer.where, only)) ||
        (condition != NULL && !where_parse(&printer.where, "dump json", "--where", condition))) {
        return CLI_UNUSABLE;
    }
    status = dump_input_each(operands[0], is_lenient ? DUMP_LENIENT : DUMP_STRICT, visit, &printer);
    if (printer.text.is_out_of_memory || printer.where.whole.is_out_of_memory) {
        cli_message("%s: out of memory", operands[0]);
        status = CLI_ENVIRONMENT;
    }
    text_drop(&printer.text); // a record that was cut
    text_finish(&printer.text);
    where_fini(&printer.where);
    return cli_finish(status);
}
