// check: three prices of assertion, and the one sentence that a misuse of the heap ends in.
//
// CHECK is always on (memory safety rests on it), ASSERT is O(1) and on in debug and fuzz builds,
// ASSERT_SLOW may walk and is on in tests and paranoid builds. None is for the world's errors:
// those are values.
#ifndef ALLOCATOR_CHECK_H
#define ALLOCATOR_CHECK_H

#include <stdbool.h>
#include <stdint.h>

// Prints "countercheck: FILE:LINE: CONDITION (A, B)" on stderr and aborts. Any thread.
_Noreturn void check_failed(const char *file, int line, const char *condition, uint64_t a,
                            uint64_t b);

// Prints "countercheck: misuse: SENTENCE (ADDRESS)" on stderr and aborts. Any thread.
_Noreturn void check_misuse(const char *sentence, uintptr_t address);

// The one branch of every check: what is never taken stands here, and not at each place that asks.
static inline void check_that(bool holds, const char *file, int line, const char *condition) {
    if (!holds) {
        check_failed(file, line, condition, 0, 0);
    }
}

// The same for two values, which the message then shows.
static inline void check_equal(uint64_t a, uint64_t b, const char *file, int line,
                               const char *condition) {
    if (a != b) {
        check_failed(file, line, condition, a, b);
    }
}

// Aborts in every build when the condition does not hold; the message quotes it.
#define CHECK(condition) check_that((condition), __FILE__, __LINE__, #condition)

// As CHECK(a == b), but the message holds both values.
#define CHECK_EQUAL(a, b)                                                                          \
    check_equal((uint64_t)(a), (uint64_t)(b), __FILE__, __LINE__, #a " == " #b)

#ifndef CHECK_LEVEL
#define CHECK_LEVEL 0 // 0: release, 1: debug and fuzz, 2: tests
#endif

// As CHECK in debug and fuzz builds; elsewhere the condition is compiled and not evaluated.
#if CHECK_LEVEL >= 1
#define ASSERT(condition) CHECK(condition)
#else
#define ASSERT(condition) ((void)sizeof(condition))
#endif

// As ASSERT, but in tests alone: the condition may walk.
#if CHECK_LEVEL >= 2
#define ASSERT_SLOW(condition) CHECK(condition)
#else
#define ASSERT_SLOW(condition) ((void)sizeof(condition))
#endif

#endif
