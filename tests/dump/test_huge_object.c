// test_huge_object: an object of 2 GiB and a byte goes through a pipe whole: its length, each byte,
// and the statistics that tell of it.
#include <string.h>
#include <pthread.h>
#include <unistd.h>
#include "tests/test.h"

#include "allocator/heap.h"
#include "dump/reader.h"
#include "dump/writer.h"
#include "runtime/runtime.h"

#define HUGE_BYTES    (((size_t)2 << 30) + 1)
#define ELEMENT_BYTES (((size_t)2 << 30) + HEAP_PAGE_BYTES)

// Where the object is not zero: at both ends, and on both sides of what 31 bits can count.
static const size_t marked[] = {0, ((size_t)1 << 31) - 1, (size_t)1 << 31};

struct writing {
    struct runtime *runtime;
    int descriptor;
    struct dump_result result;
};

static void *write_dump(void *context) {
    struct writing *writing = context;
    writing->result = dump_write_descriptor(writing->runtime, NULL, writing->descriptor);
    (void)close(writing->descriptor);
    return NULL;
}

static size_t marks_within(uint64_t begin, uint64_t end) {
    size_t count = 0;
    for (size_t i = 0; i < sizeof marked / sizeof marked[0]; i++) {
        count += marked[i] >= begin && marked[i] < end;
    }
    return count;
}

static size_t count_not_zero(const uint8_t *bytes, size_t size_bytes) {
    if (bytes[0] == 0 && memcmp(bytes, bytes + 1, size_bytes - 1) == 0) {
        return 0;
    }
    size_t count = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        count += bytes[i] != 0;
    }
    return count;
}

struct sums {
    uint64_t objects, bytes, marks;
    uint64_t heap_alloc, heap_objects;
};

static void add_part(struct sums *sums, const struct dump_record_Object *object, bool is_last) {
    const struct dump_memory *part = &object->contents;
    uint64_t end = part->begin_bytes + part->size_bytes;
    assert_int_equal(part->total_bytes, ELEMENT_BYTES);
    assert_int_equal(part->begin_bytes, sums->bytes);
    if (part->size_bytes > 0) {
        size_t marks = count_not_zero(part->bytes, (size_t)part->size_bytes);
        assert_int_equal(marks, marks_within(part->begin_bytes, end));
        sums->marks += marks;
    }
    sums->bytes = end;
    sums->objects += is_last;
}

static void read_dump(struct dump_reader *reader, struct sums *sums) {
    const struct dump_record *record;
    while ((record = dump_reader_next(reader)) != NULL) {
        if (record->tag == DUMP_TAG_Object) {
            add_part(sums, &record->as.Object, record->is_last);
        } else if (record->tag == DUMP_TAG_MemStats && record->is_last) {
            sums->heap_alloc = record->as.MemStats.HeapAlloc;
            sums->heap_objects = record->as.MemStats.HeapObjects;
        }
    }
}

TEST(an_object_over_2_gib_is_written_and_read_whole) {
    int ends[2];
    struct sums sums = {0};
    struct heap *heap = heap_create(NULL);
    struct runtime *runtime = heap == NULL ? NULL : runtime_create(heap, NULL);
    struct mcache *cache = heap == NULL ? NULL : heap_acquire_cache(heap);
    assert_non_null(runtime);
    assert_non_null(cache);
    uint8_t *object = heap_alloc(heap, cache, HUGE_BYTES, NULL, HEAP_ALLOC_ZERO);
    if (object == NULL) {
        print_message("skipped: no address space for 2 GiB\n");
        skip();
    }
    for (size_t i = 0; i < sizeof marked / sizeof marked[0]; i++) {
        object[marked[i]] = (uint8_t)(i + 1);
    }
    assert_int_equal(pipe(ends), 0);
    struct writing writing = {.runtime = runtime, .descriptor = ends[1]};
    struct dump_reader *reader = dump_reader_create_descriptor(ends[0], DUMP_STRICT);
    pthread_t writer;
    assert_non_null(reader);
    assert_int_equal(pthread_create(&writer, NULL, write_dump, &writing), 0);
    read_dump(reader, &sums);
    assert_int_equal(dump_reader_error(reader)->kind, DUMP_ERROR_NONE);
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_int_equal(writing.result.error, 0);
    assert_int_equal(writing.result.offset_bytes, dump_reader_offset(reader));
    assert_int_equal(sums.objects, 1);
    assert_int_equal(sums.bytes, ELEMENT_BYTES);
    assert_int_equal(sums.marks, sizeof marked / sizeof marked[0]);
    assert_int_equal(sums.heap_alloc, ELEMENT_BYTES);
    assert_int_equal(sums.heap_objects, 1);
    dump_reader_destroy(reader);
    (void)close(ends[0]);
    runtime_destroy(runtime);
    heap_destroy(heap);
}
