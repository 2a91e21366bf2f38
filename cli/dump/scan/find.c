// find: `dump find`: objects by size, by what they point to, by bytes that they hold.

#define _GNU_SOURCE // memmem

#include "cli/dump/dump.h"
#include "cli/dump/scan/where.h"
#include "cli/io/cli.h"
#include "cli/io/json.h"
#include "cli/io/options.h"
#include "dump/graph/phantom.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck dump find FILE [--bytes HEX] [--text TEXT] [--size N|A..B]\n"
    "                              [--class N] [--points-to ADDRESS] [--json]\n"
    "                              [--lenient]\n"
    "Objects that all of this is true of: they hold these bytes, have so many bytes,\n"
    "a pointer into the object that holds ADDRESS. --json prints an object a line,\n"
    "with where the bytes are first.\n";

#define PATTERN_BYTES_MAX 4096

// What is looked for, and what was found.
struct find {
    struct where where;
    uint8_t pattern[PATTERN_BYTES_MAX];
    size_t pattern_bytes;
    struct whole whole;
    struct phantoms phantoms;
    bool is_json, has_target, is_meant;
    uint64_t target;           // --points-to
    struct where_range object; // that holds it
    uint64_t count, bytes;
};

static int digit_of(char letter) {
    static const char digits[] = "0123456789abcdef";
    const char *at = letter == 0 ? NULL : strchr(digits, tolower((unsigned char)letter));
    return at == NULL ? -1 : (int)(at - digits);
}

// False: told.
static bool read_bytes(struct find *find, const char *text) {
    size_t length = strlen(text);
    bool is_good = length > 0 && length % 2 == 0 && length / 2 <= PATTERN_BYTES_MAX;
    for (size_t i = 0; is_good && i < length; i += 2) {
        int high = digit_of(text[i]);
        int low = digit_of(text[i + 1]);
        is_good = high >= 0 && low >= 0;
        find->pattern[i / 2] = (uint8_t)((unsigned)(high & 15) << 4 | (unsigned)(low & 15));
    }
    find->pattern_bytes = length / 2;
    if (!is_good) {
        cli_message("dump find: --bytes takes pairs of hexadecimal digits, at most %d, not '%s'",
                    PATTERN_BYTES_MAX, text);
    }
    return is_good;
}

static bool read_text(struct find *find, const char *text) {
    size_t length = strlen(text);
    if (length == 0 || length > PATTERN_BYTES_MAX) {
        cli_message("dump find: --text takes 1 to %d bytes", PATTERN_BYTES_MAX);
        return false;
    }
    memcpy(find->pattern, text, length);
    find->pattern_bytes = length;
    return true;
}

// "--size 48" and "--size 48..64" as a condition. False: told.
static bool read_term(struct find *find, const char *option, const char *name, const char *text) {
    char term[128];
    bool is_range = strstr(text, "..") != NULL;
    int length = snprintf(term, sizeof term, "%s %s%s", name, is_range ? "in " : "", text);
    if (length < 0 || (size_t)length >= sizeof term || strstr(text, "&&") != NULL) {
        cli_message("dump find: %s takes a number, or A..B", option);
        return false;
    }
    return where_parse(&find->where, "dump find", option, term);
}

// ---- the object that holds an address

static bool visit_target(void *context, const struct dump_record *record,
                         const struct dump_reader *reader) {
    struct find *find = context;
    uint64_t address = record->as.Object.address;
    (void)reader;
    if (record->tag == DUMP_TAG_Params) {
        phantoms_begin(&find->phantoms, &record->as.Params);
    }
    if (record->tag != DUMP_TAG_Object || !record->is_last) {
        return true;
    }
    uint64_t size_bytes = record->as.Object.contents.total_bytes;
    bool has_fields = record->as.Object.fields.begin + record->as.Object.fields.count > 0;
    bool is_phantom = phantoms_next(&find->phantoms, address, size_bytes, has_fields);
    if (!is_phantom && find->target >= address && find->target - address < size_bytes &&
        (find->object.highest == 0 || address >= find->object.lowest)) {
        find->object = (struct where_range){address, address + (size_bytes - 1)};
    }
    return true;
}

// ---- all that fit

static void tell(struct find *find, const struct dump_record_Object *object, const uint8_t *bytes,
                 const uint8_t *place) {
    struct json json = {.depth = 0};
    uint64_t size_bytes = object->contents.total_bytes;
    uint64_t offset = place == NULL ? 0 : (uint64_t)(place - bytes);
    find->count++;
    find->bytes += size_bytes;
    if (!find->is_json) {
        printf("0x%" PRIx64 " %" PRIu64 " B", object->address, size_bytes);
        if (place != NULL) {
            printf(" +%" PRIu64, offset);
        }
        putchar('\n');
        return;
    }
    json_open(&json, NULL, '{');
    json_address(&json, "address", object->address);
    json_number(&json, "size", size_bytes);
    json_number_or_null(&json, "offset", place != NULL, offset);
    json_close(&json);
    putchar('\n');
}

