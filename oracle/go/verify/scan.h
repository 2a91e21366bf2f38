// scan: MemStats worked out from what stands in the heap now: span bits, page bits, ranges,
// persistent blocks, fixed ones.
//
// It reads no counter and no field of the fast account. What only history knows (cumulative counts,
// cycles) stays 0: those fields are the model's. After the idea of Go's ReadMemStatsSlow, without
// its borrowing from the fast account.
#ifndef ORACLE_GO_VERIFY_SCAN_H
#define ORACLE_GO_VERIFY_SCAN_H

#include "allocator/memstats.h"
#include "oracle/go/view/view.h"

// What the spans themselves say, added up.
struct scan {
    struct memstats slow;                  // fields that state shows; others are 0
    uint64_t live_count[SIZE_CLASS_COUNT]; // row 0: large objects
    uint64_t live_large_bytes;
    uint64_t paced_bytes;      // that a collection at this moment would have to take for live
    uint64_t grown_page_count; // of the arenas, whoever has them
};

// Works all of it out. The view is of this moment.
void scan_heap(struct scan *scan, const struct view *view);

// The same of a heap that nobody looks at otherwise: each span is read once, and no copy is made.
void scan_heap_in_place(struct scan *scan, const struct heap *heap);

struct rule_book;

// Compares every field that the scan knows; each that differs is a failure. True: all agree.
bool scan_compare(struct rule_book *book, const struct scan *scan, const struct memstats *fast);
// The same for the heap's live bytes, by which the collector is paced.
bool scan_compare_live(struct rule_book *book, const struct scan *scan, uint64_t live_bytes);

#endif
