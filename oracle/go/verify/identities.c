// identities: equalities, bounds and conservation laws of MemStats.
#include "oracle/go/verify/identities.h"
#include "oracle/go/state/class.h"

#include "oracle/core/rule.h"
#include "oracle/go/rules.h"
#include "oracle/go/verify/delta.h"

static bool same(struct rule_book *book, unsigned rule, const char *field, uint64_t value,
                 uint64_t identity) {
    return rule_equal(book, rule, field, (struct rule_value){"fast account", value},
                      (struct rule_value){"identity", identity});
}

static bool at_most(struct rule_book *book, unsigned rule, const char *field, uint64_t value,
                    uint64_t bound) {
    return same(book, rule, field, value, value <= bound ? value : bound);
}

static bool check_heap(struct rule_book *book, const struct memstats *s) {
    bool clean = same(book, RULE_IDENTITY_ALLOC, "Alloc", s->Alloc, s->HeapAlloc);
    clean &=
        same(book, RULE_IDENTITY_OBJECTS, "HeapObjects", s->HeapObjects, s->Mallocs - s->Frees);
    clean &= same(book, RULE_IDENTITY_HEAP_SYS, "HeapSys", s->HeapSys, s->HeapInuse + s->HeapIdle);
    clean &= at_most(book, RULE_IDENTITY_RELEASED, "HeapReleased", s->HeapReleased, s->HeapIdle);
    clean &= at_most(book, RULE_IDENTITY_INUSE, "HeapAlloc", s->HeapAlloc, s->HeapInuse);
    clean &= at_most(book, RULE_IDENTITY_TOTAL, "HeapAlloc", s->HeapAlloc, s->TotalAlloc);
    return clean;
}

static bool check_parts(struct rule_book *book, const struct memstats *s) {
    bool clean = at_most(book, RULE_IDENTITY_PARTS, "StackInuse", s->StackInuse, s->StackSys);
    clean &= at_most(book, RULE_IDENTITY_PARTS, "MSpanInuse", s->MSpanInuse, s->MSpanSys);
    clean &= at_most(book, RULE_IDENTITY_PARTS, "MCacheInuse", s->MCacheInuse, s->MCacheSys);
    uint64_t sum = s->HeapSys + s->StackSys + s->MSpanSys + s->MCacheSys + s->BuckHashSys +
                   s->GCSys + s->OtherSys;
    clean &= same(book, RULE_IDENTITY_SYS, "Sys", s->Sys, sum);
    return clean;
}

static bool check_pages(struct rule_book *book, const struct memstats *s) {
    bool clean = true;
#define WHOLE_PAGES(name)                                                                          \
    clean &= same(book, RULE_IDENTITY_PAGES, #name, s->name,                                       \
                  s->name / HEAP_PAGE_BYTES * HEAP_PAGE_BYTES)
    WHOLE_PAGES(HeapSys);
    WHOLE_PAGES(HeapIdle);
    WHOLE_PAGES(HeapInuse);
    WHOLE_PAGES(HeapReleased);
    WHOLE_PAGES(StackInuse);
#undef WHOLE_PAGES
    return clean;
}

// A count that was taken below zero, or summed twice around, has its top bit set.
static bool check_top_bits(struct rule_book *book, const struct memstats *s) {
    rule_count(book, RULE_IDENTITY_TOP_BIT);
    bool clean = true;
#define MEMSTATS_FIELD(name, unit, meaning, truths)                                                \
    if (s->name >> 63 != 0 && !(MEMSTATS_INDEX_##name == MEMSTATS_INDEX_NextGC &&                  \
                                s->name == UINT64_MAX)) { /* NextGC: collection is off */          \
        clean = rule_fail_values(book, RULE_IDENTITY_TOP_BIT, #name,                               \
                                 (struct rule_value){"fast account", s->name},                     \
                                 (struct rule_value){"limit", UINT64_MAX >> 1});                   \
    }
#include "allocator/memstats_fields.def"
    return clean;
}

