// liars: wrappers that tell the truth until a canary asks for a lie.
//
// For one canary only: it names the functions that are wrapped, and includes this once.
#ifndef TESTS_CANARY_LIARS_H
#define TESTS_CANARY_LIARS_H

#include "allocator/heap.h"
#include "allocator/inspect.h"
#include "allocator/memstats.h"
#include "oracle/go/verify/identities.h"
#include "oracle/go/model/model.h"
#include "oracle/go/verify/verifier.h"
#include "tests/canary/matrix.h"

// ---- liars: each is NULL while the truth is told

static struct liars {
    void (*memstats)(struct memstats *stats);
    void (*span)(struct inspect_span *span);
    bool (*span_of_address)(uintptr_t address, const void **identity);
    enum inspect_list (*list)(enum inspect_list list);
    void (*cache)(struct inspect_cache *cache);
    void (*arena)(struct inspect_arena *arena);
    int lost_level; // of summaries: what is asked of it is not there; 0: none
    void (*summary)(int level, size_t index, struct inspect_summary *summary);
    uintptr_t search_shift;
    void (*fix)(enum inspect_fixalloc which, struct inspect_fix *fix);
    uintptr_t persistent_shift;
    enum inspect_metadata (*metadata)(enum inspect_metadata metadata); // that a block is charged to
    void (*range)(struct inspect_range *range);
    void (*special)(struct inspect_special *special);
    void (*bucket)(struct inspect_bucket *bucket);
    bool first_bucket_lost;
    void *(*alloc)(void *object);
    bool (*mark)(struct heap *heap, uintptr_t *address); // false: do not mark
    int (*core)(size_t size_bytes, unsigned char *pages);
    unsigned deaf; // accounts that find nothing: enum deaf_account
} liars;

#define REAL(result, name, ...)                                                                    \
    result __real_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__)

REAL(void, heap_read_memstats, struct heap *heap, struct memstats *stats) {
    __real_heap_read_memstats(heap, stats);
    if (liars.memstats != NULL) {
        liars.memstats(stats);
    }
}

REAL(bool, inspect_span, const struct heap *heap, size_t index, struct inspect_span *span) {
    bool there = __real_inspect_span(heap, index, span);
    if (there && liars.span != NULL) {
        liars.span(span);
    }
    return there;
}

REAL(bool, inspect_span_of_address, const struct heap *heap, uintptr_t address,
     const void **identity) {
    return liars.span_of_address == NULL ? __real_inspect_span_of_address(heap, address, identity)
                                         : liars.span_of_address(address, identity);
}

REAL(size_t, inspect_list, const struct heap *heap, uint8_t span_class, enum inspect_list list,
     size_t limit, void (*visit)(void *context, const void *identity), void *context) {
    list = liars.list == NULL ? list : liars.list(list);
    return list == INSPECT_LIST_COUNT
               ? 0
               : __real_inspect_list(heap, span_class, list, limit, visit, context);
}

REAL(bool, inspect_cache, const struct heap *heap, uint32_t id, struct inspect_cache *cache) {
    bool there = __real_inspect_cache(heap, id, cache);
    if (there && liars.cache != NULL) {
        liars.cache(cache);
    }
    return there;
}

REAL(bool, inspect_arena, const struct heap *heap, size_t index, struct inspect_arena *arena) {
    bool there = __real_inspect_arena(heap, index, arena);
    if (there && liars.arena != NULL) {
        liars.arena(arena);
    }
    return there;
}

REAL(bool, inspect_summary, const struct heap *heap, int level, size_t index,
     struct inspect_summary *summary) {
    bool there = __real_inspect_summary(heap, level, index, summary) &&
                 (liars.lost_level == 0 || liars.lost_level != level);
    if (!there) {
        memset(summary, 0x5a, sizeof *summary); // nobody may read it then
    } else if (liars.summary != NULL) {
        liars.summary(level, index, summary);
    }
    return there;
}

