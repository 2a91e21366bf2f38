// test_transaction: what fails leaves no trace, at whichever call of the system it fails.
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocator/fault.h"
#include "tests/allocator/one_heap.h"
#include "tests/sanitizer.h"

#define NOSCAN_LARGE 1
#define EIGHT_BYTES  2 // span class of 1024 objects

static struct mspan *alloc_span(size_t page_count) {
    struct mspan *span = mheap_alloc_span(heap, page_count, 0, NOSCAN_LARGE);
    assert_non_null(span);
    return span;
}

// Something that obtains memory; false: it did not.
struct action {
    const char *name;
    bool (*run)(void);
};

static bool small_span(void) {
    return mheap_alloc_span(heap, 1, 0, 4) != NULL;
}
static bool span_with_block(void) {
    return mheap_alloc_span(heap, 1, 0, EIGHT_BYTES) != NULL;
}
static bool aligned_span(void) {
    return mheap_alloc_span(heap, 5, 1024, NOSCAN_LARGE) != NULL;
}
static bool long_span(void) {
    return mheap_alloc_span(heap, HEAP_ARENA_PAGES + 3000, 0, NOSCAN_LARGE) != NULL;
}
static bool manual_span(void) {
    return heap_alloc_manual(heap, 2, MANUAL_STACK) != NULL;
}
static bool os_stack(void) {
    return heap_map_os_stack(heap, 65536) != NULL;
}
static bool cache(void) {
    return heap_acquire_cache(heap) != NULL;
}
static bool persistent_small(void) {
    return persistent_alloc(heap, 60000, INSPECT_BOOK_GC) != NULL;
}
static bool persistent_large(void) {
    return persistent_alloc(heap, 70000, INSPECT_BOOK_BUCKHASH) != NULL;
}
static bool fixed_block(void) {
    return fixalloc_alloc(heap, &heap->special_fix, NULL) != NULL;
}

// 1,000 spans by the way, so that the next one moves the list of spans.
static bool many_spans(void) {
    while (heap->all_span_count < 1024) {
        if (!small_span()) {
            return false;
        }
    }
    return true;
}

static void clear_faults(void) {
    for (unsigned call = 0; call < SYSMEM_CALL_COUNT; call++) {
        heap_set_fault(heap, (enum sysmem_call)call, 0, false);
    }
}

static const struct action scenario[] = {
    {"small_span", small_span},
    {"span_with_block", span_with_block},
    {"cache", cache},
    {"manual_span", manual_span},
    {"persistent_small", persistent_small},
    {"persistent_small", persistent_small},
    {"persistent_small", persistent_small},
    {"persistent_small", persistent_small},
    {"fixed_block", fixed_block},
    {"persistent_large", persistent_large},
    {"os_stack", os_stack},
    {"aligned_span", aligned_span},
    {"long_span", long_span},
    {"small_span", small_span},
    {"many_spans", NULL},
    {"small_span", small_span},
    {"long_span", long_span},
    {"small_span", small_span},
};

// Runs the scenario; what fails must leave no trace, and must succeed when tried without the fault.
static void run_scenario(void) {
    for (size_t i = 0; i < sizeof(scenario) / sizeof(scenario[0]); i++) {
        if (scenario[i].run == NULL) {
            if (!many_spans()) {
                clear_faults();
                assert_true(many_spans());
            }
            continue;
        }
        char *before = snapshot_of(heap);
        if (!scenario[i].run()) {
            assert_snapshot(heap, before);
            assert_pages_are_sound(heap);
            clear_faults();
            assert_true(scenario[i].run());
        }
        free(before);
    }
    assert_pages_are_sound(heap);
}

// Of the thousand requests for pages that many_spans makes, which are alike, one in 31 is refused
// where a sanitizer makes each costly; elsewhere each.
static uint64_t next_request(uint64_t n) {
    return n + (SANITIZER_HAS_SHADOW && n >= 8 && n < 1000 ? 31 : 1);
}

static void run_with_faults(bool and_on, bool warm) {
    static const enum sysmem_call calls[] = {SYSMEM_MMAP, SYSMEM_MPROTECT, SYSMEM_PAGES};
    assert_true(heap_reset(heap));
    run_scenario();
    char *expected = snapshot_of(heap);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        for (uint64_t n = 1;; n = next_request(n)) {
            if (warm) {
                assert_true(heap_reset(heap));
            } else {
                heap_destroy(heap);
                heap = heap_create(NULL);
                assert_non_null(heap);
            }
            heap_set_fault(heap, calls[i], n, and_on);
            run_scenario();
            assert_snapshot(heap, expected);
            if (heap_fault_count(heap) == 0) {
                assert_true(n > 4);
                break;
            }
        }
    }
    free(expected);
}

