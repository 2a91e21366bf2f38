// model: the ledger: what the heap must hold, kept from the operations and their results alone.
//
// Whoever drives the heap reports each call's result here, after the call (events named "will_"
// before it). Every event returns false when it was impossible (overlap, misalignment, wrong status
// ...): the finding is then in the oracle. The model owns the handles: an object that collection
// may free loses its handle there and then, so ask model_handle() before each use. Addresses are
// numbers here; only contents.c reads objects' bytes. It never asks heap or runtime: what no result
// tells (what was swept, marked, sampled) an observer sees and tells it: oracle/go/observer.
#ifndef ORACLE_GO_MODEL_MODEL_H
#define ORACLE_GO_MODEL_MODEL_H

#include "allocator/heap.h"
#include "runtime/goroutine.h" // struct frame_description

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;
struct mprof_bucket_record;
struct finalizer;

#define MODEL_HANDLE_COUNT 65536 // handles are below it

// Whether the ledger keeps its invariants: state.h numbers them. O(slots). (valid.c)
bool model_is_valid(const struct model *model);

// ---- handles

// What a handle names.
struct model_handle {
    uintptr_t address;              // what the allocation returned
    size_t size_bytes;              // requested
    const struct gc_layout *layout; // as given; NULL: no pointers
    uint32_t cache_id;              // that allocated it
    bool tiny;                      // part of a tiny block: cannot be freed explicitly
    bool untouched;                 // nobody writes its bytes
};

// What a handle names now, NULL: nothing (never allocated, freed, dropped by collection). Until the
// next event.
const struct model_handle *model_handle(const struct model *model, uint32_t handle);

// The object's words that may hold a pointer: the word-th one's index in the object (word < the
// count); by its layout.
size_t model_pointer_word_count(const struct model *model, uint32_t handle);
// The index in the object of the word-th of them; `word` is below the count.
size_t model_pointer_word(const struct model *model, uint32_t handle, size_t word);

// How many handles name an object.
size_t model_live_handle_count(const struct model *model);

// ---- caches

// heap_acquire_cache gave a cache with this id. A finding when it is in use, or a lower one is
// free.
bool model_cache_acquired(struct model *model, uint32_t cache_id);
bool model_cache_released(struct model *model, uint32_t cache_id); // flushed before
// heap_flush_cache: the cache has no tiny block any more.
bool model_cache_flushed(struct model *model, uint32_t cache_id);
// Whether a cache with this id lives. Any id.
bool model_has_cache(const struct model *model, uint32_t cache_id);

// ---- objects

// One allocation as it was asked for.
struct model_request {
    uint32_t cache_id;
    size_t size_bytes;
    size_t align_bytes;             // 0: heap_alloc; else heap_alloc_aligned
    const struct gc_layout *layout; // must live as long as the model's objects of it
    unsigned flags;                 // enum heap_alloc_flags
    bool memory_failed; // the system refused memory meanwhile: a sample may be lost, nothing else
    bool untouched;     // has no pattern: nobody writes its bytes, or looks at them
    bool moves;         // the model's own: an old object's bytes were moved in
};

// heap_alloc or heap_alloc_aligned returned `address` (0: out of memory; changes nothing). Checks
// it, checks zeroing, fills the object with its pattern. What `handle` named loses it.
// `usable_bytes`: heap_usable_bytes of it, 0 not asked.
bool model_allocated(struct model *model, uint32_t handle, const struct model_request *request,
                     uintptr_t address, size_t usable_bytes);

// Before heap_free of the handle's object: verifies the contents.
bool model_will_free(struct model *model, uint32_t handle);
// heap_free returned `status`. Objects go with their handles; a part of a tiny block must be put
// off, and stays.
bool model_freed(struct model *model, uint32_t handle, uint32_t cache_id,
                 enum heap_free_status status);

// Before heap_realloc: verifies the contents, as model_will_free does.
bool model_will_realloc(struct model *model, uint32_t handle);
// heap_realloc returned `address` (0: out of memory, the old object lives on) for the same layout.
// Checks that contents moved along.
bool model_realloced(struct model *model, uint32_t handle, const struct model_request *request,
                     uintptr_t address);

// A pointer word of the object (index of the 8-byte word in it) was written through
// runtime_write_pointer.
bool model_wrote_pointer(struct model *model, uint32_t handle, size_t word, uintptr_t value);

// ---- what heap and runtime took up from an earlier life, told before any other event
struct heap_start;
// What the runtime was told; `bucket` is the address of the profile's bucket, 0: it has none.
struct model_start {
    const struct heap_start *heap;
    uintptr_t bucket;
    uint64_t created_ns, goroutine_count, osthread_count;
};
// They took it up. False: out of memory. (start.c)
bool model_started_from(struct model *model, const struct model_start *start);

// ---- program. What is pointed to (strings, masks, bits, descriptions) must live as long as the
// program; addresses are those that the runtime's calls returned.
struct type;
struct func;

