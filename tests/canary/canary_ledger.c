// canary_ledger: each rule that holds the program against the ledger, made to fire by one lie in
// the runtime's own record: lists and dump then tell the same, and only the ledger knows better.
//
// holds: oracle/go/state/profile.c oracle/go/model/program.c oracle/go/model/special.c
// holds: oracle/go/model/table.c oracle/go/state/block.c oracle/go/model/pages.c
// holds: oracle/go/state/roots.c

// clang-format off
// wrap: runtime_find_func runtime_visit_queued_finalizers runtime_finalizer_place_count
// wrap: inspect_special pool_free heap_visit_buckets
// clang-format on

#include "allocator/inspect.h"
#include "tests/canary/matrix.h"
#include "tests/oracle/world.h"
#include "oracle/go/rules.h"

static struct fixture *fixture;
static struct runtime *runtime;
static struct goroutine *g;

// ---- functions that lie

static bool lies_of_func, lies_of_queue;
static const struct func other_func = {0x401000, 0x402000, "main.other", "main.go", 7, 16};

const struct func *__real_runtime_find_func(const struct runtime *runtime, uintptr_t pc);
const struct func *__wrap_runtime_find_func(const struct runtime *runtime, uintptr_t pc);
const struct func *__wrap_runtime_find_func(const struct runtime *of, uintptr_t pc) {
    return lies_of_func ? &other_func : __real_runtime_find_func(of, pc);
}

#define VISIT void (*visit)(void *context, const struct finalizer *finalizer)
void __real_runtime_visit_queued_finalizers(const struct runtime *runtime, VISIT, void *context);
void __wrap_runtime_visit_queued_finalizers(const struct runtime *runtime, VISIT, void *context);
void __wrap_runtime_visit_queued_finalizers(const struct runtime *of, VISIT, void *context) {
    if (!lies_of_queue) {
        __real_runtime_visit_queued_finalizers(of, visit, context);
    }
}

static bool lies_of_places;

size_t __real_runtime_finalizer_place_count(const struct runtime *of);
size_t __wrap_runtime_finalizer_place_count(const struct runtime *of);
size_t __wrap_runtime_finalizer_place_count(const struct runtime *of) {
    return lies_of_places ? 1 : __real_runtime_finalizer_place_count(of);
}

static bool loses_blocks;
static unsigned grows_blocks; // into those of so many times twice the size

void __real_pool_free(struct runtime *of, void *block, size_t size_bytes);
void __wrap_pool_free(struct runtime *of, void *block, size_t size_bytes);
void __wrap_pool_free(struct runtime *of, void *block, size_t size_bytes) {
    if (!loses_blocks) {
        __real_pool_free(of, block, size_bytes << grows_blocks);
    }
}

static void (*lie_of_special)(struct inspect_special *special);

bool __real_inspect_special(const void *special, struct inspect_special *record);
bool __wrap_inspect_special(const void *special, struct inspect_special *record);
bool __wrap_inspect_special(const void *special, struct inspect_special *record) {
    bool there = __real_inspect_special(special, record);
    if (there && lie_of_special != NULL) {
        lie_of_special(record);
    }
    return there;
}

static void (*lie_of_bucket)(struct mprof_bucket_record *bucket);

struct bucket_visit {
    void (*visit)(void *context, const struct mprof_bucket_record *bucket);
    void *context;
};

static void visit_lying(void *context, const struct mprof_bucket_record *bucket) {
    const struct bucket_visit *visit = context;
    struct mprof_bucket_record told = *bucket;
    if (lie_of_bucket != NULL) {
        lie_of_bucket(&told);
    }
    visit->visit(visit->context, &told);
}

#define VISIT_BUCKET void (*visit)(void *context, const struct mprof_bucket_record *bucket)
void __real_heap_visit_buckets(struct heap *heap, VISIT_BUCKET, void *context);
void __wrap_heap_visit_buckets(struct heap *heap, VISIT_BUCKET, void *context);
void __wrap_heap_visit_buckets(struct heap *heap, VISIT_BUCKET, void *context) {
    struct bucket_visit lying = {visit, context};
    __real_heap_visit_buckets(heap, visit_lying, &lying);
}

