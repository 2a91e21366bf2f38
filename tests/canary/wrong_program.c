// wrong_program: each member of what the runtime keeps of a program, wrong alone, is told by its
// name and with both values by the rule that holds it against the ledger.
//
// holds: oracle/go/program/program.c oracle/go/program/queue.c

// clang-format off
// wrap: runtime_find_func runtime_visit_queued_finalizers runtime_finalizer_queue_length
// wrap: runtime_finalizer_place_count runtime_free_block_count
// clang-format on

#include "runtime/pool.h"
#include "tests/oracle/world.h"
#include "tests/test.h"
#include "oracle/go/rules.h"

static struct fixture *fixture;
static struct runtime *runtime;

// ---- functions that show a copy with a lie in it

static struct func told_func;
static bool tells_func;

const struct func *__real_runtime_find_func(const struct runtime *of, uintptr_t pc);
const struct func *__wrap_runtime_find_func(const struct runtime *of, uintptr_t pc);
const struct func *__wrap_runtime_find_func(const struct runtime *of, uintptr_t pc) {
    const struct func *real = __real_runtime_find_func(of, pc);
    return real != NULL && tells_func ? &told_func : real;
}

static struct finalizer told_finalizers[8];
static size_t told_count, more_in_queue;

static void note_finalizer(void *context, const struct finalizer *finalizer) {
    (void)context;
    told_finalizers[told_count++] = *finalizer;
}

#define VISIT void (*visit)(void *context, const struct finalizer *finalizer)
void __real_runtime_visit_queued_finalizers(const struct runtime *of, VISIT, void *context);
void __wrap_runtime_visit_queued_finalizers(const struct runtime *of, VISIT, void *context);
void __wrap_runtime_visit_queued_finalizers(const struct runtime *of, VISIT, void *context) {
    if (told_count == 0) {
        __real_runtime_visit_queued_finalizers(of, visit, context);
    }
    for (size_t i = 0; i < told_count; i++) {
        visit(context, &told_finalizers[i]);
    }
}

size_t __real_runtime_finalizer_queue_length(const struct runtime *of);
size_t __wrap_runtime_finalizer_queue_length(const struct runtime *of);
size_t __wrap_runtime_finalizer_queue_length(const struct runtime *of) {
    return __real_runtime_finalizer_queue_length(of) + more_in_queue;
}

static size_t fewer_places;

size_t __real_runtime_finalizer_place_count(const struct runtime *of);
size_t __wrap_runtime_finalizer_place_count(const struct runtime *of);
size_t __wrap_runtime_finalizer_place_count(const struct runtime *of) {
    return __real_runtime_finalizer_place_count(of) - fewer_places;
}

static unsigned wrong_class;
static bool has_more, has_fewer; // free blocks of that class

size_t __real_runtime_free_block_count(const struct runtime *of, unsigned class, size_t limit);
size_t __wrap_runtime_free_block_count(const struct runtime *of, unsigned class, size_t limit);
size_t __wrap_runtime_free_block_count(const struct runtime *of, unsigned class, size_t limit) {
    size_t count = __real_runtime_free_block_count(of, class, limit);
    return class == wrong_class ? count + has_more - has_fewer : count;
}

// ---- one member is wrong, is looked at, and is right again

enum { BITS_OF_BYTE = 8 };

static const struct finding *look(void) {
    struct oracle *oracle = fixture->driver.oracle;
    oracle_forget_finding(oracle);
    uint64_t contents = oracle_evaluated(oracle, RULE_CONTENTS_PATTERN);
    uint64_t queues = oracle_evaluated(oracle, RULE_PROGRAM_QUEUE);
    (void)driver_check(&fixture->driver, ORACLE_FULL);
    const struct finding *finding = oracle_finding(oracle);
    bool is_of_queue = finding == NULL || finding->rule == RULE_PROGRAM_QUEUE ||
                       finding->rule == RULE_PROGRAM_BLOCKS; // which are looked at after it
    // the first that is wrong ends it
    assert_int_equal(oracle_evaluated(oracle, RULE_PROGRAM_QUEUE), queues + is_of_queue);
    assert_true((oracle_evaluated(oracle, RULE_CONTENTS_PATTERN) > contents) == (finding == NULL));
    return finding;
}

static void assert_rule(const struct finding *finding, unsigned rule, const char *what) {
    if (finding == NULL || finding->rule != rule) {
        if (finding != NULL) {
            finding_print(finding, stderr);
        }
        fail_msg("%s: rule %s does not report it", what, go_rules.rows[rule].name);
    }
}

