// where: which records are meant: 'size>=1024 && address in 0xa..0xb && points-to 0xc'.
//
//     size OP N, size in A..B         bytes of the memory of Object, StackFrame, Data, BSS
//     address OP A, address in A..B   of the record; of a frame, its sp
//     class N                         an object of N bytes
//     kind NAME                       a record's name, as `dump info` lists them
//     goroutine ID                    a goroutine, its frames, defers and panics
//     points-to A, points-to in A..B  a pointer field whose value is A, or in A..B
// OP is ==, >=, <=, > or <; == may be left out. A..B includes both. All of them have to hold.
#ifndef CLI_DUMP_SCAN_WHERE_H
#define CLI_DUMP_SCAN_WHERE_H

#include "cli/dump/scan/whole.h"
#include "dump/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The most points-to terms.
#define WHERE_POINTS_MAX 8
// For a --help that has a condition.
// For a --help that has a condition.
#define WHERE_HELP                                                                                 \
    "A condition is terms joined by &&: size OP N, address OP A, size in A..B,\n"                  \
    "address in A..B, class N, kind NAME, goroutine ID, points-to A, points-to in\n"               \
    "A..B; OP is ==, >=, <=, > or <.\n"

// From the lowest to the highest that fits.
struct where_range {
    uint64_t lowest, highest;
};
// The condition, and what is known of the record that is being read. By where_init().
struct where {
    uint32_t tags; // a bit each
    bool has_size, has_address, has_goroutine;
    struct where_range size, address, goroutine;
    struct where_range points[WHERE_POINTS_MAX];
    size_t point_count;
    bool is_pointed[WHERE_POINTS_MAX]; // of this record
    bool is_refused;                   // this record
    uint64_t goroutine_now;
    bool is_in_goroutine; // this record is one's
    struct whole whole;
};

// Whether a record is meant; unknown: more of it has to come.
enum where_verdict { WHERE_NO, WHERE_YES, WHERE_UNKNOWN };

// All records.
void where_init(struct where *where);
// Adds a condition. False: told, with the column; `subcommand` and `option` say of what.
bool where_parse(struct where *where, const char *subcommand, const char *option, const char *text);
// Whether the record is meant, by what has come of it; of its last part, never unknown. Each part
// of each record has to be given. Out of memory: where->whole.is_out_of_memory.
enum where_verdict where_part(struct where *where, const struct dump_record *record,
                              const struct dump_reader *reader);
// Gives its memory back.
void where_fini(struct where *where);

#endif
