// goroutines: each goroutine that is not dead, with its frames, defers and panics; and the
// OS threads.
#include "dump/write/parts.h"

#define WORD_BYTES 8

// ---- frames

// Where a frame holds what its callee was given: at its own low end, since on amd64 the callee's
// frame ends where it begins. The callee's map tells the pointers; without one every word may be
// one.
static struct writer_words out_argument_words(const struct frame *frame,
                                              const struct frame *callee) {
    if (callee == NULL) {
        return (struct writer_words){0};
    }
    size_t argument_bytes = callee->description.argument_bytes;
    size_t frame_bytes = frame->description.size_bytes;
    bool has_map = callee->description.arguments_map == FRAME_MAP_BITS;
    return (struct writer_words){
        .first_offset = 0,
        .word_count = (argument_bytes < frame_bytes ? argument_bytes : frame_bytes) / WORD_BYTES,
        .bits = has_map ? callee->description.argument_bits : NULL,
    };
}

// The locals end at the frame's end. Of a frame with nothing known, all beyond the out-args may be
// locals.
static struct writer_words local_words(const struct frame *frame, size_t out_argument_count) {
    const struct frame_description *description = &frame->description;
    size_t frame_words = description->size_bytes / WORD_BYTES;
    size_t word_count = description->local_words;
    if (description->locals_map == FRAME_MAP_NONE) {
        word_count = frame_words - out_argument_count;
    } else if (description->locals_map == FRAME_MAP_EMPTY) {
        word_count = 0;
    }
    return (struct writer_words){
        .first_offset = (frame_words - word_count) * WORD_BYTES,
        .word_count = word_count,
        .bits = description->locals_map == FRAME_MAP_BITS ? description->local_bits : NULL,
    };
}

static const char *frame_function_name(const struct runtime *runtime, uintptr_t pc) {
    const struct func *func = runtime_find_func(runtime, pc);
    return func == NULL || func->name[0] == '\0' ? "unknown function" : func->name;
}

static void put_frames(struct out *out, const struct runtime *runtime, const struct goroutine *g) {
    const struct frame *callee = NULL;
    uint64_t depth = 0;
    for (const struct frame *frame = g->innermost; frame != NULL; frame = frame->caller) {
        const struct frame_description *description = &frame->description;
        struct writer_words out_arguments = out_argument_words(frame, callee);
        struct writer_words locals = local_words(frame, out_arguments.word_count);
        write_StackFrame(out,
                         &(struct writer_StackFrame){
                             .sp = frame->sp,
                             .depth = depth++,
                             .child_sp = callee == NULL ? 0 : callee->sp,
                             .contents = {frame->sp, description->size_bytes},
                             .entry = description->entry,
                             .pc = description->pc,
                             .continuation_pc = description->continuation_pc,
                             .function = {.name = frame_function_name(runtime, description->entry)},
                             .fields = {.runs = {out_arguments, locals}},
                         });
        callee = frame;
    }
}

// ---- defers and panics, youngest first

static void put_defers(struct out *out, const struct goroutine *g) {
    for (const struct defer *defer = g->defers; defer != NULL; defer = defer->link) {
        write_Defer(out, &(struct writer_Defer){
                             .address = (uintptr_t)defer,
                             .goroutine = (uintptr_t)g,
                             .sp = defer->sp,
                             .pc = defer->pc,
                             .function = defer->function,
                             // an open-coded defer has no function, and so no code
                             .entry = defer->function == 0 ? 0 : defer->entry,
                             .link = (uintptr_t)defer->link,
                         });
    }
}

static void put_panics(struct out *out, const struct goroutine *g) {
    for (const struct panic *panic = g->panics; panic != NULL; panic = panic->link) {
        write_Panic(out, &(struct writer_Panic){
                             .address = (uintptr_t)panic,
                             .goroutine = (uintptr_t)g,
                             .type = (uintptr_t)panic->type,
                             .data = panic->data,
                             .defer = 0, // Go no longer records it
                             .link = (uintptr_t)panic->link,
                         });
    }
}

// ---- goroutines

// With the world stopped nobody runs: whoever was running, or about to start, is runnable. Readers
// know no other.
static uint64_t stopped_status(enum goroutine_status status) {
    bool runs = status == GOROUTINE_RUNNING || status == GOROUTINE_IDLE;
    return runs ? GOROUTINE_RUNNABLE : status;
}

static void put_goroutine(struct out *out, const struct goroutine *g) {
    uintptr_t stack_top = g->stack_low + g->stack_bytes;
    write_Goroutine(out, &(struct writer_Goroutine){
                             .address = (uintptr_t)g,
                             .sp = g->innermost == NULL ? stack_top : g->innermost->sp,
                             .id = g->id,
                             .go_pc = g->go_pc,
                             .status = stopped_status(g->status),
                             .is_system = g->is_system,
                             .is_background = false, // Go no longer knows it
                             .wait_since = g->wait_since_ns,
                             .wait_reason = {.name = g->wait_reason},
                             .context = g->context,
                             .thread = (uintptr_t)g->thread,
                             .defers = (uintptr_t)g->defers,
                             .panics = (uintptr_t)g->panics,
                         });
}

void writer_put_goroutines(struct out *out, const struct runtime *runtime) {
    const struct goroutine *g = runtime_first_goroutine(runtime);
    for (; g != NULL; g = g->next) {
        if (g->status == GOROUTINE_DEAD) {
            continue;
        }
        put_goroutine(out, g);
        put_frames(out, runtime, g);
        put_defers(out, g);
        put_panics(out, g);
    }
}

void writer_put_osthreads(struct out *out, const struct runtime *runtime) {
    const struct osthread *thread = runtime_first_osthread(runtime);
    for (; thread != NULL; thread = thread->next) {
        write_OSThread(out, &(struct writer_OSThread){
                                .address = (uintptr_t)thread,
                                .id = thread->id,
                                .process_id = thread->process_id,
                            });
    }
}
