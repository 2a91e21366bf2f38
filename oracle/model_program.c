// model_program: where reachability starts, and memory that is no object.
#include "oracle/model_state.h"

#include <stdlib.h>
#include <string.h>

#define RESERVE(array, capacity, count)                                                            \
    model_reserve(&(array), &(capacity), (size_t)(count), sizeof *(array))

void model_program_reset(struct model *model) {
    for (uint32_t i = 0; i < model->goroutine_count; i++) {
        model->goroutines[i].alive = false;
    }
    for (size_t segment = 0; segment < MODEL_SEGMENT_COUNT; segment++) {
        model->segment_counts[segment] = 0;
    }
    model->root_count = 0;
    model->manual_count = 0;
    model->os_stack_count = 0;
    memset(model->manual_bytes, 0, sizeof model->manual_bytes);
    model->stack_bytes = 0;
    model->os_stack_bytes = 0;
    model->has_running = false;
    model->queue_head = MODEL_NONE;
    model->queue_tail = MODEL_NONE;
    model->queue_batch = 0;
}

void model_program_fini(struct model *model) {
    for (uint32_t i = 0; i < model->goroutine_capacity; i++) {
        struct goroutine_entry *g = &model->goroutines[i];
        free(g->frames);
        free(g->words);
        free(g->bits);
        free(g->defers.values);
        free(g->defers.frames);
        free(g->panics.values);
        free(g->panics.frames);
    }
    free(model->goroutines);
    for (size_t segment = 0; segment < MODEL_SEGMENT_COUNT; segment++) {
        free(model->segment_words[segment]);
    }
    free(model->roots);
    free(model->manuals);
    free(model->os_stacks);
}

// ---- segments and other roots

bool model_segment_defined(struct model *model, enum model_segment segment, size_t word_count) {
    uint32_t capacity = (uint32_t)model->segment_capacity[segment];
    if (!RESERVE(model->segment_words[segment], capacity, word_count)) {
        return false;
    }
    model->segment_capacity[segment] = capacity;
    model->segment_counts[segment] = word_count;
    if (word_count > 0) {
        memset(model->segment_words[segment], 0, word_count * sizeof(uintptr_t));
    }
    return true;
}

bool model_segment_wrote(struct model *model, enum model_segment segment, size_t word,
                         uintptr_t value) {
    if (word < model->segment_counts[segment]) {
        model_shade(model, model->segment_words[segment][word]);
        model_shade(model, value);
        model->segment_words[segment][word] = value;
    }
    return true;
}

bool model_root_added(struct model *model, uint64_t id, uintptr_t target) {
    if (!RESERVE(model->roots, model->root_capacity, model->root_count + 1)) {
        return false;
    }
    model_shade(model, target);
    model->roots[model->root_count++] = (struct root_entry){id, target};
    return true;
}

bool model_root_removed(struct model *model, uint64_t id) {
    for (uint32_t i = 0; i < model->root_count; i++) {
        if (model->roots[i].id == id) {
            model->roots[i] = model->roots[--model->root_count];
            return true;
        }
    }
    return true;
}

// ---- roots, all of them

void model_visit_roots(struct model *model, void (*visit)(struct model *model, uintptr_t value)) {
    for (size_t segment = 0; segment < MODEL_SEGMENT_COUNT; segment++) {
        for (size_t word = 0; word < model->segment_counts[segment]; word++) {
            visit(model, model->segment_words[segment][word]);
        }
    }
    for (uint32_t i = 0; i < model->root_count; i++) {
        visit(model, model->roots[i].target);
    }
    for (uint32_t i = 0; i < model->goroutine_count; i++) {
        if (model->goroutines[i].alive) {
            model_visit_goroutine(model, &model->goroutines[i], visit);
        }
    }
    for (uint32_t i = model->queue_head; i != MODEL_NONE; i = model_finalizer_at(model, i)->next) {
        visit(model, model_finalizer_at(model, i)->shown.object);
        visit(model, model_finalizer_at(model, i)->shown.function);
    }
    if (model->has_running) {
        visit(model, model->running.object);
        visit(model, model->running.function);
    }
}

