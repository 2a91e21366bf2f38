// dump: dumps to each kind of sink, and what must hold of each: it is whole, and decoded and
// compared, or it ends where the sink refused, with the sink's reason.
#define _POSIX_C_SOURCE 200809L
#include "fuzz/go/state.h"
#include "fuzz/go/vast.h"

#include "allocator/inspect.h"
#include "dump/writer.h"
#include "oracle/go/view/raw.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/roundtrip/roundtrip.h"
#include "oracle/go/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DUMP_BYTES_PER_UNIT 64   // of work: written, read, compared and recoded
#define SHORT_WRITES_MAX    4096 // then the sink takes all: a dump may be megabytes

struct sink {
    struct dump_buffer *buffer;
    enum sink_kind kind;
    uint32_t number; // odd: it takes pieces
    uint64_t write_count;
    uint64_t wait_count;
    bool is_out_of_memory;       // nothing can be said of the dump
    struct go_machine *skipping; // vast objects' contents, which are not kept; NULL: all is kept
    bool has_skipped;
    uint64_t taken_bytes;
};

static bool buffer_append(struct dump_buffer *buffer, const void *bytes, size_t size_bytes) {
    if (!HARNESS_RESERVE(buffer->bytes, buffer->capacity_bytes, buffer->size_bytes + size_bytes)) {
        return false;
    }
    // pieces lie in the heap
    raw_copy(buffer->bytes + buffer->size_bytes, (uintptr_t)bytes, size_bytes);
    buffer->size_bytes += size_bytes;
    return true;
}

static int sink_error(const struct sink *sink) {
    switch (sink->kind) {
    case SINK_EINTR:
        return sink->write_count % (sink->number % 64 + 2) == 0 ? EINTR : 0;
    case SINK_EAGAIN:
        return sink->write_count % (sink->number % 64 + 2) == 0 ? EAGAIN : 0;
    case SINK_ENOSPC:
        return sink->buffer->size_bytes >= sink->number ? ENOSPC : 0;
    case SINK_EPIPE:
        return sink->buffer->size_bytes >= sink->number ? EPIPE : 0;
    case SINK_MEMORY:
    case SINK_PATH:
    case SINK_SHORT:
        break;
    }
    return 0;
}

static size_t sink_limit(const struct sink *sink, size_t size_bytes) {
    size_t limit = size_bytes;
    if (sink->kind == SINK_SHORT && sink->write_count < SHORT_WRITES_MAX) {
        limit = sink->number == 0 ? 1 : sink->number;
    }
    if (sink->kind == SINK_ENOSPC || sink->kind == SINK_EPIPE) {
        limit = sink->number - sink->buffer->size_bytes;
    }
    return limit < size_bytes ? limit : size_bytes;
}

static bool skips(struct sink *sink, uintptr_t address) {
    if (sink->skipping == NULL || !vast_holds(sink->skipping, address)) {
        return false;
    }
    vast_begins(sink->skipping, sink->buffer, address);
    sink->has_skipped = true;
    return true;
}

// What one write takes of the pieces, which follow each other.
static int64_t sink_write_pieces(void *context, const struct iovec *pieces, size_t piece_count) {
    struct sink *sink = context;
    size_t offered = 0;
    for (size_t i = 0; i < piece_count; i++) {
        offered += pieces[i].iov_len;
    }
    sink->write_count++;
    int error = sink_error(sink);
    if (error != 0) {
        return -error;
    }
    size_t taken = sink_limit(sink, offered);
    size_t left = taken;
    sink->taken_bytes += taken;
    for (size_t i = 0; left > 0; i++) {
        size_t size_bytes = pieces[i].iov_len < left ? pieces[i].iov_len : left;
        if (skips(sink, (uintptr_t)pieces[i].iov_base)) {
            left -= size_bytes;
            continue;
        }
        if (!buffer_append(sink->buffer, pieces[i].iov_base, size_bytes)) {
            sink->is_out_of_memory = true;
            return -ENOMEM;
        }
        left -= size_bytes;
    }
    return (int64_t)taken;
}

static int64_t sink_write(void *context, const void *bytes, size_t size_bytes) {
    struct iovec whole = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size_bytes};
    return sink_write_pieces(context, &whole, 1);
}

