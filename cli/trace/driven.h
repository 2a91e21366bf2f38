// driven: an allocator that a trace's events become calls of, all on one thread.
#ifndef CLI_TRACE_DRIVEN_H
#define CLI_TRACE_DRIVEN_H

#include "fuzz/subject/host.h"
#include "fuzz/subject/subject.h"

// One that is made.
struct driven {
    const struct countercheck_subject *table;
    void *self;
    struct host host; // what it gets its memory from, where it asks
    bool is_made;
};

// Makes a new allocator of the subject, which lives as long. False: the environment refused it.
bool driven_begin(struct driven *driven, const struct subject *subject);
// Destroys it; also one that was not made.
void driven_end(struct driven *driven);

// What an allocation asks for.
struct driven_wish {
    size_t size_bytes;
    unsigned align_log; // 0: as the table promises
    bool is_zeroed;
};

// Whether the allocator takes such a size at all; others are not to be asked for.
bool driven_takes(const struct driven *driven, size_t size_bytes);
// What can be aligned no further is aligned as far as it can be. NULL: there is no memory.
void *driven_allocate(struct driven *driven, const struct driven_wish *wish);
// The object with another size; by a new one where the allocator cannot resize. NULL: there is no
// memory, and it is as it was.
void *driven_resize(struct driven *driven, void *object, size_t old_bytes, size_t size_bytes);
// By what the allocator frees with; where there is nothing of the kind, it stays.
void driven_release(struct driven *driven, void *object, size_t size_bytes);

#endif
