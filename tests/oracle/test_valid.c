// test_valid: the ledger keeps its invariants through its life, and each that is broken is seen.
//
// holds: oracle/go/state/valid.c oracle/go/state/index_pool.c
#include "oracle/go/state/class.h"
#include "oracle/go/state/state.h"
#include "tests/oracle/driver_fixture.h"

#include "allocator/mprof.h"
#include "tests/breaks.h"

static void finalize(uint32_t handle) {
    const struct finalizer finalizer = {.object = model_handle(driver.model, handle)->address};
    assert_int_equal(runtime_set_finalizer(driver.runtime, &finalizer), SPECIAL_OK);
    assert_true(model_finalizer_added(driver.model, handle, &finalizer, false));
}

// Goroutines that live and one that is dead, a thread, pages of the program's own.
static void run(void) {
    static const struct frame_description description = {.size_bytes = 64};
    const void *manual = heap_alloc_manual(driver.heap, 2, MANUAL_OTHER);
    assert_true(model_manual_allocated(driver.model, (uintptr_t)manual, 2, MANUAL_OTHER));
    (void)driver_start_osthread(&driver, 7);
    struct goroutine *dead = driver_start_goroutine(&driver, 1, 0x10, false);
    struct goroutine *g = driver_start_goroutine(&driver, 2, 0x20, false);
    driver_exit_goroutine(&driver, dead, 1);
    for (int i = 0; i < 3; i++) {
        assert_true(driver_push_frame(&driver, g, 2, &description));
        assert_non_null(driver_push_defer(&driver, g, 2, 0, 0x30));
    }
}

// Objects of all kinds, pointers, finalizers that are set and one that waits, freed slots.
static void live(void) {
    static const uint8_t mask[] = {0x0f};
    static const struct gc_layout node = {32, 32, mask};
    heap_set_profile_rate(driver.heap, 1000);
    assert_true(model_profile_rate_set(driver.model, 1000));
    for (uint32_t i = 0; i < 40; i++) {
        const size_t sizes[] = {32, 8, 1000, 40000};
        const struct model_request request = {.size_bytes = sizes[i % 4],
                                              .layout = i % 4 == 0 ? &node : NULL,
                                              .flags = i % 4 == 1 ? HEAP_ALLOC_TINY : 0};
        assert_true(driver_alloc_with(&driver, i, request, 0));
    }
    finalize(6);
    assert_true(driver_collect(&driver, true)); // all die, and one waits
    for (uint32_t i = 0; i < 10; i++) {
        const struct model_request request = {.size_bytes = 32, .layout = &node};
        assert_true(driver_alloc_with(&driver, i, request, 0));
        assert_true(driver_write(&driver, i, 0, model_handle(driver.model, 0)->address));
    }
    assert_true(driver_free(&driver, 4, 0));
    assert_true(driver_alloc(&driver, 50, 40000));
    const struct model_request tiny = {.size_bytes = 8, .flags = HEAP_ALLOC_TINY};
    assert_true(driver_alloc_with(&driver, 51, tiny, 0));
    finalize(7);
    driver_acquire(&driver, 1);
    run();
    assert_true(driver_check(&driver, ORACLE_FULL));
}

TEST(a_ledger_is_valid_through_its_life) {
    assert_true(model_is_valid(driver.model));
    live();
    assert_true(model_is_valid(driver.model));
    assert_true(driver_gc_start(&driver));
    assert_true(model_is_valid(driver.model));
    assert_true(driver_gc_finish(&driver)); // what died waits for its sweep
    assert_true(model_is_valid(driver.model));
    driver_release(&driver, 1);
    assert_true(model_is_valid(driver.model));
    driver_reset(&driver);
    assert_true(model_is_valid(driver.model));
}

