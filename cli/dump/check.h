// check: the cross-checks of a dump: what the records say of each other.
//
// Records are given in the order of the dump; verdicts stand after dump_check_finish(). Legal slack
// is named, not tolerated: see `is_mid_sweep`.
#ifndef CLI_DUMP_CHECK_H
#define CLI_DUMP_CHECK_H

#include "cli/dump/objects.h"
#include "dump/graph/phantom.h"
#include "dump/reader.h"

#include <stdbool.h>
#include <stdint.h>

// The cross-checks of `dump verify`.
enum dump_rule {
#define DUMP_RULE(id, reason) DUMP_RULE_##id,
#include "cli/dump/rules.def"
    DUMP_RULE_COUNT,
};
// By enum dump_rule: as `dump verify` prints it, "objects_apart" and so on.
extern const char *const dump_rule_names[DUMP_RULE_COUNT];
// By enum dump_rule: what it means that it holds, in one line.
extern const char *const dump_rule_reasons[DUMP_RULE_COUNT];

// How one cross-check fared.
struct dump_rule_state {
    uint64_t evaluated, failed;
    char example[160]; // of the first failure
};

// A growing array of addresses.
struct dump_addresses {
    uint64_t *at;
    size_t count, capacity;
};

// What is remembered of the records that passed.
struct dump_check {
    struct dump_rule_state rules[DUMP_RULE_COUNT];
    struct dump_objects objects;
    struct dump_addresses buckets;    // MemProf
    struct dump_addresses samples;    // AllocSample: object, bucket, object, bucket...
    struct dump_addresses finalizers; // both kinds
    bool is_out_of_memory;
    bool is_go;                       // written by Go itself, not by Countercheck
    uint64_t arena_start, arena_last; // the last byte
    uint64_t pointer_bytes;
    uint64_t object_count, object_bytes; // without phantoms
    uint64_t phantom_count, phantom_bytes;
    struct phantoms phantoms;
    bool has_memstats;
    uint64_t heap_alloc, heap_objects;
    bool is_mid_sweep; // Go read the statistics before its own sweep
};

// An all-zero struct is a fresh one.
void dump_check_add(struct dump_check *check, const struct dump_record *record);
// False: out of memory.
bool dump_check_finish(struct dump_check *check);
// Whether any rule has failed. After dump_check_finish().
bool dump_check_has_failed(const struct dump_check *check);
// Frees what the check has kept.
void dump_check_fini(struct dump_check *check);

// What one MemStats says of itself.
void dump_check_memstats(struct dump_check *check, const struct dump_record_MemStats *memstats);

#endif
