// test_transaction: what fails leaves no trace, at whichever call of the system it fails.
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocator/fault.h"
#include "tests/allocator/one_heap.h"
#include "tests/breaks.h"
#include "tests/child.h"
#include "tests/sanitizer.h"
#include "tests/test.h"

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
    return persistent_alloc(heap, 60000, INSPECT_METADATA_GC) != NULL;
}
static bool persistent_large(void) {
    return persistent_alloc(heap, 70000, INSPECT_METADATA_BUCKHASH) != NULL;
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

TEST_FIXTURE(setup, teardown)

TEST(growth_over_a_gap_that_fails_leaves_no_trace) {
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

TEST(a_run_that_the_window_cannot_hold_is_no_memory) {
    (void)alloc_span(1);
    char *before = snapshot_of(heap);
    assert_null(mheap_alloc_span(heap, HEAP_WINDOW_BYTES / HEAP_PAGE_BYTES, 0, NOSCAN_LARGE));
    assert_snapshot(heap, before);
    free(before);
    (void)alloc_span(512);
}

TEST(each_failing_call_leaves_no_trace_in_a_new_heap) {
    run_with_faults(false, false);
    run_with_faults(true, false);
}

TEST(each_failing_call_leaves_no_trace_in_a_reset_heap) {
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

TEST(a_limit_on_the_address_space_is_no_memory) {
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

// ---- the transaction itself

// Two of it, the second inside the first, each with some of all that it may hold.
static uintptr_t *obtain_nested(uintptr_t *outside, bool keeps_second) {
    heap_begin_transaction(heap);
    heap_save_in_transaction(heap, outside);
    *outside = 2;
    uintptr_t *inside = heap_metadata_alloc(heap, 100000);
    assert_non_null(inside);
    heap_save_in_transaction(heap, inside); // goes back before what it lies in
    *inside = 3;
    heap_begin_transaction(heap);
    heap_save_in_transaction(heap, outside);
    *outside = 4;
    assert_non_null(heap_metadata_alloc(heap, 60000));
    assert_true(os_stack());
    heap_end_transaction(heap, keeps_second);
    return inside;
}

TEST(one_inside_another_goes_back_with_it) {
    for (unsigned i = 0; i < 4; i++) { // in a new heap, and in one that was reset
        uintptr_t outside = 1;
        char *before = snapshot_of(heap);
        (void)obtain_nested(&outside, i % 2 == 0);
        heap_end_transaction(heap, false);
        assert_int_equal(outside, 1);
        assert_snapshot(heap, before);
        assert_pages_are_sound(heap);
        free(before);
        assert_true(i != 1 || heap_reset(heap));
    }
}

TEST(what_is_kept_stays_as_it_was_made) {
    uintptr_t outside = 1;
    const uintptr_t *inside = obtain_nested(&outside, true);
    size_t stacks_before = heap->stats.stack_sys_bytes;
    heap_end_transaction(heap, true);
    assert_int_equal(outside, 4);
    assert_int_equal(*inside, 3);
    assert_int_equal(heap->stats.stack_sys_bytes, stacks_before);
    char *kept = snapshot_of(heap); // the next one begins here
    heap_begin_transaction(heap);
    assert_non_null(heap_metadata_alloc(heap, 1));
    heap_end_transaction(heap, false);
    assert_int_equal(outside, 4);
    assert_snapshot(heap, kept);
    free(kept);
}

// What a growth has obtained by then is given back by who began first.
TEST(a_growth_that_fails_inside_is_given_back_with_the_whole) {
    static const enum sysmem_call calls[] = {SYSMEM_MMAP, SYSMEM_MPROTECT, SYSMEM_METADATA};
    char *before = snapshot_of(heap);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        for (uint64_t n = 1;; n++) {
            heap_begin_transaction(heap);
            assert_true(os_stack());
            heap_set_fault(heap, calls[i], n, false);
            bool done = long_span();
            clear_faults();
            if (done) { // it is the last
                heap_end_transaction(heap, true);
                assert_true(n > 1);
                break;
            }
            assert_true(heap->stats.stack_sys_bytes > 0); // of the whole, nothing went back yet
            heap_end_transaction(heap, false);
            assert_snapshot(heap, before);
        }
        assert_true(heap_reset(heap));
    }
    free(before);
}

static void keep_what_failed_inside(void *unused) {
    (void)unused;
    heap_begin_transaction(heap);
    heap_begin_transaction(heap);
    heap_end_transaction(heap, false);
    heap_end_transaction(heap, true);
}

static void end_what_nobody_began(void *unused) {
    (void)unused;
    heap_stop_world(heap);
    heap_end_transaction(heap, true);
}

static void save_outside(void *place) {
    heap_save_in_transaction(heap, place);
}

static void save_too_much(void *place) {
    heap_begin_transaction(heap);
    for (size_t i = 0; i <= TRANSACTION_WORDS; i++) {
        heap_save_in_transaction(heap, place);
    }
}

TEST(a_transaction_that_cannot_be_is_an_abort) {
    static const struct {
        void (*act)(void *place);
        const char *condition;
    } cases[] = {
        {keep_what_failed_inside, "!(keep && transaction->has_failed)"},
        {end_what_nobody_began, "transaction->depth > 0"},
        {save_outside, "transaction->depth > 0"},
        {save_too_much, "transaction->word_count < TRANSACTION_WORDS"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[400];
        uintptr_t word = 0;
        int status = child_says(cases[i].act, &word, text, sizeof text);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
        assert_non_null(strstr(text, cases[i].condition));
    }
}

TEST(validity_sees_each_broken_invariant) {
    struct transaction *own = &heap->transaction;
    BREAKS(uint16_t, own->word_count, 1, transaction_is_valid(own)); // T2
    BREAKS(bool, own->has_failed, true, transaction_is_valid(own));
    BREAKS(bool, own->has_failed, true, heap_is_valid(heap));
    heap_begin_transaction(heap);
    BREAKS(uint16_t, own->word_count, TRANSACTION_WORDS + 1, transaction_is_valid(own)); // T1
    heap_begin_transaction(heap);
    heap_end_transaction(heap, false);
    assert_true(transaction_is_valid(own)); // of a part
    heap_end_transaction(heap, false);
    assert_true(transaction_is_valid(own));
}
