// support_snapshot: everything that a heap shows of itself, as text.
//
// Not by printf: tests take thousands of snapshots of a thousand spans, and under a sanitizer that
// was most of their time.
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#include "tests/allocator/support_snapshot.h"

struct text {
    char *bytes;
    size_t size_bytes, room_bytes;
};

static void put_char(struct text *text, char c) {
    if (text->size_bytes == text->room_bytes) {
        text->room_bytes = 2 * text->room_bytes + 4096;
        text->bytes = realloc(text->bytes, text->room_bytes);
        assert_non_null(text->bytes);
    }
    text->bytes[text->size_bytes++] = c;
}

// A line: what it is of, and its numbers in hexadecimal.
static void put_line(struct text *text, const char *name, const uint64_t *numbers, size_t count) {
    while (*name != 0) {
        put_char(text, *name++);
    }
    for (size_t i = 0; i < count; i++) {
        unsigned shift = 60;
        put_char(text, ' ');
        while (shift > 0 && numbers[i] >> shift == 0) {
            shift -= 4;
        }
        for (unsigned at = shift + 4; at > 0; at -= 4) {
            put_char(text, "0123456789abcdef"[numbers[i] >> (at - 4) & 15]);
        }
    }
    put_char(text, '\n');
}

#define PUT(text, name, ...)                                                                       \
    put_line(text, name, (const uint64_t[]){__VA_ARGS__},                                          \
             sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void put_statistics(struct text *text, struct heap *heap) {
    struct memstats stats;
    memset(&stats, 0, sizeof(stats));
    heap_read_memstats(heap, &stats);
#define MEMSTATS_FIELD(name, unit, meaning, truths) PUT(text, #name, stats.name);
#include "allocator/memstats_fields.def"
    PUT(text, "free, released", heap->stats.heap_free_bytes, heap->stats.heap_released_bytes);
}

static void put_arenas(struct text *text, const struct heap *heap) {
    struct inspect_arena arena;
    for (size_t i = 0; inspect_arena(heap, i, &arena); i++) {
        PUT(text, "arena", arena.base);
        for (size_t word = 0; word < arena.chunk_count * HEAP_CHUNK_PAGES / 64; word++) {
            if (arena.page_grown_bits[word] != 0) {
                PUT(text, "word", word, arena.page_alloc_bits[word],
                    arena.page_scavenged_bits[word], arena.page_grown_bits[word]);
            }
        }
    }
    for (int level = 0; level < INSPECT_SUMMARY_LEVELS; level++) {
        for (size_t i = 0; i < inspect_summary_count(heap, level); i++) {
            struct inspect_summary summary;
            if (inspect_summary(heap, level, i, &summary)) {
                PUT(text, "summary", (uint64_t)level, i, summary.start_pages, summary.max_pages,
                    summary.end_pages);
            }
        }
    }
}

static void put_spans(struct text *text, const struct heap *heap) {
    for (size_t i = 0; i < heap->all_span_count; i++) {
        const struct mspan *span = heap->all_spans[i];
        if (span->state == MSPAN_DEAD) {
            PUT(text, "dead span", (uintptr_t)span);
        } else { // base, pages, class, state, statistic, needzero
            PUT(text, "span", (uintptr_t)span, span->base, span->page_count, span->span_class,
                (uint64_t)span->state, (uint64_t)span->stat, span->needzero);
        }
    }
}

static void put_persistent(void *context, uintptr_t base, size_t size_bytes,
                           enum inspect_metadata metadata) {
    PUT(context, "taking", base, size_bytes, (uint64_t)metadata);
}

static void put_metadata(struct text *text, const struct heap *heap) {
    for (unsigned which = 0; which < INSPECT_FIX_COUNT; which++) {
        struct inspect_fix fix;
        inspect_fix(heap, (enum inspect_fixalloc)which, &fix);
        PUT(text, "fix", which, fix.block_bytes, fix.chunk_bytes, fix.chunk_count,
            fix.tail_block_count, fix.free_block_count);
    }
    inspect_persistent(heap, put_persistent, text);
    struct inspect_range range;
    for (size_t i = 0; inspect_range(heap, i, &range); i++) {
        PUT(text, "range", range.base, range.size_bytes, range.prepared_bytes, (uint64_t)range.kind,
            (uint64_t)range.metadata);
    }
}

char *snapshot_of(struct heap *heap) {
    struct text text = {0};
    put_statistics(&text, heap);
    put_arenas(&text, heap);
    put_spans(&text, heap);
    put_metadata(&text, heap);
    put_char(&text, 0);
    return text.bytes;
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
