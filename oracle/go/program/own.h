// own: the records that a dump of the program must hold, as the runtime's own lists have them.
//
// ledger.h has the same of the ledger. Strings and memory are the runtime's: good until the program
// goes on. Fields of pointers come as runs of words, elsewhere.
#ifndef ORACLE_GO_PROGRAM_OWN_H
#define ORACLE_GO_PROGRAM_OWN_H

#include "dump/reader.h"
#include "runtime/runtime.h"

// The first of a list of goroutines that is not dead; NULL: none.
const struct goroutine *own_next_alive(const struct goroutine *g);
// What a dump holds of it; running, it shows as runnable.
struct dump_record_Goroutine own_goroutine(const struct goroutine *g);
// `depth` frames stand above it; the one right above is `callee`, NULL for the innermost.
struct dump_record_StackFrame own_frame(const struct runtime *runtime, const struct frame *frame,
                                        const struct frame *callee, uint64_t depth);
// A defer of the goroutine.
struct dump_record_Defer own_defer(const struct goroutine *g, const struct defer *defer);
// A panic of the goroutine.
struct dump_record_Panic own_panic(const struct goroutine *g, const struct panic *panic);

// A thread of the system.
struct dump_record_OSThread own_osthread(const struct osthread *thread);
// A root beside data, bss and stacks.
struct dump_record_OtherRoot own_other_root(const struct other_root *root);
// An itab, by its type's address.
struct dump_record_Itab own_itab(const struct itab *itab);
// Where the segment is, and its bytes.
struct dump_record_Data own_segment(const struct segment *segment);

#endif
