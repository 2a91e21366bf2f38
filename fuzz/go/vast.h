// vast: a dump with objects that are too large to be kept: what is told of it by the bytes around
// their contents. Internal to fuzz/go.
#ifndef FUZZ_GO_VAST_H
#define FUZZ_GO_VAST_H

#include "fuzz/go/state.h"

// Whether the address lies in an object of more than GO_TOUCHED_MAX.
bool vast_holds(const struct go_machine *machine, uintptr_t address);

// The next piece of a dump is the contents of such an object, or goes on with them: `dump` holds
// what came since the last one, and ends with the object's size. It begins anew behind it.
void vast_begins(struct go_machine *machine, struct dump_buffer *dump, uintptr_t address);

// `dump` holds what came behind the last such object: its MemStats are the heap's. False: a
// finding.
bool vast_compare_end(struct go_machine *machine, const struct dump_buffer *dump);

#endif
