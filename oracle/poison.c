// poison: asks AddressSanitizer about each object and each free slot.
#include "oracle/poison.h"

#include "oracle/model_state.h"

// The build says so when others are instrumented and this file is not.
#if defined(ORACLE_HAS_POISON)
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

// Of AddressSanitizer's interface; declared here, so that no header of its is needed.
int __asan_address_is_poisoned(void const volatile *address);

static bool is_poisoned(uintptr_t address) {
    return __asan_address_is_poisoned((const void *)address) != 0;
}

// The first byte of [from, to) whose state is not `poisoned`; `to`: none. Looks at both ends, or at
// every byte.
static uintptr_t first_other(uintptr_t from, uintptr_t to, bool poisoned, bool every_byte) {
    if (from >= to) {
        return to;
    }
    if (every_byte) {
        while (from < to && is_poisoned(from) == poisoned) {
            from++;
        }
        return from;
    }
    if (is_poisoned(from) != poisoned) {
        return from;
    }
    return is_poisoned(to - 1) != poisoned ? to - 1 : to;
}

static bool check_range(const struct model *model, enum rule rule, uintptr_t object, uintptr_t from,
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

static bool check_object(const struct model *model, const struct slot *slot, bool every_byte) {
    uintptr_t end = slot->base + slot->size_bytes;
    return check_range(model, RULE_POISON_LIVE, slot->base, slot->base, end, false, every_byte) &&
           check_range(model, RULE_POISON_TAIL, slot->base, end, slot->base + slot->element_bytes,
                       true, every_byte);
}

static bool check_free_slots(const struct model *model, const struct inspect_span *span,
                             bool every_byte) {
    for (uint32_t i = 0; i < span->object_count; i++) {
        uintptr_t slot = span->base + i * span->element_bytes;
        if (!view_is_live(span, i) && !check_range(model, RULE_POISON_FREE, slot, slot,
                                                   slot + span->element_bytes, true, every_byte)) {
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
