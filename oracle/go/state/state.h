// state: what the ledger holds, and how it is found and walked; private to the oracle.
//
// All lies in arrays that grow, named by index: an event costs no malloc, a reset keeps the memory.
// What an event does to several of these parts is in oracle/go/model/parts.h.
//
// Invariants, checked by model_is_valid():
//   D1  each slot is free or, once, in the list of those that are live or condemned
//   D2  the map finds these by their first and last byte, and no others
//   D3  a handle is in the list of the slot that it names, and counted
//   D4  alloc count - free count of a class is the number of its slots, and so with large bytes
//   D5  an edge is free or in one slot's list; a finalizer is free, in one slot's or in the queue;
//       so is a cleanup
//   D6  the caches are counted, below the lowest free id none is free; one packs tiny blocks alone
//   D7  the map counts the pages with a slot, and on a page a slot starts where it is used
//   D8  pages that the program manages, goroutines' stacks and OS threads' stacks are summed up
//   D9  frames lie in a goroutine's words and bits one behind the other; a defer's frame is there;
//       a dead goroutine has none of these
//   D10 slots that wait for their span's sweep stand side by side, and they alone are condemned
//   D11 samples are counted, each in an entry; an entry that has seen its bucket is found by it
#ifndef ORACLE_GO_STATE_STATE_H
#define ORACLE_GO_STATE_STATE_H

#include "oracle/core/harness_memory.h"
#include "allocator/memstats.h"
#include "oracle/go/model/model.h"
#include "oracle/core/bits.h"
#include "oracle/core/rule.h"
#include "oracle/go/state/profile.h"
#include "runtime/func.h"
#include "runtime/pool.h"

#define MODEL_NONE UINT32_MAX // no index

// An array of structs that grows, each named by its index; below `count` they are in use or free.
struct index_pool {
    void *items;
    uint32_t count, capacity;
    uint32_t item_bytes;
    uint32_t free_head; // index + 1 of the first free item, linked through its first uint32_t
};

struct slot {              // one allocated slot: an object, or a block of tiny ones
    uint32_t list_index;   // in model->live; first, because a free slot links through it
    uint32_t first_handle; // MODEL_NONE: no handle names it
    uintptr_t base;
    size_t size_bytes; // requested
    size_t element_bytes;
    const struct gc_layout *layout; // NULL: no pointers
    uint32_t first_edge;            // of its non-zero pointer words
    uint32_t first_finalizer, first_cleanup;
    uint64_t seed; // of its contents
    uint32_t cache_id;
    uint32_t sample;     // index + 1 of its profile_entry; 0: not sampled
    uint32_t visit;      // == model->visit: seen in this walk
    uint32_t span_hint;  // index of its span in the last view that was asked
    uint32_t grave;      // of a condemned one: index of its condemned_span; MODEL_NONE: none
    uint16_t tiny_bytes; // mask of a tiny block's bytes that were handed out
    uint8_t size_class;  // 0: large
    bool noscan;
    bool tiny_block;
    bool zeroed;    // its tail is zero
    bool untouched; // no pattern
    bool condemned;
    bool black;     // marked whatever reaches it: born while marking, or a tiny block at the start
    bool shown;     // may be marked: reachable when marking started, or from what was shaded since
    bool reachable; // from the roots when marking ended
};

struct edge { // a non-zero pointer word of a slot
    uint32_t next;
    uint32_t word;
    uintptr_t value;
};

struct handle_entry { // a handle, and the slot that its object lies in
    struct model_handle shown;
    uint32_t slot; // MODEL_NONE: names nothing
    uint32_t next; // handle of the same slot
    uint32_t touched_index;
};

struct finalizer_entry { // a finalizer or a cleanup that is set or queued
    uint32_t next;       // of the slot's list, by object's address
    uint32_t batch;      // when queued: sweeps seen together may have queued in any order
    struct model_finalizer shown;
};

struct queue_list { // in the queue's order
    struct model_finalizer *items;
    uint32_t count, capacity;
    bool is_short; // memory ran out: it does not hold all, and nothing is judged by it
};

// ---- the map from addresses to slots (map.c)

#define MAP_GRANULES        1024 // of 8 bytes in a page
#define MAP_ENTERING_MANUAL (UINT32_MAX - 1)

