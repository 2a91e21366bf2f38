// memstats: Params against the arenas, MemStats against the heap's account and the
// objects.
#include "oracle/go/roundtrip/private.h"
#include "oracle/go/rules.h"

#include <stdio.h>
#include <string.h>

#define ARENA_BYTES ((uint64_t)64 << 20) // Go's heapArenaBytes on 64-bit systems

// Bounds over all arenas, whatever order they come in.
static void arena_bounds(const struct heap *heap, uint64_t *start, uint64_t *end) {
    *start = *end = 0;
    struct inspect_arena arena;
    for (size_t i = 0; inspect_arena(heap, i, &arena); i++) {
        if (*end == 0 || arena.base < *start) {
            *start = arena.base;
        }
        if (arena.base + ARENA_BYTES > *end) {
            *end = arena.base + ARENA_BYTES;
        }
    }
}

bool roundtrip_params(struct roundtrip *trip, const struct dump_record_Params *params) {
    const struct runtime_options *options = runtime_options(trip->dump.runtime);
    uint64_t start, end;
    arena_bounds(trip->heap, &start, &end);
    unsigned rule = RULE_DUMP_PARAMS;
    return roundtrip_equal(trip, rule, "big_endian", params->big_endian, "constant", 0) &&
           roundtrip_equal(trip, rule, "pointer_size", params->pointer_size, "constant", 8) &&
           roundtrip_equal(trip, rule, "arena_start", params->arena_start, "scan", start) &&
           roundtrip_equal(trip, rule, "arena_end", params->arena_end, "scan", end) &&
           roundtrip_text_equal(trip, rule, "arch", &params->arch, "amd64") &&
           roundtrip_text_equal(trip, rule, "version", &params->version, options->go_version) &&
           roundtrip_equal(trip, rule, "cpus", params->cpus, "options", options->cpu_count);
}

static bool check_pauses(struct roundtrip *trip, const struct dump_record_MemStats *stats) {
    for (size_t i = 0; i < DUMP_PAUSE_COUNT; i++) {
        if (stats->PauseNs[i] != trip->dump.fast->PauseNs[i]) {
            char field[32];
            (void)snprintf(field, sizeof field, "PauseNs[%zu]", i);
            return roundtrip_equal(trip, RULE_DUMP_MEMSTATS, field, stats->PauseNs[i],
                                   "fast account", trip->dump.fast->PauseNs[i]);
        }
    }
    return true;
}

static bool check_fields(struct roundtrip *trip, const struct dump_record_MemStats *stats) {
    const struct memstats *fast = trip->dump.fast;
    const struct {
        const char *name;
        uint64_t in_dump, fast;
    } fields[] = {
#define MEMSTATS_FIELD(name, unit, meaning, truths) {#name, stats->name, fast->name},
#include "allocator/memstats_fields.def"
        {"NumGC", stats->NumGC, fast->NumGC},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!roundtrip_equal(trip, RULE_DUMP_MEMSTATS, fields[i].name, fields[i].in_dump,
                             "fast account", fields[i].fast)) {
            return false;
        }
    }
    return true;
}

// The record's numbers in the place of the heap's own, for the accounts that judge those.
static void keep_account(struct roundtrip *trip, const struct dump_record_MemStats *stats) {
    struct memstats *account = &trip->account;
    *account = *trip->dump.fast;
#define MEMSTATS_FIELD(name, unit, meaning, truths) account->name = stats->name;
#include "allocator/memstats_fields.def"
    account->NumGC = (uint32_t)stats->NumGC;
    memcpy(account->PauseNs, stats->PauseNs, sizeof account->PauseNs);
    trip->has_account = true;
}

bool roundtrip_memstats(struct roundtrip *trip, const struct dump_record_MemStats *stats) {
    keep_account(trip, stats);
    bool clean = check_fields(trip, stats) && check_pauses(trip, stats);
    return roundtrip_equal(trip, RULE_DUMP_OBJECT_SUM, "HeapAlloc", stats->HeapAlloc, "objects",
                           trip->object_bytes) &&
           roundtrip_equal(trip, RULE_DUMP_OBJECT_SUM, "HeapObjects", stats->HeapObjects, "objects",
                           trip->object_count) &&
           clean;
}

bool roundtrip_account_end(struct roundtrip *trip) {
    return !trip->has_account ||
           oracle_check_account(trip->oracle, trip->heap, &trip->account, trip->model != NULL);
}
