// inspect_specials: specials and profile buckets as plain records.
#include "allocator/inspect.h"

#include "allocator/spans/mprof_internal.h"
#include "allocator/spans/special_internal.h"
#include "allocator/structure.h"

bool inspect_special(const void *special, struct inspect_special *record) {
    const struct special *at = special;
    if (at == NULL) {
        return false;
    }
    *record = (struct inspect_special){
        .kind = (uint8_t)at->kind,
        .offset = at->offset,
        .next = at->next,
    };
    if (at->kind == INSPECT_SPECIAL_PROFILE) {
        record->bucket = (uintptr_t)at->as.bucket;
    } else {
        record->finalizer[0] = at->as.finalizer.function;
        record->finalizer[1] = at->as.finalizer.entry;
        record->finalizer[2] = at->as.finalizer.function_type;
        record->finalizer[3] = at->as.finalizer.object_type;
    }
    return true;
}

const void *inspect_first_bucket(const struct heap *heap) {
    return heap->mprof->first;
}

bool inspect_bucket(const void *bucket, struct inspect_bucket *record) {
    const struct mprof_bucket *at = bucket;
    if (at == NULL) {
        return false;
    }
    *record = (struct inspect_bucket){
        .identity = (uintptr_t)at,
        .object_bytes = at->object_bytes,
        .frame_count = at->frame_count,
        .frames = at->frames,
        .next = at->next,
        .hash_next = at->hash_next,
    };
    return true;
}

size_t inspect_bucket_hash_rows(const struct heap *heap) {
    return heap->mprof->rows == NULL ? 0 : MPROF_HASH_ROWS;
}

const void *inspect_bucket_hash_row(const struct heap *heap, size_t row) {
    return heap->mprof->rows[row];
}
