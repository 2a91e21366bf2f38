// embedder: operations that only an embedder makes: other heaps, memory and functions of its
// own, words that point to no object, and calls that must be refused.
#include "fuzz/go/state.h"

#include "allocator/collect.h"
#include "allocator/fault.h"
#include "allocator/special.h"
#include "allocator/system/sysmem.h"
#include "oracle/core/harness_memory.h"
#include "oracle/go/rules.h"

#include <string.h>

#define BYTES_PER_UNIT   256 // of work
#define HEAP_WORK        500
#define REFUSALS_MAX     16
#define CACHES_ASKED     2048 // more than a heap has
#define UNKNOWN_PC       ((uintptr_t)0x10)
#define WORDS_OF_NO_HEAP (SIZE_MAX / sizeof(uintptr_t) + 1)

static bool must(struct go_machine *machine, bool holds, uint64_t value, const char *sentence) {
    return oracle_rule_text(machine->oracle, RULE_MODEL_STATUS, holds, value, "%s", sentence);
}

// ---- the pacer

bool exec_gc_poll(struct go_machine *machine, struct operation operation) {
    bool is_marking = runtime_gc_is_marking(machine->runtime);
    bool is_due = runtime_gc_is_due(machine->runtime);
    const struct memstats *stats = go_stats(machine);
    (void)must(machine, !is_due || (!is_marking && stats->HeapInuse >= stats->NextGC), is_due,
               "a cycle is due, though less than NextGC is in use");
    (void)must(machine,
               is_due || is_marking || !heap_is_swept(machine->heap) ||
                   stats->HeapAlloc < stats->NextGC,
               is_due, "no cycle is due, though NextGC is reached");
    if (is_due) {
        (void)exec_collect(machine, operation);
    }
    return true;
}

// ---- other heaps

// A heap alone, without a runtime: nobody takes its finalizers.
static bool collect_alone(struct heap *heap, struct mcache *cache, void *object) {
    struct memstats stats;
    const struct finalizer finalizer = {.object = (uintptr_t)object};
    bool is_set = heap_add_finalizer(heap, &finalizer) == SPECIAL_OK;
    heap_mark_begin(heap);
    heap_mark_end(heap);
    heap_sweep_finish(heap, cache);
    heap_read_memstats(heap, &stats);
    return is_set && stats.HeapObjects == 0;
}

// A runtime with none of its options given.
static bool run_alone(struct go_machine *machine, struct heap *heap) {
    const struct runtime_options too_much = {.data_words = WORDS_OF_NO_HEAP};
    struct runtime *runtime = runtime_create(heap, NULL);
    if (runtime == NULL) {
        return false;
    }
    uint64_t now_ns = runtime_now_ns(runtime);
    (void)must(machine, runtime_now_ns(runtime) > now_ns, now_ns, "a clock stands still");
    (void)must(machine, runtime_create(heap, &too_much) == NULL, 0,
               "a segment is larger than the address space");
    runtime_destroy(runtime);
    return true;
}

// The metadata of a runtime with all of its options, refused at each place in turn.
static bool run_refused(struct go_machine *machine, struct heap *heap) {
    static const uint8_t mask[] = {1};
    const struct runtime_options given = {
        .go_version = "go1.7",
        .cpu_count = 3,
        .data_words = 1,
        .data_mask = mask,
        .bss_words = 1,
        .bss_mask = mask,
    };
    struct runtime *runtime = NULL;
    uint64_t at = 0;
    while (runtime == NULL && at++ < REFUSALS_MAX) {
        struct memstats before;
        struct memstats after;
        heap_read_memstats(heap, &before);
        heap_set_fault(heap, SYSMEM_METADATA, at, false);
        runtime = runtime_create(heap, &given);
        heap_read_memstats(heap, &after);
        (void)must(machine, runtime != NULL || before.OtherSys == after.OtherSys, at,
                   "a runtime that was refused has left metadata behind");
    }
    heap_set_fault(heap, SYSMEM_METADATA, 0, false);
    if (runtime != NULL) {
        (void)must(machine, at > 1, at, "a runtime needs no metadata");
        runtime_destroy(runtime);
    }
    return runtime != NULL;
}

