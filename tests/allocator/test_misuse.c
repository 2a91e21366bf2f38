// test_misuse: a misuse of pages, stacks and the world ends in one exact sentence, a broken
// invariant in one line.
//
// holds: allocator/check.c
#include "tests/allocator/fixture.h"
#include "tests/test.h"

#include "allocator/check.h"

static void make_at_odd_base(struct fixture *f) {
    (void)f;
    about((const void *)(HEAP_BASE_DEFAULT + HEAP_PAGE_BYTES));
    (void)heap_create(&(struct heap_options){.base = HEAP_BASE_DEFAULT + HEAP_PAGE_BYTES});
}

static void free_manual_of_nobody(struct fixture *f) {
    about(NULL);
    heap_free_manual(f->heap, NULL, MANUAL_STACK);
}

static void free_manual_inside(struct fixture *f) {
    unsigned char *base = heap_alloc_manual(f->heap, 2, MANUAL_STACK);
    about(base + HEAP_PAGE_BYTES);
    heap_free_manual(f->heap, base + HEAP_PAGE_BYTES, MANUAL_STACK);
}

static void free_manual_twice(struct fixture *f) {
    void *base = heap_alloc_manual(f->heap, 2, MANUAL_STACK);
    about(base);
    heap_free_manual(f->heap, base, MANUAL_STACK);
    heap_free_manual(f->heap, base, MANUAL_STACK);
}

static void free_object_as_manual(struct fixture *f) {
    void *object = heap_alloc(f->heap, f->cache[0], 40000, NULL, 0);
    about(object);
    heap_free_manual(f->heap, object, MANUAL_STACK);
}

static void free_manual_of_other_statistic(struct fixture *f) {
    void *base = heap_alloc_manual(f->heap, 2, MANUAL_STACK);
    about(base);
    heap_free_manual(f->heap, base, MANUAL_WORKBUF);
}

static void alloc_manual_of_no_statistic(struct fixture *f) {
    about((const void *)(uintptr_t)MANUAL_STAT_COUNT);
    (void)heap_alloc_manual(f->heap, 1, MANUAL_STAT_COUNT);
}

static void unmap_stack_twice(struct fixture *f) {
    void *stack = heap_map_os_stack(f->heap, 8192);
    about(stack);
    heap_unmap_os_stack(f->heap, stack, 8192);
    heap_unmap_os_stack(f->heap, stack, 8192);
}

static void unmap_heap_as_stack(struct fixture *f) {
    about(f->heap);
    heap_unmap_os_stack(f->heap, f->heap, 8192);
}

static void unmap_part_of_stack(struct fixture *f) {
    void *stack = heap_map_os_stack(f->heap, 30000);
    about(stack);
    heap_unmap_os_stack(f->heap, stack, 8192);
}

static void release_a_free_lock(struct fixture *f) {
    (void)f;
    struct lock lock;
    lock_init(&lock);
    lock_release(&lock);
}

static void start_what_runs(struct fixture *f) {
    about(f->heap);
    heap_start_world(f->heap);
}

static void start_twice(struct fixture *f) {
    about(f->heap);
    heap_stop_world(f->heap);
    heap_start_world(f->heap);
    heap_start_world(f->heap);
}

TEST_FIXTURE(fixture_setup, fixture_teardown)

TEST(a_misuse_ends_in_its_sentence_and_its_address) {
    struct fixture *f = *state;
    static const struct {
        const char *sentence;
        void (*act)(struct fixture *f);
    } misuses[] = {
        {"misuse: heap_create: the base is not a multiple of 64 MiB", make_at_odd_base},
        {"misuse: heap_free_manual: not the base of a manual span", free_manual_of_nobody},
        {"misuse: heap_free_manual: not the base of a manual span", free_manual_inside},
        {"misuse: heap_free_manual: not the base of a manual span", free_manual_twice},
        {"misuse: heap_free_manual: not the base of a manual span", free_object_as_manual},
        {"misuse: heap_free_manual: the span is charged to another statistic",
         free_manual_of_other_statistic},
        {"misuse: no such statistic of manual spans", alloc_manual_of_no_statistic},
        {"misuse: heap_unmap_os_stack: no such stack", unmap_stack_twice},
        {"misuse: heap_unmap_os_stack: no such stack", unmap_heap_as_stack},
        {"misuse: heap_unmap_os_stack: the stack has another size", unmap_part_of_stack},
        {"misuse: heap_start_world: this thread has not stopped the world", start_what_runs},
        {"misuse: heap_start_world: this thread has not stopped the world", start_twice},
    };
    for (size_t i = 0; i < sizeof misuses / sizeof misuses[0]; i++) {
        expect_misuse(misuses[i].sentence, misuses[i].act, f);
    }
}

static void check_nothing(struct fixture *f) {
    CHECK(f == NULL);
}

static void check_values(struct fixture *f) {
    uint64_t two = f == NULL ? 0 : 2;
    CHECK_EQUAL(two + 1, 4);
}

TEST(a_broken_invariant_ends_in_file_line_condition_and_values) {
    struct fixture *f = *state;
    expect_abort("test_misuse.c:", check_nothing, f);
    expect_abort(": f == NULL (0, 0)\n", check_nothing, f);
    expect_abort(": two + 1 == 4 (3, 4)\n", check_values, f);
}

// Where assertions are on; a lock costs nothing more where they are off.
TEST(a_lock_that_nobody_holds_is_not_given_back) {
    if (CHECK_LEVEL == 0) {
        skip();
    }
    expect_abort("lock.h:", release_a_free_lock, *state);
}
