// machine: a Go-like heap and its runtime under the executor: opened, driven, judged, closed.
#include "fuzz/go/machine.h"

#include "fuzz/go/state.h"
#include "fuzz/go/statistics.h"

#include "allocator/collect.h"
#include "allocator/mprof.h"
#include "allocator/fault.h"
#include "dump/write/memstats_print.h"
#include "dump/writer.h"
#include "fuzz/go/effects.h"
#include "oracle/core/harness_memory.h"

#include <stdlib.h>
#include <string.h>

#define LARGE_HEAP_BYTES                                                                           \
    ((uint64_t)1 << 30)    // from here on a check takes most of its time for pages
#define PAGES_PER_UNIT 256 // of work

static const uint8_t bss_mask[GO_BSS_WORDS / 8] = {0xdb, 0x6d, 0xb6, 0xff, 0x00, 0x81, 0x55, 0x01};

size_t go_segment_word(uint32_t choice, bool is_bss) {
    size_t word = choice % GO_DATA_WORDS;
    while (is_bss && (bss_mask[word / 8] >> word % 8 & 1) == 0) {
        word = (word + 1) % GO_BSS_WORDS;
    }
    return word;
}

bool go_may_make(struct go_machine *machine) {
    return machine->made_count < GO_MADE_MAX && ++machine->made_count > 0;
}

static uint64_t read_clock(void *context) {
    struct go_machine *machine = context;
    machine->clock_ns += machine->clock_step_ns + 1000 + executor_position(machine->executor) % 7;
    model_clock(machine->model, machine->clock_ns);
    return machine->clock_ns;
}

static void *create(struct executor *executor, const void *argument) {
    struct go_machine *machine = harness_calloc(1, sizeof *machine);
    (void)argument;
    if (machine == NULL) {
        return NULL;
    }
    machine->executor = executor;
    machine->slot_limit = GO_SLOTS;
    machine->oracle = oracle_create();
    if (machine->oracle == NULL) {
        harness_free(machine);
        return NULL;
    }
    return machine;
}

static void close_runtime(struct go_machine *machine) {
    if (machine->runtime != NULL) {
        go_let_world_run(machine);
        runtime_destroy(machine->runtime);
        machine->runtime = NULL;
    }
}

static void destroy(void *state) {
    struct go_machine *machine = state;
    close_runtime(machine);
    if (machine->heap != NULL) {
        heap_destroy(machine->heap);
    }
    oracle_destroy(machine->oracle);
    harness_free(machine->dump.bytes);
    harness_free(machine);
}

// ---- begin

static void close_program(void *state) {
    struct go_machine *machine = state;
    close_runtime(machine);
    if (machine->heap != NULL && !machine->heap_is_reset && !heap_reset(machine->heap)) {
        heap_destroy(machine->heap);
        machine->heap = NULL;
    }
    machine->heap_is_reset = true;
}

static bool open_heap(struct go_machine *machine, bool fresh) {
    if (machine->heap != NULL && fresh) {
        close_runtime(machine);
        heap_destroy(machine->heap);
        machine->heap = NULL;
    }
    close_program(machine);
    machine->heap_is_reset = false;
    machine->heap_is_new = machine->heap == NULL;
    if (machine->heap_is_new) {
        machine->heap = heap_create(&(struct heap_options){0});
    }
    return machine->heap != NULL;
}

static bool open_runtime(struct go_machine *machine, const struct program *program) {
    struct runtime_start start;
    bool starts = go_starts(program);
    const struct runtime_options options = {
        .data_words = GO_DATA_WORDS,
        .bss_words = GO_BSS_WORDS,
        .bss_mask = bss_mask,
        .clock_ns = read_clock,
        .clock_context = machine,
        .start = starts ? &start : NULL,
    };
    oracle_reset(machine->oracle, machine->heap);
    machine->model = oracle_model(machine->oracle);
    machine->observer = oracle_observer(machine->oracle);
    if (starts && !go_start_from(machine, program, &start)) {
        return false;
    }
    machine->runtime = runtime_create(machine->heap, &options);
    observer_watch(machine->observer, machine->runtime);
    return machine->runtime != NULL &&
           model_segment_defined(machine->model, MODEL_SEGMENT_DATA,
                                 runtime_data_segment(machine->runtime)->base, GO_DATA_WORDS,
                                 NULL) &&
           model_segment_defined(machine->model, MODEL_SEGMENT_BSS,
                                 runtime_bss_segment(machine->runtime)->base, GO_BSS_WORDS,
                                 bss_mask);
}

static void clear_slots(struct go_machine *machine) {
    size_t count = machine->slot_limit;
    memset(machine->caches, 0, count * sizeof machine->caches[0]);
    memset(machine->handles, 0xff, count * sizeof machine->handles[0]); // GO_NO_HANDLE
    memset(machine->goroutines, 0, count * sizeof machine->goroutines[0]);
    memset(machine->threads, 0, count * sizeof machine->threads[0]);
    memset(machine->roots, 0, count * sizeof machine->roots[0]);
    memset(machine->manuals, 0, count * sizeof machine->manuals[0]);
    machine->slot_limit = 0;
    memset(machine->types, 0, sizeof machine->types);
    go_forget_ahead(machine);
    machine->next_handle = 0;
    machine->made_count = 0;
    machine->funcs_defined = false;
    machine->has_vast = false;
    machine->dump_is_whole = false;
}