struct map_page {         // the slots that lie on one page, to the granule
    uint32_t page_number; // from the heap's base
    uint32_t entering; // slot + 1 that begins on an earlier page (or MAP_ENTERING_MANUAL); 0: none
    uint32_t entering_granules;
    uint32_t slot_count;                // that lie on the page, entering ones included
    uint64_t used[MAP_GRANULES / 64];   // without those entering
    uint64_t starts[MAP_GRANULES / 64]; // of slots
};

struct map_range { // that is too large for a record of each of its pages
    uintptr_t base;
    size_t size_bytes;
    uint32_t entering; // as of a page
};

struct map { // which slot an address lies in
    uintptr_t base;
    uint32_t *arenas[HEAP_ARENA_COUNT]; // page record + 1 of each page
    struct index_pool pages;
    uint32_t *table; // open hash of slot + 1 by base
    uint32_t table_size, table_count;
    uint64_t covered_pages; // pages with a slot
    struct map_range *large;
    uint32_t large_count, large_capacity;
};

// ---- program: goroutines, roots, tables

struct frame_entry {                      // as it was pushed
    struct frame_description description; // clipped as the stack clips it; maps copied below
    uint32_t word_first;                  // of the goroutine's words: word 0 of the frame
    uint32_t bits_first;                  // of its bits: arguments, then locals
};

struct defer_entry { // as it was pushed
    uintptr_t address, pc, function, entry;
    size_t depth_bytes;   // its sp, down from the stack's top
    uint32_t frame_count; // when it was pushed
};

struct panic_entry { // as it was pushed
    uintptr_t address, type, data;
};

struct goroutine_entry { // a goroutine's record, as the operations made it
    uint64_t id;         // the driver's
    uint64_t number;     // the runtime's: of the start
    bool alive;
    uintptr_t address;
    uintptr_t go_pc;
    bool is_system;
    enum goroutine_status status;
    const char *wait_reason;
    uint64_t wait_since_ns;
    struct model_stack stack;
    uintptr_t context;
    uintptr_t thread;           // 0: none
    struct frame_entry *frames; // oldest first
    uint32_t frame_count, frame_capacity;
    uintptr_t *words; // of all frames: word 0 of a frame at its sp, the oldest frame first
    uint32_t word_count, word_capacity;
    uint8_t *bits;
    uint32_t bit_bytes, bit_capacity;
    struct defer_entry *defers; // oldest first
    uint32_t defer_count, defer_capacity;
    struct panic_entry *panics; // oldest first
    uint32_t panic_count, panic_capacity;
};

struct block_counts { // of the runtime's blocks of one size
    size_t used_count, made_count;
};

struct segment_entry { // a segment: its words as the program wrote them
    uintptr_t base;
    const uint8_t *mask; // NULL: all words
    uintptr_t *words;
    uint32_t word_count, word_capacity;
};

struct root_entry { // that was added
    uint64_t id;
    const char *description;
    uintptr_t target;
};

struct type_entry { // that was defined
    uintptr_t address;
    const struct type *description;
};

struct itab_entry { // that was defined
    uintptr_t address, type;
    bool negative;
};

struct range_entry { // pages that the program manages, and the statistic that they are charged to
    uintptr_t base;
    size_t size_bytes;
    uint8_t stat;
};

struct tiny_cache {  // packing, simulated
    uint32_t block;  // slot; MODEL_NONE: none
    uint32_t offset; // next byte
    bool exists;
};

#define MODEL_CLOCK_READS 4 // of the latest that are kept

struct cycle_counts { // the collection cycles: what MemStats must say of them
    uint32_t count, forced_count;
    uint64_t pause_total_ns, last_end_ns;
    uint64_t pause_ns[MEMSTATS_PAUSE_COUNT], pause_end_ns[MEMSTATS_PAUSE_COUNT];
    uint64_t marked_bytes; // by the last cycle
    int32_t percent;
    uint64_t clock_reads[MODEL_CLOCK_READS]; // newest last
    uint64_t clock_count;
    uint64_t created_ns;     // the first read
    uint64_t start_pause_ns; // of the cycle that runs
    bool marking, forced;
    bool ending; // finish was announced with start: one call does both
};

struct condemned_span { // with objects that its sweep will free
    uint32_t index;     // by which who looks at the heap finds it
    uintptr_t base;
    uint32_t slot_first, slot_count; // of model->condemned_slots
    bool swept;                      // as was seen
};

