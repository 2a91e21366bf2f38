// test_special: what hangs on objects: where it may hang, in which order, and what frees and sweeps
// make of it.
//
// holds: allocator/objects/finalizer.c allocator/whole/inspect_specials.c

#include "allocator/collect.h"
#include "allocator/fault.h"
#include "allocator/inspect.h"
#include "allocator/memstats.h"
#include "allocator/mprof.h"
#include "allocator/pages/mspan.h"
#include "allocator/spans/special_internal.h"
#include "allocator/structure.h"
#include "tests/allocator/one_heap.h"
#include "tests/breaks.h"
#include "tests/test.h"

static struct mcache *cache;

struct seen {
    struct finalizer finalizers[64];
    size_t count;
};

static void see(void *context, const struct finalizer *finalizer) {
    struct seen *seen = context;
    assert_true(seen->count < 64);
    seen->finalizers[seen->count++] = *finalizer;
}

static int setup_cache(void **state) {
    cache = setup(state) != 0 ? NULL : heap_acquire_cache(heap);
    return cache == NULL ? -1 : 0;
}

TEST_FIXTURE(setup_cache, teardown)

static uintptr_t allocate(size_t size_bytes, unsigned flags) {
    void *object = heap_alloc(heap, cache, size_bytes, NULL, flags);
    assert_non_null(object);
    return (uintptr_t)object;
}

static enum special_status add(uintptr_t object) {
    struct finalizer finalizer = {object, 1, 2, 3, 4};
    return heap_add_finalizer(heap, &finalizer);
}

static struct seen visited(void) {
    struct seen seen = {.count = 0};
    heap_visit_finalizers(heap, see, &seen);
    return seen;
}

// A cycle in which nothing is reachable.
static void mark_nothing(void) {
    heap_stop_world(heap);
    heap_mark_begin(heap);
    heap_mark_end(heap);
    heap_start_world(heap);
}

TEST(an_object_has_one_finalizer_until_it_is_removed) {
    uintptr_t object = allocate(48, 0);
    assert_int_equal(add(object), SPECIAL_OK);
    assert_int_equal(add(object), SPECIAL_EXISTS);
    assert_int_equal(visited().count, 1);
    assert_true(heap_remove_finalizer(heap, object));
    assert_false(heap_remove_finalizer(heap, object));
    assert_int_equal(visited().count, 0);
    assert_int_equal(add(object), SPECIAL_OK);
}

TEST(a_finalizer_comes_back_as_it_was_set) {
    uintptr_t object = allocate(48, 0);
    struct finalizer finalizer = {object, 0x11, 0x22, 0x33, 0x44};
    assert_int_equal(heap_add_finalizer(heap, &finalizer), SPECIAL_OK);
    struct seen seen = visited();
    assert_int_equal(seen.count, 1);
    assert_memory_equal(&seen.finalizers[0], &finalizer, sizeof(finalizer));
}

TEST(finalizers_are_visited_by_address_within_a_span) {
    uintptr_t objects[6];
    for (size_t i = 0; i < 6; i++) {
        objects[i] = allocate(48, 0);
    }
    const size_t order[6] = {3, 0, 5, 1, 4, 2};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(add(objects[order[i]]), SPECIAL_OK);
    }
    struct seen seen = visited();
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(seen.finalizers[i].object, objects[i]);
    }
}

TEST(what_is_no_object_takes_no_finalizer) {
    int local = 0;
    uintptr_t object = allocate(48, 0);
    uintptr_t freed = allocate(48, 0);
    void *manual = heap_alloc_manual(heap, 1, MANUAL_OTHER);
    assert_int_equal(heap_free(heap, cache, (void *)freed), HEAP_FREED);
    assert_int_equal(add(freed), SPECIAL_NO_OBJECT);
    assert_int_equal(add(object + 8), SPECIAL_NO_OBJECT);
    assert_int_equal(add((uintptr_t)manual), SPECIAL_NO_OBJECT);
    assert_int_equal(add((uintptr_t)&local), SPECIAL_NO_OBJECT);
    assert_int_equal(add((uintptr_t)heap_zero_base(heap)), SPECIAL_NO_OBJECT);
    assert_int_equal(add(0), SPECIAL_NO_OBJECT);
    assert_false(heap_remove_finalizer(heap, freed));
}

