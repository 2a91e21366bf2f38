// records: two dumps compared kind by kind: how many records of a kind the other dump has not.
//
// A strict reader forgives nothing, so that two records are the same when their bytes are.
#include "cli/accounts/accounts.h"

#include "cli/io/array.h"
#include "dump/reader.h"
#include "oracle/core/hash.h"

#include <stdlib.h>
#include <string.h>

struct kind {
    uint64_t *hashes; // of the records; sorted
    size_t count, capacity;
};

struct records {
    struct kind kinds[DUMP_TAG_COUNT];
    struct dump_record_MemStats memstats;
    bool is_whole; // to its end, without an error
};

static void records_fini(struct records *records) {
    for (size_t i = 0; i < DUMP_TAG_COUNT; i++) {
        free(records->kinds[i].hashes);
    }
}

static bool keep(struct kind *kind, uint64_t hash) {
    if (!ARRAY_RESERVE(kind->hashes, kind->capacity, kind->count + 1)) {
        return false;
    }
    // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): records_fini() frees it, by the same tag
    kind->hashes[kind->count++] = hash;
    return true;
}

static int compare_hashes(const void *a, const void *b) {
    uint64_t one = *(const uint64_t *)a;
    uint64_t other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

struct span { // of one record's bytes
    enum dump_tag tag;
    uint64_t begin;
    bool is_there;
};

static bool end_record(struct records *records, const struct bytes *dump, const struct span *span,
                       uint64_t end) {
    if (!span->is_there) {
        return true;
    }
    size_t size_bytes = (size_t)(end - span->begin);
    return keep(&records->kinds[span->tag],
                hash_bytes(HASH_START, dump->at + span->begin, size_bytes));
}

// False: out of memory.
static bool read_records(struct records *records, const struct bytes *dump) {
    struct dump_reader *reader = dump_reader_create_memory(dump->at, dump->count, DUMP_STRICT);
    const struct dump_record *record;
    struct span span = {.is_there = false};
    bool ok = reader != NULL;
    while (ok && (record = dump_reader_next(reader)) != NULL) {
        if (record->is_first) {
            ok = end_record(records, dump, &span, record->offset_bytes);
            span = (struct span){record->tag, record->offset_bytes, true};
        }
        if (record->tag == DUMP_TAG_MemStats && record->is_last) {
            records->memstats = record->as.MemStats;
        }
    }
    if (ok) {
        ok = end_record(records, dump, &span, dump->count);
        records->is_whole = dump_reader_error(reader)->kind == DUMP_ERROR_NONE;
    }
    dump_reader_destroy(reader);
    for (size_t i = 0; i < DUMP_TAG_COUNT; i++) {
        struct kind *kind = &records->kinds[i];
        if (kind->count > 1) {
            qsort(kind->hashes, kind->count, sizeof kind->hashes[0], compare_hashes);
        }
    }
    return ok;
}

// How many each has that the other has not.
static void count_only(const struct kind *a, const struct kind *b, size_t only[2]) {
    size_t i = 0;
    size_t j = 0;
    only[0] = only[1] = 0;
    while (i < a->count || j < b->count) {
        if (j == b->count || (i < a->count && a->hashes[i] < b->hashes[j])) {
            only[0]++;
            i++;
        } else if (i == a->count || a->hashes[i] > b->hashes[j]) {
            only[1]++;
            j++;
        } else {
            i++;
            j++;
        }
    }
}

static struct accounts_record *record_of(struct accounts *accounts, const char *name) {
    for (size_t i = 0; i < accounts->record_count; i++) {
        if (strcmp(accounts->records[i].name, name) == 0) {
            return &accounts->records[i];
        }
    }
    struct accounts_record *record = accounts_add(accounts, (void **)&accounts->records,
                                                  &accounts->record_count, sizeof *record);
    if (record != NULL) {
        record->name = accounts_copy(accounts, name);
    }
    return record;
}

static struct accounts_record *note(struct accounts *accounts, const char *name,
                                    const struct accounts_place *place, const size_t counts[2],
                                    const size_t only[2]) {
    struct accounts_record *record = record_of(accounts, name);
    if (record == NULL) {
        return NULL;
    }
    record->input_count++;
    if (accounts_place_is_better(&record->place, place->operation_count)) {
        accounts_place_set(accounts, &record->place, place);
        memcpy(record->counts, counts, sizeof record->counts);
        memcpy(record->only_counts, only, sizeof record->only_counts);
    }
    return record;
}

static void add_member(struct accounts_record *record, const char *name) {
    for (size_t i = 0; i < json_object_array_length(record->members); i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(record->members, i)), name) ==
            0) {
            return;
        }
    }
    (void)json_object_array_add(record->members, json_object_new_string(name));
}

static void note_members(struct accounts_record *record, const struct dump_record_MemStats *a,
                         const struct dump_record_MemStats *b) {
    if (record->members == NULL) {
        record->members = json_object_new_array();
    }
#define U(name)                                                                                    \
    if (a->name != b->name) {                                                                      \
        add_member(record, #name);                                                                 \
    }
#define N(name)                                                                                    \
    if (memcmp(a->name, b->name, sizeof a->name) != 0) {                                           \
        add_member(record, #name);                                                                 \
    }
    DUMP_MEMSTATS_FIELDS
#undef U
#undef N
}

static void compare_kinds(struct accounts *accounts, const struct accounts_place *place,
                          const struct records records[3]) {
    for (size_t tag = 0; tag < DUMP_TAG_COUNT; tag++) {
        const struct kind *kinds[2] = {&records[0].kinds[tag], &records[1].kinds[tag]};
        const size_t counts[2] = {kinds[0]->count, kinds[1]->count};
        size_t only[2];
        count_only(kinds[0], &records[2].kinds[tag], only);
        if (only[0] != 0 || only[1] != 0) {
            continue; // the same build says something else each time
        }
        count_only(kinds[0], kinds[1], only);
        if (only[0] == 0 && only[1] == 0) {
            continue;
        }
        struct accounts_record *record = note(accounts, dump_tag_names[tag], place, counts, only);
        if (record != NULL && tag == DUMP_TAG_MemStats && counts[0] == 1 && counts[1] == 1) {
            note_members(record, &records[0].memstats, &records[1].memstats);
        }
    }
}

bool accounts_dumps_differ(const struct bytes *old_dump, const struct bytes *new_dump) {
    return old_dump->count != new_dump->count ||
           (old_dump->count > 0 && memcmp(old_dump->at, new_dump->at, old_dump->count) != 0);
}

void accounts_compare_dumps(struct accounts *accounts, const struct accounts_place *place,
                            const struct bytes *old_dump, const struct bytes *new_dump,
                            const struct bytes *again) {
    const struct bytes *dumps[3] = {old_dump, new_dump, again};
    struct records records[3] = {{.is_whole = false}};
    bool ok = true;
    for (size_t i = 0; i < 3 && ok; i++) {
        ok = dumps[i]->count == 0 || read_records(&records[i], dumps[i]);
    }
    if (!ok) {
        accounts->is_out_of_memory = true;
    } else if (records[0].is_whole && records[1].is_whole) {
        compare_kinds(accounts, place, records);
    } else {
        const size_t counts[2] = {records[0].is_whole, records[1].is_whole};
        (void)note(accounts, accounts_record_name(DUMP_TAG_COUNT), place, counts, counts);
    }
    for (size_t i = 0; i < 3; i++) {
        records_fini(&records[i]);
    }
}