// runtime_define_type returned `address`. The ledger keeps the description's address.
bool model_type_defined(struct model *model, uintptr_t address, const struct type *description);
// runtime_define_itab returned `address`, for the type at `type`.
bool model_itab_defined(struct model *model, uintptr_t address, uintptr_t type, bool negative);
bool model_func_defined(struct model *model, const struct func *description); // it is copied

// The two segments of a program.
enum model_segment { MODEL_SEGMENT_DATA, MODEL_SEGMENT_BSS, MODEL_SEGMENT_COUNT };
// Declares a segment; its words are zero. `mask`: a bit for each word that may hold a pointer,
// NULL: all may. Only those words are to be reported.
bool model_segment_defined(struct model *model, enum model_segment segment, uintptr_t base,
                           size_t word_count, const uint8_t *mask);
// A word of the segment was written through the barrier; one past its end is nothing.
bool model_segment_wrote(struct model *model, enum model_segment segment, size_t word,
                         uintptr_t value);
// `id`: any number the driver knows the root by.
bool model_root_added(struct model *model, uint64_t id, const char *description, uintptr_t target);
// runtime_remove_other_root was called for it; an id that no root has is nothing.
bool model_root_removed(struct model *model, uint64_t id);

// ---- goroutines, by the driver's id. The ledger works out itself what their records must hold;
// only where a stack or a record was put it must be told.
struct model_stack {
    uintptr_t low;
    size_t size_bytes;
};
// What starting a goroutine returned.
struct model_goroutine {
    uintptr_t address;
    uintptr_t go_pc;
    bool is_system;
    struct model_stack stack;
};
// runtime_start_goroutine returned a goroutine. Checks the stack's size and that nothing lies
// there.
bool model_goroutine_started(struct model *model, uint64_t id,
                             const struct model_goroutine *started);
// runtime_exit_goroutine was called: frames, defers, panics and the stack go.
bool model_goroutine_exited(struct model *model, uint64_t id);
// runtime_set_goroutine_status was called. Waiting, it takes the time of the clock's last read.
bool model_status_set(struct model *model, uint64_t id, enum goroutine_status status,
                      const char *wait_reason);
// runtime_set_context was called.
bool model_context_set(struct model *model, uint64_t id, uintptr_t context);
// It runs on the thread with that record, 0: on none.
bool model_thread_set(struct model *model, uint64_t id, uintptr_t thread);
// runtime_grow_stack returned true. A finding when the new size is not twice the old one.
bool model_stack_grown(struct model *model, uint64_t id, struct model_stack stack);
// runtime_shrink_stack returned true. A finding when too much was in use, or it is not half as
// large.
bool model_stack_shrunk(struct model *model, uint64_t id, struct model_stack stack);
// runtime_push_frame returned a frame at `sp` (0: none); the stack is this one now.
bool model_frame_pushed(struct model *model, uint64_t id,
                        const struct frame_description *description, uintptr_t sp,
                        struct model_stack stack);
// For all that is popped: whether the runtime said that there was one.
bool model_frame_popped(struct model *model, uint64_t id, bool existed);
// A word of a frame was written. depth 0: innermost; word 0: at the frame's sp.
bool model_frame_wrote(struct model *model, uint64_t id, size_t depth, size_t word,
                       uintptr_t value);
// runtime_push_defer returned `address`, for the frame that is innermost now.
bool model_defer_pushed(struct model *model, uint64_t id, uintptr_t address, uintptr_t function,
                        uintptr_t entry);
// runtime_pop_defer returned `existed`.
bool model_defer_popped(struct model *model, uint64_t id, bool existed);
// runtime_push_panic returned `address`.
bool model_panic_pushed(struct model *model, uint64_t id, uintptr_t address, uintptr_t type,
                        uintptr_t data);
// runtime_pop_panic returned `existed`.
bool model_panic_popped(struct model *model, uint64_t id, bool existed);

// ---- OS threads, by their record's address, with the system stacks that they were given
// What starting an OS thread returned.
struct model_osthread {
    uintptr_t address;
    uint64_t id; // ids count the starts
    uint64_t process_id;
    uintptr_t stack;
};
// runtime_start_osthread returned a thread. Checks its id, and that record and stack are nobody's.
bool model_osthread_started(struct model *model, const struct model_osthread *started);
// An attempt failed, which may have used up an id.
bool model_osthread_failed(struct model *model);
// runtime_exit_osthread was called: its stack goes, and goroutines that ran on it run on none.
bool model_osthread_exited(struct model *model, uintptr_t address);

// ---- memory that is no object: manual spans and OS threads' stacks (an osthread's stack is one,
// too)
bool model_manual_allocated(struct model *model, uintptr_t base, size_t page_count,
                            enum manual_stat stat);