// What the ledger is told of a heap when it begins.
struct model_place {
    uintptr_t base;      // of its window
    uintptr_t zero_base; // where empty objects lie
    size_t cache_bytes;  // that a cache's structure takes
};

#define MODEL_CACHE_COUNT 1024 // the most caches at a time: as many as a heap has

struct model { // the ledger, whole
    struct rule_book *book;
    struct model_place place;
    struct map map;
    struct index_pool slots, edges, finalizers;
    uint32_t *live; // slots in the ledger
    uint32_t live_count, live_capacity;
    struct handle_entry *handles; // [MODEL_HANDLE_COUNT]
    uint32_t *touched;            // handles that were ever used, so that a reset is cheap
    uint32_t touched_count;
    uint32_t contents_next; // of live: whose contents are checked next
    size_t handle_count;
    struct tiny_cache caches[MODEL_CACHE_COUNT];
    uint32_t cache_limit, cache_count;
    uint32_t cache_free; // the lowest id that no cache has
    uint64_t serial;     // of allocations: seeds
    uint32_t *stack;     // of slots to visit
    uint32_t stack_count, stack_capacity;

    // counts
    uint64_t alloc_count[SIZE_CLASS_COUNT], free_count[SIZE_CLASS_COUNT]; // row 0: large
    uint64_t large_alloc_bytes, large_free_bytes;
    uint64_t tiny_count;

    // program
    struct goroutine_entry *goroutines; // in order of their records: a dead one is used again
    uint32_t goroutine_count, goroutine_capacity;
    uint64_t goroutine_starts;
    struct segment_entry segments[MODEL_SEGMENT_COUNT];
    struct root_entry *roots; // in order of addition
    uint32_t root_count, root_capacity;
    struct model_osthread *osthreads; // oldest first
    uint32_t osthread_count, osthread_capacity;
    uint64_t osthread_starts, osthread_failures; // of these since the last start
    uint32_t osthread_record_count;
    struct type_entry *types; // in order of definition, as itabs and functions
    uint32_t type_count, type_capacity;
    struct itab_entry *itabs;
    uint32_t itab_count, itab_capacity;
    struct func *funcs;
    uint32_t func_count, func_capacity;
    uint32_t funcs_next; // that the next look at some begins with
    uint32_t visit;      // the walk that goes on now
    struct range_entry *manuals, *os_stacks;
    uint32_t manual_count, manual_capacity, os_stack_count, os_stack_capacity;
    uint64_t manual_bytes[MANUAL_STAT_COUNT]; // those that the driver asked for
    uint64_t stack_bytes;                     // of goroutines
    uint64_t os_stack_bytes;
    struct model_finalizer running;
    bool has_running;
    uint32_t queue_head, queue_tail; // of queued finalizers
    uint32_t queue_batch;
    bool has_open_batch; // of a cycle's end: the next sweep that is seen belongs to it
    struct queue_list queue_seen, queue_due; // of the comparison: what stands there, what must
    struct block_counts blocks[RUNTIME_BLOCK_CLASSES];
    size_t place_count; // for finalizers to wait in, as was last told
    struct profile profile;

    // collection
    struct cycle_counts cycle;
    struct condemned_span *condemned;
    uint32_t condemned_count, condemned_capacity;
    uint32_t *condemned_slots;
    uint32_t condemned_slot_capacity;
    bool memory_failed; // during the last allocation: a sample may be lost
};

// The slot with this index, until the next index_pool_take of slots.
static inline struct slot *model_slot(const struct model *model, uint32_t index) {
    return (struct slot *)model->slots.items + index;
}
// The edge with this index, likewise.
static inline struct edge *model_edge(const struct model *model, uint32_t index) {
    return (struct edge *)model->edges.items + index;
}
// The finalizer with this index, likewise.
static inline struct finalizer_entry *model_finalizer_at(const struct model *model,
                                                         uint32_t index) {
    return (struct finalizer_entry *)model->finalizers.items + index;
}

// A layout without a pointer; NULL is one.
static inline bool model_is_noscan(const struct gc_layout *layout) {
    return layout == NULL || layout->pointer_bytes == 0;
}

