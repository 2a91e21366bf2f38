// program: where reachability starts, and memory that is no object.
#include "oracle/go/model/state.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/rules.h"

#include <string.h>

void model_program_reset(struct model *model) {
    for (size_t segment = 0; segment < MODEL_SEGMENT_COUNT; segment++) {
        model->segments[segment].base = 0;
        model->segments[segment].word_count = 0;
    }
    model->goroutine_count = 0; // their arrays are kept
    model->goroutine_starts = 0;
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
    model->queue_seen.is_short = false;
    model->queue_due.is_short = false;
    memset(model->blocks, 0, sizeof model->blocks);
    model->place_count = 0;
    model_table_reset(model);
}

void model_program_fini(struct model *model) {
    for (uint32_t i = 0; i < model->goroutine_capacity; i++) {
        struct goroutine_entry *g = &model->goroutines[i];
        harness_free(g->frames);
        harness_free(g->words);
        harness_free(g->bits);
        harness_free(g->defers);
        harness_free(g->panics);
    }
    harness_free(model->goroutines);
    for (size_t segment = 0; segment < MODEL_SEGMENT_COUNT; segment++) {
        harness_free(model->segments[segment].words);
    }
    harness_free(model->roots);
    harness_free(model->manuals);
    harness_free(model->os_stacks);
    harness_free(model->queue_seen.items);
    harness_free(model->queue_due.items);
    model_table_fini(model);
}

// ---- segments and other roots

bool model_segment_defined(struct model *model, enum model_segment segment, uintptr_t base,
                           size_t word_count, const uint8_t *mask) {
    struct segment_entry *entry = &model->segments[segment];
    if (!HARNESS_RESERVE(entry->words, entry->word_capacity, word_count)) {
        return false;
    }
    entry->base = base;
    entry->mask = mask;
    entry->word_count = (uint32_t)word_count;
    if (word_count > 0) {
        memset(entry->words, 0, word_count * sizeof *entry->words);
    }
    return true;
}

bool model_segment_wrote(struct model *model, enum model_segment segment, size_t word,
                         uintptr_t value) {
    struct segment_entry *entry = &model->segments[segment];
    if (word < entry->word_count) {
        model_shade(model, entry->words[word]);
        model_shade(model, value);
        entry->words[word] = value;
    }
    return true;
}

bool model_root_added(struct model *model, uint64_t id, const char *description, uintptr_t target) {
    if (!HARNESS_RESERVE(model->roots, model->root_capacity, model->root_count + 1)) {
        return false;
    }
    model_shade(model, target);
    model->roots[model->root_count++] = (struct root_entry){id, description, target};
    model_block_root_used(model, description);
    return true;
}

bool model_root_removed(struct model *model, uint64_t id) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < model->root_count; i++) {
        if (model->roots[i].id != id) {
            model->roots[kept++] = model->roots[i];
        } else {
            model_block_root_left(model, model->roots[i].description);
        }
    }
    model->root_count = kept;
    return true;
}

// ---- roots, all of them

void model_visit_roots(struct model *model, void (*visit)(struct model *model, uintptr_t value)) {
    for (size_t segment = 0; segment < MODEL_SEGMENT_COUNT; segment++) {
        for (size_t word = 0; word < model->segments[segment].word_count; word++) {
            visit(model, model->segments[segment].words[word]);
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
    if (!HARNESS_RESERVE(model->manuals, model->manual_capacity, model->manual_count + 1) ||
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
    if (!HARNESS_RESERVE(model->os_stacks, model->os_stack_capacity, model->os_stack_count + 1)) {
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
