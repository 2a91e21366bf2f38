// record: between these two the allocator is at work: what it asks of itself is not recorded.
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

// A call of the allocator begins, on this thread.
void record_enter(void);
// It is over.
void record_leave(void);

#endif
