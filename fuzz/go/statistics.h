// statistics: the exported statistics that are one number, by index and name: for expectations and
// traces.
#ifndef FUZZ_GO_STATISTICS_H
#define FUZZ_GO_STATISTICS_H

#include "allocator/memstats.h"

#include <stdint.h>

enum statistic {
#define MEMSTATS_FIELD(name, unit, meaning, truths) STATISTIC_##name,
#include "allocator/memstats_fields.def"
    STATISTIC_NumGC,
    STATISTIC_NumForcedGC,
    STATISTIC_COUNT,
};

extern const char *const statistic_names[STATISTIC_COUNT];

uint64_t statistic_value(const struct memstats *stats, enum statistic statistic);

#endif
