// target_decode: any bytes into the reader of dumps: it ends, and what decodes recodes to the same
// bytes.
//
// What must hold: the reading ends, with an error inside the input or none; a strict reading gives
// back the very bytes up to where it was good; a part holds its own members alone; a lenient
// reading gives the same bytes unless it forgave padded numbers, and then a text that decodes to
// itself; a reading through a small window in odd chunks gives the same records and the same error
// as one from memory; the graph of a dump that ends well keeps its laws, and so does, where the
// command's half is linked (decode_also.h), what is made of a dump that a strict reader takes: a
// page, a picture, a profile. Not covered: the cross-checks of `dump verify`, compressed input.

#define REQUIRE_OF "decode"
#include "dump/recode.h"
#include "fuzz/targets/decode_also.h"
#include "fuzz/targets/graph_laws.h"
#include "fuzz/targets/require.h"
#include "fuzz/targets/target_stats.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIPE_BYTES 4096 // fit any pipe

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Bytes that a recoder put down; `size_bytes` keeps counting when there is no room.
struct bytes {
    uint8_t *at;
    size_t size_bytes, capacity;
};

static int64_t collect(void *context, const void *from, size_t size_bytes) {
    struct bytes *bytes = context;
    if (bytes->capacity - bytes->size_bytes < size_bytes) {
        bytes->capacity = 2 * (bytes->size_bytes + size_bytes);
        bytes->at = realloc(bytes->at, bytes->capacity);
        REQUIRE(bytes->at != NULL);
    }
    memcpy(bytes->at + bytes->size_bytes, from, size_bytes);
    bytes->size_bytes += size_bytes;
    return (int64_t)size_bytes;
}

// A source that gives a few bytes at a time.
struct drip {
    const uint8_t *at;
    size_t left, chunk_bytes;
    int64_t error; // at the end; 0: the end
    bool has_failed;
};

static int64_t drip_read(void *context, void *to, size_t size_bytes) {
    struct drip *drip = context;
    size_t taken = drip->chunk_bytes < size_bytes ? drip->chunk_bytes : size_bytes;
    taken = taken < drip->left ? taken : drip->left;
    REQUIRE(!drip->has_failed); // who failed once is not asked again
    if (taken == 0) {
        drip->has_failed = drip->error != 0;
        return drip->error;
    }
    memcpy(to, drip->at, taken);
    drip->at += taken;
    drip->left -= taken;
    return (int64_t)taken;
}

// require_Object() and so on: a part holds nothing of the members outside it, and what comes in
// parts follows what came of it before.
static uint64_t before;

#define IS_INSIDE  (member >= record->member_begin && member < record->member_end)
#define IS_RESUMED (member == record->member_begin && record->is_continued)
#define NUMBER     member++;
// `before` came of the member in earlier parts.
#define FOLLOWS(begin_now, count_now)                                                              \
    if (IS_INSIDE) {                                                                               \
        before = IS_RESUMED ? before : 0;                                                          \
        REQUIRE((begin_now) == before);                                                            \
        before += (count_now);                                                                     \
    }
#define STRING(name)                                                                               \
    REQUIRE(IS_INSIDE || own->name.size_bytes == 0);                                               \
    member++;
#define BYTES(name)                                                                                \
    REQUIRE(IS_INSIDE || own->name.size_bytes == 0);                                               \
    FOLLOWS(own->name.begin_bytes, own->name.size_bytes)                                           \
    member++;
#define LIST(name)                                                                                 \
    REQUIRE(IS_INSIDE || own->name.count == 0);                                                    \
    REQUIRE(IS_RESUMED || own->name.begin == 0);                                                   \
    FOLLOWS(own->name.begin, own->name.count)                                                      \
    member++;
#define U(name) NUMBER
#define A(name) NUMBER
#define B(name) NUMBER
#define P(name) NUMBER
#define N(name) NUMBER
#define S(name) STRING(name)
#define M(name) BYTES(name)
#define F(name) LIST(name)
#define K(name) LIST(name)
#define DUMP_RECORD_BARE(tag, name)
#define DUMP_RECORD(tag, name, fields)                                                             \
    static void require_##name(const struct dump_record *record) {                                 \
        const struct dump_record_##name *own = &record->as.name;                                   \
        uint32_t member = 0;                                                                       \
        fields(void) own;                                                                          \
        REQUIRE(record->member_end <= member);                                                     \
    }