static bool check_constants(struct rule_book *book, const struct memstats *s) {
    bool clean = same(book, RULE_IDENTITY_CONSTANT, "Lookups", s->Lookups, 0);
    clean &= same(book, RULE_IDENTITY_CONSTANT, "EnableGC", s->EnableGC, true);
    clean &= same(book, RULE_IDENTITY_CONSTANT, "DebugGC", s->DebugGC, false);
    bool is_share = s->GCCPUFraction >= 0.0 && s->GCCPUFraction <= 1.0; // false for a NaN
    clean &= same(book, RULE_IDENTITY_CONSTANT, "GCCPUFraction", is_share, true);
    return clean;
}

static bool fail_row(struct rule_book *book, size_t class, const char *member, uint64_t value,
                     uint64_t identity) {
    char field[FINDING_FIELD_BYTES];
    (void)snprintf(field, sizeof field, "BySize[%zu].%s", class, member);
    return rule_fail_values(book, RULE_IDENTITY_BY_SIZE, field,
                            (struct rule_value){"fast account", value},
                            (struct rule_value){"identity", identity});
}

// Sizes are the table's; frees never exceed mallocs; the small objects' sums leave whole pages for
// large ones.
static bool check_classes(struct rule_book *book, const struct memstats *s) {
    rule_count(book, RULE_IDENTITY_BY_SIZE);
    uint64_t small_live_bytes = 0;
    uint64_t small_total_bytes = 0;
    uint64_t mallocs = 0;
    uint64_t frees = 0;
    for (size_t class = 0; class < SIZE_CLASS_COUNT; class ++) {
        const struct memstats_by_size *row = &s->BySize[class];
        if (row->Size != go_class_bytes[class]) {
            return fail_row(book, class, "Size", row->Size, go_class_bytes[class]);
        }
        if (row->Frees > row->Mallocs) {
            return fail_row(book, class, "Frees", row->Frees, row->Mallocs);
        }
        small_live_bytes += (row->Mallocs - row->Frees) * row->Size;
        small_total_bytes += row->Mallocs * row->Size;
        mallocs += row->Mallocs;
        frees += row->Frees;
    }
    if (s->BySize[0].Mallocs != 0) {
        return fail_row(book, 0, "Mallocs", s->BySize[0].Mallocs, 0);
    }
    uint64_t large_live = s->HeapAlloc - small_live_bytes;
    uint64_t large_total = s->TotalAlloc - small_total_bytes;
    bool clean =
        at_most(book, RULE_IDENTITY_BY_SIZE, "small bytes", small_live_bytes, s->HeapAlloc);
    clean &= at_most(book, RULE_IDENTITY_BY_SIZE, "small Mallocs", mallocs, s->Mallocs);
    clean &= at_most(book, RULE_IDENTITY_BY_SIZE, "small Frees", frees, s->Frees);
    clean &= same(book, RULE_IDENTITY_BY_SIZE, "large bytes", large_live,
                  large_live / HEAP_PAGE_BYTES * HEAP_PAGE_BYTES);
    clean &= same(book, RULE_IDENTITY_BY_SIZE, "large total bytes", large_total,
                  large_total / HEAP_PAGE_BYTES * HEAP_PAGE_BYTES);
    return clean;
}

// What the end of a row's cycle is at least: that of the cycle before it; of a row that no cycle
// has used: what it is, zero.
static uint64_t least_end(const struct memstats *s, uint32_t row) {
    uint32_t oldest = s->NumGC < MEMSTATS_PAUSE_COUNT ? 0 : s->NumGC % MEMSTATS_PAUSE_COUNT;
    if (row >= s->NumGC) {
        return 0;
    }
    return row == oldest ? s->PauseNs[row]
                         : s->PauseEnd[(row + MEMSTATS_PAUSE_COUNT - 1) % MEMSTATS_PAUSE_COUNT];
}