TEST(an_object_freed_by_another_cache_takes_no_finalizer) {
    struct mcache *other = heap_acquire_cache(heap);
    uintptr_t object = allocate(48, 0);
    assert_int_equal(add(object), SPECIAL_OK);
    assert_int_equal(heap_free(heap, other, (void *)object), HEAP_FREE_REMOTE);
    assert_int_equal(visited().count, 0);
    assert_int_equal(add(object), SPECIAL_NO_OBJECT);
}

TEST(parts_of_a_tiny_block_have_finalizers_of_their_own) {
    uintptr_t first = allocate(4, HEAP_ALLOC_TINY);
    uintptr_t second = allocate(4, HEAP_ALLOC_TINY);
    assert_int_equal(second, first + 4);
    assert_int_equal(add(second), SPECIAL_OK);
    assert_int_equal(add(first), SPECIAL_OK);
    assert_int_equal(add(second), SPECIAL_EXISTS);
    assert_int_equal(visited().count, 2);
    assert_true(heap_remove_finalizer(heap, second));
    assert_int_equal(visited().count, 1);
}

TEST(a_large_object_has_a_finalizer_at_its_start_alone) {
    uintptr_t object = allocate(100000, 0);
    assert_int_equal(add(object + 8192), SPECIAL_NO_OBJECT);
    assert_int_equal(add(object), SPECIAL_OK);
    assert_int_equal(heap_free(heap, cache, (void *)object), HEAP_FREED);
    assert_int_equal(visited().count, 0);
}

TEST(an_explicit_free_drops_the_finalizer_and_its_block) {
    uintptr_t keeper = allocate(48, 0); // the span stays
    struct inspect_fix before, after;
    (void)keeper;
    uintptr_t object = allocate(48, 0);
    assert_int_equal(add(object), SPECIAL_OK);
    inspect_fix(heap, INSPECT_FIX_SPECIAL, &before);
    assert_int_equal(heap_free(heap, cache, (void *)object), HEAP_FREED);
    inspect_fix(heap, INSPECT_FIX_SPECIAL, &after);
    assert_int_equal(visited().count, 0);
    assert_int_equal(after.free_block_count, before.free_block_count + 1);
}

TEST(an_explicit_free_leaves_the_neighbours_specials) {
    uintptr_t objects[3];
    for (size_t i = 0; i < 3; i++) {
        objects[i] = allocate(48, 0);
        assert_int_equal(add(objects[i]), SPECIAL_OK);
    }
    assert_int_equal(heap_free(heap, cache, (void *)objects[1]), HEAP_FREED);
    struct seen seen = visited();
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.finalizers[0].object, objects[0]);
    assert_int_equal(seen.finalizers[1].object, objects[2]);
}

TEST(a_dead_object_with_a_finalizer_is_kept_for_one_cycle) {
    struct seen queued = {.count = 0};
    heap_set_finalizer_queue(heap, see, &queued);
    uintptr_t finalized = allocate(48, 0);
    uintptr_t plain = allocate(48, 0);
    struct heap_object object;
    assert_int_equal(add(finalized), SPECIAL_OK);
    mark_nothing();
    heap_sweep_finish(heap, cache);
    assert_int_equal(queued.count, 1);
    assert_int_equal(queued.finalizers[0].object, finalized);
    assert_true(heap_find_object(heap, finalized, &object) && object.allocated);
    assert_true(!heap_find_object(heap, plain, &object) || !object.allocated);
    assert_int_equal(visited().count, 0);
    mark_nothing();
    heap_sweep_finish(heap, cache);
    assert_int_equal(queued.count, 1);
    assert_true(!heap_find_object(heap, finalized, &object) || !object.allocated);
}

TEST(each_finalizer_of_a_tiny_block_is_queued) {
    struct seen queued = {.count = 0};
    heap_set_finalizer_queue(heap, see, &queued);
    uintptr_t first = allocate(4, HEAP_ALLOC_TINY);
    for (uintptr_t i = 0; i < 4; i++) {
        assert_int_equal(add(first + 4 * i), SPECIAL_OK);
    }
    heap_flush_cache(heap, cache); // or the block would be marked
    mark_nothing();
    heap_sweep_finish(heap, cache);
    assert_int_equal(queued.count, 4);
    for (uintptr_t i = 0; i < 4; i++) {
        assert_int_equal(queued.finalizers[i].object, first + 4 * i);
    }
}