// The next arena's place is taken, so that growth uses the rest of the first and goes on further
// up.
static void run_over_a_gap(uint64_t n, enum sysmem_call call, bool and_on) {
    assert_non_null(mheap_alloc_span(heap, HEAP_ARENA_PAGES - 1024, 0, NOSCAN_LARGE));
    char *before = snapshot_of(heap);
    heap_set_fault(heap, call, n, and_on);
    if (mheap_alloc_span(heap, 1536, 0, NOSCAN_LARGE) == NULL) {
        assert_true(heap_fault_count(heap) > 0);
        assert_snapshot(heap, before);
        assert_pages_are_sound(heap);
        clear_faults();
        assert_non_null(mheap_alloc_span(heap, 1536, 0, NOSCAN_LARGE));
    }
    clear_faults();
    free(before);
    assert_int_equal(heap->stats.heap_released_bytes, 1024 * HEAP_PAGE_BYTES);
    assert_pages_are_sound(heap);
}

static void growth_over_a_gap_that_fails_leaves_no_trace(void **state) {
    (void)state;
    void *foreign = mmap((void *)(heap_base(heap) + HEAP_ARENA_BYTES), HEAP_PAGE_BYTES, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_ptr_not_equal(foreign, MAP_FAILED);
    enum sysmem_call calls[] = {SYSMEM_MMAP, SYSMEM_MPROTECT};
    for (unsigned i = 0; i < 16; i++) {
        for (uint64_t n = 1; n <= 6; n++) {
            if (i < 8) {
                heap_destroy(heap);
                heap = heap_create(NULL);
            } else {
                assert_true(heap_reset(heap));
            }
            run_over_a_gap(n, calls[i % 2], i % 4 < 2);
        }
    }
    assert_int_equal(munmap(foreign, HEAP_PAGE_BYTES), 0);
}

static void a_run_that_the_window_cannot_hold_is_no_memory(void **state) {
    (void)state;
    (void)alloc_span(1);
    char *before = snapshot_of(heap);
    assert_null(mheap_alloc_span(heap, HEAP_WINDOW_BYTES / HEAP_PAGE_BYTES, 0, NOSCAN_LARGE));
    assert_snapshot(heap, before);
    free(before);
    (void)alloc_span(512);
}

static void each_failing_call_leaves_no_trace_in_a_new_heap(void **state) {
    (void)state;
    run_with_faults(false, false);
    run_with_faults(true, false);
}

static void each_failing_call_leaves_no_trace_in_a_reset_heap(void **state) {
    (void)state;
    run_with_faults(false, true);
    run_with_faults(true, true);
}

// In a child with a limit on its address space: exit status 0 when all is well.
static void exhaust_address_space(void) {
    struct rlimit limit = {.rlim_cur = (rlim_t)1 << 30, .rlim_max = (rlim_t)1 << 30};
    if (setrlimit(RLIMIT_AS, &limit) != 0) {
        _exit(2);
    }
    size_t count = 0;
    struct mspan *spans[100];
    while (count < 100 && (spans[count] = mheap_alloc_span(heap, 4096, 0, NOSCAN_LARGE)) != NULL) {
        count++;
    }
    uint64_t sys = prepared_bytes(heap);
    bool refused = mheap_alloc_span(heap, 4096, 0, NOSCAN_LARGE) == NULL && count > 5 && count < 40;
    bool unmoved = sys == prepared_bytes(heap);
    free_span(heap, spans[2]);
    bool reused = mheap_alloc_span(heap, 4096, 0, NOSCAN_LARGE) == spans[2];
    bool no_second = true;
    struct heap *second;
    while ((second = heap_create(NULL)) != NULL) { // each takes an arena's place
        no_second = !no_second || heap_base(second) != 0;
    }
    bool sound = palloc_is_valid(&heap->palloc) && heap_reset(heap);
    _exit(refused && unmoved && reused && no_second && sound ? 0 : 1);
}

static void a_limit_on_the_address_space_is_no_memory(void **state) {
    (void)state;
#if !SANITIZER_HAS_SHADOW
    pid_t child = fork();
    if (child == 0) {
        exhaust_address_space();
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
#else
    (void)exhaust_address_space;
    skip();
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(growth_over_a_gap_that_fails_leaves_no_trace),
        TEST(a_run_that_the_window_cannot_hold_is_no_memory),
        TEST(each_failing_call_leaves_no_trace_in_a_new_heap),
        TEST(each_failing_call_leaves_no_trace_in_a_reset_heap),
        TEST(a_limit_on_the_address_space_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