static bool visit(void *context, const struct dump_record *record,
                  const struct dump_reader *reader) {
    struct find *find = context;
    if (record->tag == DUMP_TAG_Params) {
        phantoms_begin(&find->phantoms, &record->as.Params);
    }
    enum where_verdict verdict = where_part(&find->where, record, reader);
    if (find->where.whole.is_out_of_memory) {
        return false;
    }
    if (record->tag != DUMP_TAG_Object) {
        return true;
    }
    const struct dump_record_Object *object = &record->as.Object;
    const uint8_t *bytes = NULL;
    const uint8_t *place = NULL;
    if (find->pattern_bytes > 0) {
        bytes = whole_take(&find->whole, record, &object->contents);
        if (bytes == NULL && object->contents.total_bytes > 0) {
            return !find->whole.is_out_of_memory;
        }
    }
    if (!record->is_last) {
        return true;
    }
    bool is_phantom = phantoms_next(&find->phantoms, object->address, object->contents.total_bytes,
                                    object->fields.begin + object->fields.count > 0);
    if (is_phantom || verdict != WHERE_YES || object->contents.total_bytes == 0) {
        return true;
    }
    if (bytes != NULL) {
        place =
            memmem(bytes, (size_t)object->contents.total_bytes, find->pattern, find->pattern_bytes);
    }
    if (find->pattern_bytes == 0 || place != NULL) {
        tell(find, object, bytes, place);
    }
    return cli_can_print();
}

static int find_target(struct find *find, struct dump_input *input, const char *path) {
    int status = dump_input_read(input, visit_target, find);
    find->phantoms = (struct phantoms){.page = 0};
    if (status != CLI_CLEAN) {
        return status;
    }
    if (find->object.highest == 0) {
        cli_message("%s: no object holds 0x%" PRIx64, path, find->target);
        return CLI_UNUSABLE;
    }
    find->where.points[find->where.point_count++] = find->object;
    return dump_input_rewind(input, &status) ? CLI_CLEAN : status;
}

static int run(struct find *find, const char *path, enum dump_mode mode) {
    int status = CLI_CLEAN;
    struct dump_input *input = find->has_target ? dump_input_open_again(path, mode, &status)
                                                : dump_input_open(path, mode, &status);
    if (input == NULL) {
        return status;
    }
    if (find->has_target) {
        status = find_target(find, input, path);
    }
    if (status == CLI_CLEAN) {
        status = dump_input_read(input, visit, find);
        (void)cli_progress("");
    }
    if (status == CLI_CLEAN &&
        (find->whole.is_out_of_memory || find->where.whole.is_out_of_memory)) {
        cli_message("%s: out of memory", path);
        status = CLI_ENVIRONMENT;
    }
    if (status == CLI_CLEAN && !find->is_json) {
        printf("%" PRIu64 " object%s of %" PRIu64 " bytes\n", find->count, cli_s(find->count),
               find->bytes);
    }
    dump_input_close(input);
    return status == CLI_CLEAN ? cli_finish(status) : status;
}

int dump_find(int argc, char **argv) {
    static struct find find;
    bool is_lenient = false;
    const char *bytes = NULL;
    const char *text = NULL;
    const char *size = NULL;
    const char *class = NULL;
    const char *points_to = NULL;
    const struct cli_option table[] = {
        {.name = "--bytes", .value = &bytes},         {.name = "--text", .value = &text},
        {.name = "--size", .value = &size},           {.name = "--class", .value = &class},
        {.name = "--points-to", .value = &points_to}, {.name = "--json", .flag = &find.is_json},
        {.name = "--lenient", .flag = &is_lenient},   {.name = NULL}};
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 1, .operands_max = 1};
    char **operands;
    size_t count;
    where_init(&find.where);
    int status = cli_parse(&call, argc, argv, &operands, &count);
    if (status >= 0) {
        return status;
    }
    find.has_target = points_to != NULL;
    if (bytes != NULL && text != NULL) {
        cli_message("dump find: --bytes and --text exclude each other");
        return CLI_UNUSABLE;
    }
    if ((bytes != NULL && !read_bytes(&find, bytes)) || (text != NULL && !read_text(&find, text)) ||
        (size != NULL && !read_term(&find, "--size", "size", size)) ||
        (class != NULL && !read_term(&find, "--class", "class", class)) ||
        (points_to != NULL && !dump_address("find", points_to, &find.target))) {
        return CLI_UNUSABLE;
    }
    status = run(&find, operands[0], is_lenient ? DUMP_LENIENT : DUMP_STRICT);
    whole_fini(&find.whole);
    where_fini(&find.where);
    return status;
}