REAL(uintptr_t, inspect_search_address, const struct heap *heap) {
    return __real_inspect_search_address(heap) + liars.search_shift;
}

REAL(void, inspect_fix, const struct heap *heap, enum inspect_fixalloc which,
     struct inspect_fix *fix) {
    __real_inspect_fix(heap, which, fix);
    if (liars.fix != NULL) {
        liars.fix(which, fix);
    }
}

struct persistent_visit {
    void (*visit)(void *context, uintptr_t base, size_t size_bytes, enum inspect_metadata metadata);
    void *context;
};

static void shift_persistent(void *context, uintptr_t base, size_t size_bytes,
                             enum inspect_metadata metadata) {
    const struct persistent_visit *visit = context;
    metadata = liars.metadata == NULL ? metadata : liars.metadata(metadata);
    visit->visit(visit->context, base - liars.persistent_shift, size_bytes, metadata);
}

REAL(void, inspect_persistent, const struct heap *heap,
     void (*visit)(void *context, uintptr_t base, size_t size_bytes,
                   enum inspect_metadata metadata),
     void *context) {
    struct persistent_visit shifted = {visit, context};
    __real_inspect_persistent(heap, shift_persistent, &shifted);
}

REAL(bool, inspect_range, const struct heap *heap, size_t index, struct inspect_range *range) {
    bool there = __real_inspect_range(heap, index, range);
    if (there && liars.range != NULL) {
        liars.range(range);
    }
    return there;
}

REAL(bool, inspect_special, const void *special, struct inspect_special *record) {
    bool there = __real_inspect_special(special, record);
    if (there && liars.special != NULL) {
        liars.special(record);
    }
    return there;
}

REAL(bool, inspect_bucket, const void *bucket, struct inspect_bucket *record) {
    bool there = __real_inspect_bucket(bucket, record);
    if (there && liars.bucket != NULL) {
        liars.bucket(record);
    }
    return there;
}

REAL(const void *, inspect_first_bucket, const struct heap *heap) {
    return liars.first_bucket_lost ? NULL : __real_inspect_first_bucket(heap);
}

REAL(void *, heap_alloc, struct heap *heap, struct mcache *cache, size_t size_bytes,
     const struct gc_layout *layout, unsigned flags) {
    void *object = __real_heap_alloc(heap, cache, size_bytes, layout, flags);
    return liars.alloc == NULL ? object : liars.alloc(object);
}

REAL(bool, heap_mark, struct heap *heap, uintptr_t address, struct heap_object *object) {
    if (liars.mark != NULL && !liars.mark(heap, &address)) {
        return false;
    }
    return __real_heap_mark(heap, address, object);
}

REAL(int, mincore, void *base, size_t size_bytes, unsigned char *pages) {
    return liars.core == NULL ? __real_mincore(base, size_bytes, pages)
                              : liars.core(size_bytes, pages);
}

// ---- accounts that may be deaf

REAL(bool, model_compare, struct model *model, const struct memstats *fast, bool whole_rings) {
    return (liars.deaf & DEAF_MODEL) != 0 || __real_model_compare(model, fast, whole_rings);
}

REAL(bool, identities_check, struct rule_book *book, const struct memstats *stats,
     bool whole_rings) {
    return (liars.deaf & DEAF_IDENTITIES) != 0 || __real_identities_check(book, stats, whole_rings);
}

REAL(bool, identities_check_since, struct rule_book *book, const struct memstats *before,
     const struct memstats *stats) {
    return (liars.deaf & DEAF_SINCE) != 0 || __real_identities_check_since(book, before, stats);
}

REAL(bool, verifier_check, struct verifier *verifier, struct rule_book *book,
     const struct view *view, bool whole) {
    return (liars.deaf & DEAF_VERIFIER) != 0 || __real_verifier_check(verifier, book, view, whole);
}

#endif
