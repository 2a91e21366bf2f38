// host: the memory that a subject gets from the harness: an arena at a fixed address, or mappings
// that are counted and can be refused.
#ifndef FUZZ_SUBJECT_HOST_H
#define FUZZ_SUBJECT_HOST_H

#include "subject/subject.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a program's allocator has of the harness's memory.
struct host {
    struct countercheck_host shown; // what the subject gets
    size_t arena_bytes;
    pthread_mutex_t mutex;         // over what follows, which any thread's map and unmap move
    struct host_mapping *mappings; // a list
    uint64_t bytes, peak_bytes, call_count;
    uint64_t fail_at;    // number of the call that is refused; 0: none
    uint64_t fail_count; // and so many in all
    bool has_failed;     // since it was last asked
};

// Makes the arena, if one is asked for. False: the environment refused it.
bool host_init(struct host *host, size_t arena_bytes);
// Gives back the arena and all mappings.
void host_fini(struct host *host);

// A program begins: the arena is zero, nothing is mapped.
void host_begin(struct host *host, const char *option);

// Bytes now, the most of them, calls, since the program began: as relations number them.
void host_tell(const struct host *host, int64_t backing[3]);

// The `at`-th call of map from now on is refused, and `more` behind it; 0: none is.
void host_set_fault(struct host *host, uint64_t at, uint64_t more);

#endif
