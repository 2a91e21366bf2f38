// ledger: what the program that is recorded writes down itself, by its own hand: a shared mapping
// of a file, which a kill does not lose.
#ifndef TESTS_RECORD_LEDGER_H
#define TESTS_RECORD_LEDGER_H

#include <stdint.h>

#define LEDGER_REGIONS 24
#define LEDGER_ENTRIES 20000
// The first event of a region is a malloc of this size and the region's number.
#define LEDGER_MARK_BYTES 70000

enum ledger_kind {
    LEDGER_NONE,
    LEDGER_MALLOC,
    LEDGER_CALLOC,
    LEDGER_ALIGNED,
    LEDGER_FREE,
    LEDGER_REALLOC,
};

// A call.
struct ledger_entry {
    uint64_t address, before, size;
    uint32_t align;
    uint32_t kind; // written last
};

// The calls of one thread. A child's thread and a program that was started have regions of their
// own.
struct ledger_region {
    uint64_t process_id, thread_id;
    uint32_t is_whole; // the thread came to its end
    struct ledger_entry entries[LEDGER_ENTRIES];
};

// The file.
struct ledger {
    uint32_t region_count; // taken
    uint32_t padding;
    struct ledger_region regions[LEDGER_REGIONS];
};

#endif