#include "dump/records.def"

static void require_part(const struct dump_record *record) {
    switch (record->tag) {
#define DUMP_RECORD_BARE(tag, name)                                                                \
    case (enum dump_tag)(tag):                                                                     \
        break;
#define DUMP_RECORD(tag, name, fields)                                                             \
    case (enum dump_tag)(tag):                                                                     \
        require_##name(record);                                                                    \
        break;
#include "dump/records.def"
    case DUMP_TAG_COUNT:
        break;
    }
}

struct reading {
    struct bytes recoded;
    uint64_t records, end; // behind the last of them
    bool has_params, is_big_endian;
    uint64_t pointer_bytes;
    struct dump_error error;
    uint64_t forgiven[DUMP_FORGIVEN_COUNT];
};

static struct dump_recoder recoder; // 64 KiB: too much for the stack

// Reads all, recodes what came, and destroys the reader.
static struct reading read_all(struct dump_reader *reader) {
    struct reading reading = {.end = DUMP_HEADER_BYTES};
    const struct dump_output output = {.write = collect, .context = &reading.recoded};
    const struct dump_record *record;
    REQUIRE(reader != NULL);
    dump_recoder_init(&recoder, &output);
    while ((record = dump_reader_next(reader)) != NULL) {
        reading.records += record->is_last;
        REQUIRE(record->offset_bytes == reading.end);
        reading.end = dump_reader_offset(reader); // a part leaves it where the record began
        require_part(record);
        if (record->tag == DUMP_TAG_Params && record->is_last) {
            reading.has_params = true;
            reading.is_big_endian = record->as.Params.big_endian;
            reading.pointer_bytes = record->as.Params.pointer_size;
        }
        REQUIRE(dump_recoder_add(&recoder, record));
    }
    REQUIRE(dump_recoder_finish(&recoder));
    REQUIRE(dump_reader_next(reader) == NULL);
    REQUIRE(dump_reader_pointer_bytes(reader) == 4 || dump_reader_pointer_bytes(reader) == 8);
    REQUIRE(!reading.has_params || dump_reader_is_big_endian(reader) == reading.is_big_endian);
    REQUIRE(dump_reader_offset(reader) >= dump_reader_error(reader)->good_bytes);
    reading.error = *dump_reader_error(reader);
    for (size_t i = 0; i < DUMP_FORGIVEN_COUNT; i++) {
        reading.forgiven[i] = dump_reader_forgiven(reader, (enum dump_forgiven)i);
    }
    dump_reader_destroy(reader);
    return reading;
}

static struct reading read_memory(const uint8_t *data, size_t size, enum dump_mode mode) {
    return read_all(dump_reader_create_memory(data, size, mode));
}

static bool is_valid(const struct reading *reading) {
    return reading->error.kind == DUMP_ERROR_NONE;
}

static void require_error_inside(const struct reading *reading, size_t size) {
    char text[256];
    if (is_valid(reading)) {
        return;
    }
    REQUIRE(reading->error.offset_bytes <= size);
    REQUIRE(reading->error.good_bytes <= reading->error.offset_bytes);
    REQUIRE(reading->error.value == 0 || (reading->error.kind != DUMP_ERROR_TRUNCATED &&
                                          reading->error.kind != DUMP_ERROR_VARINT));
    REQUIRE(strlen(dump_error_text(&reading->error, text, sizeof(text))) > 0);
}

// The recoded bytes are the input's, as far as it was good.
static void require_same_bytes(const struct reading *reading, const uint8_t *data, size_t size) {
    if (reading->error.kind == DUMP_ERROR_HEADER || (reading->records == 0 && !is_valid(reading))) {
        return;
    }
    REQUIRE(is_valid(reading) ? reading->recoded.size_bytes == size
                              : reading->recoded.size_bytes >= reading->error.good_bytes);
    REQUIRE(reading->recoded.size_bytes <= size);
    REQUIRE(memcmp(reading->recoded.at, data, reading->recoded.size_bytes) == 0);
}

