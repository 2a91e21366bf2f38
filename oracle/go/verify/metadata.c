// metadata: blocks of the fixed-size allocators against what stands in the heap, persistent ones
// against ranges, buckets.
#include "allocator/mprof.h"
#include "oracle/core/rule.h"
#include "oracle/go/rules.h"
#include "oracle/go/verify/verifier.h"

static uint64_t count_specials(const struct view *view) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < view->span_count; i++) {
        struct inspect_special special;
        const void *at =
            view->spans[i].state == INSPECT_SPAN_IN_USE ? view->spans[i].specials : NULL;
        for (; inspect_special(at, &special); at = special.next) {
            count++;
        }
    }
    return count;
}

// Spans whose bitmaps do not fit in the span itself.
static uint64_t count_bit_blocks(const struct view *view) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < view->span_count; i++) {
        count += view->spans[i].state == INSPECT_SPAN_IN_USE && view->spans[i].object_count > 64;
    }
    return count;
}

static bool check_fix(struct rule_book *book, const struct view *view, enum inspect_fixalloc which,
                      const char *name, uint64_t standing) {
    struct inspect_fix fix;
    inspect_fix(view->heap, which, &fix);
    uint64_t cut = fix.chunk_count * (fix.chunk_bytes / fix.block_bytes);
    uint64_t given = cut - fix.tail_block_count - fix.free_block_count;
    return rule_equal(book, RULE_FIX_BLOCKS, name, (struct rule_value){"blocks in use", given},
                      (struct rule_value){"standing", standing});
}

static bool check_fixes(struct rule_book *book, const struct view *view) {
    return check_fix(book, view, INSPECT_FIX_MSPAN, "spans", view->standing_count) &&
           check_fix(book, view, INSPECT_FIX_MCACHE, "caches", view->cache_count) &&
           check_fix(book, view, INSPECT_FIX_SPECIAL, "specials", count_specials(view)) &&
           check_fix(book, view, INSPECT_FIX_BITS, "bitmaps", count_bit_blocks(view));
}

// ---- the persistent allocator's blocks

struct persistent_walk {
    struct rule_book *book;
    const struct view *view;
    struct inspect_range range; // that the last block lay in
    uintptr_t last_end;
    uint64_t counts[INSPECT_METADATA_COUNT];
    uint64_t bytes[INSPECT_METADATA_COUNT];
    bool clean;
};

static bool find_range(struct persistent_walk *walk, uintptr_t base, size_t size_bytes) {
    struct inspect_range *range = &walk->range;
    if (base - range->base < range->prepared_bytes) {
        return base - range->base <= range->prepared_bytes - size_bytes;
    }
    for (size_t i = 0; inspect_range(walk->view->heap, i, range); i++) {
        if (range->kind == INSPECT_RANGE_PERSISTENT && base - range->base < range->prepared_bytes) {
            walk->last_end = range->base;
            return size_bytes <= range->prepared_bytes - (base - range->base);
        }
    }
    range->prepared_bytes = 0;
    return false;
}

static void visit_persistent(void *context, uintptr_t base, size_t size_bytes,
                             enum inspect_metadata metadata) {
    struct persistent_walk *walk = context;
    if (!walk->clean) {
        return;
    }
    if ((unsigned)metadata >= INSPECT_METADATA_COUNT || !find_range(walk, base, size_bytes) ||
        base != walk->last_end) {
        walk->clean =
            rule_fail(walk->book, RULE_PERSISTENT_BLOCKS, (struct rule_place){.object = base},
                      "a block of %zu bytes lies outside or not behind the one before", size_bytes);
    }
    walk->counts[(unsigned)metadata % INSPECT_METADATA_COUNT]++;
    walk->bytes[(unsigned)metadata % INSPECT_METADATA_COUNT] += size_bytes;
    walk->last_end = base + size_bytes;
}

struct due { // to a statistic
    uint64_t count, bytes;
};

// A block has a header of 16 bytes, and whole multiples of 16.
static uint64_t block_bytes(uint64_t size_bytes) {
    return 16 + (size_bytes + 15) / 16 * 16;
}

static struct due due_to_fix(const struct view *view, enum inspect_fixalloc which) {
    struct inspect_fix fix;
    inspect_fix(view->heap, which, &fix);
    return (struct due){fix.chunk_count, fix.chunk_count * block_bytes(fix.chunk_bytes)};
}

// The table comes with the first bucket.
static struct due due_to_buckets(const struct view *view) {
    struct due due = {0};
    if (inspect_bucket_hash_rows(view->heap) > 0) {
        due = (struct due){1, block_bytes(MPROF_TABLE_BYTES)};
    }
    struct inspect_bucket bucket;
    for (const void *at = inspect_first_bucket(view->heap); inspect_bucket(at, &bucket);
         at = bucket.next) {
        due.count++;
        due.bytes += block_bytes(MPROF_BUCKET_BYTES + bucket.frame_count * sizeof(uintptr_t));
    }
    return due;
}

