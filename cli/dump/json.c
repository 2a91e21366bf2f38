// json: `dump json`: each record as one line of JSON, whatever its size, with the field names of
// records.def.
//
// Addresses and numbers over 2^53 are strings. Contents are hexadecimal digits. A field is the
// offset of a pointer; of another kind, which only a lenient reading lets pass, [kind, offset]. A
// string that is no UTF-8 is {"bytes": digits}.

#include "cli/io/cli.h"
#include "cli/dump/dump.h"

#include <inttypes.h>
#include <stdio.h>

static const char usage[] =
    "usage: countercheck dump json FILE [--lenient]\n"
    "Each record as a line of JSON: {\"record\":NAME,\"offset\":BYTE, and its fields}.\n"
    "Addresses are \"0x...\" strings, numbers over 2^53 decimal strings, contents\n"
    "hexadecimal digits, pointer fields a list of offsets, strings that are no UTF-8\n"
    "{\"bytes\":\"...\"}.\n";

static void print_hex(const uint8_t *bytes, uint64_t size_bytes) {
    static const char digits[] = "0123456789abcdef";
    char text[2048];
    size_t used = 0;
    for (uint64_t i = 0; i < size_bytes; i++) {
        text[used++] = digits[bytes[i] >> 4];
        text[used++] = digits[bytes[i] & 15];
        if (used == sizeof(text)) {
            fwrite(text, 1, used, stdout);
            used = 0;
        }
    }
    fwrite(text, 1, used, stdout);
}

static void print_name(const char *name) {
    printf(",\"%s\":", name);
}

static void print_value(uint64_t value) {
    const char *quote = value > UINT64_C(1) << 53 ? "\"" : "";
    printf("%s%" PRIu64 "%s", quote, value, quote);
}

static void print_number(const char *name, uint64_t value) {
    print_name(name);
    print_value(value);
}

static void print_address(const char *name, uint64_t value) {
    print_name(name);
    printf("\"0x%" PRIx64 "\"", value);
}

static void print_bool(const char *name, bool value) {
    print_name(name);
    fputs(value ? "true" : "false", stdout);
}

static void print_text(const struct dump_string *string) {
    if (dump_is_utf8(string->bytes, (size_t)string->size_bytes)) {
        dump_print_json_string(string->bytes, (size_t)string->size_bytes);
        return;
    }
    fputs("{\"bytes\":\"", stdout);
    print_hex(string->bytes, string->size_bytes);
    fputs("\"}", stdout);
}

static void print_string(const char *name, const struct dump_string *string) {
    print_name(name);
    print_text(string);
}

// What a part holds of a member that may be split.
struct piece {
    bool begins, ends;
};

static void print_memory(const char *name, const struct dump_memory *memory, struct piece piece) {
    if (piece.begins) {
        print_name(name);
        putchar('"');
    }
    print_hex(memory->bytes, memory->size_bytes);
    if (piece.ends) {
        putchar('"');
    }
}

static void print_fields(const char *name, const struct dump_fields *fields, struct piece piece) {
    if (piece.begins) {
        print_name(name);
        putchar('[');
    }
    for (size_t i = 0; i < fields->count; i++) {
        const struct dump_field *field = &fields->at[i];
        fputs(fields->begin + i > 0 ? "," : "", stdout);
        if (field->kind != 1) {
            printf("[%" PRIu64 ",", field->kind);
        }
        print_value(field->offset);
        fputs(field->kind != 1 ? "]" : "", stdout);
    }
    if (piece.ends) {
        putchar(']');
    }
}

static void print_pauses(const char *name, const uint64_t *pauses) {
    print_name(name);
    for (size_t i = 0; i < DUMP_PAUSE_COUNT; i++) {
        putchar(i == 0 ? '[' : ',');
        print_value(pauses[i]);
    }
    putchar(']');
}

static void print_calls(const char *name, const struct dump_calls *calls, struct piece piece) {
    if (piece.begins) {
        print_name(name);
        putchar('[');
    }
    for (size_t i = 0; i < calls->count; i++) {
        fputs(calls->begin + i > 0 ? ",{\"function\":" : "{\"function\":", stdout);
        print_text(&calls->at[i].function);
        fputs(",\"file\":", stdout);
        print_text(&calls->at[i].file);
        print_number("line", calls->at[i].line);
        putchar('}');
    }
    if (piece.ends) {
        putchar(']');
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
#define U(name) PRINT(print_number(#name, record->name))
#define A(name) PRINT(print_address(#name, record->name))
#define B(name) PRINT(print_bool(#name, record->name))
#define P(name) PRINT(print_number(#name, record->name))
#define S(name) PRINT(print_string(#name, &record->name))
#define M(name) PRINT(print_memory(#name, &record->name, PIECE))
#define F(name) PRINT(print_fields(#name, &record->name, PIECE))
#define N(name) PRINT(print_pauses(#name, record->name))
#define K(name) PRINT(print_calls(#name, &record->name, PIECE))
#define DUMP_RECORD(tag, name, fields)                                                             \
    static void print_##name(const struct dump_record *part) {                                     \
        const struct dump_record_##name *record = &part->as.name;                                  \
        uint32_t member = 0;                                                                       \
        fields(void) member;                                                                       \
    }
#define DUMP_RECORD_BARE(tag, name)
#include "dump/records.def"

static void print_members(const struct dump_record *record) {
    switch (record->tag) {
#define DUMP_RECORD(tag, name, fields)                                                             \
    case (enum dump_tag)(tag):                                                                     \
        print_##name(record);                                                                      \
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
    (void)context;
    (void)reader;
    if (record->is_first) {
        printf("{\"record\":\"%s\",\"offset\":%" PRIu64, dump_tag_names[record->tag],
               record->offset_bytes);
    }
    print_members(record);
    if (record->is_last) {
        fputs("}\n", stdout);
    }
    return cli_can_print();
}

int dump_json(int argc, char **argv) {
    struct dump_options options;
    int status = dump_options_parse(&options, argc, argv, 1, false, usage);
    if (status >= 0) {
        return status;
    }
    return cli_finish(dump_input_each(options.files[0], dump_options_mode(&options), visit, NULL));
}
