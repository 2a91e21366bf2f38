// rtthread_used_above_total: a heap of small memory that one object fills has more in use than it
// has.
//
// cc -m32 -w -I port -I RTT/include -I RTT/src rtthread_used_above_total.c
// RTT is rtthread-nano/rt-thread. In port are rthw.h, which is empty, and rtconfig.h, which defines
// RT_NAME_MAX and RT_ALIGN_SIZE as 8, RT_THREAD_PRIORITY_MAX as 32, RT_TICK_PER_SECOND as 1000,
// and RT_USING_HEAP, RT_USING_SMALL_MEM, RT_USING_SMALL_MEM_AS_HEAP, RT_USING_SEMAPHORE.
//
// Source: RT-Thread Nano 4.1.1, 44d75c7 (September 2024)
// Status 1: the defect shows.
#include <rtthread.h>
#include <stdio.h>
#include <string.h>

#undef RT_ASSERT
#define RT_ASSERT(condition)

void rt_object_init(struct rt_object *object, enum rt_object_class_type type, const char *name) {}
void rt_object_detach(rt_object_t object) {}
void *rt_memset(void *to, int byte, rt_ubase_t count) {
    return memset(to, byte, count);
}
void *rt_memcpy(void *to, const void *from, rt_ubase_t count) {
    return memcpy(to, from, count);
}
#undef rt_kprintf
#define rt_kprintf(...)
#include "mem.c"

static char memory[4096] __attribute__((aligned(16)));

int main(void) {
    rt_smem_t heap = rt_smem_init("heap", memory, sizeof memory);
    void *object = rt_smem_alloc(heap, heap->total);
    printf("%p of %lu bytes: total %lu, used %lu, most %lu\n", object, (unsigned long)heap->total,
           (unsigned long)heap->total, (unsigned long)heap->used, (unsigned long)heap->max);
    return heap->used > heap->total;
}