// ---- index_pool.c
// Index of a new item, not zeroed; MODEL_NONE: out of memory.
uint32_t index_pool_take(struct index_pool *pool);
// Gives an item back, by its index; its first uint32_t becomes the link.
void index_pool_give(struct index_pool *pool, uint32_t index);
void index_pool_reset(struct index_pool *pool); // none is in use; the memory is kept

// ---- handle.c
// The handle, which names nothing, names the slot from now on, and shows this.
void model_bind_handle(struct model *model, uint32_t handle, uint32_t slot,
                       const struct model_handle *shown);
void model_unbind_handle(struct model *model, uint32_t handle); // it names nothing from now on
void model_unbind_all(struct model *model, uint32_t slot);      // no handle names it any more
struct goroutine_entry *model_goroutine(const struct model *model, uint64_t id); // NULL: none

// ---- map.c
// Enters a slot where nothing else lies (map_is_free). False: out of memory.
bool map_enter(struct model *model, uint32_t slot);
void map_leave(struct model *model, uint32_t slot); // takes an entered slot out
// Whether no slot and no manual pages lie in these bytes, whole granules in the window.
bool map_is_free(const struct model *model, uintptr_t base, size_t size_bytes);
uint32_t map_find(const struct model *model, uintptr_t address); // slot that holds it
uint64_t map_covered_by(const struct map_range *range);          // pages with a slot
uint32_t map_at(const struct map *map, const struct model *model,
                uintptr_t base); // that begins there
// Enters whole pages that are no object. False: out of memory.
bool map_enter_manual(struct model *model, uintptr_t base, size_t size_bytes);
void map_leave_manual(struct model *model, uintptr_t base, size_t size_bytes); // takes them out
void map_reset(struct map *map, uintptr_t base); // empties it, for a heap at this base
void map_fini(struct map *map);                  // frees its memory

// ---- pointer.c: a slot's edges
void pointers_drop(struct model *model, struct slot *slot); // all of them
// Drops those from `size_bytes` on, also one that lies across.
void pointers_cut(struct model *model, struct slot *slot, size_t size_bytes);
// Hands those below `size_bytes` to `to`, which has none; the collector is shown each.
void pointers_move(struct model *model, struct slot *from, struct slot *to, size_t size_bytes);

// ---- roots.c: where reachability starts
// Calls `visit` with each root's value, zeros included.
void model_visit_roots(struct model *model, void (*visit)(struct model *model, uintptr_t value));
// Whether a word of a frame may hold a pointer. 0: the oldest frame; its word at sp.
bool model_is_frame_root(const struct goroutine_entry *g, uint32_t frame_index, size_t word);
// Bytes of the frame's map of arguments, which come before those of its locals.
size_t model_argument_bit_bytes(const struct frame_description *description);
size_t model_local_bit_bytes(const struct frame_description *description); // of its locals' map

// ---- block.c: the runtime's blocks, by what lies in them
// A record of so many bytes was made: in a free block of its size, or in a new one.
void model_block_used(struct model *model, size_t size_bytes);
void model_block_left(struct model *model, size_t size_bytes); // its block is free
// A type was made: its record, strings and mask.
void model_block_type(struct model *model, const struct type *description);
void model_block_func(struct model *model, const struct func *description); // not counted yet
void model_block_osthread(struct model *model);                             // counted
// A root was made: its record and description.
void model_block_root_used(struct model *model, const char *description);
void model_block_root_left(struct model *model, const char *description); // both are free

// ---- reach.c: a walk over the ledger
void reach_begin(struct model *model); // nothing is reached yet
// Takes the object that the value points into for reached; none, or reached before: nothing.
void reach_value(struct model *model, uintptr_t value);
// Calls `reach` once with each slot that was reached, and with those that their edges lead to.
void reach_drain(struct model *model, void (*reach)(struct slot *slot));
// Takes what the roots and set finalizers lead to for reached.
void reach_roots(struct model *model);
// The same without cleanups' functions, of which a dump has no record, and without what the fields
// of objects with a finalizer lead to.
void reach_dumped_roots(struct model *model);
void reach_finalized_fields(struct model *model); // takes that for reached
// Walks from the roots: what is reachable now has slot->visit == model->visit.
void reach_all(struct model *model);
// While marking: the collector was shown the value; all that it leads to may be marked from now on.
void model_shade(struct model *model, uintptr_t value);

#endif
