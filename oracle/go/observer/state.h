// state: what the observer keeps between two looks; private to the oracle.
#ifndef ORACLE_GO_OBSERVER_STATE_H
#define ORACLE_GO_OBSERVER_STATE_H

#include "oracle/go/model/parts.h"
#include "oracle/go/observer/observer.h"
#include "oracle/go/view/view.h"

// Whom it tells, where it looks, and what it saw last.
struct observer {
    struct model *model;
    const struct heap *heap;
    const struct runtime *runtime; // NULL: none is watched
    struct view view;              // of the last look at marks
    uint32_t *span_entry;          // of its spans: index + 1 in model->condemned
    uint32_t span_entry_capacity;
    bool is_in_gap;
    uintptr_t taken_by_call; // a dead object's slot that was found taken in the gap; 0: none
};

// A zeroed struct is an observer of nothing. From now on it tells the model of this heap, which is
// new or reset; the model begins again.
void observer_begin(struct observer *observer, struct model *model, const struct heap *heap);
// Reports a rule about a slot of the ledger, and the span that it lies in; NULL: none. Always
// false.
bool observer_fail_slot(const struct model *model, unsigned rule, const struct inspect_span *span,
                        const struct slot *slot, const char *what);
// The slot's span: where it was last time, or by a search; VIEW_NONE: none.
uint32_t observer_find_span(const struct view *view, struct slot *slot);
// Frees its arrays.
void observer_fini(struct observer *observer);

#endif
