// liteos_realloc_aligned: a realloc of an aligned object gives the address that lies before it.
//
// cc -m32 -w -I port -I KERNEL liteos_realloc_aligned.c
// KERNEL is kernel_liteos_m. In port are its kernel/include/los_memory.h and
// - los_config.h, which includes stdint.h, stddef.h and string.h, has LiteOS's types by those of C
//   (UINT8, UINT32, UINTPTR, VOID, STATIC, INLINE), TRUE, FALSE, LOS_OK as 0 and LOS_NOK as 1;
//   LOSCFG_MEM_MUL_REGIONS and LOSCFG_MEM_WATERLINE as 1, LOSCFG_SYS_HEAP_SIZE as 65536, all
//   other settings as 0; PRINTK, PRINT_ERR, OsHookCall as nothing, LOS_IntLock as 0, and CLZ,
//   LOS_Align, memset_s and memcpy_s by what C has
// - files that include that: securec.h, los_arch.h, los_debug.h, los_hook.h, los_interrupt.h,
//   los_list.h, los_task.h.
//
// Source: LiteOS-M bca80e0 (June 2026)
// Status 1: the defect shows.
#include <stdio.h>

#include "kernel/src/mm/los_memory.c"

static char pool[16384] __attribute__((aligned(64)));

int main(void) {
    if (LOS_MemInit(pool, sizeof pool) != LOS_OK) {
        return 3;
    }
    char *object = LOS_MemAllocAlign(pool, 64, 64);
    strcpy(object, "written");
    char *after = LOS_MemRealloc(pool, object, 128);
    printf("%p says '%s'; realloc gives %p, which says '%s'\n", (void *)object, "written",
           (void *)after, after);
    return strcmp(after, "written") != 0;
}