TEST(without_a_queue_a_finalizer_goes_with_its_object) {
    uintptr_t object = allocate(48, 0);
    struct memstats stats;
    assert_int_equal(add(object), SPECIAL_OK);
    mark_nothing();
    heap_sweep_finish(heap, cache);
    heap_read_memstats(heap, &stats);
    assert_int_equal(stats.HeapObjects, 0);
    assert_int_equal(visited().count, 0);
}

TEST(a_span_is_swept_before_specials_on_it_change) {
    struct heap_object object;
    uintptr_t dead = allocate(48, 0);
    uintptr_t live = allocate(48, 0);
    heap_stop_world(heap);
    heap_mark_begin(heap);
    assert_true(heap_mark(heap, live, &object));
    heap_mark_end(heap);
    heap_start_world(heap);
    assert_true(heap_find_object(heap, dead, &object) && object.allocated);
    assert_int_equal(add(live), SPECIAL_OK);
    assert_true(heap_find_object(heap, dead, &object) && !object.allocated);
    assert_int_equal(add(dead), SPECIAL_NO_OBJECT);
}

TEST(a_dead_object_that_is_not_swept_takes_no_finalizer) {
    uintptr_t dead = allocate(48, 0);
    mark_nothing();
    assert_int_equal(add(dead), SPECIAL_NO_OBJECT);
    assert_true(heap_is_swept(heap));
}

TEST(without_memory_nothing_is_added_and_nothing_counts) {
    struct memstats before, after;
    uintptr_t objects[4096];
    for (size_t i = 0; i < 4096; i++) {
        objects[i] = allocate(8, 0);
    }
    heap_set_fault(heap, SYSMEM_MMAP, 1, true);
    heap_set_fault(heap, SYSMEM_MPROTECT, 1, true);
    size_t added = 0;
    enum special_status status = SPECIAL_OK;
    while (added < 4096 && status == SPECIAL_OK) {
        heap_read_memstats(heap, &before);
        status = add(objects[added]);
        added += status == SPECIAL_OK ? 1 : 0;
    }
    assert_true(added < 4096);
    heap_read_memstats(heap, &after);
    assert_int_equal(status, SPECIAL_NO_MEMORY);
    assert_memory_equal(&before, &after, sizeof(before));
    heap_set_fault(heap, SYSMEM_MMAP, 0, false);
    heap_set_fault(heap, SYSMEM_MPROTECT, 0, false);
    assert_int_equal(add(objects[added]), SPECIAL_OK);
}

TEST(specials_can_be_inspected_in_order_of_offset_and_kind) {
    heap_set_profile_rate(heap, 1);
    uintptr_t object = allocate(48, 0);
    assert_int_equal(add(object), SPECIAL_OK);
    struct inspect_span span;
    struct inspect_special first, second;
    for (size_t i = 0; i < inspect_span_count(heap); i++) {
        assert_true(inspect_span(heap, i, &span));
        if (span.specials != NULL) {
            break;
        }
    }
    assert_true(inspect_special(span.specials, &first));
    assert_true(inspect_special(first.next, &second));
    assert_false(inspect_special(second.next, &second));
    assert_int_equal(first.kind, INSPECT_SPECIAL_FINALIZER);
    assert_int_equal(first.finalizer[0], 1);
    assert_int_equal(first.finalizer[3], 4);
    assert_int_equal(second.kind, INSPECT_SPECIAL_PROFILE);
    assert_int_equal(second.offset, object - span.base);
    assert_true(second.bucket != 0);
}

static struct mspan *span_of(uintptr_t object) {
    for (size_t i = 0; i < heap->all_span_count; i++) {
        if (object - heap->all_spans[i]->base < heap->all_spans[i]->page_count * HEAP_PAGE_BYTES) {
            return heap->all_spans[i];
        }
    }
    return NULL;
}

static enum special_status add_cleanup(uintptr_t object, uintptr_t function) {
    struct finalizer cleanup = {.object = object, .function = function, .entry = 2};
    return heap_add_cleanup(heap, &cleanup);
}

static size_t cleanup_count(void) {
    struct seen seen = {.count = 0};
    heap_visit_cleanups(heap, see, &seen);
    return seen.count;
}

