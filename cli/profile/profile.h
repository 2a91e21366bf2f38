// profile: a profile as pprof reads it: stacks with values, in profile.proto, packed by gzip.
//
// What comes from elsewhere (functions, files) is escaped, since pprof prints it to terminals. A
// build without protobuf-c has none of this: COUNTERCHECK_HAS_PROFILE.
#ifndef CLI_PROFILE_PROFILE_H
#define CLI_PROFILE_PROFILE_H

#include <stddef.h>
#include <stdint.h>

// The most values of a stack.
#define PROFILE_VALUES_MAX 8

// What a value means: {"inuse_space", "bytes"}.
struct profile_value {
    const char *name, *unit;
};
// A call. Texts are copied.
struct profile_frame {
    const char *function, *file; // file: "" when it is not known
    uint64_t line;               // 0: not known
};

struct profile;

// `values` end with a NULL name, PROFILE_VALUES_MAX at most; pprof shows the last unless it is
// asked for another. NULL: out of memory.
struct profile *profile_create(const struct profile_value *values);
void profile_destroy(struct profile *profile); // NULL is fine
// What a sample stands for: one in `period` bytes, say.
void profile_set_period(struct profile *profile, const struct profile_value *of, uint64_t period);
// A line that pprof shows with -comments.
void profile_comment(struct profile *profile, const char *text);
// A frame of the next stack, leaf first.
void profile_add_frame(struct profile *profile, const struct profile_frame *frame);
// Ends the stack: its values, in their order. size_bytes: of the objects, 0 when that is not known.
void profile_add_stack(struct profile *profile, const uint64_t *values, uint64_t size_bytes);
// The bytes of the file, by malloc. NULL: out of memory, now or since it was created.
uint8_t *profile_pack(const struct profile *profile, size_t *size_bytes);

#endif
