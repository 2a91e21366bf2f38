// timeline: how much lives over time, in at most 1024 steps of equal length, whatever the time.
#ifndef CLI_TRACE_TIMELINE_H
#define CLI_TRACE_TIMELINE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TIMELINE_STEPS 1024

// The most that lived within a step, and what lived at its end.
struct timeline_step {
    uint64_t most[2], last[2]; // bytes, objects
};

// All zero but the length of a step is an empty one.
struct timeline {
    uint64_t step_ns; // 10 µs at first; doubled when there are too many
    size_t step_count;
    struct timeline_step steps[TIMELINE_STEPS];
};

// From `time_ns` on (since the beginning; never before the last call's) so much lives.
void timeline_add(struct timeline *timeline, uint64_t time_ns, uint64_t bytes, uint64_t objects);

// Draws bytes and objects as an SVG.
void timeline_draw(const struct timeline *timeline, FILE *stream);

#endif
