// statistic: how many numbers one statistic of an allocator's table takes in what read() fills.
#ifndef ORACLE_RELATIONS_STATISTIC_H
#define ORACLE_RELATIONS_STATISTIC_H

#include "subject/subject.h"

// Of one value: two when it is rounded, the least and the most.
static inline uint32_t statistic_places(const struct countercheck_statistic *statistic) {
    return (statistic->flags & COUNTERCHECK_ROUNDED) != 0 ? 2 : 1;
}

// Values: of a row its length, else one.
static inline uint32_t statistic_rows(const struct countercheck_statistic *statistic) {
    return statistic->count == 0 ? 1 : statistic->count;
}

// Numbers in all.
static inline uint32_t statistic_numbers(const struct countercheck_statistic *statistic) {
    return statistic_places(statistic) * statistic_rows(statistic);
}

#endif
