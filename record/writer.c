// writer: writes each event of a thread, with its time, to the thread's own chunk.
//
// A signal handler may run at any point. While the thread writes to its chunk, an event of the
// handler goes to another chunk, which is taken for it alone. So does an event of a thread that has
// begun to end.
#define _GNU_SOURCE // gettid
#include "record/writer.h"

#include "record/file.h"

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct writer {
    struct chunk chunk;
    uint64_t generation; // of the trace that the chunk is of
    uint32_t thread;     // its number there
    volatile sig_atomic_t is_busy;
    bool is_ended;
};

struct note {
    enum trace_kind kind;
    uint64_t address, size;
    uint8_t align; // the binary logarithm
};

static _Thread_local struct writer own;
static pthread_key_t key;
static bool has_key;

static uint64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

// ---- a record

static unsigned byte_count(uint64_t number) {
    if (number <= UINT16_MAX) {
        return (unsigned)(number > 0) + (unsigned)(number > UINT8_MAX);
    }
    unsigned count = 3;
    while (count < 8 && number >> (8 * count) != 0) {
        count++;
    }
    return count;
}

static uint8_t *put_number(uint8_t *at, uint64_t number, unsigned count) {
    uint64_t bytes = htole64(number);
    memcpy(at, &bytes, sizeof bytes);
    return at + count;
}

// The first byte comes last: until then there is no record. That it is so in the order of this
// thread's instructions is enough, as whoever is killed is between two of them.
static void put(struct chunk *chunk, const struct note *note) {
    uint64_t time_ns = now_ns();
    uint64_t elapsed_ns = time_ns > chunk->time_ns ? time_ns - chunk->time_ns : 0;
    int64_t difference = (int64_t)(note->address - chunk->address);
    bool is_fine = difference % 16 != 0;
    int64_t steps = is_fine ? difference : difference / 16;
    uint64_t zigzag = ((uint64_t)steps << 1) ^ (steps < 0 ? UINT64_MAX : 0);
    unsigned time_bytes = byte_count(elapsed_ns);
    unsigned address_bytes = byte_count(zigzag);
    unsigned size_bytes = byte_count(note->size);
    uint8_t *head = chunk->base + chunk->used_bytes;
    uint8_t *at = put_number(head + 2, elapsed_ns, time_bytes);
    at = put_number(at, zigzag, address_bytes);
    at = put_number(at, note->size, size_bytes);
    if (note->kind == TRACE_ALIGNED) {
        *at++ = note->align;
    }
    head[1] = (uint8_t)(address_bytes | size_bytes << 4);
    atomic_signal_fence(memory_order_release);
    *(volatile uint8_t *)head =
        (uint8_t)((unsigned)note->kind | time_bytes << 4 | (is_fine ? 0x80U : 0));
    atomic_signal_fence(memory_order_release);
    chunk->time_ns += elapsed_ns;
    chunk->address = note->address;
    chunk->used_bytes = (size_t)(at - chunk->base);
}

static void put_thread(struct chunk *chunk) {
    const struct note note = {TRACE_THREAD, (uint64_t)gettid(), own.thread, 0};
    put(chunk, &note);
}

static void put_event(struct chunk *chunk, const struct note *note) {
    struct note whole = *note;
    if (whole.address == 0) {
        whole.address = chunk->address; // of no account, and shortest
    }
    put(chunk, &whole);
}

static bool has_room(const struct chunk *chunk) {
    return chunk->base != NULL && chunk->used_bytes + TRACE_RECORD_BYTES_MAX <= TRACE_CHUNK_BYTES;
}

// ---- threads

static void join(void) {
    if (own.generation != file_state->generation) { // the first event, or a child's first
        own.generation = file_state->generation;
        own.thread = file_add_thread();
        own.chunk.base = NULL;
    }
}

static void note_alone(const struct note *note) {
    struct chunk chunk;
    if (file_take(&chunk)) {
        put_thread(&chunk);
        put_event(&chunk, note);
        file_give(&chunk);
    }
}

// Whoever cannot be asked to give its chunk back gets none.
static void note_in_next_chunk(const struct note *note) {
    file_give(&own.chunk);
    own.chunk.base = NULL;
    if (!has_key || pthread_setspecific(key, &own) != 0) {
        own.is_ended = true;
        note_alone(note);
    } else if (file_take(&own.chunk)) {
        put_thread(&own.chunk);
        put_event(&own.chunk, note);
    }
}

static void note_slowly(const struct note *note, bool is_nested) {
    int error = errno;
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    if (file_is_open()) {
        join();
        if (is_nested || own.is_ended) {
            note_alone(note);
        } else if (has_room(&own.chunk)) { // a child's, by its first event's own allocation
            put_event(&own.chunk, note);
        } else {
            note_in_next_chunk(note);
        }
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
}

static void end_thread(void *context) {
    struct writer *writer = context;
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    if (writer->generation == file_state->generation) {
        file_give(&writer->chunk);
    }
    writer->chunk.base = NULL;
    writer->is_ended = true;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void writer_begin(void) {
    has_key = pthread_key_create(&key, end_thread) == 0;
}

static uint8_t log_of(size_t power) {
    uint8_t log = 0;
    while (power > 1) {
        power /= 2;
        log++;
    }
    return log;
}

void writer_note(enum trace_kind kind, const void *object, size_t size_bytes, size_t align_bytes) {
    if (file_state->is_stopped) {
        return;
    }
    const struct note note = {kind, (uint64_t)(uintptr_t)object, size_bytes, log_of(align_bytes)};
    bool is_nested = own.is_busy != 0;
    own.is_busy = 1;
    atomic_signal_fence(memory_order_acq_rel);
    if (!is_nested && own.generation == file_state->generation && has_room(&own.chunk)) {
        put_event(&own.chunk, &note);
    } else {
        note_slowly(&note, is_nested);
    }
    atomic_signal_fence(memory_order_acq_rel);
    own.is_busy = is_nested ? 1 : 0;
}
