// writer: writes each event of a thread, with its time, to the thread's own chunk.
//
// A signal handler may run at any point. While the thread writes to its chunk, an event of the
// handler goes to another chunk, which is taken for it alone. So does an event of a thread that has
// begun to end.
#define _GNU_SOURCE // gettid
#include "record/writer.h"

#include "record/file.h"
#include "record/put.h"
#include "record/stacks.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

struct writer {
    struct chunk chunk;
    uint64_t generation; // of the trace that the chunk is of
    uint32_t thread;     // its number there
    volatile sig_atomic_t is_busy;
    bool is_ended;
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

static void put(struct chunk *chunk, const struct note *note) {
    put_record(chunk, note, now_ns(), NULL, 0);
}

static void put_thread(struct chunk *chunk) {
    const struct note note = {TRACE_THREAD, (uint64_t)gettid(), own.thread, 0, 0};
    put(chunk, &note);
}

static void put_event(struct chunk *chunk, const struct note *note) {
    struct note whole = *note;
    if (whole.address == 0) {
        whole.address = chunk->address; // of no account, and shortest
    }
    if (whole.stack != 0) {
        put_stack(chunk, whole.stack);
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

// Who obtains memory is asked for its stack; who gives it back is not.
static bool is_by_stack(enum trace_kind kind) {
    return kind != TRACE_FREE && kind != TRACE_REALLOC_FROM && kind != TRACE_REALLOC_FREED;
}

void writer_note(enum trace_kind kind, const void *object, size_t size_bytes, size_t align_bytes) {
    if (file_state->is_stopped) {
        return;
    }
    struct note note = {kind, (uint64_t)(uintptr_t)object, size_bytes, log_of(align_bytes), 0};
    bool is_nested = own.is_busy != 0;
    own.is_busy = 1;
    atomic_signal_fence(memory_order_acq_rel);
    if (stacks_are_wanted && !is_nested && is_by_stack(kind)) {
        note.stack = stacks_take();
    }
    if (!is_nested && own.generation == file_state->generation && has_room(&own.chunk)) {
        put_event(&own.chunk, &note);
    } else {
        note_slowly(&note, is_nested);
    }
    atomic_signal_fence(memory_order_acq_rel);
    own.is_busy = is_nested ? 1 : 0;
}
