// record: the comparisons that the table makes, and what they say of a difference.
#include "oracle/go/view/record.h"

#include "oracle/go/view/raw.h"

#include <string.h>

bool record_fail(const struct record_judge *judge, const char *what) {
    return rule_fail(judge->book, judge->rule, (struct rule_place){.object = judge->object}, "%s",
                     what);
}

bool record_number_equal(const struct record_judge *judge, const char *field, uint64_t left,
                         uint64_t right) {
    return left == right || rule_fail_values(judge->book, judge->rule, field,
                                             (struct rule_value){judge->left_name, left},
                                             (struct rule_value){judge->right_name, right});
}

bool record_string_equal(const struct record_judge *judge, const char *field,
                         struct dump_string left, struct dump_string right) {
    size_t size_bytes = (size_t)left.size_bytes;
    if (left.size_bytes == right.size_bytes &&
        (size_bytes == 0 || memcmp(left.bytes, right.bytes, size_bytes) == 0)) {
        return true;
    }
    int shown_left = size_bytes < 60 ? (int)size_bytes : 60;
    int shown_right = right.size_bytes < 60 ? (int)right.size_bytes : 60;
    return rule_fail(judge->book, judge->rule, (struct rule_place){.object = judge->object},
                     "%s: %s \"%.*s\", %s \"%.*s\"", field, judge->left_name, shown_left,
                     (const char *)left.bytes, judge->right_name, shown_right,
                     (const char *)right.bytes);
}

static bool memory_equal(const struct record_judge *judge, const char *field,
                         const struct dump_memory *left, const struct dump_memory *right) {
    if (left->total_bytes != right->total_bytes) {
        return record_number_equal(judge, field, left->total_bytes, right->total_bytes);
    }
    size_t size_bytes = (size_t)left->size_bytes;
    if (size_bytes == 0 || right->bytes == NULL) { // which another rule compares
        return true;
    }
    size_t offset = raw_mismatch((uintptr_t)right->bytes, left->bytes, size_bytes);
    return offset == size_bytes ||
           rule_fail(judge->book, judge->rule, (struct rule_place){.object = judge->object},
                     "%s: byte %zu is 0x%02x in the %s, 0x%02x in the %s", field, offset,
                     left->bytes[offset], judge->left_name, right->bytes[offset],
                     judge->right_name);
}

#define U(name) &&record_number_equal(judge, #name, left->name, right->name)
#define A(name) U(name)
#define B(name) U(name)
#define P(name) U(name)
#define S(name) &&record_string_equal(judge, #name, left->name, right->name)
#define M(name) &&memory_equal(judge, #name, &left->name, &right->name)
#define F(name)
#define N(name)
#define K(name)
#define DUMP_RECORD(tag, name, fields)                                                             \
    bool record_equal_##name(const struct record_judge *judge,                                     \
                             const struct dump_record_##name *left,                                \
                             const struct dump_record_##name *right) {                             \
        return true fields;                                                                        \
    }
#define DUMP_RECORD_BARE(tag, name)
#include "dump/records.def"
