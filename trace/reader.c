// reader: the records of a trace in the order of their times, whatever chunks they lie in.
//
// A chunk is opened when the time of the next record has reached its own. A binary heap holds the
// open chunks, the one with the earliest record first.
#define _GNU_SOURCE // O_CLOEXEC, pread
#include "trace/reader.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    uint64_t time_ns, offset; // of a chunk that was used
};

// An open chunk.
struct cursor {
    uint8_t *bytes;
    size_t at, limit;
    uint64_t offset; // of the chunk in the file
    uint64_t time_ns, address;
    uint32_t thread;
    bool has_thread;
    bool is_definitions;        // of the chunks that come before all others
    uint32_t stack;             // of the next record
    struct trace_record record; // the next one
};

struct trace_reader {
    int descriptor;
    struct trace_header header;
    uint64_t file_bytes;
    bool is_cut;
    struct place *places;
    size_t place_count, next_place;
    struct cursor **open; // a heap
    size_t open_count, open_capacity;
    uint64_t *thread_ids;
    uint32_t thread_count, thread_capacity;
    struct trace_stacks *stacks;
};

// ---- errors

static bool fail(struct trace_error *error, const char *what, uint64_t offset) {
    *error = (struct trace_error){what, offset, 0};
    return false;
}

static bool fail_system(struct trace_error *error, const char *what, int number) {
    *error = (struct trace_error){what, 0, number};
    return false;
}

// ---- decoding

static uint64_t take_number(struct cursor *cursor, unsigned count) {
    uint64_t number = 0;
    for (unsigned i = 0; i < count; i++) {
        number |= (uint64_t)cursor->bytes[cursor->at + i] << (8 * i);
    }
    cursor->at += count;
    return number;
}

static bool add_thread(struct trace_reader *reader, struct cursor *cursor, uint64_t number,
                       struct trace_error *error) {
    if (number >= reader->file_bytes / 2) {
        return fail(error, "a thread's number is too large", cursor->offset + cursor->at);
    }
    if (number >= reader->thread_capacity) {
        uint32_t capacity = (uint32_t)number + 1 + reader->thread_capacity;
        uint64_t *ids = realloc(reader->thread_ids, capacity * sizeof *ids);
        if (ids == NULL) {
            return fail_system(error, "its threads", ENOMEM);
        }
        memset(ids + reader->thread_capacity, 0,
               (capacity - reader->thread_capacity) * sizeof *ids);
        reader->thread_ids = ids;
        reader->thread_capacity = capacity;
    }
    if (number >= reader->thread_count) {
        reader->thread_count = (uint32_t)number + 1;
    }
    reader->thread_ids[number] = cursor->address;
    cursor->thread = (uint32_t)number;
    cursor->has_thread = true;
    return true;
}

// How long the record is, without what follows a module's; or 0: it is none.
static size_t record_bytes(const uint8_t *head, uint32_t version) {
    unsigned kind = head[0] & 15;
    unsigned address_bytes = head[1] & 15;
    unsigned size_bytes = head[1] >> 4;
    unsigned kind_limit = version == TRACE_VERSION ? TRACE_AT : TRACE_KIND_COUNT;
    bool is_record = kind < kind_limit && address_bytes <= 8 && size_bytes <= 8;
    size_t length = 2 + (head[0] >> 4 & 7U) + address_bytes + size_bytes;
    return is_record ? length + (kind == TRACE_ALIGNED ? 1 : 0) : 0;
}

// ---- what is for the reader alone

static bool take_stack(const struct trace_reader *reader, struct cursor *cursor, uint64_t offset,
                       struct trace_error *error) {
    bool is_known = cursor->record.size <= trace_stacks_frame_count(reader->stacks);
    cursor->stack = is_known ? (uint32_t)cursor->record.size : 0;
    return is_known || reader->is_cut ? true : fail(error, "a stack is none", offset);
}

static bool is_added(enum trace_stacks_status status, const char *wrong, uint64_t offset,
                     struct trace_error *error) {
    return status == TRACE_STACKS_FINE    ? true
           : status == TRACE_STACKS_WRONG ? fail(error, wrong, offset)
                                          : fail_system(error, "its stacks", ENOMEM);
}

// Its text is what follows it; a file may be cut in it.
static bool take_module(struct trace_reader *reader, struct cursor *cursor, uint64_t offset,
                        struct trace_error *error) {
    uint64_t size = cursor->record.size;
    if (size > cursor->limit - cursor->at) {
        cursor->at = cursor->limit;
        return reader->is_cut ? true : fail(error, "a record ends behind its chunk", offset);
    }
    cursor->at += size;
    return is_added(
        trace_stacks_add_module(reader->stacks, cursor->bytes + cursor->at - size, (size_t)size),
        "what stands there is no module", offset, error);
}

