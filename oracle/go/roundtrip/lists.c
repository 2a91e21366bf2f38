// lists: types, itabs, other roots and OS threads against the runtime's lists, in step.
#include "oracle/go/program/own.h"
#include "oracle/go/roundtrip/private.h"
#include "oracle/go/rules.h"

#include <string.h>

// ---- types: each is due right before the itab that names it, unless it is among the four last
// used of its row

// Uses `type`; true when it was among the recent ones.
static bool recent_use(struct recent_types *recent, const struct type *type) {
    size_t row = type->hash & (RECENT_ROWS - 1);
    size_t oldest = 0;
    recent->now++;
    for (size_t i = 0; i < RECENT_ROW_LENGTH; i++) {
        if (recent->rows[row][i].used_at > 0 && recent->rows[row][i].type == type) {
            recent->rows[row][i].used_at = recent->now;
            return true;
        }
        if (recent->rows[row][i].used_at < recent->rows[row][oldest].used_at) {
            oldest = i;
        }
    }
    recent->rows[row][oldest].type = type;
    recent->rows[row][oldest].used_at = recent->now;
    return false;
}

// Compared in pieces: a name has any length.
static bool type_name_is(const struct dump_string *in_dump, const struct type *type) {
    const uint8_t *at = in_dump->bytes;
    size_t package_bytes = strlen(type->package_path);
    size_t name_bytes = strlen(type->name);
    if (package_bytes == 0) {
        return in_dump->size_bytes == name_bytes && memcmp(at, type->name, name_bytes) == 0;
    }
    return in_dump->size_bytes == package_bytes + 1 + name_bytes &&
           memcmp(at, type->package_path, package_bytes) == 0 && at[package_bytes] == '.' &&
           memcmp(at + package_bytes + 1, type->name, name_bytes) == 0;
}

struct dump_record_Type roundtrip_type_record(const struct dump_record_Type *in_dump,
                                              const struct type *type, uint64_t address) {
    return (struct dump_record_Type){
        .address = address,
        .size = type->layout.size_bytes,
        .name = type_name_is(&in_dump->name, type) ? in_dump->name : record_string(type->name),
        .indirect = !type->direct_interface || type->layout.pointer_bytes > 0,
    };
}

bool roundtrip_type(struct roundtrip *trip, const struct dump_record_Type *record) {
    const struct type *type = trip->itab == NULL ? NULL : trip->itab->type;
    bool is_due =
        type != NULL && trip->written_type == NULL && !recent_use(&trip->recent_types, type);
    if (!roundtrip_holds(trip, RULE_DUMP_TYPE, is_due, 0, "a Type is written that is not due")) {
        return false;
    }
    trip->written_type = type;
    struct dump_record_Type own = roundtrip_type_record(record, type, (uintptr_t)type);
    struct record_judge judge = roundtrip_judge(trip, RULE_DUMP_TYPE, "type", 0);
    return record_equal_Type(&judge, record, &own);
}

bool roundtrip_itab(struct roundtrip *trip, const struct dump_record_Itab *record) {
    const struct itab *itab = trip->itab;
    if (!roundtrip_holds(trip, RULE_DUMP_ITAB, itab != NULL, 0, "an Itab too many")) {
        return false;
    }
    bool has_type = itab->type == NULL || trip->written_type == itab->type ||
                    recent_use(&trip->recent_types, itab->type);
    trip->itab = itab->next;
    trip->written_type = NULL;
    struct dump_record_Itab own = own_itab(itab);
    struct record_judge judge = roundtrip_judge(trip, RULE_DUMP_ITAB, "runtime", 0);
    return roundtrip_holds(trip, RULE_DUMP_TYPE, has_type, 0, "an Itab's type was not written") &&
           record_equal_Itab(&judge, record, &own);
}

// ---- other roots, threads

// Readers take an OtherRoot anywhere; ours stand together, behind the last Itab.
static bool other_root_is_due(const struct roundtrip *trip) {
    return trip->itab == NULL &&
           (trip->tag_before == DUMP_TAG_Params || trip->tag_before == DUMP_TAG_Itab ||
            trip->tag_before == DUMP_TAG_OtherRoot);
}

bool roundtrip_other_root(struct roundtrip *trip, const struct dump_record_OtherRoot *record) {
    const struct other_root *root = trip->other_root;
    if (!roundtrip_holds(trip, RULE_DUMP_OTHER_ROOT, root != NULL, 0, "an OtherRoot too many")) {
        return false;
    }
    trip->other_root = root->next;
    struct dump_record_OtherRoot own = own_other_root(root);
    struct record_judge judge = roundtrip_judge(trip, RULE_DUMP_OTHER_ROOT, "runtime", 0);
    return roundtrip_holds(trip, RULE_DUMP_OTHER_ROOT, other_root_is_due(trip), 0,
                           "an OtherRoot does not stand right behind the Itabs") &&
           record_equal_OtherRoot(&judge, record, &own);
}

bool roundtrip_osthread(struct roundtrip *trip, const struct dump_record_OSThread *record) {
    const struct osthread *thread = trip->thread;
    if (!roundtrip_holds(trip, RULE_DUMP_OSTHREAD, thread != NULL, 0, "an OSThread too many")) {
        return false;
    }
    trip->thread = thread->next;
    struct dump_record_OSThread own = own_osthread(thread);
    struct record_judge judge = roundtrip_judge(trip, RULE_DUMP_OSTHREAD, "runtime", 0);
    return record_equal_OSThread(&judge, record, &own);
}

bool roundtrip_lists_end(struct roundtrip *trip) {
    return roundtrip_holds(trip, RULE_DUMP_ITAB, trip->itab == NULL, 0, "an Itab is missing") &&
           roundtrip_holds(trip, RULE_DUMP_TYPE, trip->written_type == NULL, 0,
                           "a Type is written that no Itab names") &&
           roundtrip_holds(trip, RULE_DUMP_OTHER_ROOT, trip->other_root == NULL, 0,
                           "an OtherRoot is missing") &&
           roundtrip_holds(trip, RULE_DUMP_OSTHREAD, trip->thread == NULL, 0,
                           "an OSThread is missing");
}