// ---- lies, each told to a full check and to a round trip

static void look(void) {
    (void)driver_check(&fixture->driver, ORACLE_FULL);
}

static void dump_and_look(void) {
    dump(fixture);
    (void)check_bytes(fixture, fixture->bytes, fixture->size_bytes);
}

#define LIE(name, statement)                                                                       \
    static void name##_checked(void) {                                                             \
        statement;                                                                                 \
        look();                                                                                    \
    }                                                                                              \
    static void name##_dumped(void) {                                                              \
        statement;                                                                                 \
        dump_and_look();                                                                           \
    }

#define BEND(type, pointer) ((type *)(uintptr_t)(pointer)) // what the runtime shows as constant

LIE(goroutine_bent, g->go_pc++)
LIE(goroutine_lost, g->status = GOROUTINE_DEAD)
LIE(thread_mistaken, g->thread = BEND(struct osthread, runtime_first_osthread(runtime)))
LIE(frame_bent, g->innermost->description.continuation_pc = 1)
LIE(frame_lost, g->innermost->caller = g->innermost->caller->caller)
LIE(frame_word_lost, ((uintptr_t *)g->innermost->sp)[2] = 1)
LIE(frame_map_bent, g->innermost->description.local_words = 1)
LIE(defer_bent, g->defers->sp += 8)
LIE(defer_lost, g->defers->link = NULL)
LIE(panic_bent, g->panics->data = 1)
LIE(thread_bent, BEND(struct osthread, runtime_first_osthread(runtime))->id = 7)
LIE(root_bent, BEND(struct other_root, runtime_first_other_root(runtime))->target = 1)
LIE(segment_bent, ((uintptr_t *)runtime_data_segment(runtime)->base)[20] = 1)
LIE(type_bent, BEND(struct type, runtime_first_type(runtime))->layout.size_bytes = 16)
LIE(itab_bent, BEND(struct itab, runtime_first_itab(runtime))->type = NULL)
LIE(func_mistaken, lies_of_func = true)
LIE(queue_lost, lies_of_queue = true)

// ---- results that cannot be

static void sweep_left(void) { // nobody swept
    (void)driver_alloc(&fixture->driver, 50, 640);
    (void)driver_collect(&fixture->driver, false);
    (void)observe_sweep_finished(fixture->driver.observer);
}

static void step_done_too_soon(void) { // only what the roots name is marked
    static const uint8_t mask[] = {1};
    static const struct gc_layout link = {8, 8, mask};
    struct driver *driver = &fixture->driver;
    for (uint32_t handle = 50; handle < 52; handle++) {
        (void)driver_alloc_with(driver, handle,
                                (struct model_request){.size_bytes = 8, .layout = &link}, 0);
    }
    (void)driver_write(driver, 50, 0, model_handle(driver->model, 51)->address);
    (void)driver_write_data(driver, 0, model_handle(driver->model, 50)->address);
    (void)driver_gc_start(driver);
    driver_next(driver);
    assert_null(oracle_finding(driver->oracle));
    (void)observe_marking_done(driver->observer);
}

static void pages_that_nobody_asked_for(void) {
    driver_next(&fixture->driver);
    (void)heap_alloc_manual(fixture->driver.heap, 1, MANUAL_WORKBUF);
    (void)driver_check(&fixture->driver, ORACLE_FULL);
}

static void finalizer_not_started(void) { // one is due
    (void)model_finalizer_finished(fixture->driver.model);
    (void)model_finalizer_not_started(fixture->driver.model);
}

static void place_lost(void) { // one runs: none is left for one that is set
    (void)driver_alloc(&fixture->driver, 50, 640);
    (void)driver_set_finalizer(&fixture->driver, 50);
    lies_of_places = true;
    look();
}

static void block_lost(void) {
    loses_blocks = true;
    (void)model_frame_popped(fixture->driver.model, 2, runtime_pop_frame(runtime, g));
    look();
}

