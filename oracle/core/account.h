// account: the statistics of a heap as one row of numbers, each with a name.
//
// The names are the heap's own; the row is read at one moment. A number may mean a negative value:
// then it is in two's complement.
#ifndef ORACLE_CORE_ACCOUNT_H
#define ORACLE_CORE_ACCOUNT_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// The most numbers that an account has.
#define ACCOUNT_MAX 256

// What the numbers of an account are called, and how they are printed.
struct account_schema {
    const char *const *names; // by place; unique
    unsigned count;           // 1..ACCOUNT_MAX
    bool is_signed;           // the numbers are int64_t
};

// Whether a > b, as the schema's numbers are meant.
static inline bool account_is_more(const struct account_schema *schema, uint64_t a, uint64_t b) {
    return schema->is_signed ? (int64_t)a > (int64_t)b : a > b;
}

// Room for any number as text, with its sign and its NUL.
#define ACCOUNT_NUMBER_BYTES 24

// The number in decimal digits, written into `text`, which is returned.
static inline const char *account_text(const struct account_schema *schema, uint64_t value,
                                       char text[ACCOUNT_NUMBER_BYTES]) {
    (void)snprintf(text, ACCOUNT_NUMBER_BYTES, schema->is_signed ? "%" PRId64 : "%" PRIu64, value);
    return text;
}

#endif
