// tiny: a worker's tiny objects, and which block of its cache the next one may share.
//
// All memory that it touches is the worker's own, as work.c's.
//
// Which block a cache fills is not seen, so that all that it may be are kept as recent. An example,
// in blocks of 16 bytes at A, B and C:
//   5 bytes at A + 0    begins A, of which 11 are left                            recent: A
//   9 bytes at A + 5    lies in A, behind its 5 bytes: A is the cache's           recent: A
//   3 bytes at B + 0    begins B; A, with 2 left and not 13, is over              recent: B
//   14 bytes at C + 0   begins C; the cache keeps the block with more left, B     recent: B C
//   5 bytes at B + 3    lies in B: C is over                                      recent: B
// At C + 14 these 5 would run over its end: a finding.
#include "fuzz/stress/state.h"
#include "oracle/go/rules.h"

void worker_drop_slot(struct worker *worker, const struct dropped *slot) {
    struct dropped *dropped = &worker->dropped[worker->dropped_count++];
    *dropped = *slot;
    dropped->serial = crew_next_serial(worker->crew);
}

static struct tiny_block *take_block(struct worker *worker, uintptr_t base) {
    struct tiny_block *block = worker->spare_blocks;
    worker->spare_blocks = block->next_spare;
    *block = (struct tiny_block){.base = base, .serial = crew_next_serial(worker->crew)};
    return block;
}

static void give_block(struct worker *worker, struct tiny_block *block) {
    *block = (struct tiny_block){.next_spare = worker->spare_blocks};
    worker->spare_blocks = block;
}

// Nobody holds a part of it, and none will be put into it.
void worker_drop_block(struct worker *worker, struct tiny_block *block) {
    if (block->part_count == 0 && !block->is_recent) {
        worker_drop_slot(worker, &(struct dropped){.base = block->base,
                                                   .element_bytes = TINY_SIZE_BYTES,
                                                   .size_class = TINY_SIZE_CLASS,
                                                   .lingers = true});
        give_block(worker, block);
    }
}

static void forget_block(struct worker *worker, uint32_t index) {
    struct tiny_block *block = worker->recent_blocks[index];
    worker->recent_blocks[index] = worker->recent_blocks[--worker->recent_count];
    block->is_recent = false;
    worker_drop_block(worker, block);
}

void worker_forget_blocks(struct worker *worker) {
    while (worker->recent_count > 0) {
        forget_block(worker, 0);
    }
}

void worker_lose_block(struct worker *worker, struct tiny_block *block) {
    uint32_t index = 0;
    while (worker->recent_blocks[index] != block) {
        index++;
    }
    worker->recent_blocks[index] = worker->recent_blocks[--worker->recent_count];
    give_block(worker, block);
}

// The part began a block. Of what was the cache's block before, that one may still be it which has
// more left than the new one.
static struct tiny_block *begin_block(struct worker *worker, uintptr_t address, size_t size_bytes) {
    ledger_malloc(&worker->ledger, TINY_SIZE_CLASS, TINY_SIZE_BYTES);
    for (uint32_t i = worker->recent_count; i-- > 0;) {
        if (size_bytes < worker->recent_blocks[i]->used_bytes ||
            worker->recent_count == THREADS_BLOCKS) {
            forget_block(worker, i);
        }
    }
    struct tiny_block *block = take_block(worker, address);
    block->is_recent = true;
    worker->recent_blocks[worker->recent_count++] = block;
    return block;
}

// The part shares the cache's block: now it is known which one that is. NULL: it is none of those.
static struct tiny_block *share_block(struct worker *worker, uintptr_t address) {
    struct tiny_block *shared = NULL;
    worker->ledger.tiny_hit_count++;
    for (uint32_t i = worker->recent_count; i-- > 0;) {
        struct tiny_block *block = worker->recent_blocks[i];
        if (address - block->base < TINY_SIZE_BYTES && address - block->base >= block->used_bytes) {
            shared = block;
        } else {
            forget_block(worker, i);
        }
    }
    return shared;
}

static bool born_tiny(struct worker *worker, struct object *object, size_t size_bytes) {
    struct tiny_block *block = object->address % TINY_SIZE_BYTES == 0
                                   ? begin_block(worker, object->address, size_bytes)
                                   : share_block(worker, object->address);
    rule_count(&worker->book, RULE_MODEL_TINY);
    if (block == NULL || object->address + size_bytes > block->base + TINY_SIZE_BYTES) {
        return rule_fail(&worker->book, RULE_MODEL_TINY,
                         (struct rule_place){.object = object->address},
                         "%zu tiny bytes do not lie in the rest of this cache's block", size_bytes);
    }
    block->part_count++;
    block->used_bytes = (uint32_t)(object->address - block->base + size_bytes);
    object->block = block;
    worker_store(worker, object->anchor, object->address);
    worker_hold(worker, object);
    object->patterned = !worker_is_told(worker, GATE_HANDS_OFF);
    if (object->patterned) {
        contents_write(object, 0);
    }
    return true;
}

bool worker_alloc_tiny(struct worker *worker) {
    struct object *object = worker_take_spare(worker);
    if (object == NULL) {
        return false;
    }
    size_t size_bytes = 1 + random_below(&worker->random, TINY_SIZE_BYTES - 1);
    void *memory = heap_alloc(worker->crew->heap, worker->cache, size_bytes, NULL, HEAP_ALLOC_TINY);
    if (memory == NULL) {
        worker_give_spare(worker, object);
        return false;
    }
    object->address = (uintptr_t)memory;
    object->size_bytes = size_bytes;
    object->seed = random_next(&worker->random);
    object->element_bytes = TINY_SIZE_BYTES;
    object->size_class = TINY_SIZE_CLASS;
    return born_tiny(worker, object, size_bytes);
}