static void block_of_another_size(void) {
    grows_blocks = 1;
    (void)model_frame_popped(fixture->driver.model, 2, runtime_pop_frame(runtime, g));
    look();
}

static void panic_popped_from_nothing(void) {
    (void)model_panic_popped(fixture->driver.model, 2, false);
}

static void stack_grown_too_far(void) {
    struct model_stack stack = {g->stack_low, 4 * GOROUTINE_STACK_MIN};
    (void)model_stack_grown(fixture->driver.model, 2, stack);
}

static void stack_shrunk_too_far(void) {
    struct model_stack stack = {g->stack_low, GOROUTINE_STACK_MIN / 2};
    (void)model_stack_shrunk(fixture->driver.model, 2, stack);
}

static void stack_moved_for_nothing(void) {
    const struct frame_description description = {.size_bytes = 8};
    struct model_stack stack = {g->stack_low + GOROUTINE_STACK_MIN, GOROUTINE_STACK_MIN};
    (void)model_frame_pushed(fixture->driver.model, 2, &description, 0, stack);
}

static void frame_at_another_place(void) {
    const struct frame_description description = {.size_bytes = 8};
    struct model_stack stack = {g->stack_low, g->stack_bytes};
    (void)model_frame_pushed(fixture->driver.model, 2, &description, g->stack_low, stack);
}

static void record_given_twice(void) {
    uintptr_t thread = (uintptr_t)runtime_first_osthread(runtime);
    (void)model_osthread_started(fixture->driver.model,
                                 &(struct model_osthread){.address = thread, .id = 1});
}

static void goroutine_given_twice(void) {
    struct model_stack stack = {heap_base(fixture->driver.heap) + HEAP_ARENA_BYTES / 2,
                                GOROUTINE_STACK_MIN};
    (void)model_goroutine_started(
        fixture->driver.model, 3,
        &(struct model_goroutine){.address = (uintptr_t)g, .stack = stack});
}

static void id_left_out(void) { // 0 is there, 1 may have failed, 2 cannot
    (void)model_osthread_failed(fixture->driver.model);
    (void)model_osthread_started(fixture->driver.model,
                                 &(struct model_osthread){.address = 64, .id = 3});
}

static void function_on_another(void) {
    (void)model_func_defined(fixture->driver.model, &other_func);
}

// ---- samples

static void hide(struct inspect_special *special) {
    special->kind = INSPECT_SPECIAL_FINALIZER;
}

static void change_bucket(struct inspect_special *special) {
    special->bucket += 16;
}

static void alloc_sampled(void (*lie)(struct inspect_special *special)) {
    heap_set_profile_rate(fixture->driver.heap, 1);
    (void)model_profile_rate_set(fixture->driver.model, 1);
    lie_of_special = lie;
    (void)driver_alloc(&fixture->driver, 51, 24); // as one before, which has a bucket
}

static void sample_skipped(void) {
    alloc_sampled(hide);
}

static void bucket_changed(void) {
    alloc_sampled(change_bucket);
}

static void more_allocated(struct mprof_bucket_record *bucket) {
    bucket->alloc_bytes += 8;
}

static void more_freed(struct mprof_bucket_record *bucket) {
    bucket->free_bytes += 8;
}

static void bucket_bytes_allocated(void) {
    lie_of_bucket = more_allocated;
    alloc_sampled(NULL);
    look();
}

static void bucket_bytes_freed(void) {
    lie_of_bucket = more_freed;
    alloc_sampled(NULL);
    look();
}

static void alloc_untold(size_t size_bytes) { // the ledger knows of rate 0
    heap_set_profile_rate(fixture->driver.heap, 1);
    (void)driver_alloc(&fixture->driver, 51, size_bytes);
}

static void sample_too_many(void) {
    alloc_untold(24);
    look();
}

static void sample_too_many_dumped(void) {
    alloc_untold(24);
    dump_and_look();
}

static void bucket_too_many_dumped(void) {
    alloc_untold(640);
    dump_and_look();
}

// ---- the table