// ---- memory that is no object

// A stack is whole pages of the heap's window that hold nothing else, in Go's sizes.
bool model_enter_pages(struct model *model, uintptr_t low, size_t size_bytes) {
    model_settle(model, model->heap); // pages that a sweep freed may be among them
    rule_count(model->book, RULE_MODEL_ADDRESS);
    if (low < model->map.base || low - model->map.base > HEAP_WINDOW_BYTES - size_bytes ||
        low % HEAP_PAGE_BYTES != 0) {
        return rule_fail(model->book, RULE_MODEL_ADDRESS, (struct rule_place){.object = low},
                         "a stack lies outside the heap's window, or at no page");
    }
    rule_count(model->book, RULE_MODEL_OVERLAP);
    if (!map_is_free(model, low, size_bytes)) {
        return rule_fail(model->book, RULE_MODEL_OVERLAP, (struct rule_place){.object = low},
                         "a stack of %zu bytes lies on memory in use", size_bytes);
    }
    model->stack_bytes += size_bytes;
    return map_enter_manual(model, low, size_bytes);
}

bool model_manual_allocated(struct model *model, uintptr_t base, size_t page_count,
                            enum manual_stat stat) {
    if (base == 0) {
        return true;
    }
    size_t size_bytes = page_count * HEAP_PAGE_BYTES;
    if (!RESERVE(model->manuals, model->manual_capacity, model->manual_count + 1) ||
        !model_enter_pages(model, base, size_bytes)) {
        return false;
    }
    model->stack_bytes -= size_bytes; // entered as a stack is, counted as its own
    model->manual_bytes[stat] += size_bytes;
    model->manuals[model->manual_count++] = (struct range_entry){base, size_bytes, (uint8_t)stat};
    return true;
}

bool model_manual_freed(struct model *model, uintptr_t base) {
    for (uint32_t i = 0; i < model->manual_count; i++) {
        struct range_entry entry = model->manuals[i];
        if (entry.base == base) {
            map_leave_manual(model, base, entry.size_bytes);
            model->manual_bytes[entry.stat] -= entry.size_bytes;
            model->manuals[i] = model->manuals[--model->manual_count];
            break;
        }
    }
    return true;
}

bool model_os_stack_mapped(struct model *model, uintptr_t base, size_t size_bytes) {
    if (base == 0) {
        return true;
    }
    rule_count(model->book, RULE_MODEL_OVERLAP);
    for (uint32_t i = 0; i < model->os_stack_count; i++) {
        const struct range_entry *other = &model->os_stacks[i];
        if (base < other->base + other->size_bytes && other->base < base + size_bytes) {
            return rule_fail(model->book, RULE_MODEL_OVERLAP, (struct rule_place){.object = base},
                             "two OS stacks overlap");
        }
    }
    if (!RESERVE(model->os_stacks, model->os_stack_capacity, model->os_stack_count + 1)) {
        return false;
    }
    model->os_stack_bytes += size_bytes;
    model->os_stacks[model->os_stack_count++] = (struct range_entry){base, size_bytes, 0};
    return true;
}

bool model_os_stack_unmapped(struct model *model, uintptr_t base) {
    for (uint32_t i = 0; i < model->os_stack_count; i++) {
        if (model->os_stacks[i].base == base) {
            model->os_stack_bytes -= model->os_stacks[i].size_bytes;
            model->os_stacks[i] = model->os_stacks[--model->os_stack_count];
            break;
        }
    }
    return true;
}

bool model_scavenged(struct model *model, size_t size_bytes, size_t released_bytes) {
    (void)size_bytes;
    rule_count(model->book, RULE_MODEL_STATUS);
    return released_bytes % HEAP_PAGE_BYTES == 0 ||
           rule_fail(model->book, RULE_MODEL_STATUS, (struct rule_place){0},
                     "%zu released bytes are no whole pages", released_bytes);
}
