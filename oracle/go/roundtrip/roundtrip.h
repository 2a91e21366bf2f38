// roundtrip: a dump read back, every record against the heap's bits, the runtime's lists and the
// ledger, both ways: what is there must be in the dump, and what is in the dump must be there.
//
// It covers what a dump says, not how it is delivered: faults of the sink are the dump target's. It
// reads the heap through allocator/inspect.h and raw memory, and the runtime through its lists; it
// shares no code with the writer.
#ifndef ORACLE_GO_ROUNDTRIP_ROUNDTRIP_H
#define ORACLE_GO_ROUNDTRIP_ROUNDTRIP_H

#include "oracle/go/oracle.h"
#include "runtime/runtime.h"

// A dump, and the moment that it tells of.
struct roundtrip_dump {
    const void *bytes;
    size_t size_bytes;
    const struct runtime *runtime; // that was dumped, nothing done to it since
    const struct memstats *fast;   // read right after the dump
    bool has_model;                // the oracle's model was told of every operation
    bool has_graph; // what the dump's graph calls alive is asked: as long as the rest
};

// Checks the dump under the DUMP_ rules of the oracle. True when clean. Linear in the dump; no
// memory but the reader's. With the model, it lets it see what was swept first
// (observe_sweep_finished).
bool roundtrip_check(struct oracle *oracle, const struct roundtrip_dump *dump);

#endif
