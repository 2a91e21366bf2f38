// check: the one line that a broken invariant or a misuse ends in.
#include "allocator/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *file, int line, const char *condition, uint64_t a,
                            uint64_t b) {
    (void)fprintf(stderr, "countercheck: %s:%d: %s (%" PRIu64 ", %" PRIu64 ")\n", file, line,
                  condition, a, b);
    abort();
}

_Noreturn void check_misuse(const char *sentence, uintptr_t address) {
    (void)fprintf(stderr, "countercheck: misuse: %s (0x%" PRIxPTR ")\n", sentence, address);
    abort();
}
