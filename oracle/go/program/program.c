// program: walks the runtime's lists in step with the ledger.
#include "oracle/go/program/program.h"

#include "oracle/go/program/ledger.h"
#include "oracle/go/model/parts.h"
#include "oracle/go/program/own.h"
#include "oracle/go/program/queue.h"
#include "oracle/go/view/record.h"

#include "runtime/pool.h"
#include "oracle/go/rules.h"

#include <string.h>

#define WORD_BYTES sizeof(uintptr_t)

static struct record_judge judge_of(const struct model *model, unsigned rule, uintptr_t object) {
    rule_count(model->book, rule);
    return (struct record_judge){model->book, rule, "runtime", "ledger", object};
}

// One of the lists is at its end, and the other one is as well.
static bool end_together(const struct record_judge *judge, bool in_runtime, bool in_ledger) {
    return in_runtime == in_ledger ||
           record_fail(judge, in_runtime ? "the runtime's list holds one that nobody made"
                                         : "the runtime's list has lost one");
}

// ---- frames

// Bits of pointer words. Where the counts differ, as is told before, the bits say nothing.
struct bit_map {
    const uint8_t *bits;
    size_t count;
};

static struct bit_map bits_of(enum frame_map kind, const uint8_t *bits, size_t count) {
    return (struct bit_map){bits, kind == FRAME_MAP_BITS ? count : 0};
}

static bool same_bits(const struct record_judge *judge, const char *field, struct bit_map left,
                      struct bit_map right) {
    size_t count = left.count == right.count ? left.count : 0;
    size_t i = count / 8 == 0 || memcmp(left.bits, right.bits, count / 8) != 0 ? 0 : count / 8 * 8;
    for (; i < count; i++) {
        if ((left.bits[i / 8] >> i % 8 & 1) != (right.bits[i / 8] >> i % 8 & 1)) {
            return record_number_equal(judge, field, left.bits[i / 8] >> i % 8 & 1,
                                       right.bits[i / 8] >> i % 8 & 1);
        }
    }
    return true;
}

static bool same_maps(const struct record_judge *judge, const struct frame_description *left,
                      const struct frame_description *right) {
    return record_number_equal(judge, "argument_bytes", left->argument_bytes,
                               right->argument_bytes) &&
           record_number_equal(judge, "arguments_map", left->arguments_map, right->arguments_map) &&
           record_number_equal(judge, "locals_map", left->locals_map, right->locals_map) &&
           record_number_equal(judge, "local_words", left->local_words, right->local_words) &&
           same_bits(
               judge, "argument bit",
               bits_of(left->arguments_map, left->argument_bits, left->argument_bytes / WORD_BYTES),
               bits_of(right->arguments_map, right->argument_bits,
                       right->argument_bytes / WORD_BYTES)) &&
           same_bits(judge, "local bit",
                     bits_of(left->locals_map, left->local_bits, left->local_words),
                     bits_of(right->locals_map, right->local_bits, right->local_words));
}

static bool check_frames(const struct model *model, const struct runtime *runtime,
                         const struct goroutine *g, const struct goroutine_entry *entry) {
    struct record_judge judge = judge_of(model, RULE_PROGRAM_FRAME, (uintptr_t)g);
    const struct frame *callee = NULL;
    struct dump_record_StackFrame ledger;
    const struct frame *frame = g->innermost;
    uint32_t depth = 0;
    for (; ledger_frame(model, entry, depth, &ledger) && frame != NULL; depth++) {
        struct dump_record_StackFrame own = own_frame(runtime, frame, callee, depth);
        struct frame_description maps = ledger_frame_description(entry, depth);
        if (own.sp != ledger.sp) { // what lies there is not read then
            return record_number_equal(&judge, "sp", own.sp, ledger.sp);
        }
        if (!record_equal_StackFrame(&judge, &own, &ledger) ||
            !same_maps(&judge, &frame->description, &maps)) {
            return false;
        }
        callee = frame;
        frame = frame->caller;
    }
    return end_together(&judge, frame != NULL, depth < entry->frame_count);
}

// ---- defers and panics

