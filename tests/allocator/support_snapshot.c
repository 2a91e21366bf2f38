// support_snapshot: everything that a heap shows of itself, as text.
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/allocator/support_snapshot.h"

static void print_statistics(FILE *out, struct heap *heap) {
    struct memstats stats;
    memset(&stats, 0, sizeof(stats));
    heap_read_memstats(heap, &stats);
#define MEMSTATS_FIELD(name, unit, meaning, truths)                                                \
    (void)fprintf(out, #name " %" PRIu64 "\n", stats.name);
#include "allocator/memstats_fields.def"
    const struct heap_stats *fast = &heap->stats;
    (void)fprintf(out, "free %" PRIu64 " released %" PRIu64 "\n", fast->heap_free_bytes,
                  fast->heap_released_bytes);
}

static void print_arenas(FILE *out, const struct heap *heap) {
    struct inspect_arena arena;
    for (size_t i = 0; inspect_arena(heap, i, &arena); i++) {
        (void)fprintf(out, "arena 0x%" PRIxPTR "\n", arena.base);
        for (size_t word = 0; word < arena.chunk_count * HEAP_CHUNK_PAGES / 64; word++) {
            if (arena.page_grown_bits[word] != 0) {
                (void)fprintf(out, "%zu: %" PRIx64 " %" PRIx64 " %" PRIx64 "\n", word,
                              arena.page_alloc_bits[word], arena.page_scavenged_bits[word],
                              arena.page_grown_bits[word]);
            }
        }
    }
    for (int level = 0; level < INSPECT_SUMMARY_LEVELS; level++) {
        for (size_t i = 0; i < inspect_summary_count(heap, level); i++) {
            struct inspect_summary summary;
            if (inspect_summary(heap, level, i, &summary)) {
                (void)fprintf(out, "summary %d %zu: %u %u %u\n", level, i, summary.start_pages,
                              summary.max_pages, summary.end_pages);
            }
        }
    }
}

static void print_spans(FILE *out, const struct heap *heap) {
    for (size_t i = 0; i < heap->all_span_count; i++) {
        const struct mspan *span = heap->all_spans[i];
        (void)fprintf(out, "span %p", (const void *)span);
        if (span->state != MSPAN_DEAD) {
            (void)fprintf(out, " 0x%" PRIxPTR " %u pages class %u state %u stat %u%s", span->base,
                          span->page_count, span->span_class, span->state, span->stat,
                          span->needzero ? " needzero" : "");
        }
        (void)fprintf(out, "\n");
    }
}

static void print_taking(void *context, uintptr_t base, size_t size_bytes, enum inspect_book book) {
    (void)fprintf(context, "taking 0x%" PRIxPTR " %zu %d\n", base, size_bytes, (int)book);
}

static void print_metadata(FILE *out, const struct heap *heap) {
    for (unsigned which = 0; which < INSPECT_FIX_COUNT; which++) {
        struct inspect_fix fix;
        inspect_fix(heap, (enum inspect_fixalloc)which, &fix);
        (void)fprintf(out, "fix %u: %zu %zu %zu %zu %zu\n", which, fix.block_bytes, fix.chunk_bytes,
                      fix.chunk_count, fix.tail_block_count, fix.free_block_count);
    }
    inspect_takings(heap, print_taking, out);
    struct inspect_range range;
    for (size_t i = 0; inspect_range(heap, i, &range); i++) {
        (void)fprintf(out, "range 0x%" PRIxPTR " %zu %zu %u %u\n", range.base, range.size_bytes,
                      range.prepared_bytes, range.kind, range.book);
    }
}

char *snapshot_of(struct heap *heap) {
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    print_statistics(out, heap);
    print_arenas(out, heap);
    print_spans(out, heap);
    print_metadata(out, heap);
    assert_int_equal(fclose(out), 0);
    return text;
}

// The line that `at` of `text` lies in.
static void print_line(const char *text, size_t at) {
    size_t start = at;
    while (start > 0 && text[start - 1] != '\n') {
        start--;
    }
    print_error("  %.*s\n", (int)strcspn(text + start, "\n"), text + start);
}

void assert_snapshot(struct heap *heap, const char *snapshot) {
    char *now = snapshot_of(heap);
    if (strcmp(now, snapshot) != 0) {
        size_t at = 0;
        while (now[at] == snapshot[at]) {
            at++;
        }
        print_error("expected, then found:\n");
        print_line(snapshot, at);
        print_line(now, at);
        fail();
    }
    free(now);
}

size_t prepared_bytes(const struct heap *heap) {
    size_t sum = 0;
    struct inspect_range range;
    for (size_t i = 0; inspect_range(heap, i, &range); i++) {
        sum += range.prepared_bytes;
    }
    return sum;
}

void assert_pages_are_sound(struct heap *heap) {
    struct memstats stats;
    heap_read_memstats(heap, &stats);
    assert_int_equal(stats.Sys, prepared_bytes(heap));
    assert_true(palloc_is_valid(&heap->palloc));
}

void free_span(struct heap *heap, struct mspan *span) {
    lock_acquire(&heap->lock);
    assert_int_equal(span->state, MSPAN_IN_USE);
    mheap_give_span(heap, span, &heap->stats.heap_inuse_bytes);
    lock_release(&heap->lock);
}
