// check: rules over records as they pass, and over what was remembered of them at the end.

#include "cli/dump/check.h"

#include "cli/io/array.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GO_PAGE_BYTES 8192

const char *const dump_rule_names[DUMP_RULE_COUNT] = {
#define DUMP_RULE(id, reason) [DUMP_RULE_##id] = #id,
#include "cli/dump/rules.def"
};
const char *const dump_rule_reasons[DUMP_RULE_COUNT] = {
#define DUMP_RULE(id, reason) [DUMP_RULE_##id] = (reason),
#include "cli/dump/rules.def"
};

// Notes one evaluation of a rule; when it failed, the first example, printf-like.
static void note(struct dump_check *check, enum dump_rule rule, bool holds, const char *format,
                 ...) {
    struct dump_rule_state *state = &check->rules[rule];
    state->evaluated++;
    if (holds || state->failed++ > 0) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(state->example, sizeof(state->example), format, arguments);
    va_end(arguments);
}

// The hot rules format nothing unless they fail.
#define NOTE(rule, holds, ...)                                                                     \
    do {                                                                                           \
        if (holds) {                                                                               \
            check->rules[rule].evaluated++;                                                        \
        } else {                                                                                   \
            note(check, rule, false, __VA_ARGS__);                                                 \
        }                                                                                          \
    } while (0)

static void remember(struct dump_check *check, struct dump_addresses *addresses, uint64_t address) {
    if (ARRAY_RESERVE(addresses->at, addresses->capacity, addresses->count + 1)) {
        addresses->at[addresses->count++] = address;
    } else {
        check->is_out_of_memory = true;
    }
}

static bool begins_with(const struct dump_string *string, const char *prefix) {
    size_t size_bytes = strlen(prefix);
    return string->size_bytes >= size_bytes && memcmp(string->bytes, prefix, size_bytes) == 0;
}

static void add_params(struct dump_check *check, const struct dump_record_Params *params) {
    check->arena_start = params->arena_start;
    check->arena_last = params->arena_end - 1; // an end of 0 is the end of the address space
    if (params->pointer_size == 4) {
        check->arena_last &= UINT32_MAX;
    }
    check->pointer_bytes = params->pointer_size;
    phantoms_begin(&check->phantoms, params);
    if (params->version.size_bytes > 0) {
        check->is_go =
            begins_with(&params->version, "go1.") || begins_with(&params->version, "devel");
    }
}

static void check_fields(struct dump_check *check, const char *record, uint64_t address,
                         uint64_t size_bytes, const struct dump_fields *fields) {
    for (size_t i = 0; i < fields->count; i++) {
        uint64_t offset = fields->at[i].offset;
        bool is_inside =
            size_bytes >= check->pointer_bytes && offset <= size_bytes - check->pointer_bytes;
        NOTE(DUMP_RULE_fields_in_objects, is_inside,
             "%s at 0x%" PRIx64 " of %" PRIu64 " bytes has a field at %" PRIu64, record, address,
             size_bytes, offset);
    }
}

static void add_object(struct dump_check *check, const struct dump_record_Object *object) {
    uint64_t address = object->address;
    uint64_t size_bytes = object->contents.total_bytes;
    uint64_t last = size_bytes == 0 ? address : address + size_bytes - 1;
    bool is_inside = address >= check->arena_start && last >= address && last <= check->arena_last;
    NOTE(DUMP_RULE_objects_in_arenas, is_inside, "0x%" PRIx64 " of %" PRIu64 " bytes", address,
         size_bytes);
    bool has_pointer = object->fields.begin + object->fields.count > 0;
    if (phantoms_next(&check->phantoms, address, size_bytes, has_pointer)) {
        check->phantom_count++;
        check->phantom_bytes += size_bytes;
        return;
    }
    check->object_count++;
    check->object_bytes += size_bytes;
    if (last >= address && last != UINT64_MAX &&
        !dump_objects_add(&check->objects, address, size_bytes)) {
        check->is_out_of_memory = true;
    }
}

