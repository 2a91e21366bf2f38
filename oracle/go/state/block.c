// block: the blocks that the runtime's own records lie in, by power of two.
//
// A record that ends leaves its block, and the next of that size is to lie in it: of each size
// there are as many blocks as there were records at once, and no record lies in those that are
// free.
#include "oracle/go/state/state.h"

#include "runtime/finq.h"
#include "runtime/osthread.h"
#include "runtime/pool.h"
#include "runtime/roots.h"
#include "runtime/type.h"

#include <string.h>

#define WORD_BYTES      sizeof(uintptr_t)
#define BLOCK_BYTES_MIN 32

static unsigned class_of(size_t size_bytes) {
    unsigned class = 0;
    for (size_t left = size_bytes < BLOCK_BYTES_MIN ? BLOCK_BYTES_MIN - 1 : size_bytes - 1;
         left > 0; left /= 2) {
        class ++;
    }
    return class;
}

void model_block_used(struct model *model, size_t size_bytes) {
    struct block_counts *counts = &model->blocks[class_of(size_bytes)];
    counts->used_count++;
    counts->made_count =
        counts->used_count > counts->made_count ? counts->used_count : counts->made_count;
}

void model_block_left(struct model *model, size_t size_bytes) {
    model->blocks[class_of(size_bytes)].used_count--;
}

static void text_used(struct model *model, const char *text) {
    model_block_used(model, text == NULL ? 1 : strlen(text) + 1);
}

// ---- records that stay for good

void model_block_type(struct model *model, const struct type *description) {
    size_t pointer_words = description->layout.pointer_bytes / WORD_BYTES;
    model_block_used(model, sizeof *description);
    text_used(model, description->package_path);
    text_used(model, description->name);
    if (pointer_words > 0) {
        model_block_used(model, (pointer_words + 7) / 8);
    }
}

// Functions stand in a table of 16, then 32, 64 ... rows: the old one is left for the new.
void model_block_func(struct model *model, const struct func *description) {
    uint32_t count = model->func_count; // without it
    uint32_t row_count = 16;
    while (row_count < count) {
        row_count *= 2;
    }
    model_block_used(model, sizeof *description);
    text_used(model, description->name);
    text_used(model, description->file);
    if (count == 0) {
        model_block_used(model, row_count * sizeof(struct func *));
    } else if (count == row_count) {
        model_block_used(model, (size_t)2 * row_count * sizeof(struct func *));
        model_block_left(model, row_count * sizeof(struct func *));
    }
}

// A thread that ends leaves its record to the next thread.
void model_block_osthread(struct model *model) {
    if (model->osthread_count > model->osthread_record_count) { // more than ever
        model->osthread_record_count = model->osthread_count;
        model_block_used(model, sizeof(struct osthread) + 2 * WORD_BYTES); // with two words beside
    }
}

// ---- records that come and go

void model_block_root_left(struct model *model, const char *description) {
    model_block_left(model, sizeof(struct other_root));
    model_block_left(model, strlen(description) + 1);
}

void model_block_root_used(struct model *model, const char *description) {
    model_block_used(model, sizeof(struct other_root));
    text_used(model, description);
}