static int sink_wait(void *context) {
    struct sink *sink = context;
    sink->wait_count++;
    return 0;
}

static struct mcache *any_cache(struct go_machine *machine) {
    return go_cache(machine, operation_from_bits(OP_FLUSH));
}

// Whether all memory lies in the heap's own range; what does not lies where the kernel likes, and
// a dump names its addresses.
static bool lies_in_its_range(const struct heap *heap) {
    struct inspect_range range;
    for (size_t i = 0; inspect_range(heap, i, &range); i++) {
        if (range.base - heap_base(heap) >= HEAP_STRIDE_BYTES) {
            return false;
        }
    }
    return true;
}

#define NOTE_LANES 4 // words of a dump that are hashed side by side

// The bytes of a dump are a result.
static void note_bytes(struct go_machine *machine, const struct dump_buffer *dump) {
    executor_note(machine->executor, dump->size_bytes);
    if (!lies_in_its_range(machine->heap)) {
        return;
    }
    uint64_t lanes[NOTE_LANES] = {1, 2, 3, 4}; // none waits for another
    size_t at = 0;
    for (; at + sizeof lanes <= dump->size_bytes; at += sizeof lanes) {
        for (size_t lane = 0; lane < NOTE_LANES; lane++) {
            uint64_t word;
            memcpy(&word, dump->bytes + at + lane * sizeof word, sizeof word);
            lanes[lane] = (lanes[lane] ^ word) * UINT64_C(0x9e3779b97f4a7c15);
            lanes[lane] ^= lanes[lane] >> 29;
        }
    }
    for (size_t lane = 0; lane < NOTE_LANES; lane++) {
        executor_note(machine->executor, lanes[lane]);
    }
    for (; at < dump->size_bytes; at++) {
        executor_note(machine->executor, dump->bytes[at]);
    }
}

static struct dump_result dump_to(struct go_machine *machine, struct sink *sink) {
    struct dump_sink out = {
        .write = sink_write,
        .wait = sink_wait,
        .context = sink,
        .write_pieces = sink->number % 2 == 1 ? sink_write_pieces : NULL,
    };
    sink->buffer->size_bytes = 0;
    struct dump_result result = dump_write(machine->runtime, any_cache(machine), &out);
    executor_work(machine->executor, sink->buffer->size_bytes / DUMP_BYTES_PER_UNIT);
    note_bytes(machine, sink->buffer);
    return result;
}

bool go_compare_dump(void *state, const void *bytes, size_t size_bytes) {
    struct go_machine *machine = state;
    const struct roundtrip_dump dump = {
        .bytes = bytes,
        .size_bytes = size_bytes,
        .runtime = machine->runtime,
        .fast = go_stats(machine),
        .has_model = true,
        .has_graph = !machine->is_ending || executor_options(machine->executor)->final_graph,
    };
    return roundtrip_check(machine->oracle, &dump);
}

static bool compare(struct go_machine *machine) {
    machine->dump_is_whole = true;
    return go_compare_dump(machine, machine->dump.bytes, machine->dump.size_bytes);
}

static bool result_is(struct go_machine *machine, struct dump_result result, int error,
                      uint64_t offset_bytes) {
    return oracle_rule(machine->oracle, RULE_DUMP_SINK, result.error == error, "error", "sink",
                       (uint64_t)error, "writer", (uint64_t)result.error) &&
           oracle_rule(machine->oracle, RULE_DUMP_SINK, result.offset_bytes == offset_bytes,
                       "offset", "sink", offset_bytes, "writer", result.offset_bytes);
}

// Nobody reads the bytes of a vast object: the sink takes them as pieces that lie in the heap.
static bool dump_without_vast(struct go_machine *machine) {
    struct sink sink = {
        .buffer = &machine->dump, .kind = SINK_MEMORY, .number = 1, .skipping = machine};
    struct dump_result result = dump_to(machine, &sink);
    machine->dump_is_whole = false;
    if (sink.is_out_of_memory || !result_is(machine, result, 0, sink.taken_bytes)) {
        return sink.is_out_of_memory;
    }
    return sink.has_skipped ? vast_compare_end(machine, &machine->dump) : compare(machine);
}

