// format: what is in a trace: the facts that who writes one and who reads one share.
//
// A trace is what one process asked of malloc: a header, then chunks of equal size. A chunk begins
// with a time in nanoseconds (8 bytes; 0: unused); records follow in the order of their times, and
// zeros to its end. One thread at a time writes to a chunk. A record of the kind thread says which
// one: the records behind it are that thread's. All numbers are little-endian.
//
// A record:
//   byte 0   kind (4 bits), bytes of the time (3), whether the address is in steps of 1 (1), not 16
//   byte 1   bytes of the address (4), bytes of the size (4)
//   time     nanoseconds since the record before it, or the chunk's time
//   address  its difference to the chunk's record before it, or to 0: zigzag, in steps
//   size     bytes that were asked for
//   align    one byte, the binary logarithm; of the kind aligned alone
// A trace with stacks is of version 2, and has three kinds of records more: modules and frames,
// which lie in chunks of their own whose time is 1, before all others, and what names a frame
// before a record. A frame is a call and the frame that called: each is written once, and so is
// each stack, which is its innermost frame. Modules and frames have the numbers 1, 2, ... in the
// order of the file.
//
// A release has the time before its call, an allocation the time after it, both by one clock of the
// machine. So, in the order of times, an address is released before another thread obtains it.
#ifndef TRACE_FORMAT_H
#define TRACE_FORMAT_H

#include <stdint.h>

#define TRACE_MAGIC            "CCtrace\n" // 8 bytes, without a NUL
#define TRACE_VERSION          1
#define TRACE_VERSION_STACKS   2
#define TRACE_HEADER_BYTES     4096
#define TRACE_CHUNK_BYTES      65536
#define TRACE_CHUNK_HEAD_BYTES 8
#define TRACE_RECORD_BYTES_MAX 32 // what is left of a chunk when it is less is no record
#define TRACE_DEFINITIONS_NS   1  // the time of a chunk of modules and frames
#define TRACE_NAME_BYTES_MAX   255
#define TRACE_BUILD_BYTES_MAX  64
#define TRACE_MODULE_SHIFT     48
#define TRACE_MODULES_MAX      65534
#define TRACE_FRAME_CUT        1   // in no module: it stands for those that were left out
#define TRACE_STACK_FRAMES_MAX 257 // of one stack, with that one

// The kinds of records. REALLOC_FROM is followed, in its thread, by one of the next three, with no
// event of this thread between them but those of a signal's handler.
enum trace_kind {
    TRACE_NONE = 0,       // the chunk's rest
    TRACE_THREAD,         // the records behind it are a thread's: size its number, address its id
    TRACE_MALLOC,         // address, size
    TRACE_CALLOC,         // likewise, zeroed
    TRACE_ALIGNED,        // likewise, with align
    TRACE_FREE,           // address
    TRACE_REALLOC_FROM,   // the address that was given
    TRACE_REALLOC_TO,     // the address and the size that it has now
    TRACE_REALLOC_FAILED, // size: there was no memory, and the old object stays
    TRACE_REALLOC_FREED,  // of size 0: the old object is freed, and there is none
    TRACE_FAILED,         // size: malloc and the like had no memory
    TRACE_AT,             // of version 2: size is the frame by which the next record is made
    TRACE_FRAME,  // address: the module << 48, and the offset in it of the call's instruction (of
                  // module 0, which is none, the address); size: the frame that called, 0 for none
    TRACE_MODULE, // size bytes follow: the length of its build-id, that, and the file's base name
    TRACE_KIND_COUNT,
};

// How the trace ended.
enum trace_end {
    TRACE_END_UNKNOWN = 0, // the process runs, was killed, called _exit or exec
    TRACE_END_EXIT,        // the process called exit
    TRACE_END_STOPPED,     // there was no room for more: header.error says why
};

// What stands at the file's beginning.
struct trace_header {
    char magic[8];
    uint32_t version;
    uint32_t chunk_bytes;
    uint64_t start_ns; // of the clock that the times are of
    uint32_t process_id, parent_id;
    uint32_t end;   // enum trace_end
    uint32_t error; // errno
};

#endif