TEST(validity_sees_each_broken_invariant) {
    live();
    struct model *model = driver.model;
    struct handle_entry *handle = &model->handles[3];
    uint32_t index = handle->slot;
    struct slot *slot = model_slot(model, index);
    struct slot *large = model_slot(model, model->handles[50].slot);
    uint32_t tiny_block = model->handles[51].slot;
    struct edge *edge = model_edge(model, slot->first_edge);
    struct slot *finalized = model_slot(model, model->handles[7].slot);
    assert_int_not_equal(model->slots.free_head, 0);
    assert_int_not_equal(model->queue_head, MODEL_NONE);
    assert_int_equal(model->caches[0].block, tiny_block);
    BREAKS(uint32_t, model->live[0], model->live[1], model_is_valid(model)); // D1
    BREAKS(uint32_t, model->live[0], UINT32_MAX, model_is_valid(model));
    BREAKS(uint32_t, model->slots.free_head, 0, model_is_valid(model));
    BREAKS(uint32_t, model->slots.free_head, UINT32_MAX, model_is_valid(model));
    BREAKS(uint32_t, model->map.table_count, 0, model_is_valid(model)); // D2
    BREAKS(uintptr_t, slot->base, slot->base + 8, model_is_valid(model));
    BREAKS(size_t, large->element_bytes, 5 * HEAP_PAGE_BYTES + 8, model_is_valid(model));
    BREAKS(uint32_t, handle->slot, model->handles[2].slot, model_is_valid(model)); // D3
    BREAKS(uint32_t, handle->slot, MODEL_NONE, model_is_valid(model));
    BREAKS(uint32_t, handle->next, 3, model_is_valid(model)); // a ring
    BREAKS(uint32_t, handle->next, MODEL_HANDLE_COUNT, model_is_valid(model));
    BREAKS(uint32_t, handle->touched_index, 0, model_is_valid(model));
    BREAKS(uint32_t, slot->first_handle, MODEL_NONE, model_is_valid(model));
    BREAKS(size_t, model->handle_count, 0, model_is_valid(model));
    BREAKS(uint64_t, model->alloc_count[go_class_of(32)], 0, model_is_valid(model)); // D4
    BREAKS(uint64_t, model->free_count[go_class_of(32)], 0, model_is_valid(model));
    BREAKS(uint8_t, slot->size_class, 1, model_is_valid(model));
    BREAKS(uint64_t, model->large_alloc_bytes, 8, model_is_valid(model));
    BREAKS(uint64_t, model->large_free_bytes, 8, model_is_valid(model));
    BREAKS(uint32_t, slot->first_edge, MODEL_NONE, model_is_valid(model)); // D5
    BREAKS(uint32_t, edge->next, slot->first_edge, model_is_valid(model));
    BREAKS(uint32_t, finalized->first_finalizer, MODEL_NONE, model_is_valid(model));
    BREAKS(uint32_t, model->queue_head, MODEL_NONE, model_is_valid(model));
    BREAKS(uint32_t, model->queue_tail, MODEL_NONE, model_is_valid(model));
    BREAKS(uint32_t, model->cache_count, 1, model_is_valid(model)); // D6
    BREAKS(uint32_t, model->cache_limit, MODEL_CACHE_COUNT + 1, model_is_valid(model));
    BREAKS(bool, model->caches[0].exists, false, model_is_valid(model));
    BREAKS(uint32_t, model->caches[0].block, index, model_is_valid(model));
    BREAKS(uint32_t, model->caches[0].offset, 17, model_is_valid(model));
}

TEST(validity_sees_each_broken_page_range_and_goroutine) {
    live();
    struct model *model = driver.model;
    struct map_page *page = model->map.pages.items;
    struct goroutine_entry *g = model_goroutine(model, 2);
    struct goroutine_entry *dead = &model->goroutines[g == &model->goroutines[0] ? 1 : 0];
    assert_false(dead->alive);
    BREAKS(uint64_t, model->map.covered_pages, 0, model_is_valid(model)); // D7
    BREAKS(uint64_t, page->starts[0], ~page->used[0], model_is_valid(model));
    BREAKS(uint64_t, model->manual_bytes[MANUAL_OTHER], 8, model_is_valid(model)); // D8
    BREAKS(size_t, model->manuals[0].size_bytes, 8, model_is_valid(model));
    BREAKS(uint64_t, model->stack_bytes, 0, model_is_valid(model));
    BREAKS(uint64_t, model->os_stack_bytes, 0, model_is_valid(model));
    BREAKS(uint32_t, g->frames[1].word_first, 0, model_is_valid(model)); // D9
    BREAKS(uint32_t, g->frames[2].bits_first, g->bit_bytes + 1, model_is_valid(model));
    BREAKS(uint32_t, g->frame_count, 2, model_is_valid(model));
    BREAKS(uint32_t, g->word_count, 0, model_is_valid(model));
    BREAKS(uint32_t, g->defers[2].frame_count, 4, model_is_valid(model));
    BREAKS(uint32_t, g->defers[2].frame_count, 1, model_is_valid(model));
    BREAKS(bool, g->alive, false, model_is_valid(model));
    BREAKS(uint32_t, dead->panic_count, 1, model_is_valid(model));
}

TEST(validity_sees_each_broken_condemned_slot_and_sample) {
    live();
    struct model *model = driver.model;
    uint32_t sampled = MODEL_NONE;
    for (uint32_t i = 0; i < model->live_count; i++) {
        sampled = model_slot(model, model->live[i])->sample != 0 ? model->live[i] : sampled;
    }
    assert_int_not_equal(sampled, MODEL_NONE);
    assert_true(driver_gc_start(&driver));
    assert_true(driver_gc_finish(&driver));
    assert_true(model->condemned_count > 1);
    struct condemned_span *span = &model->condemned[1];
    assert_true(span->slot_first > 0);
    uint32_t *waiting = &model->condemned_slots[span->slot_first];
    BREAKS(uint32_t, span->slot_first, 0, model_is_valid(model)); // D10
    BREAKS(uint32_t, span->slot_first, model->condemned_slot_capacity, model_is_valid(model));
    BREAKS(uint32_t, span->slot_count, span->slot_count - 1, model_is_valid(model));
    BREAKS(uint32_t, *waiting, model->slots.count, model_is_valid(model));
    BREAKS(bool, model_slot(model, *waiting)->condemned, false, model_is_valid(model));
    BREAKS(uint64_t, model->profile.sample_count, 0, model_is_valid(model)); // D11
    BREAKS(uint32_t, model_slot(model, sampled)->sample, 0, model_is_valid(model));
    BREAKS(uint32_t, model_slot(model, sampled)->sample, UINT32_MAX, model_is_valid(model));
    BREAKS(uintptr_t, model->profile.entries[0].bucket, 8, model_is_valid(model));
}
