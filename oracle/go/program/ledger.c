// ledger: the model's entries put down as records.
#include "oracle/go/program/ledger.h"

#include "oracle/go/model/parts.h"
#include "oracle/go/view/record.h"

#include "runtime/func.h"
#include "runtime/type.h"

#define WORD_BYTES sizeof(uintptr_t)

// ---- goroutines

const struct goroutine_entry *ledger_goroutine(const struct model *model, uint32_t *place) {
    while (*place < model->goroutine_count) {
        const struct goroutine_entry *g = &model->goroutines[(*place)++];
        if (g->alive) {
            return g;
        }
    }
    return NULL;
}

// While the world stands still nobody runs, and nobody is about to start.
static uint64_t seen_status(enum goroutine_status status) {
    return status == GOROUTINE_IDLE || status == GOROUTINE_RUNNING ? GOROUTINE_RUNNABLE : status;
}

void ledger_goroutine_record(const struct goroutine_entry *g,
                             struct dump_record_Goroutine *record) {
    *record = (struct dump_record_Goroutine){
        .address = g->address,
        .sp = model_stack_sp(g),
        .id = g->number,
        .go_pc = g->go_pc,
        .status = seen_status(g->status),
        .is_system = g->is_system,
        .wait_since = g->wait_since_ns,
        .wait_reason = record_string(g->wait_reason),
        .context = g->context,
        .thread = g->thread,
        .defers = g->defer_count == 0 ? 0 : g->defers[g->defer_count - 1].address,
        .panics = g->panic_count == 0 ? 0 : g->panics[g->panic_count - 1].address,
    };
}

static uintptr_t frame_sp(const struct goroutine_entry *g, uint32_t index) {
    const struct frame_entry *frame = &g->frames[index];
    return g->stack.low + g->stack.size_bytes - frame->word_first * WORD_BYTES -
           frame->description.size_bytes;
}

static const uintptr_t *frame_words(const struct goroutine_entry *g,
                                    const struct frame_entry *frame) {
    return frame->description.size_bytes == 0 ? NULL : g->words + frame->word_first;
}

bool ledger_frame(const struct model *model, const struct goroutine_entry *g, uint32_t depth,
                  struct dump_record_StackFrame *record) {
    if (depth >= g->frame_count) {
        return false;
    }
    uint32_t index = g->frame_count - 1 - depth;
    const struct frame_entry *frame = &g->frames[index];
    const struct func *func = ledger_func(model, frame->description.entry);
    bool is_known = func != NULL && func->name[0] != '\0';
    *record = (struct dump_record_StackFrame){
        .sp = frame_sp(g, index),
        .depth = depth,
        .child_sp = depth == 0 ? 0 : frame_sp(g, index + 1),
        .contents = record_memory(frame_words(g, frame), frame->description.size_bytes),
        .entry = frame->description.entry,
        .pc = frame->description.pc,
        .continuation_pc = frame->description.continuation_pc,
        .function = record_string(is_known ? func->name : "unknown function"),
    };
    return true;
}

struct frame_description ledger_frame_description(const struct goroutine_entry *g, uint32_t depth) {
    const struct frame_entry *frame = &g->frames[g->frame_count - 1 - depth];
    struct frame_description own = frame->description;
    if (g->bits != NULL) { // some frame has a map
        own.argument_bits = g->bits + frame->bits_first;
        own.local_bits = own.argument_bits + model_argument_bit_bytes(&own);
    }
    return own;
}

bool ledger_defer(const struct goroutine_entry *g, uint32_t depth,
                  struct dump_record_Defer *record) {
    if (depth >= g->defer_count) {
        return false;
    }
    const struct defer_entry *defer = &g->defers[g->defer_count - 1 - depth];
    *record = (struct dump_record_Defer){
        .address = defer->address,
        .goroutine = g->address,
        .sp = g->stack.low + g->stack.size_bytes - defer->depth_bytes,
        .pc = defer->pc,
        .function = defer->function,
        .entry = defer->function == 0 ? 0 : defer->entry, // open-coded: no closure, no code
        .link = depth + 1 == g->defer_count ? 0 : defer[-1].address,
    };
    return true;
}

bool ledger_panic(const struct goroutine_entry *g, uint32_t depth,
                  struct dump_record_Panic *record) {
    if (depth >= g->panic_count) {
        return false;
    }
    const struct panic_entry *panic = &g->panics[g->panic_count - 1 - depth];
    *record = (struct dump_record_Panic){
        .address = panic->address,
        .goroutine = g->address,
        .type = panic->type,
        .data = panic->data,
        .link = depth + 1 == g->panic_count ? 0 : panic[-1].address,
    };
    return true;
}

// ---- tables

bool ledger_osthread(const struct model *model, uint32_t index,
                     struct dump_record_OSThread *record) {
    if (index >= model->osthread_count) {
        return false;
    }
    const struct model_osthread *thread = &model->osthreads[model->osthread_count - 1 - index];
    *record = (struct dump_record_OSThread){thread->address, thread->id, thread->process_id};
    return true;
}

bool ledger_other_root(const struct model *model, uint32_t index,
                       struct dump_record_OtherRoot *record) {
    if (index >= model->root_count) {
        return false;
    }
    const struct root_entry *root = &model->roots[index];
    *record = (struct dump_record_OtherRoot){record_string(root->description), root->target};
    return true;
}

bool ledger_itab(const struct model *model, uint32_t index, struct dump_record_Itab *record) {
    if (index >= model->itab_count) {
        return false;
    }
    *record = (struct dump_record_Itab){model->itabs[index].address, model->itabs[index].type};
    return true;
}

void ledger_segment(const struct model *model, enum model_segment segment,
                    struct dump_record_Data *record) {
    const struct segment_entry *entry = &model->segments[segment];
    *record = (struct dump_record_Data){
        .address = entry->base,
        .contents = record_memory(entry->words, entry->word_count * WORD_BYTES),
    };
}

const struct type *ledger_type(const struct model *model, uintptr_t address) {
    for (uint32_t i = 0; i < model->type_count; i++) {
        if (model->types[i].address == address) {
            return model->types[i].description;
        }
    }
    return NULL;
}

const struct func *ledger_func(const struct model *model, uintptr_t pc) {
    for (uint32_t i = 0; i < model->func_count; i++) {
        if (pc >= model->funcs[i].entry && pc < model->funcs[i].end) {
            return &model->funcs[i];
        }
    }
    return NULL;
}
