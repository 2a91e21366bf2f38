// view: copies the heap's spans and caches out of inspect, and finds them by identity and by
// address.
#include "oracle/go/view/view.h"

#include "oracle/core/harness_memory.h"

#include <string.h>

static bool grow(void **array, size_t element_bytes, size_t count) {
    void *grown = harness_realloc(*array, element_bytes * count);
    if (grown == NULL) {
        return false;
    }
    *array = grown;
    return true;
}

static bool make_room(struct view *view, size_t span_count) {
    if (span_count <= view->capacity) {
        return true;
    }
    uint32_t capacity = 64;
    while (capacity < span_count) {
        capacity *= 2;
    }
    void *spans = view->spans;
    void *order = view->by_address;
    void *table = view->identity_table;
    bool *in_order = harness_calloc(capacity, sizeof *in_order);
    if (in_order == NULL) {
        return false;
    }
    harness_free(view->in_order);
    view->in_order = in_order;
    bool grown = grow(&spans, sizeof *view->spans, capacity);
    view->spans = spans;
    grown = grown && grow(&order, sizeof *view->by_address, capacity);
    view->by_address = order;
    grown = grown && grow(&table, sizeof *view->identity_table, (size_t)capacity * 2);
    view->identity_table = table;
    if (grown) {
        view->capacity = capacity;
    }
    return grown;
}

static uint32_t identity_slot(const struct view *view, const void *identity) {
    uint64_t mixed = (uint64_t)(uintptr_t)identity / 16 * 0x9e3779b97f4a7c15u;
    return (uint32_t)(mixed >> 32) & (view->table_size - 1);
}

static void enter_identity(struct view *view, uint32_t index) {
    uint32_t slot = identity_slot(view, view->spans[index].identity);
    while (view->identity_table[slot] != 0) {
        slot = (slot + 1) & (view->table_size - 1);
    }
    view->identity_table[slot] = index + 1;
}

uint32_t view_find_identity(const struct view *view, const void *identity) {
    if (view->table_size == 0) {
        return VIEW_NONE;
    }
    uint32_t slot = identity_slot(view, identity);
    while (view->identity_table[slot] != 0) {
        uint32_t index = view->identity_table[slot] - 1;
        if (view->spans[index].identity == identity) {
            return index;
        }
        slot = (slot + 1) & (view->table_size - 1);
    }
    return VIEW_NONE;
}

// Heap sort: no memory, no dependence on a libc's order of equals.
static bool comes_before(const struct view *view, uint32_t a, uint32_t b) {
    uintptr_t base_a = view->spans[a].base;
    uintptr_t base_b = view->spans[b].base;
    return base_a < base_b || (base_a == base_b && a < b);
}

static void sift_down(struct view *view, uint32_t root, uint32_t end) {
    uint32_t *order = view->by_address;
    uint32_t value = order[root];
    for (;;) {
        uint32_t child = root * 2 + 1;
        if (child >= end) {
            break;
        }
        if (child + 1 < end && comes_before(view, order[child], order[child + 1])) {
            child++;
        }
        if (!comes_before(view, value, order[child])) {
            break;
        }
        order[root] = order[child];
        root = child;
    }
    order[root] = value;
}

static void sort_by_heap(struct view *view) {
    for (uint32_t root = view->standing_count / 2; root-- > 0;) {
        sift_down(view, root, view->standing_count);
    }
    for (uint32_t end = view->standing_count - 1; end > 0; end--) {
        uint32_t largest = view->by_address[0];
        view->by_address[0] = view->by_address[end];
        view->by_address[end] = largest;
        sift_down(view, 0, end);
    }
}

// Each to its place among those before it, as long as that takes few moves: the order is that of
// the last view, with what is new at its end.
static void sort_by_address(struct view *view) {
    uint32_t *order = view->by_address;
    uint32_t moves_left = 4 * view->standing_count;
    for (uint32_t i = 1; i < view->standing_count; i++) {
        uint32_t value = order[i];
        uint32_t to = i;
        for (; to > 0 && moves_left > 0 && comes_before(view, value, order[to - 1]); to--) {
            order[to] = order[to - 1];
            moves_left--;
        }
        order[to] = value;
        if (moves_left == 0) {
            sort_by_heap(view);
            return;
        }
    }
}