static bool is_definition(enum trace_kind kind) {
    return kind == TRACE_FRAME || kind == TRACE_MODULE;
}

static bool is_for_reader(enum trace_kind kind) {
    return kind == TRACE_THREAD || kind == TRACE_AT || is_definition(kind);
}

// With the first event all frames are known: none comes behind one.
static bool take_own(struct trace_reader *reader, struct cursor *cursor, uint64_t offset,
                     struct trace_error *error) {
    enum trace_kind kind = cursor->record.kind;
    if (is_definition(kind) && (!cursor->is_definitions || cursor->has_thread)) {
        return fail(error, "a module or a frame stands among events", offset);
    }
    return kind == TRACE_AT ? take_stack(reader, cursor, offset, error)
           : kind == TRACE_FRAME
               ? is_added(
                     trace_stacks_add_frame(reader->stacks, cursor->address, cursor->record.size),
                     "a frame's caller or module is none, or it is too deep", offset, error)
           : kind == TRACE_MODULE ? take_module(reader, cursor, offset, error)
                                  : add_thread(reader, cursor, cursor->record.size, error);
}

// The numbers of the record at cursor->at, of which all bytes are there.
static bool decode(struct trace_reader *reader, struct cursor *cursor, struct trace_error *error) {
    const uint8_t *head = cursor->bytes + cursor->at;
    uint64_t offset = cursor->offset + cursor->at;
    struct trace_record *record = &cursor->record;
    cursor->at += 2;
    uint64_t elapsed_ns = take_number(cursor, head[0] >> 4 & 7U);
    uint64_t zigzag = take_number(cursor, head[1] & 15);
    uint64_t steps = (zigzag >> 1) ^ (0 - (zigzag & 1));
    record->kind = (enum trace_kind)(head[0] & 15);
    record->size = take_number(cursor, head[1] >> 4);
    record->align_log = record->kind == TRACE_ALIGNED ? cursor->bytes[cursor->at++] : 0;
    if (record->align_log >= 64 || elapsed_ns > UINT64_MAX - cursor->time_ns) {
        return fail(error, "a record's numbers are too large", offset);
    }
    cursor->time_ns += elapsed_ns;
    cursor->address += head[0] >= 0x80 ? steps : steps * 16;
    if (is_for_reader(record->kind)) {
        return take_own(reader, cursor, offset, error);
    }
    if (!cursor->has_thread) {
        return fail(error, "a record is nobody's", offset);
    }
    record->thread = cursor->thread;
    record->stack = cursor->stack;
    cursor->stack = 0;
    record->time_ns = cursor->time_ns;
    record->address = cursor->address;
    return record->address != 0 ? true : fail(error, "an object is at 0", offset);
}

// The cursor's next record. False: the chunk ends, or something is wrong.
static bool advance(struct trace_reader *reader, struct cursor *cursor, struct trace_error *error) {
    do {
        const uint8_t *head = cursor->bytes + cursor->at;
        if (cursor->limit - cursor->at < 2 || (head[0] & 15) == TRACE_NONE) {
            return false;
        }
        size_t length = record_bytes(head, reader->header.version);
        if (length == 0) {
            return fail(error, "what stands there is no record", cursor->offset + cursor->at);
        }
        if (length > cursor->limit - cursor->at) {
            return reader->is_cut
                       ? false
                       : fail(error, "a record ends behind its chunk", cursor->offset + cursor->at);
        }
        if (!decode(reader, cursor, error)) {
            return false;
        }
    } while (is_for_reader(cursor->record.kind));
    return true;
}

// ---- the heap of open chunks

// At one time, what is given back comes before what is obtained.
static bool is_obtained(enum trace_kind kind) {
    return kind != TRACE_FREE && kind != TRACE_REALLOC_FROM;
}

static bool is_before(const struct cursor *a, const struct cursor *b) {
    if (a->record.time_ns != b->record.time_ns) {
        return a->record.time_ns < b->record.time_ns;
    }
    if (is_obtained(a->record.kind) != is_obtained(b->record.kind)) {
        return is_obtained(b->record.kind);
    }
    return a->offset < b->offset;
}

