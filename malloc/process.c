// process: the one heap of this process, and the cache that each of its threads has.
//
// Nothing here calls malloc but pthread_setspecific, for a key above 31: the thread's cache is in
// place by then. The key is made with the heap, by the first allocation, which comes from the
// dynamic linker as a rule: nothing may be asked here that needs libc's own start (environ, stdio)
// or the linker (dlsym).
#include "malloc/process.h"

#include "allocator/check.h"
#include "allocator/pages/mheap.h"
#include "allocator/spans/mcache.h"
#include "allocator/system/world.h"
#include "allocator/mprof.h"
#include "malloc/purge.h"
#include "malloc/retained.h"
#include "runtime/runtime.h"

#include <pthread.h>

static struct mspan no_span;
_Thread_local struct fast_lane process_lane = {.last = &no_span, .tick_count = FAST_LANE_TICKS};
struct heap *process_lane_heap;

static _Thread_local struct mcache *own_cache; // NULL: none yet, or none any more
static _Thread_local bool is_ending;           // its cache is given back for good

static pthread_mutex_t birth_lock = PTHREAD_MUTEX_INITIALIZER;
static struct heap *_Atomic the_heap; // set last, once all of it stands
static struct runtime *_Atomic the_runtime;
static struct mcache *shared_cache;
static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t thread_key;
static bool lane_is_closed; // by the profile

static void end_thread(void *context);
static void fork_prepare(void);
static void fork_parent(void);
static void fork_child(void);

// ---- birth

static struct heap *make_heap(void) {
    struct heap *heap = heap_create(NULL);
    if (heap == NULL) {
        return NULL;
    }
    heap_set_profile_rate(heap,
                          0); // until somebody asks: the lane takes it that there are no samples
    shared_cache = heap_acquire_cache(heap);
    if (shared_cache == NULL || pthread_key_create(&thread_key, end_thread) != 0) {
        heap_destroy(heap);
        return NULL;
    }
    return heap;
}

struct heap *process_heap(void) {
    struct heap *heap = atomic_load_explicit(&the_heap, memory_order_acquire);
    if (heap != NULL) {
        return heap;
    }
    bool is_new = false;
    (void)pthread_mutex_lock(&birth_lock);
    heap = atomic_load_explicit(&the_heap, memory_order_relaxed);
    if (heap == NULL) {
        heap = make_heap();
        process_lane_heap = heap;
        is_new = heap != NULL;
        atomic_store_explicit(&the_heap, heap, memory_order_release);
    }
    (void)pthread_mutex_unlock(&birth_lock);
    if (is_new) {
        // before anybody else's, so that its prepare comes last and its child first. It may
        // allocate
        CHECK_EQUAL(pthread_atfork(fork_prepare, fork_parent, fork_child), 0);
    }
    return heap;
}

struct runtime *process_runtime(void) {
    struct heap *heap = process_heap();
    struct runtime *runtime = atomic_load_explicit(&the_runtime, memory_order_acquire);
    if (runtime == NULL && heap != NULL) {
        (void)pthread_mutex_lock(&birth_lock);
        runtime = atomic_load_explicit(&the_runtime, memory_order_relaxed);
        if (runtime == NULL) {
            runtime = runtime_create(heap, NULL);
            atomic_store_explicit(&the_runtime, runtime, memory_order_release);
        }
        (void)pthread_mutex_unlock(&birth_lock);
    }
    return runtime;
}

// ---- threads

static void open_lane(const struct heap *heap) {
    process_lane.cache = heap->fence_free && !lane_is_closed ? own_cache : NULL;
    process_lane.limit_bytes = process_lane.cache != NULL ? SMALL_SIZE_MAX : 0;
    if (process_lane.cache != NULL) {
        process_lane.recent = retained_recent_of(heap_cache_id(process_lane.cache));
    }
}

// NULL: the thread has to do with the shared one.
static struct mcache *obtain_cache(struct heap *heap) {
    struct mcache *cache = heap_acquire_cache(heap);
    if (cache == NULL) {
        return NULL;
    }
    own_cache = cache;
    if (pthread_setspecific(thread_key, cache) != 0) { // nobody would give it back
        own_cache = NULL;
        heap_release_cache(heap, cache);
        return NULL;
    }
    open_lane(heap);
    return cache;
}

struct mcache *process_enter(void) {
    if (own_cache != NULL) {
        return own_cache;
    }
    struct heap *heap = process_heap();
    if (heap == NULL) {
        return NULL;
    }
    struct mcache *cache = is_ending ? NULL : obtain_cache(heap);
    if (cache == NULL) {
        (void)pthread_mutex_lock(&shared_lock);
        cache = shared_cache;
    }
    return cache;
}

void process_leave(const struct mcache *cache) {
    if (cache == shared_cache && cache != NULL) {
        (void)pthread_mutex_unlock(&shared_lock);
    }
}

// The key's destructor. Destructors that come after it, and libc's own end of a thread, allocate
// and free by the shared cache.
static void end_thread(void *context) {
    struct mcache *cache = context;
    process_lane.cache = NULL;
    process_lane.limit_bytes = 0;
    own_cache = NULL;
    is_ending = true;
    struct heap *heap = atomic_load_explicit(&the_heap, memory_order_relaxed);
    retained_release(heap, cache);
    heap_release_cache(heap, cache);
}

void process_set_profile_rate(uint64_t rate_bytes) {
    struct heap *heap = process_heap();
    if (heap != NULL) {
        heap_set_profile_rate(heap, rate_bytes);
        lane_is_closed = rate_bytes != 0;
        if (lane_is_closed && own_cache != NULL) {
            retained_release(heap, own_cache);
        }
        open_lane(heap);
    }
}

// ---- fork: the child's heap is whole, whatever the other threads were doing; their caches are
// taken back there. Order: birth, the shared cache's lock, the runtime's, the world, the heap's.

static void fork_prepare(void) {
    (void)pthread_mutex_lock(&birth_lock);
    (void)pthread_mutex_lock(&shared_lock);
    if (the_runtime != NULL) {
        runtime_fork_prepare(the_runtime);
    } else {
        heap_fork_prepare(the_heap);
    }
}

static void fork_parent(void) {
    if (the_runtime != NULL) {
        runtime_fork_parent(the_runtime);
    } else {
        heap_fork_parent(the_heap);
    }
    (void)pthread_mutex_unlock(&shared_lock);
    (void)pthread_mutex_unlock(&birth_lock);
}

// Nobody is inside a call, as the fork was prepared; who waited to get in is no more.
static void release_orphans(struct heap *heap) {
    for (uint32_t id = 0; id < heap->cache_limit; id++) {
        struct mcache *cache = heap->caches[id];
        if (cache != NULL) {
            cache->parked_depth = 0;
        }
        if (cache != NULL && cache != own_cache && cache != shared_cache) {
            retained_release(heap, cache);
            heap_release_cache(heap, cache);
        }
    }
}

static void fork_child(void) {
    struct heap *heap = the_heap;
    if (the_runtime != NULL) {
        runtime_fork_child(the_runtime);
    } else {
        heap_fork_child(heap);
    }
    open_lane(heap); // the fence may be another
    purge_begin_child();
    release_orphans(heap);
    (void)pthread_mutex_unlock(&shared_lock);
    (void)pthread_mutex_unlock(&birth_lock);
}
