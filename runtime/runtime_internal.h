// runtime_internal: what a runtime consists of, and what its files call of each other.
//
// Locks: `lock` is held by every call that changes what the runtime keeps, and taken before the
// world is stopped; the finalizer queue has a lock of its own, as a sweep inside another thread's
// allocation fills it.
#ifndef RUNTIME_RUNTIME_INTERNAL_H
#define RUNTIME_RUNTIME_INTERNAL_H

#include "runtime/pool.h"
#include "runtime/runtime.h"

#include "allocator/collect.h"

#include <pthread.h>

// ---- pool.c: records of all sizes in the heap's metadata, with free lists by power of two

struct pool_block {
    struct pool_block *next;
};

struct pool {
    struct pool_block *free[RUNTIME_BLOCK_CLASSES]; // of 2^class bytes
    uintptr_t slab_next;
    size_t slab_left;
    size_t promised_count; // blocks that the next calls of pool_alloc take and cannot lack
};

// Holds anything. NULL: no memory. `size_bytes` is told again when it is freed. Under the runtime's
// lock.
void *pool_alloc(struct runtime *runtime, size_t size_bytes);
void pool_free(struct runtime *runtime, void *block, size_t size_bytes);

// All or nothing, for a call that needs several things: makes sure that the pool has `count` blocks
// of `size_bytes` for each need, so that pool_alloc cannot fail for them. What follows, up to
// pool_end, is obtained from the heap with them: one thing, or after pool_begin_several several.
// False: no memory, nothing changed, and no pool_end.
struct pool_need {
    size_t size_bytes, count;
};
#define POOL_NEEDS_MAX 4
struct pool_attempt {
    bool is_open; // the heap's attempt
    uintptr_t slab_next;
    size_t slab_left;
    size_t touched_count;
    struct {
        unsigned class;
        size_t had_count; // blocks before
    } touched[POOL_NEEDS_MAX];
};
bool pool_begin(struct runtime *runtime, struct pool_attempt *attempt,
                const struct pool_need *needs, size_t need_count);
bool pool_begin_several(struct runtime *runtime, struct pool_attempt *attempt,
                        const struct pool_need *needs, size_t need_count);
// `keep` false: what was obtained since pool_begin goes back. No block was taken out of the pool.
void pool_end(struct runtime *runtime, const struct pool_attempt *attempt, bool keep);

size_t pool_string_bytes(const char *text); // that pool_copy_string needs

// A copy of `size_bytes` bytes.
void *pool_copy(struct runtime *runtime, const void *bytes, size_t size_bytes);
char *pool_copy_string(struct runtime *runtime, const char *text); // NULL is ""
void pool_free_string(struct runtime *runtime, const char *text);  // NULL: nothing

// ---- the parts

struct type_table {
    struct type *first_type, *last_type;
    struct itab *first_itab, *last_itab;
};

struct func_table {
    struct func **funcs; // by entry, ascending
    size_t count, capacity;
};

struct goroutine_table {
    struct goroutine *first, *last; // in order of creation
    uint64_t last_id;
};

struct osthread_table {
    struct osthread *first; // newest
    struct osthread *free;
    uint64_t next_id;
    pthread_key_t key; // of the calling thread's osthread
    bool has_key;
};

struct root_table {
    struct segment data, bss;
    struct other_root *first, *last;
};

struct finq_entry {
    struct finalizer finalizer;
    struct finq_entry *next;
};

// Invariant: free_count >= the finalizers set through the runtime and not queued, at any time.
struct finq {
    pthread_mutex_t lock;
    struct finq_entry *first, *last; // queued
    struct finq_entry *running;
    pthread_t runner; // who runs it
    struct finq_entry *free;
    size_t free_count;
    size_t set_count; // at most so many finalizers are set
};

#define WORKBUF_ENTRY_COUNT (HEAP_PAGE_BYTES / sizeof(uintptr_t) - 2)

struct workbuf { // one page
    struct workbuf *next;
    size_t count;
    uintptr_t objects[WORKBUF_ENTRY_COUNT]; // bases of grey objects
};
_Static_assert(sizeof(struct workbuf) == HEAP_PAGE_BYTES, "a work buffer is a page");

struct mark_queue {
    struct workbuf *top; // being filled and emptied; those below are full
    struct workbuf *free;
    bool overflowed; // a grey object is in no buffer: marked objects are to be scanned again
};

