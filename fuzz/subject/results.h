// results: what each call of a program gave, so that two allocators can be compared without a model
// of either.
//
// Only what every allocator must give alike is in it: whether there is an object, whether it lies
// where it was asked to, whether it is large enough, and the bytes that it must hold.
#ifndef FUZZ_SUBJECT_RESULTS_H
#define FUZZ_SUBJECT_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESULTS_MAX 4096 // of one program; those behind them are in the hash alone

// What is compared of a call.
enum result_kind {
    RESULT_GIVEN,    // an object, or nothing
    RESULT_ALIGNED,  // 1: at a multiple of what was asked for
    RESULT_USABLE,   // 1: at least as many bytes as were asked for
    RESULT_CONTENTS, // a hash of the bytes that a resize must keep, or that must be zero
    RESULT_KINDS
};

// Of one call of an operation; it has several when it makes several objects.
struct result {
    uint32_t operation; // its place in the program
    uint64_t values[RESULT_KINDS];
};

// Of a whole program.
struct results {
    bool has_no_contents; // set by who compares: objects are names alone
    uint32_t count;
    uint32_t operation; // that began last
    uint64_t hash;      // of all
    struct result rows[RESULTS_MAX];
};

// Forgets all; `has_no_contents` stays.
void results_begin(struct results *results);
// Adds one behind the last: to the hash always, to the rows while there is room.
void results_add(struct results *results, const struct result *result);

// A hash of the first bytes, as far as an object's pattern surely reaches; of the last ones too
// when `has_end`: the object that they come from ended there.
uint64_t results_contents(const void *bytes, size_t size_bytes, bool has_end);

#endif
