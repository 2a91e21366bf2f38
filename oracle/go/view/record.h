// record: two records of a kind compared field by field, by the table of the dump's records.
//
// Records stand in the shape that the reader gives them, whoever made them: the reader, the
// runtime's lists or the ledger. Fields of pointers, calls and pauses are compared elsewhere, as
// they come in parts.
#ifndef ORACLE_GO_VIEW_RECORD_H
#define ORACLE_GO_VIEW_RECORD_H

#include "dump/reader.h"
#include "oracle/core/rule.h"

// How the differences of two records are told: by which rule, and whose value is which.
struct record_judge {
    struct rule_book *book;
    unsigned rule;
    const char *left_name, *right_name;
    uintptr_t object; // that a difference is about; 0: none
};

// bool record_equal_Goroutine(judge, left, right) and so on: reports the first difference under the
// judge's rule. Memory of the right one begins at a multiple of 8; NULL: its length alone is held.
#define DUMP_RECORD(tag, name, fields)                                                             \
    bool record_equal_##name(const struct record_judge *judge,                                     \
                             const struct dump_record_##name *left,                                \
                             const struct dump_record_##name *right);
#define DUMP_RECORD_BARE(tag, name)
#include "dump/records.def"

// The same of a number that stands in no record, or in a part of one.
bool record_number_equal(const struct record_judge *judge, const char *field, uint64_t left,
                         uint64_t right);
// The same of a text. The finding shows the first 60 bytes of each.
bool record_string_equal(const struct record_judge *judge, const char *field,
                         struct dump_string left, struct dump_string right);

// Reports that a record of the left side is missing or too many. Always false.
bool record_fail(const struct record_judge *judge, const char *what);

// The text as a record has it: no copy.
static inline struct dump_string record_string(const char *text) {
    struct dump_string string = {(const uint8_t *)text, 0};
    while (text[string.size_bytes] != '\0') {
        string.size_bytes++;
    }
    return string;
}

// The bytes as a record has them whole: no copy.
static inline struct dump_memory record_memory(const void *bytes, size_t size_bytes) {
    return (struct dump_memory){
        .bytes = bytes, .size_bytes = size_bytes, .total_bytes = size_bytes};
}

#endif
