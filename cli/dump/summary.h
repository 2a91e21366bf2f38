// summary: a dump in numbers: what `dump info` prints and `dump diff` compares.
#ifndef CLI_DUMP_SUMMARY_H
#define CLI_DUMP_SUMMARY_H

#include "cli/dump/dump.h"
#include "cli/io/tally.h"
#include "dump/reader.h"

#include <stdbool.h>
#include <stdint.h>

// What one reading counts.
struct dump_summary {
    char arch[32], version[128]; // NUL-terminated, cut
    struct dump_record_Params params;
    struct dump_record_MemStats memstats;
    bool has_memstats;
    uint64_t bytes;
    uint64_t records[DUMP_TAG_COUNT];
    uint64_t forgiven[DUMP_FORGIVEN_COUNT];
    uint64_t object_bytes;
    struct tally sizes;      // per object size
    struct tally goroutines; // per status and wait reason
    struct tally sites;      // per profile stack: objects and bytes in use, leaf shown
    struct tally_row *size_row;
    uint64_t size_row_bytes; // the object size that size_row counts
    uint64_t stack_hash;     // of the MemProf being read
    char leaf[TALLY_LABEL_BYTES];
};

// Reads the whole dump. Returns an enum cli_status; messages were printed. Fini in any case.
int dump_summary_read(struct dump_summary *summary, const char *path, enum dump_mode mode);
// The same of a file that is open; then what is known of a dump that is broken is there.
void dump_summary_take(struct dump_summary *summary, struct dump_input *input);
// How that ended; tells it.
int dump_summary_status(const struct dump_summary *summary, const struct dump_input *input,
                        const char *path);
// Gives its memory back.
void dump_summary_fini(struct dump_summary *summary);

// Calls `each` with Go's name and value of every number of a MemStats record but PauseNs.
void dump_memstats_each(const struct dump_record_MemStats *memstats,
                        void (*each)(void *context, const char *name, uint64_t value),
                        void *context);

#endif