static bool check_row_of_ring(struct rule_book *book, const struct memstats *s, uint32_t row) {
    uint64_t end = s->PauseEnd[row];
    uint64_t least = least_end(s, row);
    if (row >= s->NumGC ? end == 0 : end >= least) {
        return true;
    }
    char field[FINDING_FIELD_BYTES];
    (void)snprintf(field, sizeof field, "PauseEnd[%u]", row);
    return same(book, RULE_IDENTITY_PAUSES, field, end, least);
}

static bool check_pauses(struct rule_book *book, const struct memstats *s, bool whole_rings) {
    uint32_t newest = (s->NumGC + MEMSTATS_PAUSE_COUNT - 1) % MEMSTATS_PAUSE_COUNT;
    bool clean = same(book, RULE_IDENTITY_PAUSES, "LastGC", s->LastGC, s->PauseEnd[newest]);
    clean &= at_most(book, RULE_IDENTITY_PAUSES, "NumForcedGC", s->NumForcedGC, s->NumGC);
    clean &= at_most(book, RULE_IDENTITY_PAUSES, "PauseNs", s->PauseNs[newest], s->PauseTotalNs);
    if (!whole_rings) {
        return clean;
    }
    uint64_t sum = 0;
    uint64_t unused = 0; // of the rows that no cycle has used
    uint32_t used_rows = s->NumGC < MEMSTATS_PAUSE_COUNT ? s->NumGC : MEMSTATS_PAUSE_COUNT;
    for (uint32_t row = 0; row < MEMSTATS_PAUSE_COUNT; row++) {
        sum += s->PauseNs[row];
    }
    for (uint32_t row = used_rows; row < MEMSTATS_PAUSE_COUNT; row++) {
        unused |= s->PauseEnd[row];
    }
    uint32_t looked_at = unused == 0 ? used_rows : MEMSTATS_PAUSE_COUNT;
    for (uint32_t row = 0; row < looked_at && clean; row++) {
        clean = check_row_of_ring(book, s, row);
    }
    uint64_t least =
        s->NumGC <= MEMSTATS_PAUSE_COUNT || s->PauseTotalNs < sum ? sum : s->PauseTotalNs;
    return same(book, RULE_IDENTITY_PAUSES, "PauseTotalNs", s->PauseTotalNs, least) && clean;
}

bool identities_check(struct rule_book *book, const struct memstats *stats, bool whole_rings) {
    bool clean = check_heap(book, stats);
    clean &= check_parts(book, stats);
    clean &= check_pages(book, stats);
    clean &= check_top_bits(book, stats);
    clean &= check_constants(book, stats);
    clean &= check_classes(book, stats);
    clean &= check_pauses(book, stats, whole_rings);
    return clean;
}

static bool not_below(struct rule_book *book, const char *field, uint64_t before, uint64_t now) {
    rule_count(book, RULE_IDENTITY_MONOTONIC);
    return now >= before || rule_fail_values(book, RULE_IDENTITY_MONOTONIC, field,
                                             (struct rule_value){"fast account", now},
                                             (struct rule_value){"before", before});
}

bool identities_check_since(struct rule_book *book, const struct memstats *before,
                            const struct memstats *stats) {
    bool clean = true;
#define NOT_BELOW(name) clean &= not_below(book, #name, before->name, stats->name)
    NOT_BELOW(TotalAlloc);
    NOT_BELOW(Mallocs);
    NOT_BELOW(Frees);
    NOT_BELOW(MSpanSys);
    NOT_BELOW(MCacheSys);
    NOT_BELOW(BuckHashSys);
    NOT_BELOW(LastGC);
    NOT_BELOW(PauseTotalNs);
    NOT_BELOW(NumGC);
    NOT_BELOW(NumForcedGC);
#undef NOT_BELOW
    for (size_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        if (stats->BySize[class].Mallocs < before->BySize[class].Mallocs ||
            stats->BySize[class].Frees < before->BySize[class].Frees) {
            clean = rule_fail(book, RULE_IDENTITY_MONOTONIC, (struct rule_place){0},
                              "BySize[%zu] decreased", class);
        }
    }
    return clean;
}