static void assert_numbers(unsigned rule, const char *field, uint64_t left, uint64_t right) {
    const struct finding *finding = look();
    assert_rule(finding, rule, field);
    assert_string_equal(finding->field, field);
    assert_string_equal(finding->left_name, "runtime");
    assert_string_equal(finding->right_name, "ledger");
    assert_int_equal(finding->left, left);
    assert_int_equal(finding->right, right);
}

static void assert_words(unsigned rule, const char *words) {
    const struct finding *finding = look();
    assert_rule(finding, rule, words);
    if (strstr(finding->text, words) == NULL) {
        fail_msg("\"%s\" instead of \"%s\"", finding->text, words);
    }
}

static void assert_clean(void) {
    const struct finding *finding = look();
    if (finding != NULL) {
        finding_print(finding, stderr);
    }
    assert_null(finding);
}

#define LVALUE(type, place) (*(type *)(uintptr_t) & (place)) // what the runtime shows as constant

// The member holds `wrong` for one look.
#define WRONG(rule, field, type, place, wrong)                                                     \
    do {                                                                                           \
        type right = (place);                                                                      \
        LVALUE(type, place) = (type)(wrong);                                                       \
        assert_numbers(RULE_PROGRAM_##rule, field, (uint64_t)(place), (uint64_t)right);            \
        LVALUE(type, place) = right;                                                               \
    } while (0)
#define WRONG_NUMBER(rule, field, type, place) WRONG(rule, field, type, place, (place) + 1)
#define WRONG_POINTER(rule, field, type, place, wrong)                                             \
    do {                                                                                           \
        type right = (place);                                                                      \
        LVALUE(type, place) = (wrong);                                                             \
        assert_numbers(RULE_PROGRAM_##rule, field, (uintptr_t)(place), (uintptr_t)right);          \
        LVALUE(type, place) = right;                                                               \
    } while (0)
#define WRONG_WORDS(rule, words, type, place, wrong)                                               \
    do {                                                                                           \
        type right = (place);                                                                      \
        LVALUE(type, place) = (wrong);                                                             \
        assert_words(RULE_PROGRAM_##rule, words);                                                  \
        LVALUE(type, place) = right;                                                               \
    } while (0)

// Each of `count` bits in turn.
static void wrong_bits(unsigned rule, const char *field, const uint8_t *bits, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint8_t *byte = (uint8_t *)(uintptr_t)&bits[i / BITS_OF_BYTE];
        unsigned right = (unsigned)*byte >> i % BITS_OF_BYTE & 1u;
        *byte ^= (uint8_t)(1u << i % BITS_OF_BYTE);
        assert_numbers(rule, field, right ^ 1u, right);
        *byte ^= (uint8_t)(1u << i % BITS_OF_BYTE);
    }
}

// ---- the scene: the world of the round trip's tests, and a type with a long mask

static const uint8_t long_mask[] = {0x55, 0xff, 0x03};
static const struct type masked_type = {
    .layout = {.size_bytes = 160, .pointer_bytes = 144, .pointer_mask = long_mask},
    .hash = 5,
    .package_path = "example.com/tree",
    .name = "Tree"};

static int make_scene(void **unused) {
    (void)unused;
    void *state;
    (void)setup_world(&state);
    fixture = state;
    runtime = fixture->driver.runtime;
    (void)driver_define_type(&fixture->driver, &masked_type);
    (void)driver_start_osthread(&fixture->driver, 78);
    assert_clean();
    return 0;
}

static int end_scene(void **unused) {
    (void)unused;
    assert_clean(); // all that was wrong is right again
    void *state = fixture;
    return teardown(&state);
}

TEST_GROUP(make_scene, end_scene)

static struct goroutine *waiting(void) { // the first is dead
    return runtime_first_goroutine(runtime)->next;
}

// ---- what is wrong

TEST(members_of_goroutines) {
    struct goroutine *g = waiting();
    WRONG_NUMBER(GOROUTINE, "stack_low", uintptr_t, g->stack_low);
    WRONG_NUMBER(GOROUTINE, "stack_bytes", size_t, g->stack_bytes);
    WRONG(GOROUTINE, "exact status", enum goroutine_status, g->status, GOROUTINE_SYSCALL);
    WRONG_NUMBER(GOROUTINE, "id", uint64_t, g->id);
    WRONG_NUMBER(GOROUTINE, "go_pc", uintptr_t, g->go_pc);
    WRONG(GOROUTINE, "is_system", bool, g->is_system, !g->is_system);
    WRONG_NUMBER(GOROUTINE, "wait_since", uint64_t, g->wait_since_ns);
    WRONG_NUMBER(GOROUTINE, "context", uintptr_t, g->context);
    WRONG_POINTER(GOROUTINE, "thread", struct osthread *, g->thread,
                  (struct osthread *)(uintptr_t)runtime_first_osthread(runtime));
    WRONG_POINTER(GOROUTINE, "defers", struct defer *, g->defers, g->defers->link);
    WRONG_POINTER(GOROUTINE, "panics", struct panic *, g->panics, NULL);
    WRONG_WORDS(GOROUTINE, "wait_reason: runtime \"selecT\", ledger \"select\"", const char *,
                g->wait_reason, "selecT");
    WRONG_WORDS(GOROUTINE, "the runtime's list has lost one", struct goroutine *,
                runtime_first_goroutine(runtime)->next, NULL);
}

TEST(members_of_frames) {
    struct frame *f = waiting()->innermost->caller; // with both maps
    struct frame_description *own = &f->description;
    WRONG_NUMBER(FRAME, "sp", uintptr_t, f->sp);
    WRONG(FRAME, "contents", size_t, own->size_bytes, own->size_bytes - 8);
    WRONG_NUMBER(FRAME, "entry", uintptr_t, own->entry);
    WRONG_NUMBER(FRAME, "pc", uintptr_t, own->pc);
    WRONG_NUMBER(FRAME, "continuation_pc", uintptr_t, own->continuation_pc);
    WRONG(FRAME, "argument_bytes", size_t, own->argument_bytes, own->argument_bytes - 8);
    WRONG(FRAME, "arguments_map", enum frame_map, own->arguments_map, FRAME_MAP_NONE);
    WRONG(FRAME, "locals_map", enum frame_map, own->locals_map, FRAME_MAP_SIZE);
    WRONG(FRAME, "local_words", size_t, own->local_words, own->local_words - 1);
    wrong_bits(RULE_PROGRAM_FRAME, "argument bit", own->argument_bits, own->argument_bytes / 8);
    wrong_bits(RULE_PROGRAM_FRAME, "local bit", own->local_bits, own->local_words);
    WRONG_WORDS(FRAME, "the runtime's list has lost one", struct frame *, f->caller, NULL);
    WRONG_WORDS(FRAME, "contents: byte 8 is 0x01 in the runtime, 0x00 in the ledger", uintptr_t,
                ((uintptr_t *)f->sp)[1], 1);
}

TEST(members_of_defers_and_panics) {
    struct defer *defer = waiting()->defers->link; // which has a function
    WRONG_NUMBER(DEFER, "sp", uintptr_t, defer->sp);
    WRONG_NUMBER(DEFER, "pc", uintptr_t, defer->pc);
    WRONG_NUMBER(DEFER, "function", uintptr_t, defer->function);
    WRONG_NUMBER(DEFER, "entry", uintptr_t, defer->entry);
    WRONG_POINTER(DEFER, "link", struct defer *, waiting()->defers->link, NULL);
    struct panic *panic = waiting()->panics;
    WRONG_POINTER(PANIC, "type", const struct type *, panic->type, NULL);
    WRONG_NUMBER(PANIC, "data", uintptr_t, panic->data);
}

TEST(members_of_threads_roots_and_segments) {
    const struct osthread *thread = runtime_first_osthread(runtime);
    WRONG_NUMBER(OSTHREAD, "id", uint64_t, thread->id);
    WRONG_NUMBER(OSTHREAD, "process_id", uint64_t, thread->process_id);
    WRONG_POINTER(OSTHREAD, "stack", void *, thread->stack, NULL);
    WRONG_WORDS(OSTHREAD, "the runtime's list has lost one", struct osthread *, thread->next, NULL);
    const struct other_root *root = runtime_first_other_root(runtime);
    WRONG_NUMBER(ROOT, "target", uintptr_t, root->target);
    WRONG_WORDS(ROOT, "description: runtime \"tablet\", ledger \"table\"", const char *,
                root->description, "tablet");
    const struct segment *data = runtime_data_segment(runtime);
    WRONG(SEGMENT, "contents", size_t, data->size_bytes, data->size_bytes - 8);
    WRONG_WORDS(SEGMENT, "contents: byte 160 is 0x01 in the runtime, 0x00 in the ledger", uintptr_t,
                ((uintptr_t *)data->base)[20], 1);
    const struct segment *bss = runtime_bss_segment(runtime);
    wrong_bits(RULE_PROGRAM_SEGMENT, "mask bit", data->pointer_mask, DRIVER_DATA_WORDS);
    wrong_bits(RULE_PROGRAM_SEGMENT, "mask bit", bss->pointer_mask, DRIVER_BSS_WORDS);
}

TEST(members_of_tables) {
    const struct type *type = runtime_first_type(runtime);
    while (type->next != NULL) {
        type = type->next;
    }
    WRONG_NUMBER(TYPE, "size", size_t, type->layout.size_bytes);
    WRONG(TYPE, "pointer_bytes", size_t, type->layout.pointer_bytes, 128);
    wrong_bits(RULE_PROGRAM_TYPE, "mask bit", type->layout.pointer_mask, 18);
    WRONG_NUMBER(TYPE, "hash", uint32_t, type->hash);
    WRONG(TYPE, "direct_interface", bool, type->direct_interface, true);
    WRONG_WORDS(TYPE, "a name is not the one defined", const char *, type->package_path, "");
    WRONG_WORDS(TYPE, "a name is not the one defined", const char *, type->name, "Three");
    WRONG_WORDS(TYPE, "the runtime's list has lost one", struct type *,
                runtime_first_type(runtime)->next, NULL);
    WRONG_POINTER(TYPE, "address", struct type *, runtime_first_type(runtime)->next,
                  (struct type *)(uintptr_t)type);
    const struct itab *itab = runtime_first_itab(runtime);
    WRONG_POINTER(ITAB, "type", const struct type *, itab->type, type);
    WRONG(ITAB, "negative", bool, itab->negative, !itab->negative);
    WRONG_WORDS(ITAB, "the runtime's list has lost one", struct itab *, itab->next, NULL);
}

TEST(members_of_functions) {
    told_func = main_func;
    tells_func = true;
    WRONG_NUMBER(FUNC, "entry", uintptr_t, told_func.entry);
    WRONG_NUMBER(FUNC, "end", uintptr_t, told_func.end);
    WRONG_NUMBER(FUNC, "first_line", uint32_t, told_func.first_line);
    WRONG_NUMBER(FUNC, "bytes_per_line", uint32_t, told_func.bytes_per_line);
    WRONG_WORDS(FUNC, "a name is not the one defined", const char *, told_func.name, "main.g");
    WRONG_WORDS(FUNC, "a name is not the one defined", const char *, told_func.file, "main.c");
    tells_func = false;
}

TEST(members_of_queued_finalizers) {
    told_count = 0;
    __real_runtime_visit_queued_finalizers(runtime, note_finalizer, NULL);
    assert_true(told_count > 1 && told_count < 8); // the running one, and those that wait
    for (size_t i = 0; i < told_count; i++) {
        struct finalizer *told = &told_finalizers[i];
        WRONG_NUMBER(QUEUE, "object", uintptr_t, told->object);
        WRONG_NUMBER(QUEUE, "function", uintptr_t, told->function);
        WRONG_NUMBER(QUEUE, "entry", uintptr_t, told->entry);
        WRONG_NUMBER(QUEUE, "function_type", uintptr_t, told->function_type);
        WRONG_NUMBER(QUEUE, "object_type", uintptr_t, told->object_type);
    }
    size_t right = told_count--;
    assert_numbers(RULE_PROGRAM_QUEUE, "count", right - 1, right);
    told_count = 0;
    more_in_queue = 1;
    assert_numbers(RULE_PROGRAM_QUEUE, "length", right + 1, right);
    more_in_queue = 0;
}

static void count_set(void *context, const struct model_finalizer *finalizer) {
    (void)finalizer;
    (*(size_t *)context)++;
}

TEST(places_for_finalizers) {
    size_t free_count = __real_runtime_finalizer_place_count(runtime) -
                        __real_runtime_finalizer_queue_length(runtime);
    size_t set_count = 0;
    model_visit_finalizers(fixture->driver.model, count_set, &set_count);
    fewer_places = free_count - set_count;
    assert_clean(); // just enough
    fewer_places++;
    assert_words(RULE_PROGRAM_QUEUE,
                 "a finalizer or a cleanup that is set has no place to wait in");
    fewer_places = 0;
}

// Of every size, those of which none is free as well.
TEST(counts_of_blocks) {
    size_t seen_count = 0;
    (void)driver_push_panic(&fixture->driver, waiting(), 2, NULL, 0);
    (void)model_panic_popped(fixture->driver.model, 2, runtime_pop_panic(runtime, waiting()));
    assert_clean();
    for (wrong_class = 0; wrong_class < RUNTIME_BLOCK_CLASSES; wrong_class++) {
        char words[128];
        size_t count = __real_runtime_free_block_count(runtime, wrong_class, SIZE_MAX);
        (void)snprintf(words, sizeof words,
                       "more blocks of %zu bytes are free than records "
                       "have left, which is %zu",
                       (size_t)1 << wrong_class, count);
        has_more = true;
        assert_words(RULE_PROGRAM_BLOCKS, words);
        has_more = false;
        seen_count += count;
        if (count > 0) {
            (void)snprintf(words, sizeof words,
                           "fewer blocks of %zu bytes are free than "
                           "records have left, which is %zu",
                           (size_t)1 << wrong_class, count);
            has_fewer = true;
            assert_words(RULE_PROGRAM_BLOCKS, words);
            has_fewer = false;
        }
    }
    assert_true(seen_count > 0);
}