static bool check_defers(const struct model *model, const struct goroutine *g,
                         const struct goroutine_entry *entry) {
    struct record_judge judge = judge_of(model, RULE_PROGRAM_DEFER, (uintptr_t)g);
    struct dump_record_Defer ledger;
    const struct defer *defer = g->defers;
    uint32_t depth = 0;
    for (; ledger_defer(entry, depth, &ledger) && defer != NULL; depth++, defer = defer->link) {
        struct dump_record_Defer own = own_defer(g, defer);
        if (!record_equal_Defer(&judge, &own, &ledger)) {
            return false;
        }
    }
    return end_together(&judge, defer != NULL, depth < entry->defer_count);
}

static bool check_panics(const struct model *model, const struct goroutine *g,
                         const struct goroutine_entry *entry) {
    struct record_judge judge = judge_of(model, RULE_PROGRAM_PANIC, (uintptr_t)g);
    struct dump_record_Panic ledger;
    const struct panic *panic = g->panics;
    uint32_t depth = 0;
    for (; ledger_panic(entry, depth, &ledger) && panic != NULL; depth++, panic = panic->link) {
        struct dump_record_Panic own = own_panic(g, panic);
        if (!record_equal_Panic(&judge, &own, &ledger)) {
            return false;
        }
    }
    return end_together(&judge, panic != NULL, depth < entry->panic_count);
}

// ---- goroutines

static bool check_goroutine(const struct model *model, const struct runtime *runtime,
                            const struct goroutine *g, const struct goroutine_entry *entry) {
    struct record_judge judge = judge_of(model, RULE_PROGRAM_GOROUTINE, (uintptr_t)g);
    struct dump_record_Goroutine own = own_goroutine(g);
    struct dump_record_Goroutine ledger;
    ledger_goroutine_record(entry, &ledger);
    return record_number_equal(&judge, "stack_low", g->stack_low, entry->stack.low) &&
           record_number_equal(&judge, "stack_bytes", g->stack_bytes, entry->stack.size_bytes) &&
           record_number_equal(&judge, "exact status", g->status, entry->status) &&
           record_equal_Goroutine(&judge, &own, &ledger) &&
           check_frames(model, runtime, g, entry) && check_defers(model, g, entry) &&
           check_panics(model, g, entry);
}

static bool check_goroutines(const struct model *model, const struct runtime *runtime) {
    struct record_judge judge = judge_of(model, RULE_PROGRAM_GOROUTINE, 0);
    const struct goroutine *g = own_next_alive(runtime_first_goroutine(runtime));
    uint32_t place = 0;
    const struct goroutine_entry *entry = ledger_goroutine(model, &place);
    for (; g != NULL && entry != NULL; entry = ledger_goroutine(model, &place)) {
        if (!check_goroutine(model, runtime, g, entry)) {
            return false;
        }
        g = own_next_alive(g->next);
    }
    judge.object = (uintptr_t)g;
    return end_together(&judge, g != NULL, entry != NULL);
}

// ---- threads, roots

static bool check_osthreads(const struct model *model, const struct runtime *runtime) {
    struct record_judge judge = judge_of(model, RULE_PROGRAM_OSTHREAD, 0);
    struct dump_record_OSThread ledger;
    const struct osthread *thread = runtime_first_osthread(runtime);
    uint32_t index = 0;
    for (; ledger_osthread(model, index, &ledger) && thread != NULL; index++) {
        struct dump_record_OSThread own = own_osthread(thread);
        uintptr_t stack = model->osthreads[model->osthread_count - 1 - index].stack;
        if (!record_equal_OSThread(&judge, &own, &ledger) ||
            !record_number_equal(&judge, "stack", (uintptr_t)thread->stack, stack)) {
            return false;
        }
        thread = thread->next;
    }
    return end_together(&judge, thread != NULL, index < model->osthread_count);
}

