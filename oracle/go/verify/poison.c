// poison: asks AddressSanitizer about each object and each free slot.
#include "oracle/go/verify/poison.h"

#include "oracle/go/state/state.h"
#include "oracle/go/rules.h"
#include "oracle/go/view/view.h"

#include <string.h>

// The build says so when others are instrumented and this file is not.
#if defined(ORACLE_HAS_POISON)
#define UNCHECKED
#elif defined(__SANITIZE_ADDRESS__)
#define ORACLE_HAS_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ORACLE_HAS_POISON 1
#endif
#endif
#ifndef ORACLE_HAS_POISON
#define ORACLE_HAS_POISON 0
#endif

#if ORACLE_HAS_POISON

#define GRANULE_BYTES  ((size_t)8)
#define WORD_GRANULES  sizeof(uint64_t)
#define POISONED       0x80u // of a granule's shadow; else 0: addressable; 1 to 7: so many bytes are
#define POISONED_WORD  UINT64_C(0x8080808080808080)
#define WHOLE_GRANULES ((size_t)1024) // larger ranges are looked at whole by a deep check alone,
#define END_GRANULES   ((size_t)64)   // else so far from either end

// Of AddressSanitizer's interface; declared here, so that no header of its is needed. A byte of
// shadow stands for each granule, so that a word of it tells of 64 bytes at once.
void __asan_get_shadow_mapping(size_t *shadow_scale, size_t *shadow_offset);

#ifndef UNCHECKED
#define UNCHECKED __attribute__((no_sanitize_address)) // shadow has no shadow of its own
#endif

static const uint8_t *shadow_of(uintptr_t address) {
    static size_t scale;
    static size_t offset;
    if (offset == 0) {
        __asan_get_shadow_mapping(&scale, &offset);
    }
    return (const uint8_t *)((address >> scale) + offset);
}

UNCHECKED static bool is_poisoned(uintptr_t address) {
    uint8_t shadow = *shadow_of(address);
    return shadow >= POISONED || (shadow != 0 && address % GRANULE_BYTES >= shadow);
}

// What a shadow byte is held against: its bits under `mask` are those of `bits`. A word of eight.
struct state {
    uint64_t mask, bits;
};

static const struct state poisoned_whole = {POISONED_WORD, POISONED_WORD};
static const struct state addressable_whole = {UINT64_MAX, 0};

UNCHECKED static uint64_t mismatch(const uint8_t *shadow, struct state wanted) {
    uint64_t word;
    memcpy(&word, shadow, sizeof word);
    return (word ^ wanted.bits) & wanted.mask;
}

// What of a mismatch lies in the first `count` bytes of its word, 1 to 8, in either byte order.
UNCHECKED static uint64_t leading(uint64_t word, size_t count) {
    static const uint8_t masks[2 * WORD_GRANULES] = {0xff, 0xff, 0xff, 0xff,
                                                     0xff, 0xff, 0xff, 0xff};
    uint64_t mask;
    memcpy(&mask, masks + WORD_GRANULES - count, sizeof mask);
    return word & mask;
}

// How many granules from `shadow` on are in the state; at most `limit`. Shadow behind them is read.
UNCHECKED static size_t count_in(const uint8_t *shadow, size_t limit, struct state wanted) {
    size_t i = 0;
    while (i + 4 * WORD_GRANULES <= limit &&
           (mismatch(shadow + i, wanted) | mismatch(shadow + i + WORD_GRANULES, wanted) |
            mismatch(shadow + i + 2 * WORD_GRANULES, wanted) |
            mismatch(shadow + i + 3 * WORD_GRANULES, wanted)) == 0) {
        i += 4 * WORD_GRANULES;
    }
    while (i + WORD_GRANULES <= limit && mismatch(shadow + i, wanted) == 0) {
        i += WORD_GRANULES;
    }
    if (limit - i < WORD_GRANULES &&
        (i == limit || leading(mismatch(shadow + i, wanted), limit - i) == 0)) {
        return limit;
    }
    while (((shadow[i] ^ wanted.bits) & wanted.mask & UINT8_MAX) == 0) {
        i++;
    }
    return i;
}

// The first granule of [from, to), whole ones, that is not as wanted; `to`: none.
static uintptr_t first_other_granule(uintptr_t from, uintptr_t to, bool poisoned) {
    size_t limit = (to - from) / GRANULE_BYTES;
    size_t equal = count_in(shadow_of(from), limit, poisoned ? poisoned_whole : addressable_whole);
    return from + equal * GRANULE_BYTES;
}