static void add_bucket(struct dump_check *check, const struct dump_record_MemProf *bucket) {
    remember(check, &check->buckets, bucket->address);
    NOTE(DUMP_RULE_bucket_frees, bucket->frees <= bucket->allocs,
         "bucket 0x%" PRIx64 ": %" PRIu64 " allocs, %" PRIu64 " frees", bucket->address,
         bucket->allocs, bucket->frees);
}

// ---- MemStats against itself and against the objects

static void equal(struct dump_check *check, const char *what, uint64_t left, uint64_t right) {
    note(check, DUMP_RULE_memstats_identities, left == right, "%s: %" PRIu64 " and %" PRIu64, what,
         left, right);
}

static void at_most(struct dump_check *check, const char *what, uint64_t left, uint64_t right) {
    note(check, DUMP_RULE_memstats_identities, left <= right, "%s: %" PRIu64 " and %" PRIu64, what,
         left, right);
}

void dump_check_memstats(struct dump_check *check, const struct dump_record_MemStats *memstats) {
    const struct dump_record_MemStats *m = memstats;
    equal(check, "Alloc = HeapAlloc", m->Alloc, m->HeapAlloc);
    equal(check, "HeapObjects = Mallocs - Frees", m->HeapObjects, m->Mallocs - m->Frees);
    equal(check, "HeapSys = HeapInuse + HeapIdle", m->HeapSys, m->HeapInuse + m->HeapIdle);
    equal(check, "Sys = sum of the XSys", m->Sys,
          m->HeapSys + m->StackSys + m->MSpanSys + m->MCacheSys + m->BuckHashSys + m->GCSys +
              m->OtherSys);
    at_most(check, "HeapAlloc <= TotalAlloc", m->HeapAlloc, m->TotalAlloc);
    at_most(check, "HeapAlloc <= HeapInuse", m->HeapAlloc, m->HeapInuse);
    at_most(check, "Frees <= Mallocs", m->Frees, m->Mallocs);
    at_most(check, "HeapReleased <= HeapIdle", m->HeapReleased, m->HeapIdle);
    at_most(check, "StackInuse <= StackSys", m->StackInuse, m->StackSys);
    at_most(check, "MSpanInuse <= MSpanSys", m->MSpanInuse, m->MSpanSys);
    at_most(check, "MCacheInuse <= MCacheSys", m->MCacheInuse, m->MCacheSys);
    check->has_memstats = true;
    check->heap_alloc = m->HeapAlloc;
    check->heap_objects = m->HeapObjects;
}

// Legal slack: Go reads the statistics, then sweeps, then writes the objects: a dump taken before
// the sweep was over shows fewer of them than MemStats counts. Both numbers must then be on the
// same side. Ours sweeps first: none.
static void check_totals(struct dump_check *check) {
    if (!check->has_memstats) {
        return;
    }
    check->is_mid_sweep = check->is_go && check->heap_objects > check->object_count &&
                          check->heap_alloc > check->object_bytes;
    note(check, DUMP_RULE_heap_alloc,
         check->heap_alloc == check->object_bytes || check->is_mid_sweep,
         "HeapAlloc %" PRIu64 ", the objects %" PRIu64 " bytes", check->heap_alloc,
         check->object_bytes);
    note(check, DUMP_RULE_heap_objects,
         check->heap_objects == check->object_count || check->is_mid_sweep,
         "HeapObjects %" PRIu64 ", records %" PRIu64, check->heap_objects, check->object_count);
}

