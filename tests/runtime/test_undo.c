// test_undo: a call that fails moves no number, at whichever of its requests the system refuses.
#include "tests/runtime/program.h"
#include "tests/test.h"

#include <string.h>

#include "allocator/special.h"

// What a call begins with: nothing is at hand, or all of it, or some.
struct shortage {
    bool metadata, pages;
    size_t left_bytes; // of metadata, when there is a shortage
};

static struct goroutine *goroutine; // with a stack, for calls that need one
static uintptr_t object;            // with no finalizer, in an unswept span
static const uint8_t mask[96 << 10] = {1};

// ---- calls; each true when it succeeded

static bool start_goroutine(struct program *program) {
    return runtime_start_goroutine(program->runtime, 1, false) != NULL;
}

static bool push_frame_that_grows(struct program *program) {
    static const uint8_t bits[64];
    const struct frame_description frame = {
        .size_bytes = 64 << 10,
        .argument_bytes = 64,
        .arguments_map = FRAME_MAP_BITS,
        .argument_bits = bits,
        .locals_map = FRAME_MAP_BITS,
        .local_words = 512,
        .local_bits = bits,
    };
    return runtime_push_frame(program->runtime, goroutine, &frame) != NULL;
}

static bool push_frame(struct program *program) {
    const struct frame_description frame = {.size_bytes = 64, .locals_map = FRAME_MAP_EMPTY};
    return runtime_push_frame(program->runtime, goroutine, &frame) != NULL;
}

static bool grow_stack(struct program *program) {
    return runtime_grow_stack(program->runtime, goroutine);
}

static bool push_defer(struct program *program) {
    return runtime_push_defer(program->runtime, goroutine, 0, 1) != NULL;
}

static bool push_panic(struct program *program) {
    return runtime_push_panic(program->runtime, goroutine, NULL, 0) != NULL;
}

static bool start_osthread(struct program *program) {
    return runtime_start_osthread(program->runtime, 7) != NULL;
}

static bool attach(struct program *program) {
    return runtime_attach(program->runtime) != NULL;
}

static bool acquire_cache(struct program *program) {
    return heap_acquire_cache(program->heap) != NULL;
}

static bool start_cycle(struct program *program) {
    return runtime_gc_start(program->runtime, program->cache, true);
}

static bool collect(struct program *program) {
    return runtime_collect(program->runtime, program->cache, true);
}

static bool set_finalizer(struct program *program) {
    struct finalizer finalizer = {.object = object};
    return runtime_set_finalizer(program->runtime, &finalizer) == SPECIAL_OK;
}

static bool add_finalizer(struct program *program) {
    struct finalizer finalizer = {.object = object};
    return heap_add_finalizer(program->heap, &finalizer) == SPECIAL_OK;
}

static bool define_type(struct program *program) {
    const struct type type = {
        .layout = {32, 32, mask}, .package_path = "example/package", .name = "package.Type"};
    return runtime_define_type(program->runtime, &type) != NULL;
}

// Its mask is a mapping of its own.
static bool define_large_type(struct program *program) {
    const struct type type = {.layout = {sizeof mask * 64, sizeof mask * 64, mask},
                              .package_path = "example/package",
                              .name = "package.Large"};
    return runtime_define_type(program->runtime, &type) != NULL;
}

static bool define_itab(struct program *program) {
    return runtime_define_itab(program->runtime, NULL, false) != NULL;
}

static bool define_func(struct program *program) {
    static uintptr_t entry = 0x1000;
    entry += 0x10;
    const struct func func = {entry, entry + 0x10, "main.function", "main.go", 1, 4};
    return runtime_define_func(program->runtime, &func);
}

static bool add_root(struct program *program) {
    static char description[20000];
    memset(description, 'x', sizeof description - 1);
    return runtime_add_other_root(program->runtime, description, 0) != NULL;
}

static bool alloc_small(struct program *program) {
    return heap_alloc(program->heap, program->cache, 5000, NULL, 0) != NULL;
}

static bool alloc_with_block(struct program *program) {
    return heap_alloc(program->heap, program->cache, 24, NULL, 0) != NULL;
}

static bool alloc_large(struct program *program) {
    return heap_alloc(program->heap, program->cache, (size_t)5 << 20, &program_node, 0) != NULL;
}

static bool alloc_aligned(struct program *program) {
    return heap_alloc_aligned(program->heap, program->cache, 100, 1 << 20, NULL, 0) != NULL;
}

static bool resize(struct program *program) {
    void *moved = runtime_realloc(program->runtime, program->cache, (void *)object, 70000,
                                  &program_node, HEAP_ALLOC_ZERO);
    object = moved == NULL ? object : (uintptr_t)moved;
    return moved != NULL;
}

