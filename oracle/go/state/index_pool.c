// index_pool: structs in an array that grows, named by index; those that were given back are taken
// again, the last one first.
#include "oracle/go/state/state.h"

#include "oracle/core/harness_memory.h"

#include <string.h>

uint32_t index_pool_take(struct index_pool *pool) {
    if (pool->free_head != 0) {
        uint32_t index = pool->free_head - 1;
        memcpy(&pool->free_head, (char *)pool->items + (size_t)index * pool->item_bytes,
               sizeof pool->free_head);
        return index;
    }
    if (!harness_reserve(&pool->items, &pool->capacity, (size_t)pool->count + 1,
                         pool->item_bytes)) {
        return MODEL_NONE;
    }
    return pool->count++;
}

void index_pool_give(struct index_pool *pool, uint32_t index) {
    memcpy((char *)pool->items + (size_t)index * pool->item_bytes, &pool->free_head,
           sizeof pool->free_head);
    pool->free_head = index + 1;
}

void index_pool_reset(struct index_pool *pool) {
    pool->count = 0;
    pool->free_head = 0;
}