static void sift_up(struct trace_reader *reader, size_t i) {
    struct cursor *cursor = reader->open[i];
    while (i > 0 && is_before(cursor, reader->open[(i - 1) / 2])) {
        reader->open[i] = reader->open[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    reader->open[i] = cursor;
}

static void sift_down(struct trace_reader *reader) {
    struct cursor *cursor = reader->open[0];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= reader->open_count) {
            break;
        }
        if (child + 1 < reader->open_count &&
            is_before(reader->open[child + 1], reader->open[child])) {
            child++;
        }
        if (!is_before(reader->open[child], cursor)) {
            break;
        }
        reader->open[i] = reader->open[child];
        i = child;
    }
    reader->open[i] = cursor;
}

static void free_cursor(struct cursor *cursor) {
    free(cursor->bytes);
    free(cursor);
}

// ---- the file

// As much as there is. SIZE_MAX: errno says why not.
static size_t read_at(int descriptor, void *bytes, size_t size_bytes, uint64_t offset) {
    size_t used = 0;
    while (used < size_bytes) {
        ssize_t count =
            pread(descriptor, (uint8_t *)bytes + used, size_bytes - used, (off_t)(offset + used));
        if (count == 0) {
            break;
        }
        if (count < 0 && errno != EINTR) {
            return SIZE_MAX;
        }
        used += count < 0 ? 0 : (size_t)count;
    }
    return used;
}

static bool reserve_open(struct trace_reader *reader) {
    if (reader->open_count < reader->open_capacity) {
        return true;
    }
    size_t capacity = reader->open_capacity == 0 ? 16 : 2 * reader->open_capacity;
    struct cursor **open = realloc(reader->open, capacity * sizeof *open);
    if (open != NULL) {
        reader->open = open;
        reader->open_capacity = capacity;
    }
    return open != NULL;
}

static struct cursor *make_cursor(const struct place *place) {
    struct cursor *cursor = calloc(1, sizeof *cursor);
    uint8_t *bytes = malloc(TRACE_CHUNK_BYTES);
    if (cursor == NULL || bytes == NULL) {
        free(cursor);
        free(bytes);
        return NULL;
    }
    *cursor = (struct cursor){.bytes = bytes,
                              .at = TRACE_CHUNK_HEAD_BYTES,
                              .offset = place->offset,
                              .time_ns = place->time_ns,
                              .is_definitions = place->time_ns == TRACE_DEFINITIONS_NS};
    return cursor;
}

static bool open_chunk(struct trace_reader *reader, const struct place *place,
                       struct trace_error *error) {
    struct cursor *cursor = reserve_open(reader) ? make_cursor(place) : NULL;
    if (cursor == NULL) {
        return fail_system(error, "a chunk", ENOMEM);
    }
    cursor->limit = read_at(reader->descriptor, cursor->bytes, TRACE_CHUNK_BYTES, place->offset);
    if (cursor->limit == SIZE_MAX) {
        (void)fail_system(error, "a chunk", errno);
    } else if (cursor->limit > cursor->at && advance(reader, cursor, error)) {
        reader->open[reader->open_count] = cursor;
        sift_up(reader, reader->open_count++);
        return true;
    }
    free_cursor(cursor);
    return error->what == NULL;
}

// Those whose time has come.
static bool open_chunks(struct trace_reader *reader, struct trace_error *error) {
    while (reader->next_place < reader->place_count) {
        const struct place *place = &reader->places[reader->next_place];
        if (reader->open_count > 0 && place->time_ns > reader->open[0]->record.time_ns) {
            break;
        }
        reader->next_place++;
        if (!open_chunk(reader, place, error)) {
            return false;
        }
    }
    return true;
}

bool trace_reader_next(struct trace_reader *reader, struct trace_record *record,
                       struct trace_error *error) {
    *error = (struct trace_error){0};
    if (!open_chunks(reader, error) || reader->open_count == 0) {
        return false;
    }
    struct cursor *first = reader->open[0];
    *record = first->record;
    if (!advance(reader, first, error)) {
        free_cursor(first);
        reader->open[0] = reader->open[--reader->open_count];
        if (error->what != NULL) {
            return false;
        }
    }
    if (reader->open_count > 0) {
        sift_down(reader);
    }
    return true;
}

// ---- beginning

