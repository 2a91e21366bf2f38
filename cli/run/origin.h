// origin: what a finding was found with, so that another machine can find it again: commit, build,
// compiler, kernel, and the seed of its program.
#ifndef CLI_RUN_ORIGIN_H
#define CLI_RUN_ORIGIN_H

#include <stdint.h>
#include <stdio.h>

extern const char origin_commit[]; // written by the build: "a262e3f1f35c-dirty", or "unknown"

// A line: "found by   commit C, BUILD, COMPILER, KERNEL, seed N".
void origin_print(uint32_t seed, FILE *stream);

// The same as members of a JSON object, each behind a comma.
void origin_print_json(uint32_t seed, FILE *stream);

#endif