static void acquire_caches(struct go_machine *machine, uint16_t count) {
    machine->slot_limit = count;
    for (uint32_t slot = 0; slot < count; slot++) {
        struct operation acquire =
            operation_set(operation_from_bits(OP_ACQUIRE), OPERAND_CACHE, slot);
        (void)exec_acquire(machine, acquire);
    }
}

static bool begin(void *state, const struct program *program, bool fresh) {
    struct go_machine *machine = state;
    machine->clock_ns = machine->clock_step_ns = machine->first_process = 0;
    clear_slots(machine);
    if (!open_heap(machine, fresh) || !open_runtime(machine, program)) {
        return false;
    }
    const struct program_header *header = &program->header;
    if (header->fault_at != 0) {
        heap_set_fault(machine->heap, (enum sysmem_call)header->fault_call, header->fault_at,
                       header->fault_and_on);
    }
    oracle_begin(machine->oracle, 0, ORACLE_MOVES_ALL);
    acquire_caches(machine, header->caches);
    oracle_start_from(machine->oracle, go_stats(machine));
    return true;
}

// ---- step

static bool execute(struct go_machine *machine, struct operation operation) {
    static bool (*const execute_operation[OP_COUNT])(struct go_machine *, struct operation) = {
#define OPERATION(code, id, name, form, operands, capability, requires, makes, weight, group,      \
                  moves, effect)                                                                   \
    [code] = exec_##name,
#include "fuzz/program/ops.def"
    };
    return execute_operation[operation_code(operation)](machine, operation);
}

static const uint64_t moves_of[OP_COUNT] = {
#define OPERATION(code, id, name, form, operands, capability, requires, makes, weight, group,      \
                  moves, effect)                                                                   \
    [code] = (moves),
#include "fuzz/program/ops.def"
};

// No slot at or above the limit holds anything: the next program is quick to begin.
static void note_slots(struct go_machine *machine, struct operation operation) {
    enum operation_code code = operation_code(operation);
    const struct operation_description *d = &operation_descriptions[code];
    uint32_t limit = d->has_result ? operation_get(operation, (enum operand)d->operands[0]) + 1 : 0;
    if (code == OP_ALLOC_RUN) {
        uint32_t most = operation_handle_count(operation);
        limit += operation_get(operation, OPERAND_RUN);
        limit = limit < most ? limit : most; // it goes round
    }
    machine->slot_limit = limit < machine->slot_limit ? machine->slot_limit : limit;
}

bool go_operate(struct go_machine *machine, size_t position, struct operation operation) {
    oracle_begin(machine->oracle, position, moves_of[operation_code(operation)]);
    machine->failed_before = heap_fault_count(machine->heap);
    note_slots(machine, operation);
    return execute(machine, operation);
}

bool go_step(struct go_machine *machine, size_t position, struct operation operation) {
    machine->allocated = 0;
    machine->freed = 0;
    bool was_effective = go_operate(machine, position, operation);
    oracle_count_objects(machine->oracle, machine->allocated, machine->freed);
    return was_effective;
}

static bool step(void *state, struct operation operation) {
    struct go_machine *machine = state;
    bool was_effective;
    return go_has_run_ahead(machine, &was_effective)
               ? was_effective
               : go_step(machine, executor_position(machine->executor), operation);
}

// ---- check

static void note_statistics(struct go_machine *machine) {
    for (unsigned i = 0; i < STATISTIC_COUNT; i++) {
        executor_note(machine->executor, statistic_value(&machine->stats, (enum statistic)i));
    }
}

static void check_bucket(void *context, const struct mprof_bucket_record *bucket) {
    const struct go_machine *machine = context;
    (void)oracle_check_bucket(machine->oracle, bucket);
}

bool go_check(struct go_machine *machine, enum oracle_level level) {
    heap_read_memstats(machine->heap, &machine->stats);
    note_statistics(machine);
    if (level != ORACLE_CHEAP) {
        uint64_t pages =
            machine->stats.Sys < LARGE_HEAP_BYTES ? 0 : machine->stats.Sys / HEAP_PAGE_BYTES;
        executor_work(machine->executor,
                      8 + model_object_count(machine->model) / 16 + pages / PAGES_PER_UNIT);
    }
    bool clean = oracle_check(machine->oracle, level, machine->heap, &machine->stats);
    if (level == ORACLE_CHEAP) {
        return clean;
    }
    clean &= oracle_check_live(machine->oracle, heap_live_bytes(machine->heap));
    heap_visit_buckets(machine->heap, check_bucket, machine);
    return clean && oracle_finding(machine->oracle) == NULL;
}

static bool check(void *state, enum oracle_level level) {
    return go_check(state, level);
}

// ---- finish