bool go_dump_and_compare(struct go_machine *machine) {
    if (machine->has_vast) {
        return dump_without_vast(machine);
    }
    struct sink sink = {.buffer = &machine->dump, .kind = SINK_MEMORY};
    struct dump_result result = dump_to(machine, &sink);
    return sink.is_out_of_memory ||
           (result_is(machine, result, 0, machine->dump.size_bytes) && compare(machine));
}

// What a sink took before it broke off is the beginning of the dump that a patient one takes
// afterwards; what one with room enough took is the whole of it.
static bool compare_beginning(struct go_machine *machine, const struct dump_buffer *taken,
                              bool is_whole) {
    if (!go_dump_and_compare(machine)) {
        return false;
    }
    size_t whole_bytes = machine->dump.size_bytes;
    bool is_prefix = taken->size_bytes <= whole_bytes &&
                     (taken->size_bytes == 0 ||
                      memcmp(taken->bytes, machine->dump.bytes, taken->size_bytes) == 0);
    return oracle_rule(machine->oracle, RULE_DUMP_SINK,
                       is_prefix && (!is_whole || taken->size_bytes == whole_bytes), "beginning",
                       "sink's bytes", taken->size_bytes, "whole dump", whole_bytes);
}

static void dump_to_failing(struct go_machine *machine, enum sink_kind kind, uint32_t number) {
    struct dump_buffer taken = {0};
    struct sink sink = {.buffer = &taken, .kind = kind, .number = number};
    struct dump_result result = dump_to(machine, &sink);
    // A dump that ends where the room does is whole as well.
    bool is_whole = taken.size_bytes < number || result.error == 0;
    int error = is_whole ? 0 : kind == SINK_ENOSPC ? ENOSPC : EPIPE;
    machine->dump_is_whole = false;
    if (!sink.is_out_of_memory && result_is(machine, result, error, taken.size_bytes)) {
        (void)compare_beginning(machine, &taken, is_whole);
    }
    harness_free(taken.bytes);
}

static bool read_file(const char *path, struct dump_buffer *buffer) {
    uint8_t bytes[65536];
    buffer->size_bytes = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = descriptor < 0 ? -1 : 1;
    while (count > 0) {
        count = read(descriptor, bytes, sizeof bytes);
        if (count > 0 && !buffer_append(buffer, bytes, (size_t)count)) {
            count = -1;
        }
    }
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return count == 0;
}

static bool dump_to_path(struct go_machine *machine) {
    const char *path = executor_options(machine->executor)->scratch_path;
    struct dump_result result = dump_write_path(machine->runtime, any_cache(machine), path);
    if (result.error != 0 || !read_file(path, &machine->dump)) {
        harness_refused(); // the disk's failure, not the writer's
        return true;
    }
    (void)unlink(path);
    note_bytes(machine, &machine->dump);
    return result_is(machine, result, 0, machine->dump.size_bytes) && compare(machine);
}

static bool dump_to_slow(struct go_machine *machine, enum sink_kind kind, uint32_t number) {
    struct sink sink = {.buffer = &machine->dump, .kind = kind, .number = number};
    struct dump_result result = dump_to(machine, &sink);
    return sink.is_out_of_memory ||
           (result_is(machine, result, 0, machine->dump.size_bytes) && compare(machine));
}

bool exec_dump(struct go_machine *machine, struct operation operation) {
    enum sink_kind kind = (enum sink_kind)operation_get(operation, OPERAND_SINK);
    uint32_t number = operation_sink_number(operation);
    executor_work(machine->executor, 64 + model_object_count(machine->model));
    if (machine->has_vast) {
        (void)dump_without_vast(machine);
        return true;
    }
    switch (kind) {
    case SINK_PATH:
        (void)(executor_options(machine->executor)->scratch_path == NULL
                   ? go_dump_and_compare(machine)
                   : dump_to_path(machine));
        break;
    case SINK_ENOSPC:
    case SINK_EPIPE:
        dump_to_failing(machine, kind, number);
        break;
    case SINK_MEMORY:
    case SINK_SHORT:
    case SINK_EINTR:
    case SINK_EAGAIN:
        (void)dump_to_slow(machine, kind, number);
        break;
    }
    return true;
}