// What was padded is canonical after one recoding: a second one changes nothing.
static void require_fixed_point(const struct reading *reading) {
    struct reading again =
        read_memory(reading->recoded.at, reading->recoded.size_bytes, DUMP_LENIENT);
    REQUIRE(is_valid(&again));
    REQUIRE(again.forgiven[DUMP_FORGIVEN_PADDED_VARINT] == 0);
    REQUIRE(again.records == reading->records);
    REQUIRE(again.recoded.size_bytes == reading->recoded.size_bytes);
    REQUIRE(memcmp(again.recoded.at, reading->recoded.at, again.recoded.size_bytes) == 0);
    free(again.recoded.at);
}

// What a strict reading refused is what the lenient one forgave there, if it came past it.
static void require_forgiven(const struct reading *lenient, const struct dump_error *refused) {
    static const struct {
        enum dump_error_kind kind;
        enum dump_forgiven what;
    } pairs[] = {
        {DUMP_ERROR_ORDER, DUMP_FORGIVEN_ORDER},
        {DUMP_ERROR_REPEATED, DUMP_FORGIVEN_REPEATED},
        {DUMP_ERROR_PADDED, DUMP_FORGIVEN_PADDED_VARINT},
        {DUMP_ERROR_ADDRESS, DUMP_FORGIVEN_WIDE_ADDRESS},
    };
    if (!is_valid(lenient) && lenient->error.good_bytes <= refused->offset_bytes) {
        return;
    }
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        REQUIRE(refused->kind != pairs[i].kind || lenient->forgiven[pairs[i].what] > 0);
    }
    REQUIRE(refused->kind != DUMP_ERROR_FIELD_KIND || refused->value > 3 ||
            lenient->forgiven[DUMP_FORGIVEN_FIELD_KIND] > 0);
    REQUIRE(refused->kind != DUMP_ERROR_MISSING || refused->value != DUMP_TAG_MemStats ||
            lenient->forgiven[DUMP_FORGIVEN_MISSING_MEMSTATS] > 0);
}

static void check_lenient(const struct reading *lenient, const struct reading *strict,
                          const uint8_t *data, size_t size) {
    uint64_t forgiven = 0;
    for (size_t i = 0; i < DUMP_FORGIVEN_COUNT; i++) {
        forgiven += lenient->forgiven[i];
    }
    require_error_inside(lenient, size);
    require_forgiven(lenient, &strict->error);
    REQUIRE(!is_valid(strict) || (is_valid(lenient) && forgiven == 0));
    REQUIRE(lenient->records >= strict->records);
    REQUIRE(!is_valid(lenient) || is_valid(strict) || forgiven > 0);
    if (lenient->forgiven[DUMP_FORGIVEN_PADDED_VARINT] == 0) {
        require_same_bytes(lenient, data, size);
    } else if (is_valid(lenient)) {
        require_fixed_point(lenient);
    }
}

static const char *name_of(const char *name) {
    return name == NULL ? "" : name;
}

// Another way to read the same bytes gave the same.
static void require_same_reading(struct reading *other, const struct reading *whole) {
    REQUIRE(other->records == whole->records);
    REQUIRE(other->error.kind == whole->error.kind);
    REQUIRE(other->error.offset_bytes == whole->error.offset_bytes);
    REQUIRE(other->error.good_bytes == whole->error.good_bytes);
    REQUIRE(other->error.value == whole->error.value);
    REQUIRE(strcmp(name_of(other->error.record), name_of(whole->error.record)) == 0);
    REQUIRE(strcmp(name_of(other->error.field), name_of(whole->error.field)) == 0);
    REQUIRE(memcmp(other->forgiven, whole->forgiven, sizeof(other->forgiven)) == 0 ||
            !is_valid(whole));
    size_t common = other->recoded.size_bytes < whole->recoded.size_bytes
                        ? other->recoded.size_bytes
                        : whole->recoded.size_bytes;
    REQUIRE(!is_valid(whole) || other->recoded.size_bytes == whole->recoded.size_bytes);
    REQUIRE(memcmp(other->recoded.at, whole->recoded.at, common) == 0);
    free(other->recoded.at);
}