// Nothing was allocated in it, whatever was in others.
static bool look_at_heap(struct go_machine *machine, struct heap *heap) {
    struct memstats stats;
    heap_read_memstats(heap, &stats);
    (void)must(machine, heap_base(heap) != heap_base(machine->heap), heap_base(heap),
               "two heaps have one base");
    (void)must(machine, stats.Mallocs == 0 && stats.HeapAlloc == 0, stats.Mallocs,
               "a heap counts what was allocated in another");
    return true;
}

// False: the machine's memory is used up.
static bool use_heap(struct go_machine *machine, struct heap *heap) {
    struct memstats stats;
    struct mcache *cache = heap_acquire_cache(heap);
    void *object = cache == NULL ? NULL : heap_alloc(heap, cache, 48, NULL, 0);
    if (object == NULL) {
        return false;
    }
    heap_read_memstats(heap, &stats);
    (void)must(machine, stats.Mallocs == 1 && stats.HeapAlloc == 48, stats.Mallocs,
               "a heap counts what was allocated in another");
    (void)must(machine, collect_alone(heap, cache, object), (uintptr_t)object,
               "a finalizer that nobody takes keeps its object");
    return run_alone(machine, heap) && run_refused(machine, heap);
}

bool exec_heap_beside(struct go_machine *machine, struct operation operation) {
    struct heap *heaps[HEAPS_BESIDE_MAX] = {NULL};
    uint32_t count = operation_get(operation, OPERAND_HEAPS);
    bool may_make = go_may_make(machine);
    bool effective = may_make;
    for (uint32_t i = 0; i < count && effective; i++) {
        // The third one's metadata would lie where the first one's window is.
        uintptr_t base = i == 2 ? heap_base(heaps[0]) - HEAP_WINDOW_BYTES : HEAP_BASE_DEFAULT;
        const struct heap_options options = {.base = base};
        executor_work(machine->executor, HEAP_WORK);
        heaps[i] = heap_create(i % 2 == 0 ? &options : NULL);
        effective = heaps[i] != NULL && look_at_heap(machine, heaps[i]) &&
                    ((i > 0 && i + 1 < count) || use_heap(machine, heaps[i]));
    }
    for (uint32_t i = 0; i < count; i++) {
        if (heaps[i] != NULL) {
            heap_destroy(heaps[i]);
        }
    }
    if (may_make && !effective) {
        harness_refused(); // no plan fails their calls: the machine's memory is used up
    }
    return effective;
}

// ---- what the embedder keeps in the heap's metadata, and what it says of its code

// Memory that lies "anywhere", since its places were taken, lies where the kernel likes: no result.
static uint64_t notable_address(const struct heap *heap, uintptr_t address) {
    return address - heap_base(heap) < HEAP_STRIDE_BYTES ? address : address != 0;
}

bool exec_metadata(struct go_machine *machine, struct operation operation) {
    size_t size_bytes = operation_get(operation, OPERAND_BYTES);
    executor_work(machine->executor, size_bytes / BYTES_PER_UNIT);
    uint8_t *memory = heap_metadata_alloc(machine->heap, size_bytes);
    executor_note(machine->executor, notable_address(machine->heap, (uintptr_t)memory));
    if (memory == NULL) {
        return false;
    }
    bool is_zero = memory[0] == 0 && memcmp(memory, memory + 1, size_bytes - 1) == 0;
    (void)must(machine, (uintptr_t)memory % 16 == 0, (uintptr_t)memory, "metadata is misaligned");
    (void)oracle_rule_text(machine->oracle, RULE_CONTENTS_ZERO, is_zero, (uintptr_t)memory,
                           "fresh metadata holds something");
    memset(memory, 0x5a, size_bytes);
    return true;
}

