// share: one read on each lane, handed to the rules.
#include "fuzz/subject/share.h"

#include "fuzz/subject/subject.h"
#include "oracle/core/harness_memory.h"

bool lane_shares_init(struct lane_shares *shares) {
    bool has_memory = true;
    for (uint32_t lane = 0; lane < LANE_COUNT; lane++) {
        shares->values[lane] = harness_calloc(SUBJECT_VALUES_MAX + JUDGE_SLACK, sizeof(int64_t));
        has_memory = has_memory && shares->values[lane] != NULL;
    }
    return has_memory;
}

void lane_shares_fini(struct lane_shares *shares) {
    for (uint32_t lane = 0; lane < LANE_COUNT; lane++) {
        harness_free(shares->values[lane]);
    }
}

void lane_shares_read(struct lane_shares *shares, struct lanes *lanes, struct judge *judge) {
    struct relations_facts *facts = judge_facts(judge);
    uint32_t count = 0;
    for (uint32_t lane = 0; lane < LANE_COUNT; lane++) {
        struct call call = {.kind = CALL_READ, .values = shares->values[lane]};
        if (lanes_is_alive(lanes, lane)) {
            judge_before_read(judge, call.values);
            lanes_do(lanes, lane, &call);
            if (judge_after_read(judge, call.values) && call.has_done) {
                judge_alter(judge, lane, shares->values[lane]);
                shares->shown[count++] = shares->values[lane];
            }
        }
    }
    facts->lane_values = shares->shown;
    facts->lane_count = count;
}