static bool alloc_manual(struct program *program) {
    return heap_alloc_manual(program->heap, 600, MANUAL_OTHER) != NULL;
}

static bool map_stack(struct program *program) {
    return heap_map_os_stack(program->heap, 100000) != NULL;
}

static bool take_metadata(struct program *program) {
    return heap_metadata_alloc(program->heap, 60000) != NULL;
}

struct call {
    const char *name;
    bool (*run)(struct program *program);
    bool needs_places; // in the queue, for finalizers that were set behind the runtime's back
};

static const struct call calls[] = {
    {"start_goroutine", start_goroutine, false},
    {"push_frame", push_frame, false},
    {"push_frame_that_grows", push_frame_that_grows, false},
    {"grow_stack", grow_stack, false},
    {"push_defer", push_defer, false},
    {"push_panic", push_panic, false},
    {"start_osthread", start_osthread, false},
    {"attach", attach, false},
    {"acquire_cache", acquire_cache, false},
    {"start_cycle", start_cycle, true},
    {"collect", collect, true},
    {"set_finalizer", set_finalizer, false},
    {"add_finalizer", add_finalizer, false},
    {"define_type", define_type, false},
    {"define_large_type", define_large_type, false},
    {"define_itab", define_itab, false},
    {"define_func", define_func, false},
    {"add_root", add_root, false},
    {"alloc_small", alloc_small, false},
    {"alloc_with_block", alloc_with_block, false},
    {"alloc_large", alloc_large, false},
    {"alloc_aligned", alloc_aligned, false},
    {"resize", resize, false},
    {"alloc_manual", alloc_manual, false},
    {"map_stack", map_stack, false},
    {"take_metadata", take_metadata, false},
};

// ---- what they begin with

// Finalizers that have no place in the queue yet: the next cycle needs many blocks.
static void finalize_behind_the_back(struct program *program) {
    for (size_t i = 0; i < 700; i++) {
        struct finalizer finalizer = {.object = program_alloc(program, 16, NULL)};
        assert_int_equal(heap_add_finalizer(program->heap, &finalizer), SPECIAL_OK);
    }
}

static void take_all_pages(struct program *program) {
    program_refuse(program, true);
    while (heap_alloc_manual(program->heap, 1, MANUAL_OTHER) != NULL) {
    }
    program_refuse(program, false);
}

static void take_metadata_but(struct program *program, size_t left_bytes) {
    program_burn(program);
    program_refuse(program, false);
    uint64_t sys = program_stats(program).Sys;
    while (left_bytes > 0 && program_stats(program).Sys == sys) {
        assert_non_null(heap_metadata_alloc(program->heap, 4000)); // until it is in a new chunk
    }
    for (size_t taken = 4016; left_bytes > 0 && taken + 4016 < ((size_t)256 << 10) - left_bytes;
         taken += 4016) {
        assert_non_null(heap_metadata_alloc(program->heap, 4000));
    }
}

static void begin(struct program *program, const struct call *call,
                  const struct shortage *shortage) {
    program_restart(program);
    goroutine = runtime_start_goroutine(program->runtime, 1, false);
    assert_non_null(goroutine);
    object = program_alloc(program, 64, &program_node);
    program_set_data(program, 0, object);
    if (call->needs_places) {
        finalize_behind_the_back(program);
    }
    if (shortage->pages) {
        take_all_pages(program);
    }
    if (shortage->metadata) {
        take_metadata_but(program, shortage->left_bytes);
    }
}

static void print_difference(const struct memstats *before, const struct memstats *after) {
#define MEMSTATS_FIELD(name, unit, meaning, truths)                                                \
    if (before->name != after->name) {                                                             \
        print_error(#name ": %llu, then %llu\n", (unsigned long long)before->name,                 \
                    (unsigned long long)after->name);                                              \
    }
#include "allocator/memstats_fields.def"
}

static void end_call(struct program *program) {
    if (runtime_gc_is_marking(program->runtime)) {
        assert_true(runtime_gc_finish(program->runtime, program->cache));
    }
    runtime_detach(program->runtime);
}

// The numbers after the call when nothing is refused.
static struct memstats succeed(struct program *program, const struct call *call,
                               const struct shortage *shortage) {
    begin(program, call, shortage);
    assert_true(call->run(program));
    struct memstats stats = program_stats(program);
    end_call(program);
    return stats;
}

static void assert_numbers(const struct memstats *stats, const struct memstats *expected,
                           const struct call *call, const struct sysmem_fault *plan,
                           enum sysmem_call refused, const char *what) {
    if (memcmp(stats, expected, sizeof *stats) != 0) {
        print_difference(expected, stats);
        fail_msg("%s %s, call %llu of kind %d", call->name, what, (unsigned long long)plan->fail_at,
                 (int)refused);
    }
}

