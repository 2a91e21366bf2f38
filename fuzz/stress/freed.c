// freed: which slots lie where: held ones, and dropped ones, which a sweep may have freed and the
// heap may have given to another worker.
//
// An example: worker 1 dropped a slot at A when the serial was 7, a sweep freed it, and worker 2
// got A and holds it; worker 2 dropped B at 8, and nothing was swept there. The entries, sorted by
// base, held ones and late ones first:
//   A held          live, as it must be: A is taken
//   A dropped at 7  A is taken, so that this one was freed: ledger_free(), no longer in dropped
//   B dropped at 8  live in the heap: it waits for another barrier
// Were A not live in the heap, the held one would be the finding.
#include "fuzz/stress/state.h"

#include "oracle/core/harness_memory.h"
#include "oracle/go/view/view.h"
#include "oracle/go/rules.h"

#include <stdlib.h>

enum standing {
    STANDING_HELD,
    STANDING_RECENT, // a tiny block that a cache may still share
    STANDING_DROPPED,
};

struct crew_entry {
    uintptr_t base;
    size_t element_bytes;
    uint64_t serial; // held ones first, then what was known to be there last
    uint8_t size_class;
    enum standing standing;
    struct worker *worker;    // whose it is, but for held ones
    uint32_t index;           // in its dropped
    struct tiny_block *block; // of a recent one
};

static int by_base(const void *a, const void *b) {
    const struct crew_entry *left = a;
    const struct crew_entry *right = b;
    if (left->base != right->base) {
        return left->base < right->base ? -1 : 1;
    }
    return left->serial > right->serial ? -1 : left->serial < right->serial;
}

static bool slot_is_live(const struct crew *crew, const struct crew_entry *entry) {
    struct inspect_span span;
    if (!inspect_span_at(crew->heap, entry->base, &span) || span.state != INSPECT_SPAN_IN_USE ||
        span.span_class / 2 != entry->size_class || span.element_bytes != entry->element_bytes ||
        (entry->base - span.base) % span.element_bytes != 0) {
        return false;
    }
    size_t index = (entry->base - span.base) / span.element_bytes;
    return index < span.object_count && view_is_live(&span, index);
}

// Room for one more entry; false: no memory of our own.
static bool add_entry(struct crew *crew, size_t *count, const struct crew_entry *entry) {
    if (!HARNESS_RESERVE(crew->entries, crew->entry_capacity, *count + 1)) {
        return false;
    }
    crew->entries[(*count)++] = *entry;
    return true;
}

static bool add_held(struct crew *crew, size_t *count, const struct object *object) {
    return object == NULL || object->block != NULL ||
           add_entry(crew, count,
                     &(struct crew_entry){.base = object->address,
                                          .serial = UINT64_MAX,
                                          .element_bytes = object->element_bytes,
                                          .size_class = object->size_class});
}

static bool add_block(struct crew *crew, size_t *count, struct worker *worker,
                      struct tiny_block *block) {
    return block->base == 0 ||
           add_entry(crew, count,
                     &(struct crew_entry){
                         .base = block->base,
                         .serial = block->part_count > 0 ? UINT64_MAX : block->serial,
                         .element_bytes = TINY_SIZE_BYTES,
                         .size_class = TINY_SIZE_CLASS,
                         .standing = block->part_count > 0 ? STANDING_HELD : STANDING_RECENT,
                         .worker = worker,
                         .block = block});
}

static bool add_worker(struct crew *crew, size_t *count, struct worker *worker) {
    bool complete = true;
    for (uint32_t i = 0; i < worker->held_count; i++) {
        complete = complete && add_held(crew, count, worker->held[i]);
    }
    for (size_t i = 0; i < worker->block_count; i++) {
        complete = complete && add_block(crew, count, worker, &worker->blocks[i]);
    }
    for (uint32_t i = 0; i < worker->dropped_count; i++) {
        const struct dropped *dropped = &worker->dropped[i];
        complete =
            complete && add_entry(crew, count,
                                  &(struct crew_entry){.base = dropped->base,
                                                       .serial = dropped->serial,
                                                       .element_bytes = dropped->element_bytes,
                                                       .size_class = dropped->size_class,
                                                       .standing = STANDING_DROPPED,
                                                       .worker = worker,
                                                       .index = i});
    }
    return complete;
}

static void note_freed(struct crew *crew, const struct crew_entry *entry) {
    if (entry->standing == STANDING_RECENT) {
        ledger_free(&crew->collected, TINY_SIZE_CLASS, TINY_SIZE_BYTES);
        worker_lose_block(entry->worker, entry->block);
    } else {
        struct dropped *dropped = &entry->worker->dropped[entry->index];
        ledger_free(&crew->collected, dropped->size_class, dropped->element_bytes);
        dropped->base = 0;
    }
}

// Entries of one base: at most one of them is live, and a held one is.
static bool find_freed_at(struct crew *crew, const struct crew_entry *first, size_t count) {
    bool taken = false;
    for (size_t i = 0; i < count; i++) {
        const struct crew_entry *entry = &first[i];
        bool live = !taken && slot_is_live(crew, entry);
        if (entry->standing == STANDING_HELD && !live) {
            return rule_fail(&crew->book, taken ? RULE_MODEL_OVERLAP : RULE_MODEL_SCAN,
                             (struct rule_place){.object = entry->base},
                             "an object that a thread holds is not in the heap");
        }
        if (entry->standing != STANDING_HELD && !live) {
            note_freed(crew, entry);
        }
        taken = taken || live;
    }
    return true;
}

static void forget_freed(struct worker *worker) {
    uint32_t left = 0;
    for (uint32_t i = 0; i < worker->dropped_count; i++) {
        if (worker->dropped[i].base != 0) {
            worker->dropped[left++] = worker->dropped[i];
        }
    }
    worker->dropped_count = left;
}

static bool gather(struct crew *crew, size_t *count) {
    bool complete = true;
    for (uint32_t i = 0; i < crew->worker_count; i++) {
        complete = complete && add_worker(crew, count, &crew->workers[i]);
    }
    for (size_t i = 0; i < THREADS_MAILBOXES; i++) {
        complete = complete && add_held(crew, count, atomic_load(&crew->mailboxes[i]));
    }
    return complete;
}

enum freed_check crew_find_freed(struct crew *crew) {
    size_t count = 0;
    if (!gather(crew, &count)) {
        return FREED_NO_MEMORY;
    }
    qsort(crew->entries, count, sizeof crew->entries[0], by_base);
    rule_count(&crew->book, RULE_MODEL_SCAN);
    rule_count(&crew->book, RULE_MODEL_OVERLAP);
    for (size_t first = 0, end; first < count; first = end) {
        end = first + 1;
        while (end < count && crew->entries[end].base == crew->entries[first].base) {
            end++;
        }
        if (!find_freed_at(crew, &crew->entries[first], end - first)) {
            return FREED_FINDING;
        }
    }
    for (uint32_t i = 0; i < crew->worker_count; i++) {
        forget_freed(&crew->workers[i]);
    }
    return FREED_KNOWN;
}