// The first byte of [from, to) whose state is not `poisoned`, or one near it; `to`: none. Within a
// granule the addressable bytes come first, so that `from` speaks for the bytes of its granule when
// they must be poisoned, and `to` - 1 for those of its own when they must not.
static uintptr_t first_other(uintptr_t from, uintptr_t to, bool poisoned, bool every_byte) {
    if (from >= to) {
        return to;
    }
    if (is_poisoned(from) != poisoned) {
        return from;
    }
    if (is_poisoned(to - 1) != poisoned) {
        return to - 1;
    }
    uintptr_t first = (from + GRANULE_BYTES - 1) / GRANULE_BYTES * GRANULE_BYTES;
    uintptr_t end = to / GRANULE_BYTES * GRANULE_BYTES;
    if (first >= end) {
        return to;
    }
    uintptr_t skip_to = first;
    if (!every_byte && end - first > WHOLE_GRANULES * GRANULE_BYTES) {
        uintptr_t head = first + END_GRANULES * GRANULE_BYTES;
        uintptr_t other = first_other_granule(first, head, poisoned);
        if (other != head) {
            return other;
        }
        skip_to = end - END_GRANULES * GRANULE_BYTES;
    }
    uintptr_t other = first_other_granule(skip_to, end, poisoned);
    return other == end ? to : other;
}

static bool check_range(const struct model *model, unsigned rule, uintptr_t object, uintptr_t from,
                        uintptr_t to, bool poisoned, bool every_byte) {
    uintptr_t other = first_other(from, to, poisoned, every_byte);
    return other == to || rule_fail(model->book, rule, (struct rule_place){.object = object},
                                    "byte %zu of it is %s", (size_t)(other - object),
                                    poisoned ? "addressable" : "poisoned");
}

static bool check_tiny(const struct model *model, const struct slot *slot) {
    for (size_t at = 0; at < slot->element_bytes; at++) {
        bool given = (slot->tiny_bytes >> at & 1) != 0;
        // bytes between two parts of the same eight cannot be poisoned: only the part behind the
        // last one counts
        bool behind = slot->tiny_bytes >> at == 0;
        if ((given && is_poisoned(slot->base + at)) || (behind && !is_poisoned(slot->base + at))) {
            return rule_fail(model->book, given ? RULE_POISON_LIVE : RULE_POISON_TAIL,
                             (struct rule_place){.object = slot->base},
                             "byte %zu of a tiny block is %s", at,
                             given ? "poisoned" : "addressable");
        }
    }
    return true;
}

// Every granule of a slot is as it must be: addressable, cut where the object ends, poisoned.
UNCHECKED static bool is_exact(const struct slot *slot) {
    size_t whole = slot->size_bytes / GRANULE_BYTES;
    size_t cut = slot->size_bytes % GRANULE_BYTES;
    size_t granules = slot->element_bytes / GRANULE_BYTES;
    const uint8_t *shadow = shadow_of(slot->base);
    if (count_in(shadow, whole, addressable_whole) != whole || (cut != 0 && shadow[whole] != cut)) {
        return false;
    }
    size_t tail = whole + (cut != 0);
    return count_in(shadow + tail, granules - tail, poisoned_whole) == granules - tail;
}

static bool check_object(const struct model *model, const struct slot *slot, bool every_byte) {
    uintptr_t end = slot->base + slot->size_bytes;
    if (slot->element_bytes <= WHOLE_GRANULES * GRANULE_BYTES && is_exact(slot)) {
        return true;
    }
    return check_range(model, RULE_POISON_LIVE, slot->base, slot->base, end, false, every_byte) &&
           check_range(model, RULE_POISON_TAIL, slot->base, end, slot->base + slot->element_bytes,
                       true, every_byte);
}

// The first slot from `i` on that is live, or is free; as many as there are: none. By words of 64.
static uint32_t next_slot(const struct inspect_span *span, uint32_t i, bool live) {
    while (i < span->object_count) {
        uint64_t bits = span->alloc_bits[i / 64] & ~span->remote_bits[i / 64];
        bits = (live ? bits : ~bits) >> i % 64;
        if (bits != 0) {
            i += bits_lowest(bits);
            break;
        }
        i += 64 - i % 64;
    }
    return i < span->object_count ? i : span->object_count;
}

static bool check_free_slots(const struct model *model, const struct inspect_span *span,
                             bool every_byte) {
    uint32_t end;
    for (uint32_t i = next_slot(span, 0, false); i < span->object_count;
         i = next_slot(span, end, false)) {
        uintptr_t base = span->base + i * span->element_bytes;
        end = next_slot(span, i, true);
        if (!check_range(model, RULE_POISON_FREE, base, base,
                         span->base + end * span->element_bytes, true, every_byte)) {
            return false;
        }
    }
    return true;
}

bool poison_check(const struct model *model, const struct view *view, bool every_byte) {
    rule_count(model->book, RULE_POISON_LIVE);
    rule_count(model->book, RULE_POISON_TAIL);
    rule_count(model->book, RULE_POISON_FREE);
    for (uint32_t i = 0; i < model->live_count; i++) {
        const struct slot *slot = model_slot(model, model->live[i]);
        if (!(slot->tiny_block ? check_tiny(model, slot) : check_object(model, slot, every_byte))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < view->span_count; i++) {
        const struct inspect_span *span = &view->spans[i];
        if (span->state == INSPECT_SPAN_IN_USE && !check_free_slots(model, span, every_byte)) {
            return false;
        }
    }
    return true;
}

#else

bool poison_check(const struct model *model, const struct view *view, bool every_byte) {
    (void)model;
    (void)view;
    (void)every_byte;
    return true;
}

#endif
