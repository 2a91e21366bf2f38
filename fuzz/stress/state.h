// state: what the files of threads share: the crew, its workers, their objects and ledgers.
// Internal to fuzz/stress.
//
// Keeping objects alive: a thread's own variables are no roots. Each object record has a word of
// the data segment, its anchor, that holds the object from the operation that allocates it on. A
// worker stores anchors plainly while no cycle can run, and through runtime_write_pointer from the
// gate on that announces one; between a cycle's start and its end the conductor lets each worker
// pass a gate, so that no cycle lies within one operation.
#ifndef FUZZ_STRESS_STATE_H
#define FUZZ_STRESS_STATE_H

#include "allocator/memstats.h"
#include "fuzz/generate/random.h"
#include "fuzz/stress/threads.h"
#include "oracle/core/rule.h"
#include "runtime/runtime.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS_OBJECTS     512   // records a worker
#define THREADS_DROPPED     32768 // slots that a worker drops before a barrier tells which were freed
#define THREADS_BLOCKS      64    // that the next tiny allocation may share; enough by far
#define THREADS_DEPTH       8
#define THREADS_FRONT_BYTES 256 // of an object's contents that are written as a whole
#define THREADS_MAILBOXES   64
#define THREADS_MANUALS     8
#define THREADS_STACKS      4
#define THREADS_GOROUTINES  2

struct goroutine;

// ---- gate: what the workers are told, and when all have heard it (gate.c)

enum gate_bits {
    GATE_BARRIER = 1,   // pointers are stored through the runtime: a cycle may run
    GATE_HANDS_OFF = 2, // objects' bytes are not written: a dump reads them
    GATE_PAUSE = 4,     // rest until it is lifted
    GATE_QUIT = 8,
    GATE_SWAP = 16,  // caches are taken and given up, by all at once
    GATE_EPOCH = 32, // counts from here on, so that each order is a new one
};

struct gate {
    _Atomic uint32_t order;
    pthread_mutex_t mutex;
    pthread_cond_t lifted;
};

// ---- objects and ledgers

// A place that holds an object instead of its anchor; each kind at most once a worker.
enum pin { PIN_NONE, PIN_FRAME, PIN_CONTEXT, PIN_DEFER, PIN_PANIC, PIN_ROOT, PIN_COUNT };

struct tiny_block {
    uintptr_t base;      // 0: the record is spare
    uint32_t part_count; // that somebody holds
    uint32_t used_bytes;
    bool is_recent;
    uint64_t serial; // of two at one place, the later one is there
    struct tiny_block *next_spare;
};

struct object { // what a worker knows of an object; the record moves with it from worker to worker
    uintptr_t address;
    size_t size_bytes;              // requested
    const struct gc_layout *layout; // NULL: no pointers
    uint64_t seed;                  // of its contents
    uintptr_t anchor;               // address of its word of the data segment
    size_t element_bytes;
    struct tiny_block *block; // that it is a part of, NULL: a whole slot
    struct object *child;     // that its first pointer word holds alive, NULL: none
    struct object *parent;
    uint32_t held_index; // in the worker's held
    uint8_t size_class;
    uint8_t depth; // over its parent's: bounds how long a chain of children is
    uint8_t pin;   // enum pin
    bool patterned;
    bool finalized; // carries a finalizer
};

struct dropped { // a slot that nothing leads to; a sweep frees it, or has
    uintptr_t base;
    size_t element_bytes;
    uint64_t serial; // of two at one place, the later one is there
    uint8_t size_class;
    bool lingers; // one cycle need not free it: it has a finalizer, or is a tiny block
};

struct ledger {
    uint64_t malloc_count[SIZE_CLASS_COUNT], free_count[SIZE_CLASS_COUNT];
    uint64_t large_alloc_bytes, large_free_bytes;
    uint64_t tiny_hit_count;
    uint64_t finalizers_set, finalizers_dropped, finalizers_run;
};

struct manual {
    uintptr_t base; // 0: none
    size_t page_count;
    enum manual_stat stat;
    uint64_t seed;
};

struct os_stack {
    void *base; // NULL: none
    size_t size_bytes;
};

