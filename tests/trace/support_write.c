// support_write: traces made by hand, for who reads them.
#include "tests/trace/support_write.h"

#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static size_t put(uint8_t *at, uint64_t number, size_t count) {
    for (size_t i = 0; i < count; i++) {
        at[i] = (uint8_t)(number >> (8 * i));
    }
    return count;
}

void build_begin(struct built *built) {
    *built = (struct built){.size_bytes = TRACE_HEADER_BYTES};
    memcpy(built->bytes, TRACE_MAGIC, 8);
    (void)put(built->bytes + 8, TRACE_VERSION, 4);
    (void)put(built->bytes + 12, TRACE_CHUNK_BYTES, 4);
    (void)put(built->bytes + 16, 1000, 8);
    (void)put(built->bytes + 24, 7, 4);
    (void)put(built->bytes + 28, 6, 4);
}

void build_chunk(struct built *built, uint64_t time_ns) {
    built->at = built->size_bytes + put(built->bytes + built->size_bytes, time_ns, 8);
    built->size_bytes += TRACE_CHUNK_BYTES;
    assert_true(built->size_bytes <= sizeof built->bytes);
}

static unsigned length_of(uint64_t number) {
    unsigned count = 0;
    for (; number != 0; number >>= 8) {
        count++;
    }
    return count;
}

void build_record(struct built *built, enum trace_kind kind, uint64_t elapsed_ns, uint64_t zigzag,
                  uint64_t size) {
    uint8_t *head = built->bytes + built->at;
    unsigned lengths[] = {length_of(elapsed_ns), length_of(zigzag), length_of(size)};
    head[0] = (uint8_t)((unsigned)kind | lengths[0] << 4);
    head[1] = (uint8_t)(lengths[1] | lengths[2] << 4);
    uint8_t *at = head + 2;
    at += put(at, elapsed_ns, lengths[0]);
    at += put(at, zigzag, lengths[1]);
    at += put(at, size, lengths[2]);
    built->at = (size_t)(at - built->bytes);
}

void build_write(const struct built *built, const char *path) {
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_int_equal(fwrite(built->bytes, 1, built->size_bytes, stream), built->size_bytes);
    assert_int_equal(fclose(stream), 0);
}