TEST(cleanups_are_queued_in_order_when_their_object_is_gone) {
    struct seen queue = {.count = 0};
    heap_set_finalizer_queue(heap, see, &queue);
    uintptr_t object = allocate(48, 0);
    uintptr_t other = allocate(48, 0);
    for (uintptr_t function = 7; function < 10; function++) {
        assert_int_equal(add_cleanup(object, function), SPECIAL_OK);
    }
    assert_int_equal(add_cleanup(other, 3), SPECIAL_OK);
    assert_int_equal(add_cleanup(object + 8, 3), SPECIAL_NO_OBJECT);
    assert_int_equal(cleanup_count(), 4);
    assert_int_equal(visited().count, 0);
    assert_true(heap_remove_cleanup(heap, object)); // the oldest
    assert_false(heap_remove_finalizer(heap, object));
    heap_free(heap, cache, (void *)other); // an explicit free calls nobody
    mark_nothing();
    (void)heap_sweep_finish(heap, cache);
    assert_int_equal(queue.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(queue.finalizers[i].object, 0);
        assert_int_equal(queue.finalizers[i].function, 8 + i);
        assert_int_equal(queue.finalizers[i].entry, 2);
    }
    assert_false(heap_remove_cleanup(heap, object));
    heap_set_finalizer_queue(heap, NULL, NULL);
}

TEST(a_finalizer_keeps_the_object_and_its_cleanups_a_cycle) {
    struct seen queue = {.count = 0};
    heap_set_finalizer_queue(heap, see, &queue);
    uintptr_t object = allocate(48, 0);
    assert_int_equal(add_cleanup(object, 7), SPECIAL_OK);
    assert_int_equal(add(object), SPECIAL_OK);
    mark_nothing();
    (void)heap_sweep_finish(heap, cache);
    assert_int_equal(queue.count, 1);
    assert_int_equal(queue.finalizers[0].object, object);
    assert_int_equal(cleanup_count(), 1);
    mark_nothing();
    (void)heap_sweep_finish(heap, cache);
    assert_int_equal(queue.count, 2);
    assert_int_equal(queue.finalizers[1].function, 7);
    assert_int_equal(cleanup_count(), 0);
    heap_set_finalizer_queue(heap, NULL, NULL);
}

// I6
TEST(validity_sees_a_ring_of_cleanups) {
    uintptr_t object = allocate(48, 0);
    for (uintptr_t function = 7; function < 10; function++) {
        assert_int_equal(add_cleanup(object, function), SPECIAL_OK);
    }
    struct mspan *span = span_of(object);
    struct special *last = ((struct special *)span->specials)->next->next;
    assert_null(last->next);
    BREAKS(struct special *, last->next, last, special_list_is_valid(span));
    BREAKS(struct special *, last->next, span->specials, special_list_is_valid(span));
    BREAKS(uint32_t, last->kind, INSPECT_SPECIAL_FINALIZER, special_list_is_valid(span));
}

// I6
TEST(validity_sees_each_broken_invariant) {
    heap_set_profile_rate(heap, 1); // a record after each finalizer
    uintptr_t objects[3];
    for (size_t i = 0; i < 3; i++) {
        objects[i] = allocate(48, 0);
        assert_int_equal(add(objects[i]), SPECIAL_OK);
    }
    struct mspan *span = span_of(objects[0]);
    struct special *first = span->specials;
    struct special *second = first->next->next;
    assert_int_equal(first->offset, 0);
    assert_int_equal(second->offset, 48);
    BREAKS(uint64_t, first->offset, 48, special_list_is_valid(span));
    BREAKS(uint64_t, second->offset, 96, special_list_is_valid(span));
    BREAKS(uint64_t, second->offset, 0, special_list_is_valid(span));
    BREAKS(uint32_t, first->kind, second->next->kind, special_list_is_valid(span)); // one twice
    BREAKS(struct special *, second->next, first, special_list_is_valid(span));     // a ring
    BREAKS(struct special *, second->next, second, special_list_is_valid(span));
    BREAKS(uint64_t, *span->alloc_bits, 5, special_list_is_valid(span)); // the second is free
    BREAKS(uint64_t, *span->alloc_bits, 5, heap_is_valid(heap));
    struct special *last = second->next->next->next;
    assert_null(last->next);
    BREAKS(uint64_t, last->offset, 8192, special_list_is_valid(span)); // behind the last object
    uintptr_t manual = (uintptr_t)heap_alloc_manual(heap, 1, MANUAL_OTHER);
    struct mspan *pages = span_of(manual);
    BREAKS(struct special *, pages->specials, first, special_list_is_valid(pages));
    BREAKS(struct special *, pages->specials, first, heap_is_valid(heap));
}
