// kind: what a statistic may not do, whatever the relations say of it.
#ifndef ORACLE_SUBJECT_KIND_H
#define ORACLE_SUBJECT_KIND_H

#include "subject/subject.h"

// A statistic at one place: the least and the most that each may be, the same unless it is rounded.
struct kind_values {
    int64_t now[2], before[2]; // at this check and at the one before
    int64_t gauge[2];          // of a peak or trough
    bool has_gauge;
};

// What the statistic did that its kind excludes for each value between the bounds; NULL: nothing.
const char *kind_excludes(const struct countercheck_statistic *statistic,
                          const struct kind_values *values);

// The name of the number at that place of what a read gives, as relations write it: "bin.live[2]".
void kind_name(const struct countercheck_statistic *statistics, uint32_t place, char *name,
               size_t name_bytes);

#endif
