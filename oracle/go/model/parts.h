// parts: what the events of the ledger need of each other; private to the oracle.
#ifndef ORACLE_GO_MODEL_PARTS_H
#define ORACLE_GO_MODEL_PARTS_H

#include "oracle/go/state/state.h"

// ---- model.c
bool model_init(struct model *model, struct rule_book *book); // false: out of memory
void model_fini(struct model *model);                         // frees all arrays
// Empties the ledger for a heap that was just created or reset; the arrays' memory is kept.
void model_reset(struct model *model, const struct model_place *place);

// ---- object.c
// Counts the allocation, enters the slot everywhere, and says its index. False: out of memory.
bool model_add_slot(struct model *model, uint32_t *index, const struct slot *slot);
void model_drop_slot(struct model *model, uint32_t index); // counts its free
bool model_is_zeroed(const struct model_request *request); // its bytes and the slot's rest are zero

// ---- program.c
// Forgets goroutines, roots, pages and the queue; what the table holds, too.
void model_program_reset(struct model *model);
void model_program_fini(struct model *model); // frees their arrays

// ---- pages.c
// Enters pages that hold no object: they lie in the heap's window, and nothing else lies there.
bool model_enter_pages(struct model *model, uintptr_t low, size_t size_bytes);

// ---- stack.c
uintptr_t model_stack_sp(const struct goroutine_entry *g); // of the innermost frame; the top: none
// Words that point into the old stack follow it, counted from the top.
bool model_move_stack(struct model *model, struct goroutine_entry *g, struct model_stack stack);
void model_leave_stack(struct model *model, struct goroutine_entry *g); // its pages are free

// ---- defer.c
void model_drop_defer(struct model *model, struct goroutine_entry *g); // the youngest
// A rule: the runtime found just what the ledger has to pop. `what` is for the finding.
bool model_check_existed(struct model *model, bool existed, bool must_exist, const char *what);

// ---- frame.c
void model_drop_frame(struct model *model, struct goroutine_entry *g); // the innermost, its defers

// ---- table.c
void model_table_reset(struct model *model); // of threads, types, itabs and functions
void model_table_fini(struct model *model);  // frees their arrays

// ---- collect.c
// No cycle has run, nothing is condemned, the percentage is 100.
void model_collect_reset(struct model *model);
void model_collect_fini(struct model *model); // frees its arrays
// The marks are told of one slot after the other, when model_gc_finished has returned: it lives on;
// or it is dead, in a span of its own entry, made before; or (MODEL_NONE) its span is gone already.
void model_survived(struct model *model, const struct slot *slot);
bool model_condemn_span(struct model *model, uint32_t index, uintptr_t base); // the last entry now
// The dead slot joins the condemned span with this entry.
void model_condemn(struct model *model, uint32_t slot, uint32_t span);
bool model_all_condemned(struct model *model); // of all; drops those whose spans are gone
// Those of the condemned spans that are marked as swept are so.
void model_swept(struct model *model);

// ---- special.c
// Of finalizers, those that are set and not queued yet.
size_t model_finalizer_set_count(const struct model *model);
// The same of cleanups.
size_t model_cleanup_set_count(const struct model *model);
// Moves the finalizers of a slot that has died to the end of the queue, in order.
void model_queue_finalizers(struct model *model, uint32_t slot);
// The same with its cleanups, which have no object any more.
void model_queue_cleanups(struct model *model, uint32_t slot);
// The cleanup of the object that was set after `age` others of it; NULL: none.
const struct model_finalizer *model_cleanup_set(struct model *model, uintptr_t object,
                                                uint32_t age);
// The finalizer that is set on the object; NULL: none.
const struct model_finalizer *model_finalizer_set(struct model *model, uintptr_t object);

// ---- account.c
// Writes what the ledger says of MemStats; fields that it does not know stay as they are.
void model_expect(const struct model *model, struct memstats *stats);
// Compares that. `whole_rings`: all places of PauseNs and PauseEnd, else the last. True: equal.
bool model_compare(struct model *model, const struct memstats *fast, bool whole_rings);

#endif
