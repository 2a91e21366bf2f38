// check: three prices of assertion for the harness: it never ends by what its subject does, and
// aborts when it errs itself.
//
// As in allocator/check.h, which the harness does not share: it builds without that heap.
#ifndef ORACLE_CORE_CHECK_H
#define ORACLE_CORE_CHECK_H

#include <stdbool.h>

// Prints "countercheck: harness: FILE:LINE: CONDITION" on stderr and aborts. Any thread.
_Noreturn void harness_failed(const char *file, int line, const char *condition);

#ifndef CHECK_LEVEL
#define CHECK_LEVEL 0 // 0: release, 1: debug and fuzz, 2: tests
#endif

// The condition is evaluated in builds of this level and above; in others it is compiled.
#define HARNESS_CHECK_AT(level, condition, text)                                                   \
    ((void)(CHECK_LEVEL < (level) || (condition) ||                                                \
            (harness_failed(__FILE__, __LINE__, text), false)))

// Always: memory safety rests on it.
#define HARNESS_CHECK(condition) HARNESS_CHECK_AT(0, condition, #condition)
// In debug and fuzz builds: O(1).
#define HARNESS_ASSERT(condition) HARNESS_CHECK_AT(1, condition, #condition)
// In tests alone: it may walk.
#define HARNESS_ASSERT_SLOW(condition) HARNESS_CHECK_AT(2, condition, #condition)

#endif