struct pinned {
    struct object *object; // NULL: nothing is pinned so
    struct goroutine *goroutine;
    struct frame *frame;
    struct other_root *root;
};

struct worker {
    struct crew *crew;
    uint32_t index;
    pthread_t thread;
    struct random random;
    struct mcache *cache;   // NULL: no memory for one yet
    _Atomic uint32_t heard; // the last order that it follows
    uint32_t order;
    uint32_t wanted_count; // of objects held
    uint32_t held_count, spare_count, dropped_count;
    struct object **held, **spare; // room for the records of all workers
    struct dropped *dropped;
    struct tiny_block *blocks, *spare_blocks; // of own tiny allocations
    size_t block_count;
    // What the cache's block may be: the one shared last, or one begun since; a collection drops
    // the cache's block unseen.
    struct tiny_block *recent_blocks[THREADS_BLOCKS];
    uint32_t recent_count;
    struct goroutine *goroutines[THREADS_GOROUTINES];
    struct pinned pins[PIN_COUNT];
    struct manual manuals[THREADS_MANUALS];
    struct os_stack os_stacks[THREADS_STACKS];
    struct osthread *os_thread;
    const struct type *type; // defined last
    struct ledger ledger;
    struct rule_book book;
    struct memstats stats; // read last
    bool has_stats;
    uint64_t executed[THREADS_OPERATION_COUNT], effective[THREADS_OPERATION_COUNT];
    _Atomic uint64_t operation_count; // for the watch
};

struct crew {
    struct threads_options options;
    struct threads_report *report;
    struct heap *heap;
    struct runtime *runtime;
    struct gate gate;
    uint32_t worker_count;
    struct worker *workers;
    struct object *objects; // worker_count * THREADS_OBJECTS
    _Atomic(struct object *) mailboxes[THREADS_MAILBOXES];
    uint64_t round_seconds;
    _Atomic uint64_t serial;         // of blocks begun and slots dropped
    _Atomic uint32_t swapping_count; // of workers that have not swapped all caches yet
    _Atomic bool rest_asked;         // a worker has no room for what it drops
    _Atomic bool is_done;            // the conductor has ended
    uint64_t refusals_before;        // of the system, when it was created
    bool is_short;                   // there was no memory for the conductor's cache
    _Atomic bool found;
    pthread_mutex_t finding_mutex;

    // the conductor's own
    pthread_t conductor;
    struct mcache *cache;
    struct random random;
    struct oracle *oracle; // of dumps read back
    struct rule_book book;
    struct ledger
        collected; // what sweeps have freed of what was dropped: free_count, large_free_bytes
    struct memstats stats;
    bool has_stats;
    struct view *view;
    struct verifier *verifier;
    struct scan *scan;
    bool has_scan;              // of the check that runs
    struct crew_entry *entries; // of a barrier's check
    uint32_t entry_capacity;
    uint32_t dump_capacity;
    uint8_t *dump_bytes;
    size_t dump_size;
};

// ---- gate

void gate_init(struct gate *gate);
void gate_fini(struct gate *gate);
// Gives the order `bits` and waits until every worker follows it.
void crew_order(struct crew *crew, uint32_t bits);
// A worker's look at the gate between two operations. False: it is to quit.
bool worker_passes_gate(struct worker *worker);
void worker_receives(struct worker *worker);
static inline bool worker_is_told(const struct worker *worker, enum gate_bits bit) {
    return (worker->order & (uint32_t)bit) != 0;
}

// Puts an object, or NULL, into a mailbox, and returns what was there.
struct object *crew_swap_mail(struct crew *crew, uint32_t mailbox, struct object *sent);
uint64_t crew_next_serial(struct crew *crew);
void worker_sends(struct worker *worker, uint64_t operation_count); // how far it is
// For a barrier that collects, which tells what of the worker's drops was freed.
void worker_asks_for_rest(struct worker *worker);
bool crew_is_asked_for_rest(struct crew *crew);

// ---- findings: the first stays

void crew_take_finding(struct crew *crew, const struct rule_book *book);
void crew_take_line(struct crew *crew, const char *line);

