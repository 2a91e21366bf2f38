// liteos_region_water: the most that was used is forgotten when a pool gets another region.
//
// Compile it as liteos_realloc_aligned.
// Source: LiteOS-M bca80e0 (June 2026)
// Status 1: the defect shows.
#include <stdio.h>

#include "kernel/src/mm/los_memory.c"

static char memory[3][16384] __attribute__((aligned(64)));

int main(void) {
    LOS_MEM_POOL_STATUS before, after;
    const LosMemRegion region = {memory[2], sizeof memory[2]};
    if (LOS_MemInit(memory[0], sizeof memory[0]) != LOS_OK) {
        return 3;
    }
    LOS_MemFree(memory[0], LOS_MemAlloc(memory[0], 8000));
    LOS_MemInfoGet(memory[0], &before);
    if (LOS_MemRegionsAdd(memory[0], &region, 1) != LOS_OK) {
        return 3;
    }
    LOS_MemInfoGet(memory[0], &after);
    printf("8000 bytes were in use: water line %u; with another region %u\n", before.usageWaterLine,
           after.usageWaterLine);
    return after.usageWaterLine < before.usageWaterLine;
}
