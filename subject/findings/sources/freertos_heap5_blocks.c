// freertos_heap5_blocks: ends of regions count as free blocks; when none is free, one is huge.
//
// cc -I PORT -I KERNEL/include freertos_heap5_blocks.c KERNEL/portable/MemMang/heap_5.c
// KERNEL is FreeRTOS-Kernel; PORT has FreeRTOS.h and task.h of a port, or stubs of their macros.
// Source: FreeRTOS-Kernel 4269c69
// Status 1: the defect shows.
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
