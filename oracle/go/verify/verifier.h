// verifier: the heap's structure held against itself: bits and counts, spans and pages, lists and
// places and blocks.
//
// It reads inspect's raw records alone; nothing in it is a statistic. Each function checks one
// family of rules and is true when they hold.
#ifndef ORACLE_GO_VERIFY_VERIFIER_H
#define ORACLE_GO_VERIFY_VERIFIER_H

#include "oracle/go/view/view.h"

#include <stdbool.h>

struct rule_book;

// Room that the checks need, kept from one to the next; zeroed is empty.
struct verifier {
    uint8_t *places; // how many places each span of the view stands in
    uint32_t place_capacity;
};
// Frees the room; the verifier is empty then.
void verifier_fini(struct verifier *verifier);

// All of the below; `deep` adds what costs more than the heap's size.
bool verifier_check(struct verifier *verifier, struct rule_book *book, const struct view *view,
                    bool deep);

// Each span in use by itself: its counts, bits, geometry and specials. Stops at the first bad one.
bool verifier_check_spans(struct rule_book *book, const struct view *view);
// `deep`: every page in the page table, else each span's first and last.
bool verifier_check_pages(struct rule_book *book, const struct view *view, bool deep);
// `deep`: the lists of every class, else of those that have a span.
bool verifier_check_places(struct verifier *verifier, struct rule_book *book,
                           const struct view *view, bool deep);
// Blocks of the fixed-size allocators and persistent blocks; `deep`: the profile's buckets as well.
bool verifier_check_metadata(struct rule_book *book, const struct view *view, bool deep);

#endif