static bool check_other_roots(const struct model *model, const struct runtime *runtime) {
    struct record_judge judge = judge_of(model, RULE_PROGRAM_ROOT, 0);
    struct dump_record_OtherRoot ledger;
    const struct other_root *root = runtime_first_other_root(runtime);
    uint32_t index = 0;
    for (; ledger_other_root(model, index, &ledger) && root != NULL; index++, root = root->next) {
        struct dump_record_OtherRoot own = own_other_root(root);
        if (!record_equal_OtherRoot(&judge, &own, &ledger)) {
            return false;
        }
    }
    return end_together(&judge, root != NULL, index < model->root_count);
}

static bool check_segment(const struct model *model, enum model_segment which,
                          const struct segment *segment) {
    struct record_judge judge = judge_of(model, RULE_PROGRAM_SEGMENT, segment->base);
    struct dump_record_Data ledger;
    ledger_segment(model, which, &ledger);
    struct dump_record_Data own = own_segment(segment);
    const uint8_t *mask = model->segments[which].mask;
    size_t word_count = model->segments[which].word_count;
    for (size_t word = 0; word < word_count; word++) {
        uint8_t may_point = mask == NULL ? UINT8_MAX : mask[word / 8];
        if (word % 8 == 0 && may_point == segment->pointer_mask[word / 8]) {
            word += 7;
        } else if (((may_point ^ segment->pointer_mask[word / 8]) >> word % 8 & 1) != 0) {
            return record_number_equal(&judge, "mask bit",
                                       segment->pointer_mask[word / 8] >> word % 8 & 1,
                                       may_point >> word % 8 & 1);
        }
    }
    return record_equal_Data(&judge, &own, &ledger);
}

// ---- types, itabs, functions

static bool same_text(const struct record_judge *judge, const char *left, const char *right) {
    return strcmp(left, right) == 0 || record_fail(judge, "a name is not the one defined");
}

static bool check_type(const struct record_judge *judge, const struct type *own,
                       const struct type_entry *entry) {
    const struct gc_layout *left = &own->layout;
    const struct gc_layout *right = &entry->description->layout;
    return record_number_equal(judge, "address", (uintptr_t)own, entry->address) &&
           record_number_equal(judge, "size", left->size_bytes, right->size_bytes) &&
           record_number_equal(judge, "pointer_bytes", left->pointer_bytes, right->pointer_bytes) &&
           same_bits(judge, "mask bit",
                     (struct bit_map){left->pointer_mask, left->pointer_bytes / WORD_BYTES},
                     (struct bit_map){right->pointer_mask, right->pointer_bytes / WORD_BYTES}) &&
           record_number_equal(judge, "hash", own->hash, entry->description->hash) &&
           record_number_equal(judge, "direct_interface", own->direct_interface,
                               entry->description->direct_interface) &&
           same_text(judge, own->package_path, entry->description->package_path) &&
           same_text(judge, own->name, entry->description->name);
}

static bool check_types(const struct model *model, const struct runtime *runtime) {
    struct record_judge judge = judge_of(model, RULE_PROGRAM_TYPE, 0);
    const struct type *type = runtime_first_type(runtime);
    uint32_t index = 0;
    for (; index < model->type_count && type != NULL; index++, type = type->next) {
        if (!check_type(&judge, type, &model->types[index])) {
            return false;
        }
    }
    return end_together(&judge, type != NULL, index < model->type_count);
}

static bool check_itabs(const struct model *model, const struct runtime *runtime) {
    struct record_judge judge = judge_of(model, RULE_PROGRAM_ITAB, 0);
    struct dump_record_Itab ledger;
    const struct itab *itab = runtime_first_itab(runtime);
    uint32_t index = 0;
    for (; ledger_itab(model, index, &ledger) && itab != NULL; index++, itab = itab->next) {
        struct dump_record_Itab own = own_itab(itab);
        if (!record_equal_Itab(&judge, &own, &ledger) ||
            !record_number_equal(&judge, "negative", itab->negative,
                                 model->itabs[index].negative)) {
            return false;
        }
    }
    return end_together(&judge, itab != NULL, index < model->itab_count);
}

