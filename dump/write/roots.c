// roots: the data and BSS segments, the finalizers that are set, and those that wait to run.
#include "dump/write/parts.h"

#define WORD_BYTES 8

static struct writer_memory segment_memory(const struct segment *segment) {
    return (struct writer_memory){segment->base, segment->size_bytes};
}

static struct writer_fields segment_fields(const struct segment *segment) {
    return (struct writer_fields){.runs = {{
                                      .word_count = segment->size_bytes / WORD_BYTES,
                                      .bits = segment->pointer_mask,
                                  }}};
}

void writer_put_segments(struct out *out, const struct runtime *runtime) {
    const struct segment *data = runtime_data_segment(runtime);
    write_Data(out, &(struct writer_Data){
                        .address = data->base,
                        .contents = segment_memory(data),
                        .fields = segment_fields(data),
                    });
    const struct segment *bss = runtime_bss_segment(runtime);
    write_BSS(out, &(struct writer_BSS){
                       .address = bss->base,
                       .contents = segment_memory(bss),
                       .fields = segment_fields(bss),
                   });
}

static void put_finalizer(void *context, const struct finalizer *finalizer) {
    write_Finalizer(context, &(struct writer_Finalizer){
                                 .object = finalizer->object,
                                 .function = finalizer->function,
                                 .entry = finalizer->entry,
                                 .function_type = finalizer->function_type,
                                 .object_type = finalizer->object_type,
                             });
}

static void put_queued_finalizer(void *context, const struct finalizer *finalizer) {
    write_QueuedFinalizer(context, &(struct writer_QueuedFinalizer){
                                       .object = finalizer->object,
                                       .function = finalizer->function,
                                       .entry = finalizer->entry,
                                       .function_type = finalizer->function_type,
                                       .object_type = finalizer->object_type,
                                   });
}

void writer_put_finalizers(struct out *out, const struct runtime *runtime) {
    heap_visit_finalizers(runtime_heap(runtime), put_finalizer, out);
    runtime_visit_queued_finalizers(runtime, put_queued_finalizer, out);
}
