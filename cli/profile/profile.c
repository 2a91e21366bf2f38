// profile: protobuf-c's structures, filled; a text, a function, a location is entered once.

#define ZLIB_CONST // next_in

#include "cli/profile/profile.h"

#include "cli/io/array.h"
#include "cli/io/escape.h"
#include "cli/io/lookup.h"
#include "oracle/core/hash.h"

#include <stdlib.h>
#include <string.h>

#include <profile.pb-c.h> // of profile.proto, by protoc-c
#include <zlib.h>

#define MAPPING_ID 1

struct profile {
    Pprof__Profile message;
    size_t sample_capacity, location_capacity, function_capacity, string_table_capacity,
        comment_capacity;
    struct lookup text_of, function_of, location_of; // by hashes of what they are made of
    uint64_t *stack;                                 // location ids
    size_t stack_count, stack_capacity, value_count;
    bool is_out_of_memory;
};

// ---- what is entered once

// Room for one more in a repeated field.
#define HAS_ROOM(profile, field)                                                                   \
    ARRAY_RESERVE((profile)->message.field, (profile)->field##_capacity,                           \
                  (profile)->message.n_##field + 1)

// A message from malloc, as INIT has it. NULL: out of memory.
static void *message_of(struct profile *profile, const void *init, size_t size_bytes) {
    void *message = malloc(size_bytes);
    profile->is_out_of_memory = profile->is_out_of_memory || message == NULL;
    if (message != NULL) {
        memcpy(message, init, size_bytes);
    }
    return message;
}

// Escaped, by malloc. NULL: out of memory.
static char *escaped(const char *text) {
    size_t size_bytes = 10 * strlen(text) + 1; // "\u{2066}" for three bytes is the longest
    char *copy = malloc(size_bytes);
    char *fit = NULL;
    if (copy != NULL) {
        size_t length = escape_text(copy, size_bytes, text);
        fit = realloc(copy, length + 1);
    }
    return fit == NULL ? copy : fit;
}

// The text's index.
static int64_t text_of(struct profile *profile, const char *text) {
    char *copy = escaped(text);
    if (copy == NULL) {
        profile->is_out_of_memory = true;
        return 0;
    }
    uint64_t hash = hash_bytes(HASH_START, copy, strlen(copy));
    uint32_t known = lookup_get(&profile->text_of, hash);
    while (known != LOOKUP_NONE && strcmp(profile->message.string_table[known], copy) != 0) {
        known = lookup_get(&profile->text_of, ++hash); // another of the same hash
    }
    if (known == LOOKUP_NONE && HAS_ROOM(profile, string_table) &&
        lookup_put(&profile->text_of, hash, (uint32_t)profile->message.n_string_table)) {
        profile->message.string_table[profile->message.n_string_table] = copy;
        return (int64_t)profile->message.n_string_table++;
    }
    profile->is_out_of_memory = profile->is_out_of_memory || known == LOOKUP_NONE;
    free(copy);
    return known == LOOKUP_NONE ? 0 : (int64_t)known;
}

// The function's id.
static uint64_t function_of(struct profile *profile, int64_t name, int64_t file) {
    uint64_t hash = ((uint64_t)name << 32) + (uint64_t)file;
    uint32_t known = lookup_get(&profile->function_of, hash);
    if (known != LOOKUP_NONE) {
        return known;
    }
    const Pprof__Function init = PPROF__FUNCTION__INIT;
    Pprof__Function *function = message_of(profile, &init, sizeof init);
    uint64_t id = profile->message.n_function + 1;
    if (!HAS_ROOM(profile, function) || !lookup_put(&profile->function_of, hash, (uint32_t)id)) {
        profile->is_out_of_memory = true;
        free(function);
        return 0;
    }
    function->id = id;
    function->name = function->system_name = name;
    function->filename = file;
    profile->message.function[profile->message.n_function++] = function;
    return id;
}

static int64_t whole_of(uint64_t number) {
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

// The one line of a location. NULL: out of memory.
static Pprof__Line **line_of(struct profile *profile, uint64_t function, uint64_t number) {
    const Pprof__Line init = PPROF__LINE__INIT;
    Pprof__Line **lines = malloc(sizeof(Pprof__Line *));
    Pprof__Line *line = message_of(profile, &init, sizeof init);
    if (lines == NULL || line == NULL) {
        profile->is_out_of_memory = true;
        free(lines);
        free(line);
        return NULL;
    }
    line->function_id = function;
    line->line = whole_of(number);
    lines[0] = line;
    return lines;
}

// The location's id.
static uint64_t location_of(struct profile *profile, uint64_t function, uint64_t line) {
    uint64_t hash =
        hash_bytes(hash_bytes(HASH_START, &function, sizeof function), &line, sizeof line);
    uint32_t known = lookup_get(&profile->location_of, hash);
    while (known != LOOKUP_NONE) {
        const Pprof__Line *one = profile->message.location[known - 1]->line[0];
        if (one->function_id == function && one->line == whole_of(line)) {
            return known;
        }
        known = lookup_get(&profile->location_of, ++hash);
    }
    const Pprof__Location init = PPROF__LOCATION__INIT;
    Pprof__Location *location = message_of(profile, &init, sizeof init);
    Pprof__Line **lines = location == NULL ? NULL : line_of(profile, function, line);
    uint64_t id = profile->message.n_location + 1;
    if (lines == NULL || !HAS_ROOM(profile, location) ||
        !lookup_put(&profile->location_of, hash, (uint32_t)id)) {
        profile->is_out_of_memory = true;
        free(lines == NULL ? NULL : lines[0]);
        free(lines);
        free(location);
        return 0;
    }
    location->id = id;
    location->mapping_id = MAPPING_ID;
    location->n_line = 1;
    location->line = lines;
    profile->message.location[profile->message.n_location++] = location;
    return id;
}

// ---- what it is made of

static Pprof__ValueType *value_type_of(struct profile *profile, const struct profile_value *value) {
    const Pprof__ValueType init = PPROF__VALUE_TYPE__INIT;
    Pprof__ValueType *type = message_of(profile, &init, sizeof init);
    if (type != NULL) {
        type->type = text_of(profile, value->name);
        type->unit = text_of(profile, value->unit);
    }
    return type;
}

static void begin(struct profile *profile, const struct profile_value *values) {
    const Pprof__Profile init = PPROF__PROFILE__INIT;
    const Pprof__Mapping one = PPROF__MAPPING__INIT;
    Pprof__Profile *message = &profile->message;
    *message = init;
    (void)text_of(profile, ""); // the first is that
    message->sample_type = calloc(PROFILE_VALUES_MAX, sizeof(Pprof__ValueType *));
    message->mapping = calloc(1, sizeof(Pprof__Mapping *));
    Pprof__Mapping *mapping = message_of(profile, &one, sizeof one);
    if (message->sample_type == NULL || message->mapping == NULL || mapping == NULL) {
        profile->is_out_of_memory = true;
        free(mapping);
        return;
    }
    mapping->id = MAPPING_ID;
    mapping->has_functions = mapping->has_filenames = mapping->has_line_numbers = true;
    mapping->has_inline_frames = true;
    message->mapping[message->n_mapping++] = mapping;
    for (; values[profile->value_count].name != NULL; profile->value_count++) {
        Pprof__ValueType *type = value_type_of(profile, &values[profile->value_count]);
        if (type != NULL) {
            message->sample_type[message->n_sample_type++] = type;
            message->default_sample_type = type->type;
        }
    }
}

struct profile *profile_create(const struct profile_value *values) {
    struct profile *profile = calloc(1, sizeof *profile);
    if (profile != NULL) {
        begin(profile, values);
    }
    return profile;
}

static void free_samples(Pprof__Profile *message) {
    for (size_t i = 0; i < message->n_sample; i++) {
        Pprof__Sample *sample = message->sample[i];
        for (size_t n = 0; n < sample->n_label; n++) {
            free(sample->label[n]);
        }
        free(sample->label);
        free(sample->value);
        free(sample->location_id);
        free(sample);
    }
    free(message->sample);
}

void profile_destroy(struct profile *profile) {
    if (profile == NULL) {
        return;
    }
    Pprof__Profile *message = &profile->message;
    free_samples(message);
    for (size_t i = 0; i < message->n_location; i++) {
        free(message->location[i]->line[0]);
        free(message->location[i]->line);
        free(message->location[i]);
    }
    for (size_t i = 0; i < message->n_function; i++) {
        free(message->function[i]);
    }
    for (size_t i = 0; i < message->n_string_table; i++) {
        free(message->string_table[i]);
    }
    for (size_t i = 0; i < message->n_sample_type; i++) {
        free(message->sample_type[i]);
    }
    for (size_t i = 0; i < message->n_mapping; i++) {
        free(message->mapping[i]);
    }
    free(message->location);
    free(message->function);
    free(message->string_table);
    free(message->sample_type);
    free(message->mapping);
    free(message->comment);
    free(message->period_type);
    lookup_fini(&profile->text_of);
    lookup_fini(&profile->function_of);
    lookup_fini(&profile->location_of);
    free(profile->stack);
    free(profile);
}

void profile_set_period(struct profile *profile, const struct profile_value *of, uint64_t period) {
    free(profile->message.period_type);
    profile->message.period_type = value_type_of(profile, of);
    profile->message.period = whole_of(period);
}

void profile_comment(struct profile *profile, const char *text) {
    int64_t index = text_of(profile, text);
    if (!HAS_ROOM(profile, comment)) {
        profile->is_out_of_memory = true;
        return;
    }
    profile->message.comment[profile->message.n_comment++] = index;
}

void profile_add_frame(struct profile *profile, const struct profile_frame *frame) {
    int64_t name = text_of(profile, frame->function);
    uint64_t function = function_of(profile, name, text_of(profile, frame->file));
    uint64_t location = function == 0 ? 0 : location_of(profile, function, frame->line);
    if (location == 0 ||
        !ARRAY_RESERVE(profile->stack, profile->stack_capacity, profile->stack_count + 1)) {
        profile->is_out_of_memory = true;
        return;
    }
    profile->stack[profile->stack_count++] = location;
}

// The sample's label: the size of its objects, by which pprof can select.
static void add_label(struct profile *profile, Pprof__Sample *sample, uint64_t size_bytes) {
    const Pprof__Label init = PPROF__LABEL__INIT;
    Pprof__Label *label = message_of(profile, &init, sizeof init);
    sample->label = malloc(sizeof(Pprof__Label *));
    if (label == NULL || sample->label == NULL) {
        profile->is_out_of_memory = true;
        free(label);
        return;
    }
    label->key = text_of(profile, "bytes");
    label->num_unit = label->key;
    label->num = whole_of(size_bytes);
    sample->label[sample->n_label++] = label;
}

void profile_add_stack(struct profile *profile, const uint64_t *values, uint64_t size_bytes) {
    const Pprof__Sample init = PPROF__SAMPLE__INIT;
    size_t stack_bytes = profile->stack_count * sizeof *profile->stack;
    Pprof__Sample *sample = message_of(profile, &init, sizeof init);
    if (sample == NULL || !HAS_ROOM(profile, sample)) {
        profile->is_out_of_memory = true;
        free(sample);
        return;
    }
    profile->message.sample[profile->message.n_sample++] = sample;
    sample->location_id = malloc(stack_bytes + 1);
    sample->value = malloc(profile->value_count * sizeof *sample->value);
    if (sample->location_id == NULL || sample->value == NULL) {
        profile->is_out_of_memory = true;
        return;
    }
    if (stack_bytes > 0) {
        memcpy(sample->location_id, profile->stack, stack_bytes);
    }
    sample->n_location_id = profile->stack_count;
    sample->n_value = profile->value_count;
    for (size_t i = 0; i < profile->value_count; i++) {
        sample->value[i] = whole_of(values[i]);
    }
    if (size_bytes > 0) {
        add_label(profile, sample, size_bytes);
    }
    profile->stack_count = 0;
}

// ---- the file

// NULL: out of memory.
static uint8_t *gzip(const uint8_t *bytes, size_t size_bytes, size_t *packed_bytes) {
    z_stream stream = {.next_in = NULL};
    if (size_bytes > UINT32_MAX / 2 || deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                                                    15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return NULL; // 16: gzip's header
    }
    uLong bound = deflateBound(&stream, (uLong)size_bytes);
    uint8_t *packed = malloc(bound);
    if (packed != NULL) {
        stream.next_in = bytes;
        stream.avail_in = (uInt)size_bytes;
        stream.next_out = packed;
        stream.avail_out = (uInt)bound;
        (void)deflate(&stream, Z_FINISH); // into room that is enough
        *packed_bytes = stream.total_out;
    }
    (void)deflateEnd(&stream);
    return packed;
}

uint8_t *profile_pack(const struct profile *profile, size_t *size_bytes) {
    size_t plain_bytes = pprof__profile__get_packed_size(&profile->message);
    uint8_t *plain = profile->is_out_of_memory ? NULL : malloc(plain_bytes);
    uint8_t *packed = NULL;
    if (plain != NULL) {
        (void)pprof__profile__pack(&profile->message, plain);
        packed = gzip(plain, plain_bytes, size_bytes);
    }
    free(plain);
    return packed;
}
