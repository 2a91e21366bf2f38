// kind: a gauge below 0, a count that went down, a peak below its gauge; and what a number is
// called.
#include "oracle/subject/kind.h"

#include "oracle/relations/statistic.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum { LEAST, MOST };

static bool has_gone_down(const struct countercheck_statistic *statistic, int64_t before,
                          int64_t now) {
    if (statistic->bits == 0 || statistic->bits >= 64) {
        return now < before;
    }
    uint64_t mask = (UINT64_C(1) << statistic->bits) - 1;
    return (((uint64_t)now - (uint64_t)before) & mask) > mask / 2;
}

// A variable of so many bits, read as a signed one: one that went below 0 is huge without a sign.
static int64_t as_signed(int64_t value, uint32_t bits) {
    if (bits == 0 || bits >= 64) {
        return value;
    }
    uint64_t sign = UINT64_C(1) << (bits - 1);
    uint64_t low = (uint64_t)value & (sign | (sign - 1));
    return (int64_t)((low ^ sign) - sign);
}

const char *kind_excludes(const struct countercheck_statistic *statistic,
                          const struct kind_values *values) {
    const int64_t *now = values->now;
    const int64_t *before = values->before;
    const int64_t *gauge = values->gauge;
    switch (statistic->kind) {
    case COUNTERCHECK_GAUGE:
        return as_signed(now[MOST], statistic->bits) < 0 ? "a gauge is below 0" : NULL;
    case COUNTERCHECK_CUMULATIVE:
        return has_gone_down(statistic, before[LEAST], now[MOST]) ? "a cumulative went down" : NULL;
    case COUNTERCHECK_PEAK:
        return values->has_gauge && now[MOST] < gauge[LEAST] ? "a peak is below its gauge"
               : now[MOST] < before[LEAST]                   ? "a peak went down"
                                                             : NULL;
    case COUNTERCHECK_TROUGH:
        return values->has_gauge && now[LEAST] > gauge[MOST] ? "a trough is above its gauge"
               : now[LEAST] > before[MOST]                   ? "a trough went up"
                                                             : NULL;
    case COUNTERCHECK_CONSTANT:
        return now[MOST] < before[LEAST] || now[LEAST] > before[MOST] ? "a constant changed" : NULL;
    case COUNTERCHECK_PLAIN:
        break;
    }
    return NULL;
}

void kind_name(const struct countercheck_statistic *statistic, uint32_t place, char *name,
               size_t name_bytes) {
    while (place >= statistic_numbers(statistic)) {
        place -= statistic_numbers(statistic);
        statistic++;
    }
    uint32_t row = place / statistic_places(statistic);
    if (statistic->count == 0) {
        (void)snprintf(name, name_bytes, "%s", statistic->name);
    } else {
        (void)snprintf(name, name_bytes, "%s[%" PRIu32 "]", statistic->name, row);
    }
}
