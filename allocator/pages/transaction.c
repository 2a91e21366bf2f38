// transaction: what is obtained in it is kept, or given back as if it had never been asked for.
#include "allocator/pages/transaction.h"

#include "allocator/check.h"
#include "allocator/heap.h"
#include "allocator/pages/persistentalloc.h"
#include "allocator/structure.h"
#include "allocator/system/sysmem.h"

#include <string.h>

// What moves when the heap obtains memory.
static void save(const struct heap *heap, struct transaction *transaction) {
    transaction->serial = heap->sysmem->serial;
    transaction->stats = heap->stats;
    transaction->persistent = heap->persistent;
    transaction->span_chunks = heap->span_fix.chunks;
    transaction->cache_chunks = heap->cache_fix.chunks;
    transaction->special_chunks = heap->special_fix.chunks;
    transaction->bits_chunks = heap->bits_fix.chunks;
    transaction->all_spans = heap->all_spans;
    transaction->all_span_capacity = heap->all_span_capacity;
}

// Of a word that was saved twice, what it was first stays.
static void restore(struct heap *heap, const struct transaction *transaction) {
    for (size_t i = transaction->word_count; i-- > 0;) {
        memcpy(transaction->words[i].place, &transaction->words[i].word, sizeof(uintptr_t));
    }
    heap->stats = transaction->stats;
    heap->persistent = transaction->persistent;
    heap->span_fix.chunks = transaction->span_chunks;
    heap->cache_fix.chunks = transaction->cache_chunks;
    heap->special_fix.chunks = transaction->special_chunks;
    heap->bits_fix.chunks = transaction->bits_chunks;
    heap->all_spans = transaction->all_spans;
    heap->all_span_capacity = transaction->all_span_capacity;
}

// What was saved may lie in what was obtained: it is written back first.
static void give_back(struct heap *heap) {
    restore(heap, &heap->transaction);
    const struct persistent_header *block;
    uintptr_t position = heap->persistent.next;
    while ((block = persistent_block(position, heap->persistent.end)) != NULL) {
        size_t taken_bytes = block->size_bytes;
        memset((void *)position, 0, taken_bytes);
        position += taken_bytes;
    }
    sysmem_rollback(heap->sysmem, heap->transaction.serial);
}

void transaction_begin(struct heap *heap) {
    if (heap->transaction.depth++ == 0) {
        save(heap, &heap->transaction);
    }
    ASSERT_SLOW(transaction_is_valid(&heap->transaction));
}

void transaction_end(struct heap *heap, bool keep) {
    struct transaction *transaction = &heap->transaction;
    CHECK(transaction->depth > 0);
    CHECK(!(keep && transaction->has_failed));
    transaction->has_failed = !keep;
    transaction->depth--;
    if (transaction->depth == 0) {
        if (!keep) {
            give_back(heap);
        }
        transaction->word_count = 0;
        transaction->has_failed = false;
    }
    ASSERT_SLOW(transaction_is_valid(transaction));
}

bool transaction_is_valid(const struct transaction *transaction) {
    bool is_clear = (transaction->word_count == 0) & !transaction->has_failed;
    return (transaction->word_count <= TRANSACTION_WORDS) & // T1
           ((transaction->depth > 0) | is_clear);           // T2
}

void heap_begin_transaction(struct heap *heap) {
    heap_stop_world(heap);
    transaction_begin(heap);
}

void heap_save_in_transaction(struct heap *heap, void *place) {
    struct transaction *transaction = &heap->transaction;
    CHECK(transaction->depth > 0);
    CHECK(transaction->word_count < TRANSACTION_WORDS);
    transaction->words[transaction->word_count].place = place;
    memcpy(&transaction->words[transaction->word_count].word, place, sizeof(uintptr_t));
    transaction->word_count++;
}

void heap_end_transaction(struct heap *heap, bool keep) {
    transaction_end(heap, keep);
    heap_start_world(heap);
}
