// recode: records that were read, written down again: what was canonical comes out byte for byte
// the same.
//
// It shares no code with the writer of heap dumps, so that it can bear witness against it. A dump
// read leniently comes out canonical: minimal varints, each in the same order.
#ifndef DUMP_RECODE_H
#define DUMP_RECODE_H

#include "dump/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes that are collected before the output gets them.
#define DUMP_RECODE_BUFFER_BYTES (64u << 10)

// Where the bytes go: takes up to size_bytes and returns how many (> 0), or -errno. -EINTR is
// repeated.
struct dump_output {
    int64_t (*write)(void *context, const void *bytes, size_t size_bytes);
    void *context;
};

// Encodes records into an output.
struct dump_recoder {
    struct dump_output output;
    int error;             // 0, or errno of the first failure; nothing is written after it
    uint64_t offset_bytes; // that the output has taken
    size_t used_bytes;     // of the buffer
    uint8_t buffer[DUMP_RECODE_BUFFER_BYTES];
};

// Starts a dump: its header. The recoder is the caller's memory.
void dump_recoder_init(struct dump_recoder *recoder, const struct dump_output *output);
// Writes one record or one part of it, as dump_reader_next() gave it. False: recoder->error says
// why.
bool dump_recoder_add(struct dump_recoder *recoder, const struct dump_record *record);
// Hands the last bytes out. False: recoder->error says why.
bool dump_recoder_finish(struct dump_recoder *recoder);

#ifdef __cplusplus
}
#endif

#endif
