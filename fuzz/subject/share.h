// share: what each lane says of its own share of a statistic, asked on its own thread. Internal to
// fuzz/subject.
#ifndef FUZZ_SUBJECT_SHARE_H
#define FUZZ_SUBJECT_SHARE_H

#include "fuzz/subject/lane.h"
#include "oracle/subject/judge.h"

// Room for the values of every lane.
struct lane_shares {
    int64_t *values[LANE_COUNT];
    const int64_t *shown[LANE_COUNT];
};

// False: refused; what there is goes back by fini.
bool lane_shares_init(struct lane_shares *shares);
void lane_shares_fini(struct lane_shares *shares);

// Asks each lane that lives, one after the other, and gives what they say to the judge's facts.
void lane_shares_read(struct lane_shares *shares, struct lanes *lanes, struct judge *judge);

#endif