// The function that the runtime finds for `pc` is the one that was defined there.
static bool check_func(const struct model *model, const struct runtime *runtime,
                       const struct record_judge *judge, uintptr_t pc) {
    const struct func *own = runtime_find_func(runtime, pc);
    const struct func *defined = ledger_func(model, pc);
    if (own == NULL || defined == NULL) {
        return (own == NULL) == (defined == NULL) ||
               record_fail(judge, own == NULL ? "a function that was defined is not found"
                                              : "a function is found that nobody defined");
    }
    return record_number_equal(judge, "entry", own->entry, defined->entry) &&
           record_number_equal(judge, "end", own->end, defined->end) &&
           record_number_equal(judge, "first_line", own->first_line, defined->first_line) &&
           record_number_equal(judge, "bytes_per_line", own->bytes_per_line,
                               defined->bytes_per_line) &&
           same_text(judge, own->name, defined->name) && same_text(judge, own->file, defined->file);
}

#define FUNCS_AT_ONCE 4

// A few in turn, at the borders of each: the first and last byte of it, and those around.
static bool check_funcs(struct model *model, const struct runtime *runtime) {
    struct record_judge judge = judge_of(model, RULE_PROGRAM_FUNC, 0);
    for (uint32_t i = 0; i < FUNCS_AT_ONCE && i < model->func_count; i++) {
        const struct func *func = &model->funcs[model->funcs_next++ % model->func_count];
        judge.object = func->entry;
        if (!check_func(model, runtime, &judge, func->entry) ||
            !check_func(model, runtime, &judge, func->end - 1) ||
            !check_func(model, runtime, &judge, func->entry - 1) ||
            !check_func(model, runtime, &judge, func->end)) {
            return false;
        }
    }
    return true;
}

// ---- the finalizers that wait

static void note_queued(void *context, const struct finalizer *finalizer) {
    queue_list_add(context, finalizer);
}

// A sweep has nobody to tell that there is no memory: each that is set has a free place to wait in.
static bool check_places(const struct model *model, const struct runtime *runtime,
                         const struct record_judge *judge, size_t waiting_count) {
    size_t place_count = runtime_finalizer_place_count(runtime);
    size_t set_count = model_finalizer_set_count(model) + model_cleanup_set_count(model);
    return place_count >= waiting_count + set_count ||
           record_fail(judge, "a finalizer or a cleanup that is set has no place to wait in");
}

static bool check_queue(struct model *model, const struct runtime *runtime) {
    struct queue_list *seen = &model->queue_seen;
    seen->count = 0;
    runtime_visit_queued_finalizers(runtime, note_queued, seen);
    struct record_judge judge = judge_of(model, RULE_PROGRAM_QUEUE, 0);
    return queue_check(model, &judge, seen) &&
           record_number_equal(&judge, "length", runtime_finalizer_queue_length(runtime),
                               seen->count) &&
           check_places(model, runtime, &judge, seen->count);
}

// ---- the blocks that the records have left

static bool check_blocks(const struct model *model, const struct runtime *runtime) {
    rule_count(model->book, RULE_PROGRAM_BLOCKS);
    for (unsigned class = 0; class < RUNTIME_BLOCK_CLASSES; class ++) {
        const struct block_counts *counts = &model->blocks[class];
        size_t due_count = counts->made_count - counts->used_count;
        size_t free_count = runtime_free_block_count(runtime, class, due_count + 1);
        if (free_count != due_count) {
            return rule_fail(model->book, RULE_PROGRAM_BLOCKS, (struct rule_place){0},
                             "%s blocks of %zu bytes are free than records have left, which is %zu",
                             free_count < due_count ? "fewer" : "more", (size_t)1 << class,
                             due_count);
        }
    }
    return true;
}

bool program_check(struct model *model, const struct runtime *runtime) {
    return runtime == NULL ||
           (check_funcs(model, runtime) && check_types(model, runtime) &&
            check_itabs(model, runtime) && check_goroutines(model, runtime) &&
            check_osthreads(model, runtime) && check_other_roots(model, runtime) &&
            check_segment(model, MODEL_SEGMENT_DATA, runtime_data_segment(runtime)) &&
            check_segment(model, MODEL_SEGMENT_BSS, runtime_bss_segment(runtime)) &&
            check_queue(model, runtime) && check_blocks(model, runtime));
}