struct collector {
    bool marking;
    bool forced;
    int32_t percent;
    struct mark_queue queue;
    uint64_t marked_bytes; // by the last cycle
    uint64_t next_gc_bytes;
    uint64_t pause_ns;       // of this cycle
    uint64_t pause_total_ns; // of all
};

struct runtime {
    struct heap *heap;
    struct runtime_options options;
    pthread_mutex_t lock; // recursive
    uint64_t default_clock_ns;
    uint64_t created_ns;
    struct pool pool;
    struct type_table types;
    struct func_table funcs;
    struct goroutine_table goroutines;
    struct osthread_table osthreads;
    struct root_table roots;
    struct finq finq;
    struct collector gc;
};

void lock_init_recursive(pthread_mutex_t *lock);
void runtime_lock(struct runtime *runtime);
void runtime_unlock(struct runtime *runtime);

// ---- roots.c
bool roots_init(struct runtime *runtime);
void roots_visit(struct runtime *runtime, void (*visit)(void *context, uintptr_t value),
                 void *context);

// ---- frame.c
// The words of `frame` that may hold a pointer, as the dump lists them: out-args of the callee
// (NULL: none), then locals.
void frame_visit_slots(const struct frame *frame, const struct frame *callee,
                       void (*visit)(void *context, uintptr_t slot), void *context);
// How large a block of the pool frame_create takes.
size_t frame_record_bytes(const struct frame_description *description, const struct frame *caller);
// A record of a frame at `sp`, for which the pool has the block, that copies the description,
// clipped to what there is of frame and caller.
struct frame *frame_create(struct runtime *runtime, const struct frame_description *description,
                           struct frame *caller);
void frame_destroy(struct runtime *runtime, struct frame *frame);

// ---- stack.c
uintptr_t stack_sp(const struct goroutine *g); // of the innermost frame; the top when there is none
// Room for so many more bytes. The last thing of an attempt.
bool stack_reserve(struct runtime *runtime, struct goroutine *g, size_t size_bytes);

// ---- goroutine.c
void goroutine_check_alive(const struct goroutine *g); // a dead one is a misuse
void goroutine_visit_roots(struct runtime *runtime, void (*visit)(void *context, uintptr_t value),
                           void *context);

// ---- osthread.c
void osthreads_fini(struct runtime *runtime);
void osthreads_fork_child(struct runtime *runtime); // takes back what the others had

// ---- finq.c
void finq_init(struct runtime *runtime);
void finq_fini(struct runtime *runtime);
void finq_fork_prepare(struct runtime *runtime);
void finq_fork_done(struct runtime *runtime); // in parent and child
void finq_fork_child(struct runtime *runtime);
// Room in the queue for every finalizer that is set, in three steps: how many places are missing
// (an estimate that is never too low, unless somebody sets one behind the runtime's back
// meanwhile); their blocks obtained from the pool, along with other things; and the places made of
// them.
size_t finq_missing(struct runtime *runtime);
struct pool_need finq_need(size_t missing_count);
void finq_add_places(struct runtime *runtime, size_t missing_count);

// ---- mark.c: all with the lock held and the world stopped
bool mark_queue_init(struct runtime *runtime); // false: no memory
void mark_queue_fini(struct runtime *runtime); // empty by now; gives the buffers back
void mark_shade(struct runtime *runtime, uintptr_t value);
void mark_shade_roots(struct runtime *runtime);
// Shades what the object at `address` points to, and leaves the object as it is.
void mark_shade_fields(struct runtime *runtime, uintptr_t address);
bool mark_drain(struct runtime *runtime, size_t object_limit); // true: nothing grey is left

// ---- gc.c: shades a value, or what a write replaces and what it stores, when the collector marks.
// With the lock held.
void gc_shade(struct runtime *runtime, uintptr_t value);
void gc_barrier(struct runtime *runtime, uintptr_t old_value, uintptr_t new_value);

// Shades what the frame holds, whose callee is now `callee` (NULL: none): which of its words are
// roots changes with its callee, without a write. With the lock held.
void gc_callee_changed(struct runtime *runtime, const struct frame *frame,
                       const struct frame *callee);

// ---- pacer.c
void pacer_init(struct runtime *runtime);
uint64_t pacer_next_gc(const struct runtime *runtime);

#endif
