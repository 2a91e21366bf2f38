// roundtrip_profile: MemProf against the profile's buckets and what their addresses mean;
// AllocSample against the spans' profile specials.
#include "oracle/roundtrip_private.h"

#include <inttypes.h>
#include <stdio.h>

// ---- calls

// Lines are 32 bits wide, as in Go.
static uint32_t line_of(const struct func *func, uintptr_t pc) {
    uint64_t line = func->first_line;
    if (func->bytes_per_line > 0) {
        line += (pc - func->entry) / func->bytes_per_line;
    }
    return (uint32_t)line;
}

// The leaf's address is where it was; each other's is where its callee returns to, an instruction
// too late.
static bool check_call(struct roundtrip *trip, const struct dump_call *call, size_t index) {
    enum rule rule = RULE_DUMP_MEMPROF_STACK;
    uintptr_t pc = trip->current_bucket.frames[index];
    const struct func *func = runtime_find_func(trip->dump.runtime, pc);
    if (func == NULL) {
        char name[32];
        (void)snprintf(name, sizeof name, "(0x%" PRIxPTR ")", pc);
        return roundtrip_text_equal(trip, rule, "function", &call->function, name) &&
               roundtrip_text_equal(trip, rule, "file", &call->file, "?") &&
               roundtrip_equal(trip, rule, "line", call->line, "constant", 0);
    }
    bool is_back = index > 0 && pc != func->entry;
    return roundtrip_text_equal(trip, rule, "function", &call->function, func->name) &&
           roundtrip_text_equal(trip, rule, "file", &call->file, func->file) &&
           roundtrip_equal(trip, rule, "line", call->line, "function",
                           line_of(func, is_back ? pc - 1 : pc));
}

static bool check_calls(struct roundtrip *trip, const struct dump_calls *calls) {
    for (size_t i = 0; i < calls->count; i++) {
        if (!check_call(trip, &calls->at[i], (size_t)calls->begin + i)) {
            return false;
        }
    }
    return true;
}

// ---- buckets, newest first

static bool check_begin(struct roundtrip *trip, const struct dump_record_MemProf *record) {
    bool has_next = inspect_bucket(trip->bucket, &trip->current_bucket);
    if (!roundtrip_holds(trip, RULE_DUMP_MEMPROF, has_next, 0, "a MemProf too many")) {
        return false;
    }
    trip->bucket = trip->current_bucket.next;
    return roundtrip_equal(trip, RULE_DUMP_MEMPROF, "address", record->address, "scan",
                           trip->current_bucket.identity) &&
           roundtrip_equal(trip, RULE_DUMP_MEMPROF, "size", record->size, "scan",
                           trip->current_bucket.object_bytes) &&
           roundtrip_equal(trip, RULE_DUMP_MEMPROF_STACK, "count", record->stack.total, "scan",
                           trip->current_bucket.frame_count);
}

static bool check_counts(struct roundtrip *trip, const struct dump_record_MemProf *record) {
    enum rule rule = RULE_DUMP_MEMPROF_COUNT;
    if (trip->model == NULL) {
        return roundtrip_holds(trip, rule, record->frees <= record->allocs, 0,
                               "a bucket frees more than it allocates");
    }
    uint64_t allocs, frees;
    model_bucket_counts(trip->model, trip->current_bucket.identity, &allocs, &frees);
    return roundtrip_equal(trip, rule, "allocs", record->allocs, "ledger", allocs) &&
           roundtrip_equal(trip, rule, "frees", record->frees, "ledger", frees);
}

bool roundtrip_memprof(struct roundtrip *trip, const struct dump_record *record) {
    const struct dump_record_MemProf *bucket = &record->as.MemProf;
    if ((record->is_first && !check_begin(trip, bucket)) || !check_calls(trip, &bucket->stack)) {
        return false;
    }
    return !record->is_last || check_counts(trip, bucket);
}

// ---- samples

bool roundtrip_sample(struct roundtrip *trip, const struct dump_record_AllocSample *record) {
    struct inspect_special special;
    bool has_next = special_next(&trip->samples, trip->heap, INSPECT_SPECIAL_PROFILE, &special);
    return roundtrip_holds(trip, RULE_DUMP_SAMPLE, has_next, record->object,
                           "has an AllocSample too many") &&
           roundtrip_equal(trip, RULE_DUMP_SAMPLE, "object", record->object, "special",
                           trip->samples.span_base + special.offset) &&
           roundtrip_equal(trip, RULE_DUMP_SAMPLE, "bucket", record->bucket, "special",
                           special.bucket);
}

bool roundtrip_profile_end(struct roundtrip *trip) {
    struct inspect_special special;
    bool lost = special_next(&trip->samples, trip->heap, INSPECT_SPECIAL_PROFILE, &special);
    return roundtrip_holds(trip, RULE_DUMP_SAMPLE, !lost,
                           lost ? trip->samples.span_base + special.offset : 0,
                           "is sampled and has no AllocSample") &&
           roundtrip_holds(trip, RULE_DUMP_MEMPROF, trip->bucket == NULL, 0,
                           "a bucket has no MemProf");
}
