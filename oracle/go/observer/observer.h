// observer: looks at heap and runtime for what no call's result tells, and tells the ledger; and
// compares the ledger with them.
//
// The ledger never asks (ci/layers refuses it). What its driver cannot know from results alone,
// which is what was swept, marked and sampled, is seen here as raw bits, through
// allocator/inspect.h.
#ifndef ORACLE_GO_OBSERVER_OBSERVER_H
#define ORACLE_GO_OBSERVER_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

struct heap;
struct model;
struct observer;
struct runtime;
struct view;

// The runtime whose lists full checks compare with the ledger from now on. Unless it is told, the
// program's records are not compared.
void observer_watch(struct observer *observer, const struct runtime *runtime);
// Whether this is the runtime that it was told to watch.
bool observer_watches(const struct observer *observer, const struct runtime *runtime);

// ---- what the driver calls beside the model's events; each that returns a bool: false: a finding

// After a call that may have swept, before its event: the condemned spans that have been swept
// since the last look. `taken`: the address that the call gave out, which may be a dead object's;
// 0: none.
void observe_sweeps(struct observer *observer, uintptr_t taken);

// What is observed from here on happens inside another call, which may have taken a dead object's
// slot already: one such slot may be taken, and has to be what the call gives out: the next
// observe_sweeps() behind observer_leave_gap() is told.
void observer_enter_gap(struct observer *observer);
// The call goes on.
void observer_leave_gap(struct observer *observer);

// After model_allocated and model_realloced: the sample that was due, if one was.
bool observe_sample(struct observer *observer);

// Before model_finalizer_added: the places that finalizers have to wait in.
void observe_places(struct observer *observer);

// runtime_gc_mark_step said that it is done: all that is reachable has to be marked.
bool observe_marking_done(struct observer *observer);

// The model's event of the same name, and before it the places that finalizers have to wait in.
bool observe_gc_started(struct observer *observer, bool forced);
// The model's event of the same name, and behind it the marks, against what is reachable, and what
// was swept at once.
bool observe_gc_finished(struct observer *observer);

// heap_sweep_finish returned, or what calls it (a dump, a collection that sweeps).
bool observe_sweep_finished(struct observer *observer);

// ---- the ledger against the heap, by a view of now; false: a finding

// Every object in the heap is in the ledger and the other way round. `live`: how many the view's
// bits hold.
bool observe_objects(struct observer *observer, const struct view *view, uint64_t live);

// Manual spans hold as many bytes as were asked for.
bool observe_manual(struct observer *observer, const struct view *view);

// The specials are the finalizers that were set, and the samples that were due.
bool observe_specials(struct observer *observer, const struct view *view);

#endif