// A window and chunks of sizes that depend on the input alone.
static void check_windowed(const struct reading *whole, const uint8_t *data, size_t size,
                           enum dump_mode mode) {
    static const size_t windows[] = {1, 16, 17, 64, 257, 1000, 4096};
    static const size_t chunks[] = {1, 3, 7, 4096};
    struct drip drip = {.at = data, .left = size, .chunk_bytes = chunks[size % 4]};
    const struct dump_source source = {.read = drip_read, .context = &drip};
    struct reading windowed =
        read_all(dump_reader_create_windowed(&source, mode, windows[size % 7]));
    require_same_reading(&windowed, whole);
}

// What fits a pipe at once goes through one.
static void check_pipe(const struct reading *whole, const uint8_t *data, size_t size,
                       enum dump_mode mode) {
    int ends[2];
    if (size == 0 || size > PIPE_BYTES || pipe(ends) != 0) {
        return;
    }
    REQUIRE(write(ends[1], data, size) == (ssize_t)size);
    close(ends[1]);
    struct reading piped = read_all(dump_reader_create_descriptor(ends[0], mode));
    close(ends[0]);
    require_same_reading(&piped, whole);
}

// A source that breaks off with EIO half-way: told as such, unless the dump was bad before.
static void check_failing_source(const struct reading *whole, const uint8_t *data, size_t size) {
    struct drip drip = {.at = data, .left = size / 2, .chunk_bytes = 64, .error = -EIO};
    const struct dump_source source = {.read = drip_read, .context = &drip};
    struct reading broken = read_all(dump_reader_create_windowed(&source, DUMP_STRICT, 128));
    REQUIRE(broken.records <= whole->records);
    REQUIRE(broken.error.kind == DUMP_ERROR_READ
                ? broken.error.system_error == EIO && broken.error.offset_bytes == size / 2
                : broken.error.kind == whole->error.kind);
    free(broken.recoded.at);
}

// An output that is full after so many bytes takes just these and is not asked again.
struct full {
    size_t room_bytes;
    unsigned refusals;
};

static int64_t take_until_full(void *context, const void *bytes, size_t size_bytes) {
    struct full *full = context;
    (void)bytes;
    if (full->room_bytes == 0) {
        full->refusals++;
        return -ENOSPC;
    }
    size_t taken = size_bytes < full->room_bytes ? size_bytes : full->room_bytes;
    full->room_bytes -= taken;
    return (int64_t)taken;
}

static void check_failing_output(const uint8_t *data, size_t size) {
    struct full full = {.room_bytes = size / 2};
    const struct dump_output output = {.write = take_until_full, .context = &full};
    struct dump_reader *reader = dump_reader_create_memory(data, size, DUMP_STRICT);
    const struct dump_record *record;
    REQUIRE(reader != NULL);
    dump_recoder_init(&recoder, &output);
    while ((record = dump_reader_next(reader)) != NULL) {
        dump_recoder_add(&recoder, record);
    }
    bool ok = dump_recoder_finish(&recoder);
    REQUIRE(recoder.offset_bytes + full.room_bytes == size / 2);
    REQUIRE(ok ? full.refusals == 0 : full.refusals == 1 && recoder.error == ENOSPC);
    dump_reader_destroy(reader);
}

decode_also *target_decode_also;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct reading strict = read_memory(data, size, DUMP_STRICT);
    struct reading lenient = read_memory(data, size, DUMP_LENIENT);
    require_error_inside(&strict, size);
    require_same_bytes(&strict, data, size);
    check_lenient(&lenient, &strict, data, size);
    if (size / 28 % 2 == 0) { // independent of the window's and the chunks' choice
        check_windowed(&strict, data, size, DUMP_STRICT);
    } else {
        check_windowed(&lenient, data, size, DUMP_LENIENT);
    }
    switch (size % 5) { // the rarer ways, one at a time
    case 0:
        check_pipe(&lenient, data, size, DUMP_LENIENT);
        break;
    case 1:
        check_failing_source(&strict, data, size);
        break;
    case 2:
        check_failing_output(data, size);
        break;
    default:
        break;
    }
    if (lenient.error.kind == DUMP_ERROR_NONE) {
        graph_laws(data, size);
    }
    if (is_valid(&strict) && target_decode_also != NULL) {
        target_decode_also(data, size);
    }
    target_stats_add(lenient.records + 1, strict.records);
    free(strict.recoded.at);
    free(lenient.recoded.at);
    return 0;
}
