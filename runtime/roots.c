// roots: the segments and the other roots, made, found and walked.
#include "runtime/barrier_internal.h"
#include "runtime/runtime_internal.h"

#include "allocator/check.h"

#include <string.h>

#define WORD_BYTES sizeof(uintptr_t)

// A copy of the mask, every word's bit set when there is none.
static const uint8_t *copy_mask(struct runtime *runtime, const uint8_t *mask, size_t word_count) {
    size_t mask_bytes = (word_count + 7) / 8;
    uint8_t *copy = pool_alloc(runtime, mask_bytes);
    if (copy == NULL) {
        return NULL;
    }
    memset(copy, 0, mask_bytes);
    for (size_t word = 0; word < word_count; word++) {
        if (mask == NULL || (mask[word / 8] >> (word % 8) & 1) != 0) {
            copy[word / 8] = (uint8_t)(copy[word / 8] | 1U << (word % 8));
        }
    }
    return copy;
}

static bool segment_init(struct runtime *runtime, struct segment *segment, size_t word_count,
                         const uint8_t *mask) {
    if (word_count == 0) {
        return true;
    }
    size_t size_bytes = word_count * WORD_BYTES;
    bool fits = size_bytes / WORD_BYTES == word_count; // in a size
    void *base = fits ? heap_metadata_alloc(runtime->heap, size_bytes) : NULL;
    if (base == NULL) {
        return false;
    }
    segment->base = (uintptr_t)base;
    segment->size_bytes = size_bytes;
    segment->pointer_mask = copy_mask(runtime, mask, word_count);
    return segment->pointer_mask != NULL;
}

bool roots_init(struct runtime *runtime) {
    struct runtime_options *options = &runtime->options;
    struct root_table *roots = &runtime->roots;
    bool complete = segment_init(runtime, &roots->data, options->data_words, options->data_mask) &&
                    segment_init(runtime, &roots->bss, options->bss_words, options->bss_mask);
    options->data_mask = roots->data.pointer_mask;
    options->bss_mask = roots->bss.pointer_mask;
    return complete;
}

const struct segment *runtime_data_segment(const struct runtime *runtime) {
    return &runtime->roots.data;
}

const struct segment *runtime_bss_segment(const struct runtime *runtime) {
    return &runtime->roots.bss;
}

struct other_root *runtime_add_other_root(struct runtime *runtime, const char *description,
                                          uintptr_t target) {
    runtime_lock(runtime);
    struct root_table *table = &runtime->roots;
    struct other_root *root = NULL;
    const struct pool_need needs[] = {{sizeof(*root), 1}, {pool_string_bytes(description), 1}};
    if (pool_reserve(runtime, needs, 2)) {
        root = pool_take_reserved(runtime, sizeof(*root));
        *root = (struct other_root){.description = pool_copy_string(runtime, description),
                                    .target = target};
        if (table->last == NULL) {
            table->first = root;
        } else {
            table->last->next = root;
        }
        table->last = root;
        barrier_shade(runtime, target);
    }
    runtime_unlock(runtime);
    return root;
}

static struct other_root *root_before(const struct root_table *table,
                                      const struct other_root *root) {
    struct other_root *before = NULL;
    for (struct other_root *at = table->first; at != root; at = at->next) {
        if (at == NULL) {
            check_misuse("removal of a root that is not there", (uintptr_t)root);
        }
        before = at;
    }
    return before;
}

void runtime_remove_other_root(struct runtime *runtime, struct other_root *root) {
    runtime_lock(runtime);
    struct root_table *table = &runtime->roots;
    struct other_root *before = root_before(table, root);
    if (before == NULL) {
        table->first = root->next;
    } else {
        before->next = root->next;
    }
    if (table->last == root) {
        table->last = before;
    }
    pool_free_string(runtime, root->description);
    pool_free(runtime, root, sizeof(*root));
    runtime_unlock(runtime);
}

const struct other_root *runtime_first_other_root(const struct runtime *runtime) {
    return runtime->roots.first;
}

static void segment_visit(const struct segment *segment,
                          void (*visit)(void *context, uintptr_t value), void *context) {
    const uintptr_t *words = (const uintptr_t *)segment->base;
    for (size_t i = 0; i < segment->size_bytes / WORD_BYTES; i++) {
        if ((segment->pointer_mask[i / 8] >> (i % 8) & 1) != 0) {
            visit(context, words[i]);
        }
    }
}

void roots_visit(struct runtime *runtime, void (*visit)(void *context, uintptr_t value),
                 void *context) {
    segment_visit(&runtime->roots.data, visit, context);
    segment_visit(&runtime->roots.bss, visit, context);
    for (const struct other_root *at = runtime->roots.first; at != NULL; at = at->next) {
        visit(context, at->target);
    }
}
