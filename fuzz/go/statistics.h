// statistics: the exported statistics that are one number, by the number that programs have for
// them, and by name: for expectations and traces.
#ifndef FUZZ_GO_STATISTICS_H
#define FUZZ_GO_STATISTICS_H

#include "allocator/memstats.h"

#include <stdint.h>

enum statistic {
#define FIELD(name) STATISTIC_##name,
#include "fuzz/program/fields.def"
    STATISTIC_COUNT,
};

extern const char *const statistic_names[STATISTIC_COUNT];

uint64_t statistic_value(const struct memstats *stats, enum statistic statistic);

#endif
