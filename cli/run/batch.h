// batch: many inputs replayed in a few processes: what each says in its order, one line for one
// that crashes or hangs, one for each kind at the end.
#ifndef CLI_RUN_BATCH_H
#define CLI_RUN_BATCH_H

#include "cli/io/input.h"
#include "cli/run/kind.h"
#include "cli/run/known.h"

#include <stdbool.h>
#include <stdint.h>

#define BATCH_TIMEOUT_SECONDS 60 // of an input, when --timeout is not given

// What all inputs together were.
struct batch_totals {
    uint64_t programs, operations, effective, findings, bounded;
    uint64_t inputs[KIND_COUNT], kind_findings[KIND_COUNT];
    uint32_t known; // a bit for each entry of the known findings that was one; none of the others
};

// Inputs to be replayed, and how one is.
struct batch {
    const struct input_list *list;
    uint64_t times;      // each input so often; what it says is printed once
    unsigned job_count;  // 0: one for each core
    uint32_t timeout_ms; // of an input
    bool is_json, is_first;
    // In one of the processes: before the first input; an input of the kind, whose status it
    // returns; after the last.
    bool (*open)(void *context);
    int (*replay)(void *context, const char *path, enum input_kind kind,
                  struct batch_totals *totals);
    void (*close)(void *context);
    void *context;
};

// Replays all of them; adds to totals. The worst status: a finding is worse than an unusable file.
int batch_run(const struct batch *batch, struct batch_totals *totals);

// A line for each kind but programs, then the total; nothing when there were programs alone.
void batch_print_kinds(const struct batch_totals *totals);

// Counts an input of the kind and its finding.
void batch_count(struct batch_totals *totals, enum input_kind kind, int status);

#endif
