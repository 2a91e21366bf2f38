// driven: an allocator that a trace's events become calls of, all on one thread.
#include "cli/trace/driven.h"

#include <string.h>

bool driven_begin(struct driven *driven, const struct subject *subject) {
    *driven = (struct driven){.table = &subject->table};
    if (!host_init(&driven->host, driven->table->arena_bytes)) {
        return false;
    }
    host_begin(&driven->host, NULL);
    driven->self =
        driven->table->create == NULL ? NULL : driven->table->create(&driven->host.shown);
    driven->is_made = driven->table->create == NULL || driven->self != NULL;
    return driven->is_made;
}

void driven_end(struct driven *driven) {
    if (driven->is_made && driven->table->destroy != NULL) {
        driven->table->destroy(driven->self);
    }
    host_fini(&driven->host);
    driven->is_made = false;
}

static void *allocate_aligned(struct driven *driven, const struct driven_wish *wish) {
    const struct countercheck_subject *table = driven->table;
    size_t most = subject_alignment_max(table);
    size_t alignment = (size_t)1 << wish->align_log;
    alignment = alignment < most ? alignment : most;
    if (table->allocate_aligned == NULL || alignment <= table->alignment) {
        return table->allocate(driven->self, wish->size_bytes);
    }
    return table->allocate_aligned(driven->self, alignment,
                                   wish->size_bytes == 0 ? 1 : wish->size_bytes);
}

bool driven_takes(const struct driven *driven, size_t size_bytes) {
    return driven->table->size_max == 0 || size_bytes <= driven->table->size_max;
}

void *driven_allocate(struct driven *driven, const struct driven_wish *wish) {
    const struct countercheck_subject *table = driven->table;
    if (wish->align_log > 0) {
        return allocate_aligned(driven, wish);
    }
    if (wish->is_zeroed && table->allocate_zeroed != NULL) {
        return table->allocate_zeroed(driven->self, wish->size_bytes);
    }
    return table->allocate(driven->self, wish->size_bytes);
}

void driven_release(struct driven *driven, void *object, size_t size_bytes) {
    const struct countercheck_subject *table = driven->table;
    if (table->release != NULL) {
        table->release(driven->self, object);
    } else if (table->release_sized != NULL) {
        table->release_sized(driven->self, object, size_bytes);
    } else if (table->drop != NULL) {
        table->drop(driven->self, object);
    }
}

void *driven_resize(struct driven *driven, void *object, size_t old_bytes, size_t size_bytes) {
    const struct countercheck_subject *table = driven->table;
    size_t wanted_bytes = size_bytes == 0 ? 1 : size_bytes;
    if (table->reallocate != NULL) {
        return table->reallocate(driven->self, object, wanted_bytes);
    }
    void *moved = table->allocate(driven->self, wanted_bytes);
    if (moved != NULL) {
        if ((table->capabilities & COUNTERCHECK_REMOTE) == 0) {
            memcpy(moved, object, old_bytes < wanted_bytes ? old_bytes : wanted_bytes);
        }
        driven_release(driven, object, old_bytes);
    }
    return moved;
}
