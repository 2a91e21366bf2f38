// writer: the dump as a whole: stop, finish the sweep, read the statistics, write the records in
// Go's order.
#include "dump/writer.h"

#include "allocator/collect.h"
#include "dump/write/parts.h"

#define HEADER "go1.7 heap dump\n"

static void put_records(struct out *out, const struct runtime *runtime,
                        const struct memstats *stats) {
    out_bytes(out, HEADER, sizeof HEADER - 1);
    writer_put_params(out, runtime);
    writer_put_itabs(out, runtime);
    writer_put_other_roots(out, runtime);
    writer_put_objects(out, runtime);
    writer_put_goroutines(out, runtime);
    writer_put_osthreads(out, runtime);
    writer_put_segments(out, runtime);
    writer_put_finalizers(out, runtime);
    writer_put_memstats(out, stats);
    writer_put_profile(out, runtime);
    write_EOF(out);
    out_flush(out);
}

// The statistics are read after the sweep, not before it as Go does: else they would count what the
// sweep frees and the Object records do not show.
struct dump_result dump_write(struct runtime *runtime, struct mcache *cache,
                              const struct dump_sink *sink) {
    struct heap *heap = runtime_heap(runtime);
    struct memstats stats;
    struct out out;
    runtime_stop_world(runtime);
    heap_sweep_finish(heap, cache);
    heap_read_memstats(heap, &stats);
    out_init(&out, sink);
    put_records(&out, runtime, &stats);
    runtime_start_world(runtime);
    return (struct dump_result){.error = out.error, .offset_bytes = out.taken_bytes};
}
