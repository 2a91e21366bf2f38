// answers: what glibc's malloc tells of itself, and C23's frees, as this heap has them.
//
// mallinfo, mallinfo2, malloc_stats, malloc_info, malloc_trim and mallopt are as <malloc.h>
// declares them. Their numbers are the statistics', exact at one moment:
//
//   arena     HeapSys - HeapReleased, the bytes that the heap has from the system
//   uordblks  HeapAlloc, the bytes of live objects' slots
//   fordblks  arena - uordblks
//   hblks     live large objects; hblkhd is 0, since they lie in the heap as all do
//   keepcost  HeapIdle - HeapReleased, what malloc_trim(0) would give back
//
// The others are 0. mallinfo's are INT_MAX where they are more. malloc_trim leaves as many idle
// bytes as it is told to. malloc_info takes no option but 0, else it is EINVAL.
//
// mallopt is 1 for what holds: one arena, so that M_ARENA_MAX is never exceeded; no object in a
// mapping of its own, so that M_MMAP_MAX is not; no byte filled, M_PERTURB 0. Else it is 0, and
// nothing changed. From any thread.
#ifndef MALLOC_ANSWERS_H
#define MALLOC_ANSWERS_H

#include <stddef.h>

// As free, for an object that was asked for with this size, at this alignment: C23. An object that
// has no room for so much, or lies at another alignment, ends the program in one sentence.
void free_sized(void *pointer, size_t size_bytes);
// The same for aligned_alloc's: its alignment is checked, too.
void free_aligned_sized(void *pointer, size_t align_bytes, size_t size_bytes);

#endif
