// statistics: names and values of the exported statistics that are one number.
#include "fuzz/go/statistics.h"

const char *const statistic_names[STATISTIC_COUNT] = {
#define MEMSTATS_FIELD(name, unit, meaning, truths) #name,
#include "allocator/memstats_fields.def"
    "NumGC",
    "NumForcedGC",
};

uint64_t statistic_value(const struct memstats *stats, enum statistic statistic) {
    switch (statistic) {
#define MEMSTATS_FIELD(name, unit, meaning, truths)                                                \
    case STATISTIC_##name:                                                                         \
        return stats->name;
#include "allocator/memstats_fields.def"
    case STATISTIC_NumGC:
        return stats->NumGC;
    case STATISTIC_NumForcedGC:
        return stats->NumForcedGC;
    case STATISTIC_COUNT:
        break;
    }
    return 0;
}
