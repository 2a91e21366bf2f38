// pages: memory that is no object: stacks, manual spans, OS threads' stacks, what is released.
#include "oracle/go/model/parts.h"
#include "oracle/go/rules.h"

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