#define BOTH(id, dump_id, name)                                                                    \
    {RULE_PROGRAM_##id, #name, name##_checked, 0, NULL}, {                                         \
        RULE_DUMP_##dump_id##_MODEL, #name, name##_dumped, 0, NULL                                 \
    }
#define RESULT(id, name)                                                                           \
    { RULE_##id, #name, name, 0, NULL }

static const struct canary canaries[] = {
    BOTH(GOROUTINE, GOROUTINE, goroutine_bent),
    BOTH(GOROUTINE, GOROUTINE, goroutine_lost),
    BOTH(GOROUTINE, GOROUTINE, thread_mistaken),
    BOTH(FRAME, FRAME, frame_bent),
    BOTH(FRAME, FRAME, frame_lost),
    BOTH(FRAME, FRAME, frame_word_lost),
    BOTH(FRAME, FRAME, frame_map_bent),
    BOTH(DEFER, DEFER, defer_bent),
    BOTH(DEFER, DEFER, defer_lost),
    BOTH(PANIC, PANIC, panic_bent),
    BOTH(OSTHREAD, OSTHREAD, thread_bent),
    BOTH(ROOT, OTHER_ROOT, root_bent),
    BOTH(SEGMENT, SEGMENT, segment_bent),
    BOTH(TYPE, TYPE, type_bent),
    BOTH(ITAB, ITAB, itab_bent),
    BOTH(FUNC, FRAME, func_mistaken),
    BOTH(QUEUE, QUEUED, queue_lost),
    RESULT(PROFILE_DRAW, sample_skipped),
    RESULT(PROFILE_BUCKET, bucket_changed),
    RESULT(PROFILE_BYTES, bucket_bytes_allocated),
    RESULT(PROFILE_BYTES, bucket_bytes_freed),
    RESULT(PROFILE_SAMPLES, sample_too_many),
    RESULT(DUMP_SAMPLE_MODEL, sample_too_many_dumped),
    RESULT(DUMP_MEMPROF_MODEL, bucket_too_many_dumped),
    RESULT(REACH_LOST, step_done_too_soon),
    RESULT(SWEEP_WHOLE, sweep_left),
    RESULT(MODEL_MANUAL, pages_that_nobody_asked_for),
    RESULT(FINALIZER_QUEUE, finalizer_not_started),
    RESULT(PROGRAM_QUEUE, place_lost),
    RESULT(PROGRAM_BLOCKS, block_lost),
    RESULT(PROGRAM_BLOCKS, block_of_another_size),
    RESULT(MODEL_STATUS, panic_popped_from_nothing),
    RESULT(MODEL_SIZE, stack_grown_too_far),
    RESULT(MODEL_STATUS, stack_shrunk_too_far),
    RESULT(MODEL_STATUS, stack_moved_for_nothing),
    RESULT(MODEL_ADDRESS, frame_at_another_place),
    RESULT(MODEL_OVERLAP, record_given_twice),
    RESULT(MODEL_OVERLAP, goroutine_given_twice),
    RESULT(MODEL_STATUS, id_left_out),
    RESULT(MODEL_OVERLAP, function_on_another),
};
#define CANARY_COUNT (sizeof canaries / sizeof canaries[0])

static const struct oracle *sing(const struct canary *canary) {
    void *state;
    (void)setup_world(&state);
    fixture = state;
    runtime = fixture->driver.runtime;
    g = runtime_first_goroutine(runtime)->next;               // the first is dead
    assert_true(driver_check(&fixture->driver, ORACLE_FULL)); // clean, but for the lie
    assert_true(check(fixture));
    canary->lie();
    lies_of_func = false;
    lies_of_queue = false;
    lies_of_places = false;
    loses_blocks = false;
    grows_blocks = 0;
    lie_of_special = NULL;
    lie_of_bucket = NULL;
    return fixture->driver.oracle;
}

static void end(void) {
    void *state = fixture;
    (void)teardown(&state);
}

int main(int argc, char **argv) {
    static const struct canary_stage ledger_stage = {canaries, CANARY_COUNT, sing, end};
    return canary_main(argc, argv, &ledger_stage, NULL, 0);
}