// heap_free_manual was called for it; a base that nobody has is nothing.
bool model_manual_freed(struct model *model, uintptr_t base);
// heap_map_os_stack returned `base`, 0: no memory. Checks that no other stack is there.
bool model_os_stack_mapped(struct model *model, uintptr_t base, size_t size_bytes);
// heap_unmap_os_stack was called for it.
bool model_os_stack_unmapped(struct model *model, uintptr_t base);
// heap_scavenge(size_bytes) returned `released_bytes`.
bool model_scavenged(struct model *model, size_t size_bytes, size_t released_bytes);

// ---- finalizers and profile
// heap_add_finalizer on the handle's object succeeded (SPECIAL_OK) or said it has one
// (SPECIAL_EXISTS); call it for both.
bool model_finalizer_added(struct model *model, uint32_t handle, const struct finalizer *finalizer,
                           bool existed);
// heap_remove_finalizer said whether there was one (`existed`), and it is gone.
bool model_finalizer_removed(struct model *model, uint32_t handle, bool existed);
// One more cleanup hangs on the handle's object.
bool model_cleanup_added(struct model *model, uint32_t handle, const struct finalizer *cleanup);
// heap_remove_cleanup said whether there was one (`existed`), and the oldest is gone.
bool model_cleanup_removed(struct model *model, uint32_t handle, bool existed);
// So many finalizers and cleanups have a place to wait in. To be called before what may have made
// more: model_finalizer_added, model_gc_started, model_gc_finished.
void model_places_made(struct model *model, size_t count);
// runtime_start_finalizer gave `running`: the oldest in the queue, a root until it is finished.
bool model_finalizer_started(struct model *model, const struct finalizer *running);
// runtime_finish_finalizer was called: the running one is no root any more.
bool model_finalizer_finished(struct model *model);
// It gave none: one runs, or none is due.
bool model_finalizer_not_started(struct model *model);

// Whether one of `count` such allocations, should they come now, is due for a sample.
bool model_will_sample(const struct model *model, const struct model_request *request,
                       uint64_t count);
// heap_set_profile_rate was called: every cache draws a new distance.
bool model_profile_rate_set(struct model *model, uint64_t rate_bytes);
// heap_profile_next_cycle and heap_profile_flush were called by the driver (a collection reports
// them itself).
bool model_profile_cycled(struct model *model);
// What the heap publishes of a bucket: its bytes are those of its objects, of the size that was
// sampled into it. False: a finding.
bool model_bucket_published(struct model *model, const struct mprof_bucket_record *bucket);
// heap_set_call_stack was called. The frames are copied, at most PROFILE_FRAMES.
bool model_call_stack_set(struct model *model, uint32_t cache_id, const uintptr_t *frames,
                          size_t frame_count);

// ---- collection
// The runtime's injected clock was read and gave `now_ns`. To be called by the clock itself.
void model_clock(struct model *model, uint64_t now_ns);
// runtime_set_gc_percent was called; NextGC follows.
bool model_gc_percent_set(struct model *model, int32_t percent);
// Around runtime_gc_start: will_start before it, started when it returned true.
bool model_gc_will_start(struct model *model);
// It returned true. Takes what is reachable now for what may be marked. A finding while a cycle
// runs.
bool model_gc_started(struct model *model, bool forced);
// Around runtime_gc_finish; runtime_collect is will_start, will_finish, the call, started,
// finished. The marks are told then, which drops handles.
bool model_gc_will_finish(struct model *model);
// It returned. Marks what the roots reach; the marks are then told one by one (state.h).
bool model_gc_finished(struct model *model);
// heap_sweep_finish returned, or what calls it (a dump, a collection that sweeps): nothing dead
// stands any more.
bool model_sweep_finished(struct model *model);

// ---- what others compare with (round trip)

// An object as the ledger has it.
struct model_object {
    uintptr_t base;                 // of the slot
    size_t size_bytes;              // requested; of a tiny block 16
    size_t element_bytes;           // of the slot
    const struct gc_layout *layout; // NULL: no pointers
    bool tiny_block;
    bool condemned; // unmarked when marking ended; its span was not swept yet when last looked
    bool handled;   // some handle names it
};
// How many objects the ledger holds, tiny blocks as one each.
size_t model_object_count(const struct model *model);

// The object whose slot holds `address`; false: none.
bool model_find_object(const struct model *model, uintptr_t address, struct model_object *object);

// A finalizer as it was set: the object, what is called, and the types.
struct model_finalizer {
    uintptr_t object, function, entry, function_type, object_type;
};
// Those set and not queued yet, in no particular order.
void model_visit_finalizers(const struct model *model,
                            void (*visit)(void *context, const struct model_finalizer *finalizer),
                            void *context);

// What the bucket must have published. After Go's three-cycle rule.
void model_bucket_counts(const struct model *model, uintptr_t bucket, uint64_t *allocs,
                         uint64_t *frees);

#endif