static void add_whole(struct dump_check *check, const struct dump_record *record) {
    switch (record->tag) {
    case DUMP_TAG_Object:
        add_object(check, &record->as.Object);
        return;
    case DUMP_TAG_Params:
        add_params(check, &record->as.Params);
        return;
    case DUMP_TAG_Finalizer:
        remember(check, &check->finalizers, record->as.Finalizer.object);
        return;
    case DUMP_TAG_QueuedFinalizer:
        if (record->as.QueuedFinalizer.object != 0) { // 0: a cleanup's, as Go has them since 1.24
            remember(check, &check->finalizers, record->as.QueuedFinalizer.object);
        }
        return;
    case DUMP_TAG_MemStats:
        dump_check_memstats(check, &record->as.MemStats);
        return;
    case DUMP_TAG_MemProf:
        add_bucket(check, &record->as.MemProf);
        return;
    case DUMP_TAG_AllocSample:
        remember(check, &check->samples, record->as.AllocSample.object);
        remember(check, &check->samples, record->as.AllocSample.bucket);
        return;
    case DUMP_TAG_EOF:
    case DUMP_TAG_OtherRoot:
    case DUMP_TAG_Type:
    case DUMP_TAG_Goroutine:
    case DUMP_TAG_StackFrame:
    case DUMP_TAG_Itab:
    case DUMP_TAG_OSThread:
    case DUMP_TAG_Data:
    case DUMP_TAG_BSS:
    case DUMP_TAG_Defer:
    case DUMP_TAG_Panic:
    case DUMP_TAG_COUNT:
        return;
    }
}

void dump_check_add(struct dump_check *check, const struct dump_record *record) {
    if (record->tag == DUMP_TAG_Object) {
        const struct dump_record_Object *object = &record->as.Object;
        check_fields(check, "Object", object->address, object->contents.total_bytes,
                     &object->fields);
    } else if (record->tag == DUMP_TAG_Data) {
        const struct dump_record_Data *data = &record->as.Data;
        check_fields(check, "Data", data->address, data->contents.total_bytes, &data->fields);
    } else if (record->tag == DUMP_TAG_BSS) {
        const struct dump_record_BSS *bss = &record->as.BSS;
        check_fields(check, "BSS", bss->address, bss->contents.total_bytes, &bss->fields);
    } else if (record->tag == DUMP_TAG_Params && !record->is_last) {
        add_params(check, &record->as.Params); // the version, which a later part no longer shows
    }
    if (record->is_last) {
        add_whole(check, record);
    }
}

static int compare_addresses(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void check_samples(struct dump_check *check) {
    struct dump_addresses *buckets = &check->buckets;
    if (buckets->count > 0) {
        qsort(buckets->at, buckets->count, sizeof(*buckets->at), compare_addresses);
    }
    for (size_t i = 0; i < check->samples.count; i += 2) {
        const uint64_t *pair = &check->samples.at[i];
        bool has_bucket =
            buckets->count > 0 && bsearch(&pair[1], buckets->at, buckets->count,
                                          sizeof(*buckets->at), compare_addresses) != NULL;
        NOTE(DUMP_RULE_samples_on_objects, dump_objects_find(&check->objects, pair[0]),
             "sample at 0x%" PRIx64, pair[0]);
        NOTE(DUMP_RULE_samples_in_buckets, has_bucket,
             "sample at 0x%" PRIx64 " of bucket 0x%" PRIx64, pair[0], pair[1]);
    }
}

bool dump_check_finish(struct dump_check *check) {
    uint64_t overlaps = 0;
    uint64_t example = 0;
    if (check->is_out_of_memory || !dump_objects_sort(&check->objects, &overlaps, &example)) {
        return false;
    }
    note(check, DUMP_RULE_objects_apart, overlaps == 0, "%" PRIu64 " overlaps, one at 0x%" PRIx64,
         overlaps, example);
    for (size_t i = 0; i < check->finalizers.count; i++) {
        uint64_t address = check->finalizers.at[i];
        NOTE(DUMP_RULE_finalizers_on_objects, dump_objects_find(&check->objects, address),
             "finalizer on 0x%" PRIx64, address);
    }
    check_samples(check);
    check_totals(check);
    return true;
}

bool dump_check_has_failed(const struct dump_check *check) {
    for (size_t i = 0; i < DUMP_RULE_COUNT; i++) {
        if (check->rules[i].failed > 0) {
            return true;
        }
    }
    return false;
}

void dump_check_fini(struct dump_check *check) {
    dump_objects_fini(&check->objects);
    free(check->buckets.at);
    free(check->samples.at);
    free(check->finalizers.at);
}
