// nuttx_realloc_shrink: a realloc that cannot shrink gives bytes back that nobody has.
//
// cc -I port -I NUTTX/include -I NUTTX/mm nuttx_realloc_shrink.c
// NUTTX/mm/mm_heap/mm_{malloc,free}.c
//    NUTTX/mm/mm_heap/mm_{realloc,memalign,shrinkchunk,initialize,mallinfo,foreach,lock}.c
// Or as an application in NuttX's simulator. port/nuttx/config.h holds the options, and makes locks
// and notes nothing.
// Source: NuttX 4ebc8a7
// Status 1: the defect shows.
#include <nuttx/config.h>
#include <nuttx/mm/mm.h>
#include <stdio.h>

static char memory[8192] __attribute__((aligned(16)));

int main(void) {
    struct mm_heap_s *heap = mm_initialize("heap", memory, sizeof memory);
    void *object = mm_malloc(heap, 40);
    void *next = mm_malloc(heap, 40); // the one before cannot give its end away
    size_t before = mm_heapfree(heap);
    int walked = mm_mallinfo(heap).fordblks;
    for (int i = 0; i < 1000; i++) {
        object = mm_realloc(heap, object, 25);
    }
    size_t after = mm_heapfree(heap);
    printf("two objects (%d), free %zu; realloc of one to 25 bytes, 1000 times: free %zu of %zu; "
           "by a walk %d and %d\n",
           object != NULL && next != NULL, before, after, sizeof memory, walked,
           mm_mallinfo(heap).fordblks);
    return after - before != (size_t)(mm_mallinfo(heap).fordblks - walked);
}
