// profile: the statistics, and the memory profile: its buckets, then the samples that live.
#include "dump/write/parts.h"

#include "allocator/mprof.h"

#include <stddef.h>

// A field of the statistics that the record does not hold does not compile.
void writer_put_memstats(struct out *out, const struct memstats *stats) {
    write_MemStats(out, &(struct writer_MemStats){
#define MEMSTATS_FIELD(name, unit, meaning, truths) .name = stats->name,
#include "allocator/memstats_fields.def"
                            .PauseNs = stats->PauseNs,
                            .NumGC = stats->NumGC,
                        });
}

struct profile {
    struct out *out;
    const struct runtime *runtime;
};

static void put_bucket(void *context, const struct mprof_bucket_record *bucket) {
    const struct profile *profile = context;
    write_MemProf(profile->out,
                  &(struct writer_MemProf){
                      .address = bucket->address,
                      .size = bucket->object_bytes,
                      .stack = {profile->runtime, bucket->frames, bucket->frame_count},
                      .allocs = bucket->alloc_count,
                      .frees = bucket->free_count,
                  });
}

static void put_sample(void *context, uintptr_t object, uintptr_t bucket) {
    write_AllocSample(context, &(struct writer_AllocSample){.object = object, .bucket = bucket});
}

void writer_put_profile(struct out *out, const struct runtime *runtime) {
    struct profile profile = {out, runtime};
    heap_visit_buckets(runtime_heap(runtime), put_bucket, &profile);
    heap_visit_samples(runtime_heap(runtime), put_sample, out);
}
