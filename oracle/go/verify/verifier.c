// verifier: a span's own bits, counts, geometry and specials; and the order of the checks.
#include "oracle/go/verify/verifier.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/state/class.h"

#include "oracle/core/rule.h"
#include "oracle/go/rules.h"

static bool fail_span(struct rule_book *book, unsigned rule, const struct inspect_span *span,
                      const char *what, uint64_t value) {
    return rule_fail(book, rule, (struct rule_place){.span = span->base}, "%s (%llu)", what,
                     (unsigned long long)value);
}

static uint64_t count_bits(const uint64_t *bits, uint32_t words) {
    uint64_t count = 0;
    for (uint32_t word = 0; word < words; word++) {
        count += bits[word] == 0 ? 0 : bits_count(bits[word]);
    }
    return count;
}

static bool check_counts(struct rule_book *book, const struct inspect_span *span) {
    uint64_t allocated = count_bits(span->alloc_bits, span->bit_words);
    uint64_t remote = count_bits(span->remote_bits, span->bit_words);
    if (allocated != span->claimed_alloc_count) {
        rule_fail_values(book, RULE_SPAN_COUNT, "alloc_count",
                         (struct rule_value){"span", span->claimed_alloc_count},
                         (struct rule_value){"bits", allocated});
        return false;
    }
    if (remote != span->claimed_remote_count) {
        rule_fail_values(book, RULE_SPAN_COUNT, "remote_count",
                         (struct rule_value){"span", span->claimed_remote_count},
                         (struct rule_value){"bits", remote});
        return false;
    }
    if (allocated == 0 && span->owner_cache == UINT32_MAX) {
        return fail_span(book, RULE_SPAN_COUNT, span, "an empty span in no cache stays in use", 0);
    }
    return true;
}

static bool check_free_index(struct rule_book *book, const struct inspect_span *span) {
    if (span->free_index > span->object_count) {
        return fail_span(book, RULE_SPAN_FREE_INDEX, span, "free index is past the last object",
                         span->free_index);
    }
    for (uint32_t i = 0; i < span->free_index; i += 64) {
        uint32_t end = span->free_index - i < 64 ? span->free_index - i : 64;
        uint64_t mask = end == 64 ? UINT64_MAX : ((uint64_t)1 << end) - 1;
        if ((span->alloc_bits[i / 64] & mask) != mask) {
            return fail_span(book, RULE_SPAN_FREE_INDEX, span,
                             "a free object lies below free index", span->free_index);
        }
    }
    return true;
}

static bool check_stray_bits(struct rule_book *book, const struct inspect_span *span) {
    uint32_t last = span->bit_words - 1;
    uint64_t past = span->object_count % 64 == 0 ? 0 : UINT64_MAX << (span->object_count % 64);
    uint64_t stray = (span->alloc_bits[last] | span->remote_bits[last] | span->mark_bits[last]);
    return (stray & past) == 0 || fail_span(book, RULE_SPAN_STRAY_BIT, span,
                                            "a bit is set past the last object", stray & past);
}

static bool check_remote(struct rule_book *book, const struct inspect_span *span) {
    for (uint32_t word = 0; word < span->bit_words; word++) {
        if ((span->remote_bits[word] & ~span->alloc_bits[word]) != 0) {
            return fail_span(book, RULE_SPAN_REMOTE, span, "a free object was freed remotely",
                             word);
        }
        if (span->remote_bits[word] != 0 && span->owner_cache == UINT32_MAX) {
            return fail_span(book, RULE_SPAN_REMOTE, span, "a remote free waits for no owner",
                             word);
        }
    }
    return true;
}

static bool fits_class(const struct inspect_span *span) {
    uint32_t class = span->span_class / 2u;
    if (span->page_count == 0 || span->base % HEAP_PAGE_BYTES != 0 || class >= SIZE_CLASS_COUNT) {
        return false;
    }
    size_t bytes = span->page_count * HEAP_PAGE_BYTES;
    if (class == 0) {
        return span->object_count == 1 && span->element_bytes == bytes;
    }
    return span->element_bytes == go_class_bytes[class] &&
           span->page_count == go_class_pages[class] &&
           span->object_count == bytes / span->element_bytes;
}

static bool check_geometry(struct rule_book *book, const struct view *view,
                           const struct inspect_span *span) {
    if (!fits_class(span) || span->bit_words != (span->object_count + 63) / 64) {
        return fail_span(book, RULE_SPAN_GEOMETRY, span, "class, pages and objects do not fit",
                         span->span_class);
    }
    bool swept = view_is_swept(view, span);
    if (!swept && (span->sweep_generation != view->sweep_generation - 2 || view->marking)) {
        return fail_span(book, RULE_SPAN_GEOMETRY, span, "sweep generation is out of turn",
                         span->sweep_generation);
    }
    if (!swept && span->owner_cache != UINT32_MAX) {
        return fail_span(book, RULE_SPAN_OWNER, span, "a cache owns an unswept span",
                         span->owner_cache);
    }
    return true;
}

// Only cleanups may repeat, and the slow one is never met again: what is in order is no ring.
static bool check_specials(struct rule_book *book, const struct inspect_span *span) {
    struct inspect_special special;
    struct inspect_special slow;
    uint64_t last = 0; // offset and kind of the one before, plus one
    bool is_odd = false;
    const void *slow_at = span->specials;
    for (const void *at = span->specials; inspect_special(at, &special); at = special.next) {
        uint64_t key = (uint64_t)special.offset * 4 + special.kind + 1;
        bool may_repeat = special.kind == INSPECT_SPECIAL_CLEANUP;
        slow_at = is_odd && inspect_special(slow_at, &slow) ? slow.next : slow_at;
        is_odd = !is_odd;
        if (key < last || (key == last && !may_repeat) || special.next == slow_at) {
            return fail_span(book, RULE_SPECIAL_ORDER, span, "specials are out of order",
                             special.offset);
        }
        last = key;
        size_t index = special.offset / span->element_bytes;
        if (index >= span->object_count || !view_is_live(span, index)) {
            return fail_span(book, RULE_SPECIAL_ORDER, span, "a special is on no allocated object",
                             special.offset);
        }
    }
    return true;
}

static bool check_span(struct rule_book *book, const struct view *view,
                       const struct inspect_span *span) {
    return check_geometry(book, view, span) && check_counts(book, span) &&
           check_free_index(book, span) && check_stray_bits(book, span) &&
           check_remote(book, span) && check_specials(book, span);
}

bool verifier_check_spans(struct rule_book *book, const struct view *view) {
    static const unsigned rules[] = {
        RULE_SPAN_COUNT,  RULE_SPAN_FREE_INDEX, RULE_SPAN_STRAY_BIT,
        RULE_SPAN_REMOTE, RULE_SPAN_GEOMETRY,   RULE_SPECIAL_ORDER,
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        rule_count(book, rules[i]);
    }
    bool clean = true;
    for (uint32_t i = 0; i < view->span_count && clean; i++) {
        if (view->spans[i].state == INSPECT_SPAN_IN_USE) {
            clean = check_span(book, view, &view->spans[i]);
        }
    }
    return clean;
}

void verifier_fini(struct verifier *verifier) {
    harness_free(verifier->places);
    *verifier = (struct verifier){0};
}

bool verifier_check(struct verifier *verifier, struct rule_book *book, const struct view *view,
                    bool deep) {
    bool clean = verifier_check_spans(book, view);
    clean &= verifier_check_pages(book, view, deep);
    clean &= verifier_check_places(verifier, book, view, deep);
    clean &= verifier_check_metadata(book, view, deep);
    return clean;
}
