// model_profile: which objects are sampled, and what each bucket must have published: Go's
// three-cycle rule, kept from the operations.
//
// Whether an object was sampled is the heap's choice (it draws distances), read off the object as
// it is allocated; from there on the ledger counts alone: an allocation of cycle c is published
// with cycle c + 2, a free by the program likewise, a free by a sweep with cycle c + 1, because the
// object died in the cycle before.
#include "oracle/model_state.h"

#include <stdlib.h>
#include <string.h>

#define BOOK_NONE    UINT32_MAX
#define RATE_DEFAULT ((uint64_t)512 * 1024) // a fresh heap's, as Go's

static size_t row_of(uintptr_t bucket) {
    return bucket / 16 % PROFILE_ROWS;
}

// ---- books

static struct profile_book *find_book(const struct model *model, uintptr_t bucket) {
    const struct profile *profile = &model->profile;
    uint32_t index = profile->rows[row_of(bucket)];
    for (; index != BOOK_NONE; index = profile->books[index].next) {
        if (profile->books[index].bucket == bucket) {
            return &profile->books[index];
        }
    }
    return NULL;
}

static struct profile_book *obtain_book(struct model *model, uintptr_t bucket) {
    struct profile *profile = &model->profile;
    struct profile_book *book = find_book(model, bucket);
    if (book != NULL || !model_reserve(&profile->books, &profile->book_capacity,
                                       profile->book_count + (size_t)1, sizeof *profile->books)) {
        return book;
    }
    uint32_t *row = &profile->rows[row_of(bucket)];
    book = &profile->books[profile->book_count];
    *book = (struct profile_book){.bucket = bucket, .next = *row};
    *row = profile->book_count++;
    return book;
}

void model_profile_reset(struct model *model) {
    struct profile *profile = &model->profile;
    memset(profile->rows, 0xff, sizeof profile->rows);
    profile->stack_count = 0;
    profile->book_count = 0;
    profile->sample_count = 0;
    profile->cycle = 0;
    profile->rate = RATE_DEFAULT;
}

void model_profile_fini(struct model *model) {
    free(model->profile.books);
    free(model->profile.stacks);
}

// ---- samples

// The profile special of the object at `address`; false: it is not sampled.
static bool read_sample(const struct model *model, uintptr_t address,
                        struct inspect_special *special) {
    struct inspect_span span;
    if (!inspect_span_at(model->heap, address, &span)) {
        return false;
    }
    for (const void *at = span.specials; inspect_special(at, special); at = special->next) {
        if (special->kind == INSPECT_SPECIAL_PROFILE && span.base + special->offset == address) {
            return true;
        }
    }
    return false;
}

static bool check_bucket(struct model *model, const struct slot *slot, uintptr_t bucket) {
    static const struct profile_stack no_stack;
    const struct profile *profile = &model->profile;
    const struct profile_stack *stack =
        slot->cache_id < profile->stack_count ? &profile->stacks[slot->cache_id] : &no_stack;
    struct inspect_bucket record;
    rule_count(model->book, RULE_PROFILE_SAMPLES);
    return (inspect_bucket((const void *)bucket, &record) &&
            record.object_bytes == slot->element_bytes && record.frame_count == stack->count &&
            memcmp(record.frames, stack->frames, stack->count * sizeof stack->frames[0]) == 0) ||
           rule_fail(model->book, RULE_PROFILE_SAMPLES, (struct rule_place){.object = slot->base},
                     "the sample stands in a bucket of another size or call stack");
}

bool model_profile_allocated(struct model *model, struct slot *slot) {
    struct profile *profile = &model->profile;
    struct inspect_special special;
    slot->sample = 0;
    if (profile->rate == 0 || !read_sample(model, slot->base, &special)) {
        return true;
    }
    struct profile_book *book = obtain_book(model, special.bucket);
    if (book == NULL) {
        return false;
    }
    slot->sample = (uint32_t)(book - profile->books) + 1;
    profile->sample_count++;
    book->future[(profile->cycle + 2) % 3].allocs++;
    return check_bucket(model, slot, special.bucket);
}

void model_profile_freed(struct model *model, const struct slot *slot, bool swept) {
    struct profile *profile = &model->profile;
    if (slot->sample == 0) {
        return;
    }
    struct profile_book *book = &profile->books[slot->sample - 1];
    profile->sample_count--;
    book->future[(profile->cycle + (swept ? 1 : 2)) % 3].frees++;
}

bool model_profile_check(struct model *model, const struct slot *slot, uintptr_t bucket) {
    const struct profile *profile = &model->profile;
    return (slot != NULL && slot->sample != 0 &&
            profile->books[slot->sample - 1].bucket == bucket) ||
           rule_fail(model->book, RULE_PROFILE_SAMPLES,
                     (struct rule_place){.object = slot == NULL ? 0 : slot->base},
                     "a sample hangs on an object that was not sampled so");
}

// ---- events

bool model_profile_rate_set(struct model *model, uint64_t rate_bytes) {
    model->profile.rate = rate_bytes;
    return true;
}

bool model_call_stack_set(struct model *model, uint32_t cache_id, const uintptr_t *frames,
                          size_t frame_count) {
    struct profile *profile = &model->profile;
    if (!model_reserve(&profile->stacks, &profile->stack_capacity, cache_id + (size_t)1,
                       sizeof *profile->stacks)) {
        return false;
    }
    for (; profile->stack_count <= cache_id; profile->stack_count++) {
        profile->stacks[profile->stack_count].count = 0;
    }
    struct profile_stack *stack = &profile->stacks[cache_id];
    stack->count = frame_count < PROFILE_FRAMES ? frame_count : PROFILE_FRAMES;
    memcpy(stack->frames, frames, stack->count * sizeof *frames);
    return true;
}

void model_profile_cache_acquired(struct model *model, uint32_t cache_id) {
    if (cache_id < model->profile.stack_count) {
        model->profile.stacks[cache_id].count = 0;
    }
}

bool model_profile_cycled(struct model *model) {
    struct profile *profile = &model->profile;
    model_settle(model, model->heap); // what was swept so far was swept in the cycle that ends
    profile->cycle++;
    for (uint32_t i = 0; i < profile->book_count; i++) {
        struct profile_book *book = &profile->books[i];
        struct profile_counts *due = &book->future[profile->cycle % 3];
        book->published.allocs += due->allocs;
        book->published.frees += due->frees;
        *due = (struct profile_counts){0};
    }
    return true;
}

void model_bucket_counts(const struct model *model, uintptr_t bucket, uint64_t *allocs,
                         uint64_t *frees) {
    const struct profile_book *book = find_book(model, bucket);
    *allocs = book == NULL ? 0 : book->published.allocs;
    *frees = book == NULL ? 0 : book->published.frees;
}
