// parts: the parts of a dump, in the order in which they stand in it; each is a file of its name.
//
// Internal to the writer. The world is stopped and the sweep is finished while any of them runs.
#ifndef DUMP_WRITE_PARTS_H
#define DUMP_WRITE_PARTS_H

#include "allocator/memstats.h"
#include "dump/write/records.h"

void writer_put_params(struct out *out, const struct runtime *runtime);
void writer_put_itabs(struct out *out,
                      const struct runtime *runtime); // types before the itabs that need them
void writer_put_other_roots(struct out *out, const struct runtime *runtime);
void writer_put_objects(struct out *out, const struct runtime *runtime);
void writer_put_goroutines(struct out *out,
                           const struct runtime *runtime); // with frames, defers, panics
void writer_put_osthreads(struct out *out, const struct runtime *runtime);
void writer_put_segments(struct out *out, const struct runtime *runtime);   // data, BSS
void writer_put_finalizers(struct out *out, const struct runtime *runtime); // then the queued ones
void writer_put_memstats(struct out *out, const struct memstats *stats);
void writer_put_profile(struct out *out, const struct runtime *runtime); // buckets, then samples

#endif
