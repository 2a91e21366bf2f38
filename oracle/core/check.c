// check: the one line that an error of the harness itself ends in.
#include "oracle/core/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void harness_failed(const char *file, int line, const char *condition) {
    (void)fprintf(stderr, "countercheck: harness: %s:%d: %s\n", file, line, condition);
    abort();
}
