// freertos_heap5_blocks: heap_5 counts the end markers of its regions as free blocks, and has no
// smallest one when all is full.
//
// FreeRTOS-Kernel main (portable/MemMang/heap_5.c), likewise V10.3 and later, which have
// vPortGetHeapStats. portable.h: xNumberOfFreeBlocks is "the number of free memory blocks within
// the heap"; xSizeOfSmallestFreeBlockInBytes "the minimum size, in bytes, of all the free blocks".
// The walk skips a region's marker (size 0, "not a real block") for the smallest size and still
// counts it; and the smallest size begins at SIZE_MAX, which is what it stays when no block is free
// (heap_4.c does that too).
//
// Build: cc -I port -I FreeRTOS-Kernel/include freertos_heap5_blocks.c
// FreeRTOS-Kernel/portable/MemMang/heap_5.c
//
// with port/FreeRTOS.h and port/task.h of a port, or stubs of their macros
//
// Prints: two regions, nothing allocated: 3 free blocks; full: smallest 18446744073709551615. Ends
// with 1 when that is so.
#include "FreeRTOS.h"
#include "task.h"

#include <stdio.h>

static uint8_t first[4096] __attribute__((aligned(16))), second[4096] __attribute__((aligned(16)));

int main(void) {
    uint8_t *low = first < second ? first : second;
    uint8_t *high = first < second ? second : first;
    const HeapRegion_t regions[] = {{low, sizeof first}, {high, sizeof second}, {NULL, 0}};
    HeapStats_t stats;
    vPortDefineHeapRegions(regions);
    vPortGetHeapStats(&stats);
    size_t blocks = stats.xNumberOfFreeBlocks;
    printf("two regions, nothing allocated: %zu free blocks\n", blocks);
    while (pvPortMalloc(16) != NULL) {
    }
    vPortGetHeapStats(&stats);
    printf("nothing more fits: available %zu, smallest %zu, largest %zu\n",
           stats.xAvailableHeapSpaceInBytes, stats.xSizeOfSmallestFreeBlockInBytes,
           stats.xSizeOfLargestFreeBlockInBytes);
    return blocks != 2 ||
           stats.xSizeOfSmallestFreeBlockInBytes > stats.xSizeOfLargestFreeBlockInBytes;
}
