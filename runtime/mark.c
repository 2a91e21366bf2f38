// mark: the grey objects, in pages of work buffers, and the scan that turns them black.
//
// An object in a buffer may be freed by the program, and its slot used again, before it is scanned:
// the scan takes what begins at its base by then. A new object is born black, and its pointers went
// through the barrier. Without memory for a buffer, the object is marked but stands in none:
// `overflowed` then makes all marked objects be scanned again, until none is left out.
#include "runtime/mark.h"

#include "runtime/runtime_internal.h"

#include "allocator/check.h"

// ---- the queue

static struct workbuf *take_buffer(struct runtime *runtime) {
    struct mark_queue *queue = &runtime->gc.queue;
    struct workbuf *buffer = queue->free;
    if (buffer != NULL) {
        queue->free = buffer->next;
    } else {
        buffer = heap_alloc_manual(runtime->heap, 1, MANUAL_WORKBUF);
    }
    if (buffer != NULL) {
        buffer->count = 0;
        buffer->next = NULL;
    }
    return buffer;
}

bool mark_queue_init(struct runtime *runtime) {
    ASSERT(mark_queue_is_valid(&runtime->gc.queue, false)); // there is no buffer to walk
    struct workbuf *first = take_buffer(runtime);
    runtime->gc.queue.top = first;
    return first != NULL;
}

static void free_buffers(struct runtime *runtime, struct workbuf *buffer) {
    while (buffer != NULL) {
        struct workbuf *next = buffer->next;
        heap_free_manual(runtime->heap, buffer, MANUAL_WORKBUF);
        buffer = next;
    }
}

void mark_queue_fini(struct runtime *runtime) {
    struct mark_queue *queue = &runtime->gc.queue;
    ASSERT(queue->top->count == 0);
    ASSERT(queue->top->next == NULL);
    ASSERT(!queue->overflowed);
    free_buffers(runtime, queue->top);
    free_buffers(runtime, queue->free);
    *queue = (struct mark_queue){0};
}

static void push(struct runtime *runtime, uintptr_t object) {
    struct mark_queue *queue = &runtime->gc.queue;
    if (queue->top->count == WORKBUF_ENTRY_COUNT) {
        struct workbuf *buffer = take_buffer(runtime);
        if (buffer == NULL) {
            queue->overflowed = true;
            return;
        }
        buffer->next = queue->top;
        queue->top = buffer;
    }
    queue->top->objects[queue->top->count++] = object;
}

// 0: the queue is empty.
static uintptr_t pop(struct runtime *runtime) {
    struct mark_queue *queue = &runtime->gc.queue;
    if (queue->top->count == 0) {
        struct workbuf *below = queue->top->next;
        if (below == NULL) {
            return 0;
        }
        queue->top->next = queue->free;
        queue->free = queue->top;
        queue->top = below;
    }
    return queue->top->objects[--queue->top->count];
}

// ---- shade and scan

void mark_shade(struct runtime *runtime, uintptr_t value) {
    struct heap_object object;
    if (value != 0 && heap_mark(runtime->heap, value, &object) && !object.noscan) {
        push(runtime, object.base);
    }
}

static void shade_value(void *context, uintptr_t value) {
    mark_shade(context, value);
}

void mark_shade_fields(struct runtime *runtime, uintptr_t address) {
    struct heap_object object;
    if (heap_find_object(runtime->heap, address, &object) && object.allocated && !object.noscan) {
        heap_visit_pointers(runtime->heap, &object, shade_value, runtime);
    }
}

static void rescan_object(void *context, const struct heap_object *object) {
    struct runtime *runtime = context;
    heap_visit_pointers(runtime->heap, object, shade_value, runtime);
}

bool mark_drain(struct runtime *runtime, size_t object_limit) {
    struct mark_queue *queue = &runtime->gc.queue;
    ASSERT(runtime->gc.marking);
    for (size_t scanned = 0; scanned < object_limit;) {
        uintptr_t object = pop(runtime);
        if (object != 0) {
            mark_shade_fields(runtime, object);
            scanned++;
        } else if (queue->overflowed) {
            queue->overflowed = false;
            heap_visit_marked(runtime->heap, rescan_object, runtime);
        } else {
            break;
        }
    }
    return queue->top->count == 0 && queue->top->next == NULL && !queue->overflowed;
}

// ---- validity: all is looked at, so that no order of the invariants hides one

bool mark_queue_is_valid(const struct mark_queue *queue, bool marking) {
    if (queue->top == NULL) {
        return !marking & (queue->free == NULL) & !queue->overflowed; // M1
    }
    bool valid = marking & (queue->top->count <= WORKBUF_ENTRY_COUNT); // M2
    for (const struct workbuf *at = queue->top->next; at != NULL; at = at->next) {
        valid &= at->count == WORKBUF_ENTRY_COUNT;
    }
    return valid;
}