// Spans keep their indices: those that stood at the last view are taken over in its order.
static void take_order(struct view *view) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < view->standing_count; i++) {
        uint32_t index = view->by_address[i];
        if (index < view->span_count && view->spans[index].state != INSPECT_SPAN_DEAD) {
            view->by_address[kept++] = index;
            view->in_order[index] = true;
        }
    }
    for (uint32_t index = 0; index < view->span_count; index++) {
        if (view->spans[index].state != INSPECT_SPAN_DEAD && !view->in_order[index]) {
            view->by_address[kept++] = index;
        }
        view->in_order[index] = false;
    }
    view->standing_count = kept;
    sort_by_address(view);
}

static void take_spans(struct view *view, uint32_t count) {
    view->table_size = view->capacity * 2;
    while (view->table_size > 128 && view->table_size / 4 >= count) {
        view->table_size /= 2; // small heaps clear small tables
    }
    memset(view->identity_table, 0, view->table_size * sizeof *view->identity_table);
    view->span_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!inspect_span(view->heap, i, &view->spans[i])) {
            break;
        }
        view->span_count++;
        enter_identity(view, i);
    }
    take_order(view);
}

static bool take_caches(struct view *view) {
    size_t limit = inspect_cache_limit(view->heap);
    if (limit > view->cache_capacity) {
        void *caches = view->caches;
        if (!grow(&caches, sizeof *view->caches, limit)) {
            return false;
        }
        view->caches = caches;
        view->cache_capacity = (uint32_t)limit;
    }
    view->cache_count = 0;
    for (uint32_t id = 0; id < limit; id++) {
        if (inspect_cache(view->heap, id, &view->caches[view->cache_count])) {
            view->cache_count++;
        }
    }
    return true;
}

bool view_take(struct view *view, const struct heap *heap) {
    size_t count = inspect_span_count(heap);
    if (!make_room(view, count > 0 ? count : 1)) {
        return false;
    }
    view->heap = heap;
    view->sweep_generation = inspect_sweep_generation(heap);
    view->marking = inspect_is_marking(heap);
    take_spans(view, (uint32_t)count);
    return take_caches(view);
}

void view_fini(struct view *view) {
    harness_free(view->spans);
    harness_free(view->by_address);
    harness_free(view->in_order);
    harness_free(view->identity_table);
    harness_free(view->caches);
    *view = (struct view){0};
}

uint32_t view_find_address(const struct view *view, uintptr_t address) {
    uint32_t low = 0;
    uint32_t high = view->standing_count;
    while (low < high) { // first span whose base is above the address
        uint32_t middle = low + (high - low) / 2;
        if (view->spans[view->by_address[middle]].base <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return VIEW_NONE;
    }
    const struct inspect_span *span = &view->spans[view->by_address[low - 1]];
    return address - span->base < span->page_count * HEAP_PAGE_BYTES ? view->by_address[low - 1]
                                                                     : VIEW_NONE;
}

// ---- validity: all is looked at, so that no order of the invariants hides one

static bool sizes_are_valid(const struct view *view) { // V1
    bool fits = (view->span_count <= view->capacity) & (view->standing_count <= view->span_count) &
                (view->cache_count <= view->cache_capacity);
    uint32_t size = view->table_size;
    return fits & ((size & (size - 1)) == 0) & (size >= 2 * view->span_count) &
           (size <= 2 * view->capacity);
}

static bool order_is_valid(const struct view *view) { // V2
    uint32_t dead_count = 0;
    bool valid = true;
    for (uint32_t i = 0; i < view->span_count; i++) {
        dead_count += view->spans[i].state == INSPECT_SPAN_DEAD;
    }
    for (uint32_t i = 0; valid && i < view->standing_count; i++) {
        uint32_t index = view->by_address[i];
        valid = index < view->span_count && view->spans[index].state != INSPECT_SPAN_DEAD &&
                (i == 0 || comes_before(view, view->by_address[i - 1], index));
    }
    return valid & (dead_count + view->standing_count == view->span_count);
}

bool view_is_valid(const struct view *view) {
    if (!sizes_are_valid(view)) { // what follows looks into the arrays
        return false;
    }
    bool valid = order_is_valid(view);
    for (uint32_t i = 0; i < view->span_count; i++) {
        uint32_t found = view_find_identity(view, view->spans[i].identity);
        valid &= found != VIEW_NONE && view->spans[found].identity == view->spans[i].identity; // V3
        valid &= !view->in_order[i];                                                           // V4
    }
    for (uint32_t i = 1; i < view->cache_count; i++) {
        valid &= view->caches[i - 1].id < view->caches[i].id; // V5
    }
    return valid;
}
