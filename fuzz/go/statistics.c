// statistics: names and values of the exported statistics that are one number.
#include "fuzz/go/statistics.h"

// A new statistic gets a number too: behind the others, so that kept programs mean what they meant.
enum exported {
#define MEMSTATS_FIELD(name, unit, meaning, truths) EXPORTED_##name,
#include "allocator/memstats_fields.def"
    EXPORTED_NumGC,
    EXPORTED_NumForcedGC,
    EXPORTED_COUNT,
};
_Static_assert((int)EXPORTED_COUNT == (int)STATISTIC_COUNT,
               "fields.def has a row for each statistic");

const char *const statistic_names[STATISTIC_COUNT] = {
#define FIELD(name) #name,
#include "fuzz/program/fields.def"
};

uint64_t statistic_value(const struct memstats *stats, enum statistic statistic) {
    switch (statistic) {
#define FIELD(name)                                                                                \
    case STATISTIC_##name:                                                                         \
        return stats->name;
#include "fuzz/program/fields.def"
    case STATISTIC_COUNT:
        break;
    }
    return 0;
}