static bool check_count(struct rule_book *book, const char *field, uint64_t taken, uint64_t due) {
    return rule_equal(book, RULE_PERSISTENT_BLOCKS, field,
                      (struct rule_value){"in the book", taken},
                      (struct rule_value){"due to it", due});
}

static bool check_metadata(const struct persistent_walk *walk, enum inspect_metadata metadata,
                           const char *field, struct due due) {
    return check_count(walk->book, field, walk->counts[metadata], due.count) &&
           check_count(walk->book, field, walk->bytes[metadata], due.bytes);
}

// Ranges lie one behind the other; but for an arena's, which grows into it, all of one is prepared.
static bool check_range(struct rule_book *book, const struct inspect_range *range,
                        uintptr_t *last_end) {
    bool is_whole = range->kind == INSPECT_RANGE_ARENA ? range->prepared_bytes <= range->size_bytes
                                                       : range->prepared_bytes == range->size_bytes;
    bool is_behind = range->base >= *last_end;
    *last_end = range->base + range->size_bytes;
    return (is_whole && is_behind) ||
           rule_fail(book, RULE_PERSISTENT_BLOCKS, (struct rule_place){.object = range->base},
                     "a range of %zu bytes overlaps another, or has %zu bytes prepared",
                     range->size_bytes, range->prepared_bytes);
}

// What is charged to a statistic is what its users took: a block's own word is not enough.
static bool check_all_metadata(struct persistent_walk *walk) {
    const struct view *view = walk->view;
    uint64_t arena_ranges = 0;
    uint64_t small_ranges = 0; // of metadata whose blocks are never as large as to have one
    uintptr_t last_end = 0;
    struct inspect_range range;
    for (size_t i = 0; inspect_range(view->heap, i, &range); i++) {
        if (!check_range(walk->book, &range, &last_end)) {
            return false;
        }
        bool is_direct = range.kind == INSPECT_RANGE_DIRECT;
        arena_ranges += is_direct && range.metadata == INSPECT_METADATA_GC;
        small_ranges += is_direct && range.metadata < INSPECT_METADATA_GC;
    }
    return check_metadata(walk, INSPECT_METADATA_MSPAN, "MSpanSys",
                          due_to_fix(view, INSPECT_FIX_MSPAN)) &&
           check_metadata(walk, INSPECT_METADATA_MCACHE, "MCacheSys",
                          due_to_fix(view, INSPECT_FIX_MCACHE)) &&
           check_metadata(walk, INSPECT_METADATA_GC, "GCSys", due_to_fix(view, INSPECT_FIX_BITS)) &&
           check_metadata(walk, INSPECT_METADATA_BUCKHASH, "BuckHashSys", due_to_buckets(view)) &&
           // an arena's record and its pointer bits
           check_count(walk->book, "GCSys", arena_ranges, 2 * inspect_arena_count(view->heap)) &&
           check_count(walk->book, "ranges of small blocks", small_ranges, 0);
}

static bool check_persistent(struct rule_book *book, const struct view *view) {
    rule_count(book, RULE_PERSISTENT_BLOCKS);
    struct persistent_walk walk = {.book = book, .view = view, .clean = true};
    inspect_persistent(view->heap, visit_persistent, &walk);
    return walk.clean && check_all_metadata(&walk);
}

// ---- buckets: the list of all and the hash rows hold the same ones

struct bucket_sum {
    uint64_t count;
    uint64_t identities; // summed: order does not matter
};

static bool check_buckets(struct rule_book *book, const struct view *view) {
    rule_count(book, RULE_BUCKET_LISTS);
    struct bucket_sum listed = {0};
    struct bucket_sum hashed = {0};
    struct inspect_bucket bucket;
    for (const void *at = inspect_first_bucket(view->heap); inspect_bucket(at, &bucket);
         at = bucket.next) {
        listed.count++;
        listed.identities += bucket.identity;
    }
    size_t rows = inspect_bucket_hash_rows(view->heap);
    for (size_t row = 0; row < rows; row++) {
        const void *at = inspect_bucket_hash_row(view->heap, row);
        for (; inspect_bucket(at, &bucket); at = bucket.hash_next) {
            hashed.count++;
            hashed.identities += bucket.identity;
        }
    }
    return (listed.count == hashed.count && listed.identities == hashed.identities) ||
           rule_fail_values(book, RULE_BUCKET_LISTS, "buckets",
                            (struct rule_value){"list", listed.count},
                            (struct rule_value){"hash table", hashed.count});
}

bool verifier_check_metadata(struct rule_book *book, const struct view *view, bool deep) {
    return check_fixes(book, view) && (!deep || check_buckets(book, view)) &&
           check_persistent(book, view);
}