// Every other function overlaps the one before it, and is refused then.
bool exec_func(struct go_machine *machine, struct operation operation) {
    uint32_t number = operation_get(operation, OPERAND_NUMBER);
    uintptr_t entry = 0x600000 + (uintptr_t)number * 0xc0;
    const struct func func = {
        entry, entry + (number % 2 == 0 ? 0x100 : 0xc0), "main.more", "more.go", number, number % 4,
    };
    bool defined = runtime_define_func(machine->runtime, &func);
    const struct func *found = runtime_find_func(machine->runtime, func.end - 1);
    (void)must(machine, !defined || (found != NULL && found->entry == entry), entry,
               "a function that was defined is not found");
    if (defined) {
        (void)model_func_defined(machine->model, &func);
    }
    return defined;
}

// ---- words that point to no object

static uintptr_t stray_address(struct go_machine *machine, struct operation operation) {
    uintptr_t base = heap_base(machine->heap);
    const struct model_handle *handle = go_handle(machine, operation_get(operation, OPERAND_TO));
    switch ((enum stray_place)operation_get(operation, OPERAND_STRAY)) {
    case STRAY_NULL:
        return sizeof(uintptr_t);
    case STRAY_BELOW:
        return base - sizeof(uintptr_t);
    case STRAY_BEHIND:
        return base + HEAP_WINDOW_BYTES;
    case STRAY_LAST:
        return base + HEAP_WINDOW_BYTES - sizeof(uintptr_t);
    case STRAY_METADATA:
        return runtime_data_segment(machine->runtime)->base;
    case STRAY_IDLE:
        return base + HEAP_ARENA_BYTES - sizeof(uintptr_t);
    case STRAY_MANUAL:
        return (uintptr_t)machine->manuals[operation_get(operation, OPERAND_TO) % 4].base;
    case STRAY_PAGE_END: // what is left of a span behind its last object, or an object
        return handle == NULL ? 0 : (handle->address | (HEAP_PAGE_BYTES - 1)) - 7;
    case STRAY_PLACE_COUNT:
        break;
    }
    return 0;
}

bool exec_write_stray(struct go_machine *machine, struct operation operation) {
    uintptr_t value = stray_address(machine, operation);
    const struct segment *segment = runtime_data_segment(machine->runtime);
    size_t word = go_segment_word(operation_get(operation, OPERAND_WORD), false);
    runtime_write_pointer(machine->runtime, segment->base + word * sizeof(uintptr_t), value);
    (void)model_segment_wrote(machine->model, MODEL_SEGMENT_DATA, word, value);
    return true;
}

// ---- calls that must be refused, and change nothing

static bool refuses_sizes(struct go_machine *machine, struct mcache *cache) {
    struct heap *heap = machine->heap;
    size_t window_pages = HEAP_WINDOW_BYTES / HEAP_PAGE_BYTES;
    return heap_alloc(heap, cache, HEAP_WINDOW_BYTES + 1, NULL, 0) == NULL &&
           heap_alloc_aligned(heap, cache, 64, 2 * HEAP_ARENA_BYTES, NULL, 0) == NULL &&
           heap_alloc_aligned(heap, cache, 0, 8, NULL, 0) == heap_zero_base(heap) &&
           heap_alloc_manual(heap, 0, MANUAL_STACK) == NULL &&
           heap_alloc_manual(heap, window_pages + 1, MANUAL_OTHER) == NULL &&
           heap_map_os_stack(heap, 0) == NULL &&
           heap_map_os_stack(heap, HEAP_METADATA_BYTES + 1) == NULL;
}

static bool refuses_nothing(struct go_machine *machine, struct mcache *cache) {
    struct heap *heap = machine->heap;
    void *zero = heap_zero_base(heap);
    return heap_free(heap, cache, NULL) == HEAP_FREE_DEFERRED &&
           heap_free(heap, cache, zero) == HEAP_FREE_DEFERRED &&
           heap_realloc(heap, cache, zero, 0, NULL, 0) == zero &&
           heap_realloc(heap, cache, NULL, 0, NULL, 0) == zero &&
           heap_usable_bytes(heap, zero) == 0 && heap_usable_bytes(heap, NULL) == 0 &&
           heap_usable_bytes(heap, heap) == 0;
}

