// state: what the files of the machine for a foreign allocator share. Internal to fuzz/subject.
#ifndef FUZZ_SUBJECT_STATE_H
#define FUZZ_SUBJECT_STATE_H

#include "fuzz/execute/executor.h"
#include "fuzz/subject/host.h"
#include "fuzz/subject/lane.h"
#include "fuzz/subject/results.h"
#include "fuzz/subject/share.h"
#include "fuzz/subject/subject.h"
#include "oracle/subject/judge.h"
#include "oracle/subject/live.h"

struct subject_machine {
    struct executor *executor;
    const struct subject *subject;
    const struct countercheck_subject *table; // the subject's
    struct rule_book book;
    struct live *live;
    struct judge *judge;
    struct lanes *lanes;
    struct host host;
    void *self; // of create(); NULL: global, or none now
    bool is_made;
    uint32_t handles[SUBJECT_HANDLES]; // ledger's number; LIVE_NONE: nothing
    uint64_t account[ACCOUNT_MAX];
    struct lane_shares shares; // of statistics that are a lane's own
    bool has_orphans;          // lanes that were its parent's, and never flushed
    struct results *results;   // what calls give is told there; NULL: nobody asks
};

// Does one operation, but for a fork; whether it did anything. operations.c
bool subject_operate(struct subject_machine *machine, struct operation operation);

// A child does so many of the next operations and a check, and its finding is ours. Whether there
// was a child. fork.c
bool subject_fork(struct subject_machine *machine, uint32_t ahead_count);

// Every lane's cache goes back, numbers come to rest. operations.c
void subject_settle(struct subject_machine *machine);

// The block dies by whatever the subject frees with; false: it has nothing of the kind, or a
// finding. operations.c
bool subject_free_block(struct subject_machine *machine, uint32_t lane, uint32_t id);

#endif
