// nuttx_heapfree: the heap's own record is taken off what is free, and added twice to the most
// used.
//
// Compile it as nuttx_realloc_shrink.
// Source: NuttX 4ebc8a7
// Status 1: the defect shows.
#include <nuttx/config.h>
#include <nuttx/mm/mm.h>
#include <stdbool.h>
#include <stdio.h>

static char memory[8192] __attribute__((aligned(16)));

int main(void) {
    struct mm_heap_s *heap = mm_initialize("heap", memory, sizeof memory);
    struct mallinfo empty = mm_mallinfo(heap);
    size_t free_bytes = mm_heapfree(heap);
    void *object = mm_malloc(heap, 16);
    struct mallinfo one = mm_mallinfo(heap);
    while (mm_malloc(heap, 16) != NULL) {
    }
    printf("empty: in use %d, the most %d; free %zu, by a walk %d\n", empty.uordblks, empty.usmblks,
           free_bytes, empty.fordblks);
    printf("one object (%d): in use %d, the most %d\n", object != NULL, one.uordblks, one.usmblks);
    printf("full: free %zu, by a walk %d\n", mm_heapfree(heap), mm_mallinfo(heap).fordblks);
    bool free_differs = mm_heapfree(heap) != (size_t)mm_mallinfo(heap).fordblks;
    return free_differs || one.usmblks != one.uordblks || empty.usmblks < empty.uordblks;
}