// The call with its n-th request refused; false: it did not get so far.
static bool refuse_nth(struct program *program, const struct call *call,
                       const struct shortage *shortage, const struct sysmem_fault *plan,
                       enum sysmem_call refused, const struct memstats *succeeded) {
    begin(program, call, shortage);
    struct memstats before = program_stats(program);
    heap_set_faults(program->heap, refused, plan->fail_at, plan->fail_count);
    bool done = call->run(program);
    heap_set_fault(program->heap, refused, 0, false);
    bool hit = heap_fault_count(program->heap) > 0;
    if (!done) {
        struct memstats after = program_stats(program);
        assert_numbers(&after, &before, call, plan, refused, "moved a number, though it failed");
        assert_true(hit);
        assert_true(call->run(program)); // what it needs is still to be had
        after = program_stats(program);
        assert_numbers(&after, succeeded, call, plan, refused,
                       "moved other numbers once it had failed");
    }
    end_call(program);
    return hit;
}

static void sweep_refusals(struct program *program, const struct call *call,
                           const struct shortage *shortage) {
    const struct memstats succeeded = succeed(program, call, shortage);
    static const enum sysmem_call kinds[] = {SYSMEM_MMAP, SYSMEM_MPROTECT, SYSMEM_METADATA,
                                             SYSMEM_PAGES};
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        for (unsigned and_on = 0; and_on < 2; and_on++) {
            // the blocks of many finalizers are asked for one by one
            for (uint64_t n = 1; n < 800; n += n < 6 ? 1 : 331) {
                const struct sysmem_fault plan = {.fail_at = n,
                                                  .fail_count = and_on == 1 ? UINT64_MAX : 1};
                if (!refuse_nth(program, call, shortage, &plan, kinds[kind], &succeeded)) {
                    break;
                }
            }
        }
    }
}

static void sweep_calls(struct program *program, const struct shortage *shortage) {
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        sweep_refusals(program, &calls[i], shortage);
    }
}

TEST_FIXTURE(program_setup, program_teardown)

TEST(a_call_that_fails_moves_no_number_when_nothing_is_at_hand) {
    const struct shortage shortage = {.metadata = true, .pages = true};
    sweep_calls(*state, &shortage);
}

TEST(a_call_that_fails_moves_no_number_when_pages_are_at_hand) {
    const struct shortage shortage = {.metadata = true};
    sweep_calls(*state, &shortage);
}

TEST(a_call_that_fails_moves_no_number_when_metadata_is_at_hand) {
    const struct shortage shortage = {.pages = true};
    sweep_calls(*state, &shortage);
}

TEST(a_call_that_fails_moves_no_number_when_a_little_is_left) {
    static const size_t left_bytes[] = {12000, 24000};
    for (size_t i = 0; i < sizeof left_bytes / sizeof left_bytes[0]; i++) {
        const struct shortage shortage = {true, true, left_bytes[i]};
        sweep_calls(*state, &shortage);
    }
}

// A record is planned to be refused by whoever needs one, however much is at hand.
TEST(each_record_can_be_refused) {
    static bool (*const makers[])(struct program * program) = {
        start_goroutine, push_frame,  push_defer,  push_panic,  start_osthread, attach,
        set_finalizer,   define_type, define_itab, define_func, add_root,
    };
    struct program *program = *state;
    const struct shortage nothing_is_short = {0};
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        begin(program, &calls[0], &nothing_is_short);
        heap_set_fault(program->heap, SYSMEM_METADATA, 1, false);
        assert_false(makers[i](program));
        assert_int_equal(heap_fault_count(program->heap), 1);
        assert_true(makers[i](program));
        end_call(program);
    }
}

TEST(a_runtime_that_cannot_be_made_moves_no_number) {
    struct program *program = *state;
    struct runtime_options options = {
        .data_words = 20000, .bss_words = 20000, .go_version = "a version"};
    for (unsigned kind = 0; kind < 2; kind++) {
        for (uint64_t n = 1; n < 20; n++) {
            runtime_destroy(program->runtime);
            assert_true(heap_reset(program->heap));
            struct memstats before = program_stats(program);
            heap_set_fault(program->heap, kind == 0 ? SYSMEM_MMAP : SYSMEM_METADATA, n, false);
            program->runtime = runtime_create(program->heap, &options);
            if (program->runtime == NULL) {
                struct memstats after = program_stats(program);
                print_difference(&before, &after);
                assert_memory_equal(&before, &after, sizeof before);
                heap_set_fault(program->heap, SYSMEM_MMAP, 0, false);
                program->runtime = runtime_create(program->heap, &options);
                assert_non_null(program->runtime);
            } else if (heap_fault_count(program->heap) == 0) {
                assert_true(n > 2);
                break;
            }
        }
    }
}