static bool refuses_finalizer_at(struct go_machine *machine, uintptr_t object) {
    const struct finalizer finalizer = {.object = object};
    enum special_status status = runtime_set_finalizer(machine->runtime, &finalizer);
    return (status == SPECIAL_NO_OBJECT || status == SPECIAL_NO_MEMORY) &&
           !heap_remove_finalizer(machine->heap, object);
}

// At the inside of what is no tiny block, and where no object is: a free slot, or the waste behind
// the last one.
static bool refuses_finalizers_around(struct go_machine *machine, uintptr_t address,
                                      size_t size_bytes) {
    struct model_object object;
    const uintptr_t places[] = {address + size_bytes + 16, address | (HEAP_PAGE_BYTES - 1)};
    bool refuses = size_bytes <= 16 || refuses_finalizer_at(machine, address + 1);
    for (size_t i = 0; i < 2 && refuses; i++) {
        refuses = model_find_object(machine->model, places[i], &object) ||
                  refuses_finalizer_at(machine, places[i]);
    }
    return refuses;
}

static bool refuses_finalizers(struct go_machine *machine) {
    uintptr_t base = heap_base(machine->heap);
    bool refuses = refuses_finalizer_at(machine, base - 1) &&
                   refuses_finalizer_at(machine, base + HEAP_WINDOW_BYTES - 1);
    for (size_t i = 0; i < machine->slot_limit && refuses; i++) {
        uintptr_t manual = (uintptr_t)machine->manuals[i].base;
        refuses = manual == 0 || refuses_finalizer_at(machine, manual);
    }
    for (uint32_t i = 0; i < machine->slot_limit && refuses; i++) {
        const struct model_handle *handle = go_handle(machine, i);
        refuses = handle == NULL ||
                  refuses_finalizers_around(machine, handle->address, handle->size_bytes);
    }
    return refuses;
}

static bool refuses_cycle(struct go_machine *machine, struct mcache *cache) {
    struct runtime *runtime = machine->runtime;
    if (runtime_gc_is_marking(runtime)) {
        return !runtime_gc_start(runtime, cache, false) && !runtime_collect(runtime, cache, true);
    }
    return runtime_gc_mark_step(runtime, 1) && !runtime_gc_finish(runtime, cache);
}

static bool refuses_code(struct go_machine *machine) {
    const struct func backward = {0x2000, 0x1000, "main.backward", "", 1, 1};
    return !runtime_define_func(machine->runtime, &backward) &&
           runtime_find_func(machine->runtime, UNKNOWN_PC) == NULL;
}

// One cache more than there can be; all are given back. The ledger hears of each: a cache draws the
// distance to its first sample.
static bool refuses_caches(struct go_machine *machine) {
    struct mcache *caches[CACHES_ASKED];
    size_t count = 0;
    executor_work(machine->executor, CACHES_ASKED);
    while (count < CACHES_ASKED && (caches[count] = heap_acquire_cache(machine->heap)) != NULL) {
        (void)model_cache_acquired(machine->model, heap_cache_id(caches[count]));
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t id = heap_cache_id(caches[i]);
        heap_release_cache(machine->heap, caches[i]);
        (void)model_cache_released(machine->model, id);
    }
    return count < CACHES_ASKED;
}

static bool refuses(struct go_machine *machine, struct mcache *cache, enum refusal what) {
    switch (what) {
    case REFUSAL_SIZES:
        return refuses_sizes(machine, cache);
    case REFUSAL_NOTHING:
        return refuses_nothing(machine, cache);
    case REFUSAL_FINALIZERS:
        return refuses_finalizers(machine);
    case REFUSAL_CYCLE:
        return refuses_cycle(machine, cache);
    case REFUSAL_CODE:
        return refuses_code(machine);
    case REFUSAL_CACHES:
        return refuses_caches(machine);
    case REFUSAL_COUNT:
        break;
    }
    return false;
}

bool exec_refused(struct go_machine *machine, struct operation operation) {
    struct mcache *cache = go_cache(machine, operation);
    enum refusal what = (enum refusal)operation_get(operation, OPERAND_REFUSED);
    if (cache == NULL) {
        return false;
    }
    bool is_refused = refuses(machine, cache, what);
    (void)must(machine, is_refused, what, "a call that must be refused was not");
    return true;
}
