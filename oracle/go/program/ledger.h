// ledger: the records that a dump of the program must hold, as the model alone has them.
//
// Records stand in the order of the dump. Strings and memory are the model's own: good until its
// next event. Fields of pointers come as runs of words, each with a bit or all.
#ifndef ORACLE_GO_PROGRAM_LEDGER_H
#define ORACLE_GO_PROGRAM_LEDGER_H

#include "dump/reader.h"
#include "oracle/go/model/model.h"

struct model;
struct goroutine_entry;

// The next goroutine that lives, in the order of their records' creation; `place` begins at 0.
// NULL: no more.
const struct goroutine_entry *ledger_goroutine(const struct model *model, uint32_t *place);
// The record that a dump holds of it; running, it shows as runnable.
void ledger_goroutine_record(const struct goroutine_entry *g, struct dump_record_Goroutine *record);

// Of a goroutine, youngest first; false: `depth` is past the last.
bool ledger_frame(const struct model *model, const struct goroutine_entry *g, uint32_t depth,
                  struct dump_record_StackFrame *record);
// A defer, likewise.
bool ledger_defer(const struct goroutine_entry *g, uint32_t depth,
                  struct dump_record_Defer *record);
// A panic, likewise.
bool ledger_panic(const struct goroutine_entry *g, uint32_t depth,
                  struct dump_record_Panic *record);

// The frame's description as clipped, its maps' bits copied by the model.
struct frame_description ledger_frame_description(const struct goroutine_entry *g, uint32_t depth);

// The index-th thread that runs, newest first; false: past the last.
bool ledger_osthread(const struct model *model, uint32_t index,
                     struct dump_record_OSThread *record);
// The index-th root, oldest first; false: past the last.
bool ledger_other_root(const struct model *model, uint32_t index,
                       struct dump_record_OtherRoot *record);
// The index-th itab, in the order of definition; false: past the last.
bool ledger_itab(const struct model *model, uint32_t index, struct dump_record_Itab *record);
// Address and contents of a segment; one that was never defined has none.
void ledger_segment(const struct model *model, enum model_segment segment,
                    struct dump_record_Data *record);

// What the program defined at that address, or for code there; NULL: nothing.
const struct type *ledger_type(const struct model *model, uintptr_t address);
// By any program counter in the function.
const struct func *ledger_func(const struct model *model, uintptr_t pc);

#endif
