// kind: what an input is, so that a whole corpus can be replayed: by its folder where bytes alone
// do not say it, else by its content.
#ifndef CLI_RUN_KIND_H
#define CLI_RUN_KIND_H

#include <stdbool.h>

// What an input is.
enum input_kind {
    KIND_PROGRAM,   // operations, binary or text
    KIND_DECODE,    // any bytes for the dump's decoder: below decode/{seed,found,regression,slow}
    KIND_OPS,       // any bytes for the operations' codec: below ops/{seed,found,regression,slow}
    KIND_RELATIONS, // any bytes for the relations' language: below
                    // relations/{seed,found,regression,slow}
    KIND_DUMP,      // a heap dump, plain or compressed; only where directories are replayed
    KIND_RACE,      // a seed for threads
    KIND_COUNT,
};
// How a kind is told.
extern const char *const kind_names[KIND_COUNT];

// `is_walked`: it was found below a directory, where dumps are verified.
enum input_kind kind_of(const char *path, bool is_walked);

#endif
