// gc: the collection cycle: stop, mark precisely from the roots, sweep lazily, and pace the next
// one.
//
// Marking may be done in steps with the program running between them; the barrier in
// runtime_write_pointer and black allocation keep it sound. Time comes from the runtime's injected
// clock alone.
//
// A thread's own variables are no roots: what it has allocated must be reachable before a cycle
// ends.
#ifndef RUNTIME_GC_H
#define RUNTIME_GC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runtime;
struct mcache;

// Starts a cycle: finishes the last sweep, stops the world, shades the roots. False: one is running
// already, or no memory for the mark queue (nothing changed).
bool runtime_gc_start(struct runtime *runtime, struct mcache *cache, bool forced);

// Scans up to `object_limit` grey objects; true when none is left. Mark stack: work buffers in
// manual spans (GCSys).
bool runtime_gc_mark_step(struct runtime *runtime, size_t object_limit);

// Drains what is grey, ends the cycle: NumGC, pauses, NextGC; sweeping is now due. False: no cycle
// is running.
bool runtime_gc_finish(struct runtime *runtime, struct mcache *cache);

// start + finish, and with `sweep` everything swept. After Go's runtime.GC().
bool runtime_collect(struct runtime *runtime, struct mcache *cache, bool sweep);

bool runtime_gc_is_marking(const struct runtime *runtime);

// Go's GOGC: NextGC = live bytes after marking * (100 + percent) / 100, at least 4 MiB * percent /
// 100. Negative: off (NextGC = 2^64 - 1). Returns the old value; takes effect at once.
int32_t runtime_set_gc_percent(struct runtime *runtime, int32_t percent);

// True when heap_live has reached NextGC: the caller then starts a cycle.
bool runtime_gc_is_due(struct runtime *runtime);

#endif
