// file: the trace of this process: its name, its header, and the chunks that its threads write to.
//
// Its state, the lock included, lies in memory that a fork wipes: the child starts without a trace,
// whatever the parent's threads were doing, and begins its own. Chunks are shared mappings of the
// file, so that a killed process loses none. Their room on the disk is allocated first, so that a
// full disk is an error and no signal.
//
// Any thread may call. A signal handler that interrupts this file may not: the caller blocks
// signals.
#ifndef RECORD_FILE_H
#define RECORD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A piece of the file, and how far it is written. One thread has it at a time.
struct chunk {
    uint8_t *base; // NULL: none
    size_t used_bytes;
    uint64_t time_ns, address; // of the last record
};

#define FILE_POOL_CHUNKS 64

// What a fork wipes.
struct file_state {
    uint64_t generation; // of this process's trace, from 1 on; 0: it has none
    bool is_stopped;     // there is no room for more
    unsigned char _Atomic lock;
    int descriptor;
    uint64_t device, inode;
    uint32_t chunk_count, thread_count;
    struct trace_header *header;
    size_t pool_count;
    struct chunk pool[FILE_POOL_CHUNKS]; // begun, and nobody's
    struct chunk definitions;            // where the last module or frame was written
    struct stacks *stacks;               // what is known of them; NULL: nothing yet
    unsigned char _Atomic stacks_lock;
    char path[4096];
};

extern struct file_state *file_state; // never NULL

// Makes this process's trace: the file `path`, or PATH.PID.N if there is one already; of that
// version. While there is one thread. 0, or errno: nothing will be recorded.
int file_begin(const char *path, uint32_t version);

// Whether there is a trace to write to. In a child that has none yet it is begun.
bool file_is_open(void);

// A number for a thread: 0, 1, ...
uint32_t file_add_thread(void);

// A chunk with room for two records; a begun one if there is any. False: the trace has stopped.
bool file_take(struct chunk *chunk);

// A new chunk for modules and frames. False: the trace has stopped.
bool file_take_definitions(struct chunk *chunk);

// Locks and unlocks `lock`, which lies in *file_state.
void file_lock(unsigned char _Atomic *lock);
void file_unlock(unsigned char _Atomic *lock); // by whom it was locked

// The chunk is nobody's any more.
void file_give(const struct chunk *chunk);

// The process has called exit.
void file_end(void);

#endif
