// executor: the life of a program's run: reset, operations in turn, checks at their cadence, the
// end.
#include "fuzz/go/state.h"
#include "fuzz/go/statistics.h"
#include "fuzz/program/text.h"

#include "allocator/collect.h"
#include "allocator/fault.h"
#include "oracle/core/supply.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t bss_mask[EXECUTOR_BSS_WORDS / 8] = {0xdb, 0x6d, 0xb6, 0xff,
                                                         0x00, 0x81, 0x55, 0x01};

size_t executor_segment_word(uint32_t choice, bool is_bss) {
    size_t word = choice % EXECUTOR_DATA_WORDS;
    while (is_bss && (bss_mask[word / 8] >> word % 8 & 1) == 0) {
        word = (word + 1) % EXECUTOR_BSS_WORDS;
    }
    return word;
}

void executor_work(struct executor *executor, uint64_t units) {
    executor->work_done += units;
}

bool executor_may_make(struct executor *executor) {
    return executor->made_count < EXECUTOR_MADE_MAX && ++executor->made_count > 0;
}

void executor_note(struct executor *executor, uint64_t value) {
    uint64_t hash = (executor->hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    executor->hash = hash ^ hash >> 29;
}

static uint64_t executor_clock(void *context) {
    struct executor *executor = context;
    executor->clock_ns += 1000 + executor->position % 7;
    model_clock(executor->model, executor->clock_ns);
    return executor->clock_ns;
}

static void describe(void *context, uint64_t operation, char *text, size_t size_bytes) {
    const struct executor *executor = context;
    text[0] = 0;
    if (operation < executor->program->count) {
        (void)text_print_operation(executor->program->operations[operation], text, size_bytes);
    }
}

struct executor *executor_create(const struct executor_options *options) {
    struct executor *executor = supply_zeroed(1, sizeof *executor);
    if (executor == NULL) {
        return NULL;
    }
    executor_set_options(executor, options);
    executor->oracle = oracle_create();
    if (executor->oracle == NULL) {
        free(executor);
        return NULL;
    }
    oracle_set_describe(executor->oracle, describe, executor);
    return executor;
}

static void close_runtime(struct executor *executor) {
    if (executor->runtime != NULL) {
        executor_let_world_run(executor);
        runtime_destroy(executor->runtime);
        executor->runtime = NULL;
    }
}

void executor_destroy(struct executor *executor) {
    close_runtime(executor);
    if (executor->heap != NULL) {
        heap_destroy(executor->heap);
    }
    oracle_destroy(executor->oracle);
    free(executor->dump.bytes);
    free(executor);
}

void executor_set_options(struct executor *executor, const struct executor_options *options) {
    executor->options = *options;
    if (executor->options.work_limit == 0) {
        executor->options.work_limit = EXECUTOR_WORK_LIMIT;
    }
}

// ---- begin

void executor_close(struct executor *executor) {
    close_runtime(executor);
    if (executor->heap != NULL && !executor->heap_is_reset && !heap_reset(executor->heap)) {
        heap_destroy(executor->heap);
        executor->heap = NULL;
    }
    executor->heap_is_reset = true;
}

static bool open_heap(struct executor *executor, bool fresh) {
    if (executor->heap != NULL && fresh) {
        close_runtime(executor);
        heap_destroy(executor->heap);
        executor->heap = NULL;
    }
    executor_close(executor);
    executor->heap_is_reset = false;
    executor->heap_is_new = executor->heap == NULL;
    if (executor->heap_is_new) {
        executor->heap = heap_create(&(struct heap_options){0});
    }
    return executor->heap != NULL;
}

static bool open_runtime(struct executor *executor) {
    const struct runtime_options options = {
        .data_words = EXECUTOR_DATA_WORDS,
        .bss_words = EXECUTOR_BSS_WORDS,
        .bss_mask = bss_mask,
        .clock_ns = executor_clock,
        .clock_context = executor,
    };
    oracle_reset(executor->oracle, executor->heap);
    executor->model = oracle_model(executor->oracle);
    executor->runtime = runtime_create(executor->heap, &options);
    return executor->runtime != NULL && model_runtime_created(executor->model, executor->runtime) &&
           model_segment_defined(executor->model, MODEL_SEGMENT_DATA,
                                 runtime_data_segment(executor->runtime)->base, EXECUTOR_DATA_WORDS,
                                 NULL) &&
           model_segment_defined(executor->model, MODEL_SEGMENT_BSS,
                                 runtime_bss_segment(executor->runtime)->base, EXECUTOR_BSS_WORDS,
                                 bss_mask);
}

static void clear_slots(struct executor *executor) {
    memset(executor->caches, 0, sizeof executor->caches);
    memset(executor->handles, 0xff, sizeof executor->handles); // EXECUTOR_NO_HANDLE
    memset(executor->goroutines, 0, sizeof executor->goroutines);
    memset(executor->threads, 0, sizeof executor->threads);
    memset(executor->roots, 0, sizeof executor->roots);
    memset(executor->manuals, 0, sizeof executor->manuals);
    memset(executor->types, 0, sizeof executor->types);
    executor->next_handle = 0;
    executor->made_count = 0;
    executor->funcs_defined = false;
    executor->dump_is_whole = false;
}

static void acquire_caches(struct executor *executor, uint8_t count) {
    for (uint32_t slot = 0; slot < count; slot++) {
        struct operation acquire =
            operation_set(operation_from_bits(OP_ACQUIRE), OPERAND_CACHE, slot);
        (void)exec_acquire(executor, acquire);
    }
}

// What was found without memory to remember all is no finding.
static enum verdict verdict_now(const struct executor *executor) {
    if (supply_refusals() != executor->refusals_before) {
        return VERDICT_ENVIRONMENT;
    }
    if (oracle_finding(executor->oracle) != NULL) {
        return VERDICT_FINDING;
    }
    return executor->work_done > executor->options.work_limit ? VERDICT_WORK_BOUND : VERDICT_CLEAN;
}

enum verdict executor_begin(struct executor *executor, const struct program *program, bool fresh) {
    executor->program = program;
    executor->position = 0;
    executor->checked_at = 0;
    executor->work_done = 0;
    executor->hash = 0;
    executor->clock_ns = 0;
    executor->refusals_before = supply_refusals();
    clear_slots(executor);
    if (!open_heap(executor, fresh) || !open_runtime(executor)) {
        return VERDICT_ENVIRONMENT;
    }
    const struct program_header *header = &program->header;
    if (header->fault_at != 0) {
        heap_set_fault(executor->heap, (enum sysmem_call)header->fault_call, header->fault_at,
                       header->fault_and_on);
    }
    oracle_begin(executor->oracle, 0, ORACLE_MOVES_ALL);
    acquire_caches(executor, header->caches);
    oracle_start_from(executor->oracle, executor_stats(executor));
    return verdict_now(executor);
}

// ---- step

static bool execute(struct executor *executor, struct operation operation) {
    static bool (*const execute_operation[OP_COUNT])(struct executor *, struct operation) = {
#define OPERATION(code, id, name, form, operands, weight, group, moves, effect)                    \
    [code] = exec_##name,
#include "fuzz/program/ops.def"
    };
    return execute_operation[operation_code(operation)](executor, operation);
}

static void note_statistics(struct executor *executor) {
    for (unsigned i = 0; i < STATISTIC_COUNT; i++) {
        executor_note(executor, statistic_value(&executor->stats, (enum statistic)i));
    }
}

bool executor_check(struct executor *executor, enum oracle_level level) {
    heap_read_memstats(executor->heap, &executor->stats);
    note_statistics(executor);
    if (level != ORACLE_CHEAP) {
        executor_work(executor, 8 + model_object_count(executor->model) / 16);
    }
    bool clean = oracle_check(executor->oracle, level, executor->heap, &executor->stats);
    return (level == ORACLE_CHEAP ||
            oracle_check_live(executor->oracle, heap_live_bytes(executor->heap))) &&
           clean;
}

enum verdict executor_step(struct executor *executor) {
    struct operation operation = executor->program->operations[executor->position];
    enum operation_code code = operation_code(operation);
    oracle_begin(executor->oracle, executor->position, operation_descriptions[code].moves);
    executor_work(executor, 1);
    executor->failed_before = heap_fault_count(executor->heap);
    executor->allocated = 0;
    executor->freed = 0;
    executor->was_effective = execute(executor, operation);
    oracle_count_objects(executor->oracle, executor->allocated, executor->freed);
    executor->counts.executed[code]++;
    executor->counts.effective[code] += executor->was_effective;
    executor_note(executor, executor->was_effective);
    executor->position++;
    if (executor->position - executor->checked_at >= executor->program->header.check_every) {
        executor->checked_at = executor->position;
        (void)executor_check(executor, executor->options.level);
    } else if (executor->options.check_each) {
        (void)executor_check(executor, ORACLE_CHEAP);
    }
    return verdict_now(executor);
}

// ---- finish

static void note_stats(struct executor *executor) {
    const struct memstats *stats = executor_stats(executor);
    note_statistics(executor);
    for (size_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        executor_note(executor, stats->BySize[i].Mallocs);
        executor_note(executor, stats->BySize[i].Frees);
    }
    for (uint32_t i = 0; i < stats->NumGC && i < MEMSTATS_PAUSE_COUNT; i++) {
        executor_note(executor, stats->PauseNs[i]);
        executor_note(executor, stats->PauseEnd[i]);
    }
    uint64_t fraction_bits;
    memcpy(&fraction_bits, &stats->GCCPUFraction, sizeof fraction_bits);
    executor_note(executor, fraction_bits);
}

enum verdict executor_finish(struct executor *executor) {
    enum oracle_level level =
        executor->options.level == ORACLE_CHEAP ? ORACLE_FULL : executor->options.level;
    if (oracle_finding(executor->oracle) == NULL && executor_check(executor, level) &&
        oracle_check_contents(executor->oracle) && executor->options.final_dump) {
        for (unsigned call = 0; call < SYSMEM_CALL_COUNT; call++) {
            heap_set_fault(executor->heap, (enum sysmem_call)call, 0, false);
        }
        (void)executor_dump_and_compare(executor);
    }
    note_stats(executor);
    return verdict_now(executor);
}

static bool is_over(enum verdict verdict) {
    return verdict != VERDICT_CLEAN && verdict != VERDICT_WORK_BOUND;
}

enum verdict executor_run(struct executor *executor, const struct program *program, bool fresh) {
    enum verdict verdict = executor_begin(executor, program, fresh);
    while (verdict == VERDICT_CLEAN && executor->position < program->count) {
        verdict = executor_step(executor);
    }
    return is_over(verdict) ? verdict : executor_finish(executor);
}

// Whether another run must end alike: not where the system itself refused the heap something, nor
// where every place for a heap was taken and the kernel chose one, whose addresses are no results.
static bool has_twin(const struct heap *heap) {
    return heap_refusal_count(heap) == 0 &&
           (heap_base(heap) - HEAP_BASE_DEFAULT) % HEAP_STRIDE_BYTES == 0;
}

enum verdict executor_run_again(struct executor *executor) {
    static const char *const heaps[] = {"on a reset heap", "on a new heap"};
    uint64_t before = executor->hash;
    bool was_new = executor->heap_is_new;
    bool had_twin = has_twin(executor->heap);
    enum verdict verdict = executor_run(executor, executor->program, !was_new);
    if (is_over(verdict)) {
        return verdict;
    }
    if (had_twin && has_twin(executor->heap)) {
        (void)oracle_rule(executor->oracle, RULE_TWIN_HASH, executor->hash == before, "",
                          heaps[was_new], before, heaps[!was_new], executor->hash);
    }
    return verdict_now(executor);
}

enum verdict executor_run_twice(struct executor *executor, const struct program *program) {
    enum verdict verdict = executor_run(executor, program, false);
    return is_over(verdict) ? verdict : executor_run_again(executor);
}

// ---- what others ask

size_t executor_position(const struct executor *executor) {
    return executor->position;
}

bool executor_was_effective(const struct executor *executor) {
    return executor->was_effective;
}

const struct memstats *executor_stats(struct executor *executor) {
    heap_read_memstats(executor->heap, &executor->stats);
    return &executor->stats;
}

const struct finding *executor_finding(const struct executor *executor) {
    return oracle_finding(executor->oracle);
}

struct oracle *executor_oracle(struct executor *executor) {
    return executor->oracle;
}

struct runtime *executor_runtime(struct executor *executor) {
    return executor->runtime;
}

const struct executor_counts *executor_counts(const struct executor *executor) {
    return &executor->counts;
}

uint64_t executor_hash(const struct executor *executor) {
    return executor->hash;
}

const uint8_t *executor_dump_bytes(const struct executor *executor, size_t *size_bytes) {
    *size_bytes = executor->dump.size_bytes;
    return executor->dump_is_whole ? executor->dump.bytes : NULL;
}