static bool read_header(struct trace_reader *reader, struct trace_error *error) {
    struct trace_header header;
    struct stat status;
    if (fstat(reader->descriptor, &status) != 0) {
        return fail_system(error, "its size", errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(error, "is no trace", 0);
    }
    reader->file_bytes = (uint64_t)status.st_size;
    size_t count = read_at(reader->descriptor, &header, sizeof header, 0);
    if (count == SIZE_MAX) {
        return fail_system(error, "its header", errno);
    }
    if (count < sizeof header.magic || memcmp(header.magic, TRACE_MAGIC, 8) != 0) {
        return fail(error, "is no trace", 0);
    }
    if (count < sizeof header) {
        return fail(error, "ends within its header", count);
    }
    reader->header = (struct trace_header){
        .version = le32toh(header.version),
        .chunk_bytes = le32toh(header.chunk_bytes),
        .start_ns = le64toh(header.start_ns),
        .process_id = le32toh(header.process_id),
        .parent_id = le32toh(header.parent_id),
        .end = le32toh(header.end),
        .error = le32toh(header.error),
    };
    memcpy(reader->header.magic, header.magic, sizeof header.magic);
    if (reader->header.version != TRACE_VERSION && reader->header.version != TRACE_VERSION_STACKS) {
        return fail(error, "is a trace of another version than 1 or 2", 8);
    }
    return reader->header.chunk_bytes == TRACE_CHUNK_BYTES
               ? true
               : fail(error, "has chunks of another size", 12);
}

static int by_time(const void *a, const void *b) {
    const struct place *one = a;
    const struct place *other = b;
    if (one->time_ns != other->time_ns) {
        return one->time_ns < other->time_ns ? -1 : 1;
    }
    return one->offset < other->offset ? -1 : one->offset > other->offset;
}

// The chunks that were used. One of which not even the time is there is cut off.
static bool find_places(struct trace_reader *reader, struct trace_error *error) {
    uint64_t bytes =
        reader->file_bytes > TRACE_HEADER_BYTES ? reader->file_bytes - TRACE_HEADER_BYTES : 0;
    reader->is_cut = bytes % TRACE_CHUNK_BYTES != 0 || reader->file_bytes < TRACE_HEADER_BYTES;
    size_t count = (size_t)((bytes + TRACE_CHUNK_BYTES - 1) / TRACE_CHUNK_BYTES);
    reader->places = count == 0 ? NULL : malloc(count * sizeof *reader->places);
    if (reader->places == NULL && count != 0) {
        return fail_system(error, "its chunks", ENOMEM);
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t time_ns = 0;
        uint64_t offset = TRACE_HEADER_BYTES + (uint64_t)i * TRACE_CHUNK_BYTES;
        size_t got = read_at(reader->descriptor, &time_ns, sizeof time_ns, offset);
        if (got == SIZE_MAX) {
            return fail_system(error, "a chunk", errno);
        }
        if (got == sizeof time_ns && time_ns != 0) {
            reader->places[reader->place_count++] = (struct place){le64toh(time_ns), offset};
        }
    }
    if (reader->place_count > 1) {
        qsort(reader->places, reader->place_count, sizeof *reader->places, by_time);
    }
    return true;
}

struct trace_reader *trace_reader_open(const char *path, struct trace_error *error) {
    *error = (struct trace_error){0};
    struct trace_reader *reader = calloc(1, sizeof *reader);
    struct trace_stacks *stacks = trace_stacks_create();
    if (reader == NULL || stacks == NULL) {
        free(reader);
        trace_stacks_destroy(stacks);
        (void)fail_system(error, "its reader", ENOMEM);
        return NULL;
    }
    reader->stacks = stacks;
    reader->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a FIFO has no writer
    if (reader->descriptor < 0) {
        (void)fail_system(error, "cannot be opened", errno);
    } else if (read_header(reader, error) && find_places(reader, error)) {
        return reader;
    }
    trace_reader_close(reader);
    return NULL;
}

void trace_reader_close(struct trace_reader *reader) {
    if (reader == NULL) {
        return;
    }
    if (reader->descriptor >= 0) {
        (void)close(reader->descriptor);
    }
    for (size_t i = 0; i < reader->open_count; i++) {
        free_cursor(reader->open[i]);
    }
    free(reader->open);
    free(reader->places);
    free(reader->thread_ids);
    trace_stacks_destroy(reader->stacks);
    free(reader);
}

const struct trace_header *trace_reader_header(const struct trace_reader *reader) {
    return &reader->header;
}

bool trace_reader_is_cut(const struct trace_reader *reader) {
    return reader->is_cut;
}

const struct trace_stacks *trace_reader_stacks(const struct trace_reader *reader) {
    return reader->stacks;
}

uint32_t trace_reader_thread_count(const struct trace_reader *reader) {
    return reader->thread_count;
}

uint64_t trace_reader_thread_id(const struct trace_reader *reader, uint32_t thread) {
    return reader->thread_ids[thread];
}