// ---- object.c: records and what was counted of them

struct object *worker_take_spare(struct worker *worker); // NULL: none
void worker_give_spare(struct worker *worker, struct object *object);
void worker_hold(struct worker *worker, struct object *object);
void worker_unhold(struct worker *worker, struct object *object);

void ledger_malloc(struct ledger *ledger, uint8_t size_class, size_t element_bytes);
void ledger_free(struct ledger *ledger, uint8_t size_class, size_t element_bytes);

// ---- contents.c: contents, anchors

extern const struct gc_layout threads_layouts[];
#define THREADS_LAYOUT_COUNT 6
size_t object_first_pointer(const struct object *object); // byte offset; SIZE_MAX: it has none

void contents_write(const struct object *object, size_t from_bytes);
// Verifies the first `size_bytes` of what was written. False: a finding.
enum contents_depth {
    CONTENTS_QUICK, // the first words and the last byte
    CONTENTS_WHOLE, // all
    CONTENTS_FRONT, // all, but for the end of what was longer
};
bool contents_verify(struct rule_book *book, const struct object *object, size_t size_bytes,
                     enum contents_depth depth);
bool contents_verify_zero(struct rule_book *book, uintptr_t address, size_t size_bytes);

// Stores a pointer into a word that only this worker writes.
void worker_store(struct worker *worker, uintptr_t slot, uintptr_t value);

// ---- operations: true when they did something

#define THREADS_OPERATION(name, weight) bool worker_##name(struct worker *worker);
#include "fuzz/stress/threads.def"

void *worker_run(void *worker);
// Lets go of everything, so that a collection finds nothing to keep.
void worker_empty(struct worker *worker);

// Frees an object that is whole and free of ties. False: a finding.
bool worker_free_object(struct worker *worker, struct object *object);
// Forgets an object: nothing leads to it any more. Its child goes with it.
void worker_drop_object(struct worker *worker, struct object *object);
// Undoes ties (child, parent, pin), so that the anchor alone holds it.
void worker_untie(struct worker *worker, struct object *object);
// A random object that the worker holds, NULL: it holds none.
struct object *worker_pick(struct worker *worker);
// A random object that is tied to nothing and no part of a block, NULL: not found at once.
struct object *worker_pick_free_one(struct worker *worker);
bool worker_unpin(struct worker *worker, enum pin pin);
void worker_swap_caches(struct worker *worker);
void worker_end_program(struct worker *worker); // goroutines, stacks, manual spans, threads

// ---- tiny.c: blocks of tiny objects

// Nothing leads to the slot any more.
void worker_drop_slot(struct worker *worker, const struct dropped *slot);
// The same for a block, unless somebody holds a part of it, or the next tiny allocation may share
// it.
void worker_drop_block(struct worker *worker, struct tiny_block *block);
// The cache was flushed: it shares no block any more.
void worker_forget_blocks(struct worker *worker);
// The block's slot was freed by a sweep.
void worker_lose_block(struct worker *worker, struct tiny_block *block);

// ---- conductor

void *conductor_run(void *crew);
void crew_use_own_cache(struct crew *crew); // objects come and go in it
// fork.c: a child goes on while the workers stand in whatever they do. It is checked.
void crew_fork(struct crew *crew);
// freed.c: finds out which slots that nobody holds were freed. The workers rest.
enum freed_check { FREED_KNOWN, FREED_FINDING, FREED_NO_MEMORY };
enum freed_check crew_find_freed(struct crew *crew);
// All workers rest: everything is checked, after a collection or a dump when asked. False: a
// finding.
struct barrier {
    bool collects, dumps, asks_kernel;
};
bool crew_check(struct crew *crew, struct barrier barrier);
// The world is stopped: structure, scan and identities. False: a finding.
bool crew_check_stopped(struct crew *crew);
// The workers have let go of everything and ended.
bool crew_check_empty(struct crew *crew);
// dump.c: dumps to memory and reads it back, under a stopped runtime. False: a finding.
bool crew_dump(struct crew *crew);
// The same while the workers run, read back alone. False: a finding.
bool crew_dump_in_flight(struct crew *crew);

#endif
