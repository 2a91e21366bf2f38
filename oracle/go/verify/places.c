// places: each span in use stands in one place: one slot of one cache, or one central
// list, and the right one.
#include "oracle/go/state/state.h"
#include "oracle/core/rule.h"
#include "oracle/go/rules.h"
#include "oracle/go/verify/verifier.h"

#include <string.h>

struct walk {
    struct verifier *verifier;
    struct rule_book *book;
    const struct view *view;
    uint8_t span_class;
    enum inspect_list list;
    bool clean;
};

static bool fail_list(const struct walk *walk, const struct inspect_span *span, const char *what) {
    return rule_fail(walk->book, RULE_SPAN_LIST,
                     (struct rule_place){.span = span == NULL ? 0 : span->base},
                     "%s (list %d of span class %u)", what, (int)walk->list, walk->span_class);
}

static bool check_listed(const struct walk *walk, const struct inspect_span *span) {
    bool swept_list = walk->list == INSPECT_PARTIAL_SWEPT || walk->list == INSPECT_FULL_SWEPT;
    bool full_list = walk->list == INSPECT_FULL_SWEPT || walk->list == INSPECT_FULL_UNSWEPT;
    if (span->state != INSPECT_SPAN_IN_USE || span->span_class != walk->span_class) {
        return fail_list(walk, span, "a span of another kind stands in a list");
    }
    if (span->owner_cache != UINT32_MAX) {
        return fail_list(walk, span, "a span that a cache owns stands in a list");
    }
    if (view_is_swept(walk->view, span) != swept_list) {
        return fail_list(walk, span, "a span stands in the list of the other sweep state");
    }
    bool is_full =
        span->claimed_alloc_count == span->object_count; // held against the bits elsewhere
    return is_full == full_list || fail_list(walk, span, "a span is not as full as its list says");
}

static void visit_listed(void *context, const void *identity) {
    struct walk *walk = context;
    uint32_t index = view_find_identity(walk->view, identity);
    if (!walk->clean) {
        return;
    }
    if (index == VIEW_NONE) {
        walk->clean = fail_list(walk, NULL, "something stands in a list that is no span");
        return;
    }
    if (walk->verifier->places[index] < UINT8_MAX) {
        walk->verifier->places[index]++;
    }
    walk->clean = check_listed(walk, &walk->view->spans[index]);
}

#define CLASS_WORDS ((SPAN_CLASS_COUNT + 63) / 64)

// Classes that a span in use has, a bit each; the lists of others are looked at by a deep check
// alone.
static void find_classes(const struct view *view, bool deep, uint64_t classes[CLASS_WORDS]) {
    for (uint32_t class = 0; deep && class < SPAN_CLASS_COUNT; class ++) {
        classes[class / 64] |= (uint64_t)1 << class % 64;
    }
    for (uint32_t i = 0; i < view->standing_count; i++) {
        const struct inspect_span *span = &view->spans[view->by_address[i]];
        if (span->state == INSPECT_SPAN_IN_USE && span->span_class < SPAN_CLASS_COUNT) {
            classes[span->span_class / 64] |= (uint64_t)1 << span->span_class % 64;
        }
    }
}

static bool check_class(struct walk *walk, uint32_t class) {
    size_t limit = walk->view->standing_count + (size_t)1;
    walk->span_class = (uint8_t) class;
    for (int list = 0; list < INSPECT_LIST_COUNT; list++) {
        walk->list = (enum inspect_list)list;
        size_t count =
            inspect_list(walk->view->heap, walk->span_class, walk->list, limit, visit_listed, walk);
        if (count == limit) {
            return fail_list(walk, NULL, "a list runs in a circle");
        }
    }
    return true;
}

static bool check_lists(struct walk *walk, bool deep) {
    uint64_t classes[CLASS_WORDS] = {0};
    find_classes(walk->view, deep, classes);
    for (uint32_t word = 0; word < CLASS_WORDS; word++) {
        for (uint64_t left = classes[word]; left != 0; left &= left - 1) {
            if (!check_class(walk, word * 64 + bits_lowest(left))) {
                return false;
            }
        }
    }
    return walk->clean;
}

static bool fail_owner(const struct walk *walk, uint32_t cache, uint32_t index, const char *what) {
    uintptr_t base = index == VIEW_NONE ? 0 : walk->view->spans[index].base;
    return rule_fail(walk->book, RULE_SPAN_OWNER, (struct rule_place){.span = base},
                     "%s (cache %u)", what, cache);
}

static bool check_cached(const struct walk *walk, const struct inspect_cache *cache, size_t class) {
    uint32_t index = view_find_identity(walk->view, cache->spans[class]);
    if (index == VIEW_NONE) {
        return fail_owner(walk, cache->id, index, "a cache holds what is no span");
    }
    const struct inspect_span *span = &walk->view->spans[index];
    if (walk->verifier->places[index] < UINT8_MAX) {
        walk->verifier->places[index]++;
    }
    if (span->state != INSPECT_SPAN_IN_USE || span->span_class != class) {
        return fail_owner(walk, cache->id, index, "a cache holds a span of another kind");
    }
    return span->owner_cache == cache->id ||
           fail_owner(walk, cache->id, index, "a cache holds a span that it does not own");
}

static bool check_caches(const struct walk *walk) {
    rule_count(walk->book, RULE_SPAN_OWNER);
    for (uint32_t i = 0; i < walk->view->cache_count; i++) {
        const struct inspect_cache *cache = &walk->view->caches[i];
        for (uint32_t class = 0; class < SPAN_CLASS_COUNT; class ++) {
            if (cache->spans[class] != NULL && !check_cached(walk, cache, class)) {
                return false;
            }
        }
    }
    return true;
}

bool verifier_check_places(struct verifier *verifier, struct rule_book *book,
                           const struct view *view, bool deep) {
    rule_count(book, RULE_SPAN_PLACE);
    rule_count(book, RULE_SPAN_LIST);
    if (!HARNESS_RESERVE(verifier->places, verifier->place_capacity,
                         view->span_count + (size_t)1)) {
        return true; // refused: this run proves nothing
    }
    memset(verifier->places, 0, view->span_count + (size_t)1);
    struct walk walk = {.verifier = verifier, .book = book, .view = view, .clean = true};
    if (!check_caches(&walk) || !check_lists(&walk, deep)) {
        return false;
    }
    for (uint32_t i = 0; i < view->span_count; i++) {
        const struct inspect_span *span = &view->spans[i];
        unsigned expected = span->state == INSPECT_SPAN_IN_USE ? 1 : 0;
        if (verifier->places[i] != expected) {
            return rule_fail(book, RULE_SPAN_PLACE, (struct rule_place){.span = span->base},
                             "a span of class %u stands in %u places", span->span_class,
                             verifier->places[i]);
        }
    }
    return true;
}