static void note_stats(struct go_machine *machine) {
    const struct memstats *stats = go_stats(machine);
    note_statistics(machine);
    for (size_t i = 0; i < SIZE_CLASS_COUNT; i++) {
        executor_note(machine->executor, stats->BySize[i].Mallocs);
        executor_note(machine->executor, stats->BySize[i].Frees);
    }
    for (uint32_t i = 0; i < stats->NumGC && i < MEMSTATS_PAUSE_COUNT; i++) {
        executor_note(machine->executor, stats->PauseNs[i]);
        executor_note(machine->executor, stats->PauseEnd[i]);
    }
    uint64_t fraction_bits;
    memcpy(&fraction_bits, &stats->GCCPUFraction, sizeof fraction_bits);
    executor_note(machine->executor, fraction_bits);
}

static void finish(void *state) {
    struct go_machine *machine = state;
    const struct executor_options *options = executor_options(machine->executor);
    enum oracle_level level = options->level == ORACLE_CHEAP ? ORACLE_FULL : options->level;
    if (oracle_finding(machine->oracle) == NULL && go_check(machine, level) &&
        oracle_check_contents(machine->oracle) && options->final_dump) {
        for (unsigned call = 0; call < SYSMEM_CALL_COUNT; call++) {
            heap_set_fault(machine->heap, (enum sysmem_call)call, 0, false);
        }
        machine->is_ending = true;
        (void)go_dump_and_compare(machine);
        machine->is_ending = false;
    }
    note_stats(machine);
}

// ---- what others ask

static struct rule_book *book(void *state) {
    struct go_machine *machine = state;
    return oracle_book(machine->oracle);
}

static bool is_new(const void *state) {
    const struct go_machine *machine = state;
    return machine->heap_is_new;
}

// Not where the system itself refused the heap something, nor where every place for a heap was
// taken and the kernel chose one, whose addresses are no results.
static bool has_twin(const void *state) {
    const struct go_machine *machine = state;
    return heap_refusal_count(machine->heap) == 0 &&
           (heap_base(machine->heap) - HEAP_BASE_DEFAULT) % HEAP_STRIDE_BYTES == 0;
}

const struct memstats *go_stats(struct go_machine *machine) {
    heap_read_memstats(machine->heap, &machine->stats);
    return &machine->stats;
}

static const uint64_t *read_account(void *state) {
    struct go_machine *machine = state;
    const struct memstats *stats = go_stats(machine);
    for (unsigned i = 0; i < STATISTIC_COUNT; i++) {
        machine->account[i] = statistic_value(stats, (enum statistic)i);
    }
    return machine->account;
}

static bool holds(void *state, enum operand operand, uint32_t slot) {
    struct go_machine *machine = state;
    if (operand == OPERAND_CACHE) {
        return machine->caches[slot] != NULL;
    }
    if (operand == OPERAND_GOROUTINE) {
        return machine->goroutines[slot] != NULL;
    }
    if (operand == OPERAND_THREAD || operand == OPERAND_ON_THREAD) {
        return machine->threads[slot] != NULL;
    }
    if (operand == OPERAND_ROOT) {
        return machine->roots[slot] != NULL;
    }
    if (operand == OPERAND_MANUAL) {
        return machine->manuals[slot].base != NULL;
    }
    return go_handle(machine, slot) != NULL; // or what a target names by one
}

static void print_statistics(void *state, bool is_json, FILE *stream) {
    if (is_json) {
        memstats_print_json(go_stats(state), stream);
        (void)fputc('\n', stream);
    } else {
        memstats_print_text(go_stats(state), stream);
    }
}

static int write_dump(void *state, const char *path) {
    struct go_machine *machine = state;
    return dump_write_path(machine->runtime, NULL, path).error;
}

// ---- the table

#define SAME_NUMBER(call, kind)                                                                    \
    _Static_assert((int)FAULT_##call == (int)SYSMEM_##kind, "programs name the system's calls")
SAME_NUMBER(MMAP, MMAP);
SAME_NUMBER(PAGES, PAGES);
SAME_NUMBER(CALL_COUNT, CALL_COUNT);

static const struct account_schema schema = {statistic_names, STATISTIC_COUNT, false};

const struct machine machine_go = {
    .language = &language_go,
    .account = &schema,
    .create = create,
    .destroy = destroy,
    .begin = begin,
    .step = step,
    .check = check,
    .finish = finish,
    .close = close_program,
    .read = read_account,
    .book = book,
    .is_new = is_new,
    .has_twin = has_twin,
    .holds = holds,
    .print_statistics = print_statistics,
    .write_dump = write_dump,
    .compare_dump = go_compare_dump,
};

// ---- for tests and tools that know the kind

struct oracle *go_oracle(struct executor *executor) {
    struct go_machine *machine = executor_state(executor);
    return machine->oracle;
}

struct runtime *go_runtime(struct executor *executor) {
    struct go_machine *machine = executor_state(executor);
    return machine->runtime;
}

const struct memstats *go_memstats(struct executor *executor) {
    return go_stats(executor_state(executor));
}

const uint8_t *go_dump_bytes(struct executor *executor, size_t *size_bytes) {
    const struct go_machine *machine = executor_state(executor);
    *size_bytes = machine->dump.size_bytes;
    return machine->dump_is_whole ? machine->dump.bytes : NULL;
}
