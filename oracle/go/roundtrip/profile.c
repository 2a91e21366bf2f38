// profile: MemProf against the profile's buckets and what their addresses mean;
// AllocSample against the spans' profile specials.
#include "oracle/go/program/ledger.h"
#include "oracle/go/roundtrip/private.h"
#include "oracle/go/rules.h"

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
static bool check_call(struct roundtrip *trip, unsigned rule, const struct dump_call *call,
                       size_t index, uintptr_t pc, const struct func *func) {
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
        size_t index = (size_t)calls->begin + i;
        uintptr_t pc = trip->current_bucket.frames[index];
        const struct func *func = runtime_find_func(trip->dump.runtime, pc);
        if (!check_call(trip, RULE_DUMP_MEMPROF_STACK, &calls->at[i], index, pc, func)) {
            return false;
        }
    }
    return true;
}

// ---- the ledger's buckets

static bool check_calls_of_ledger(struct roundtrip *trip, const struct dump_calls *calls) {
    const struct model *model = trip->ledger.model;
    for (size_t i = 0; trip->ledger.bucket != NULL && i < calls->count; i++) {
        size_t index = (size_t)calls->begin + i;
        uintptr_t pc = model->profile.frames[trip->ledger.bucket->frame_first + index];
        if (!check_call(trip, RULE_DUMP_MEMPROF_MODEL, &calls->at[i], index, pc,
                        ledger_func(model, pc))) {
            return false;
        }
    }
    return true;
}

// Buckets come newest first. One that was begun when memory failed may be older than its first
// sample.
static bool check_turn(struct roundtrip *trip, const struct profile_entry *entry) {
    uint32_t place = (uint32_t)(entry - trip->ledger.model->profile.entries);
    bool in_turn = entry->uncertain || place < trip->ledger.bucket_limit;
    trip->ledger.bucket_limit = entry->uncertain ? trip->ledger.bucket_limit : place;
    trip->ledger.buckets++;
    return roundtrip_holds(trip, RULE_DUMP_MEMPROF_MODEL, in_turn, entry->bucket,
                           "the bucket comes behind an older one, or twice");
}

static bool check_begin_of_ledger(struct roundtrip *trip,
                                  const struct dump_record_MemProf *record) {
    const struct model *model = trip->ledger.model;
    unsigned rule = RULE_DUMP_MEMPROF_MODEL;
    const struct profile_entry *entry = model_profile_entry(model, (uintptr_t)record->address);
    trip->ledger.bucket = entry;
    if (entry == NULL) {
        bool may_be_empty =
            model_profile_may_be_empty(model, (size_t)record->size, (size_t)record->stack.total);
        return roundtrip_holds(trip, rule, may_be_empty, (uintptr_t)record->address,
                               "nothing was ever sampled into the bucket");
    }
    return check_turn(trip, entry) &&
           roundtrip_equal(trip, rule, "size", record->size, "ledger", entry->object_bytes) &&
           roundtrip_equal(trip, rule, "count", record->stack.total, "ledger", entry->frame_count);
}

// Without a ledger nothing is known of the counts but that no more is freed than was allocated.
static bool check_counts(struct roundtrip *trip, const struct dump_record_MemProf *record) {
    unsigned rule = RULE_DUMP_MEMPROF_COUNT;
    if (trip->model == NULL) {
        return roundtrip_holds(trip, rule, record->frees <= record->allocs, 0,
                               "a bucket frees more than it allocates");
    }
    uint64_t allocs, frees;
    model_bucket_counts(trip->model, (uintptr_t)record->address, &allocs, &frees);
    return roundtrip_equal(trip, rule, "allocs", record->allocs, "ledger", allocs) &&
           roundtrip_equal(trip, rule, "frees", record->frees, "ledger", frees);
}

bool ledger_memprof_is(struct roundtrip *trip, const struct dump_record *record) {
    const struct dump_record_MemProf *bucket = &record->as.MemProf;
    if (trip->ledger.model != NULL && ((record->is_first && !check_begin_of_ledger(trip, bucket)) ||
                                       !check_calls_of_ledger(trip, &bucket->stack))) {
        return false;
    }
    return !record->is_last || check_counts(trip, bucket);
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

bool roundtrip_memprof(struct roundtrip *trip, const struct dump_record *record) {
    const struct dump_record_MemProf *bucket = &record->as.MemProf;
    return (!record->is_first || check_begin(trip, bucket)) && check_calls(trip, &bucket->stack);
}

// ---- samples

bool ledger_sample_is(struct roundtrip *trip, const struct dump_record_AllocSample *record) {
    uintptr_t bucket = 0;
    if (trip->ledger.model == NULL) {
        return true;
    }
    trip->ledger.samples++;
    return roundtrip_holds(
               trip, RULE_DUMP_SAMPLE_MODEL,
               model_profile_sample(trip->ledger.model, (uintptr_t)record->object, &bucket),
               (uintptr_t)record->object, "is no object that was sampled") &&
           roundtrip_equal(trip, RULE_DUMP_SAMPLE_MODEL, "bucket", record->bucket, "ledger",
                           bucket);
}

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

// Each record is another's (they come in step with the specials), so that counts decide.
bool ledger_profile_end(struct roundtrip *trip) {
    const struct model *model = trip->ledger.model;
    return model == NULL ||
           (roundtrip_equal(trip, RULE_DUMP_MEMPROF_MODEL, "buckets", trip->ledger.buckets,
                            "ledger", model_profile_bucket_count(model)) &&
            roundtrip_equal(trip, RULE_DUMP_SAMPLE_MODEL, "samples", trip->ledger.samples, "ledger",
                            model->profile.sample_count));
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
