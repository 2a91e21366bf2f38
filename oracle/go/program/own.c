// own: the runtime's entries put down as records.
#include "oracle/go/program/own.h"

#include "oracle/go/view/record.h"

const struct goroutine *own_next_alive(const struct goroutine *g) {
    while (g != NULL && g->status == GOROUTINE_DEAD) {
        g = g->next;
    }
    return g;
}

struct dump_record_Goroutine own_goroutine(const struct goroutine *g) {
    bool stands = g->status == GOROUTINE_IDLE || g->status == GOROUTINE_RUNNING;
    return (struct dump_record_Goroutine){
        .address = (uintptr_t)g,
        .sp = g->innermost != NULL ? g->innermost->sp : g->stack_low + g->stack_bytes,
        .id = g->id,
        .go_pc = g->go_pc,
        .status = stands ? GOROUTINE_RUNNABLE : g->status,
        .is_system = g->is_system,
        .wait_since = g->wait_since_ns,
        .wait_reason = record_string(g->wait_reason),
        .context = g->context,
        .thread = (uintptr_t)g->thread,
        .defers = (uintptr_t)g->defers,
        .panics = (uintptr_t)g->panics,
    };
}

struct dump_record_StackFrame own_frame(const struct runtime *runtime, const struct frame *frame,
                                        const struct frame *callee, uint64_t depth) {
    const struct frame_description *about = &frame->description;
    const struct func *func = runtime_find_func(runtime, about->entry);
    bool is_known = func != NULL && func->name[0] != '\0';
    return (struct dump_record_StackFrame){
        .sp = frame->sp,
        .depth = depth,
        .child_sp = callee == NULL ? 0 : callee->sp,
        .contents = record_memory((const void *)frame->sp, about->size_bytes),
        .entry = about->entry,
        .pc = about->pc,
        .continuation_pc = about->continuation_pc,
        .function = record_string(is_known ? func->name : "unknown function"),
    };
}

struct dump_record_Defer own_defer(const struct goroutine *g, const struct defer *defer) {
    return (struct dump_record_Defer){
        .address = (uintptr_t)defer,
        .goroutine = (uintptr_t)g,
        .sp = defer->sp,
        .pc = defer->pc,
        .function = defer->function,
        .entry = defer->function == 0 ? 0 : defer->entry, // open-coded: no closure, no code
        .link = (uintptr_t)defer->link,
    };
}

struct dump_record_Panic own_panic(const struct goroutine *g, const struct panic *panic) {
    return (struct dump_record_Panic){
        .address = (uintptr_t)panic,
        .goroutine = (uintptr_t)g,
        .type = (uintptr_t)panic->type,
        .data = panic->data,
        .link = (uintptr_t)panic->link,
    };
}

struct dump_record_OSThread own_osthread(const struct osthread *thread) {
    return (struct dump_record_OSThread){(uintptr_t)thread, thread->id, thread->process_id};
}

struct dump_record_OtherRoot own_other_root(const struct other_root *root) {
    return (struct dump_record_OtherRoot){record_string(root->description), root->target};
}

struct dump_record_Itab own_itab(const struct itab *itab) {
    return (struct dump_record_Itab){(uintptr_t)itab, (uintptr_t)itab->type};
}

struct dump_record_Data own_segment(const struct segment *segment) {
    return (struct dump_record_Data){
        .address = segment->base,
        .contents = record_memory((const void *)segment->base, segment->size_bytes),
    };
}
