// writer: writes each event of a thread, with its time, to the thread's own chunk.
#ifndef RECORD_WRITER_H
#define RECORD_WRITER_H

#include "trace/format.h"

#include <stddef.h>

// Once, before the first event and while there is one thread.
void writer_begin(void);

// Writes the event down with the time that it is now. Keeps errno; in any thread, in a handler of a
// signal too, whatever it interrupted. align_bytes: a power of two, or 0. Nothing is written when
// there is no trace.
void writer_note(enum trace_kind kind, const void *object, size_t size_bytes, size_t align_bytes);

#endif
