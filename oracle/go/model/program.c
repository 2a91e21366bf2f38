// program: what the program holds beside its goroutines: segments, and roots that it adds.
#include "oracle/go/model/parts.h"
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
    model->has_open_batch = false;
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
