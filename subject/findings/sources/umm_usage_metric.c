// umm_usage_metric: with UMM_INLINE_METRICS nothing is in use, whatever is.
//
// cc -DUMM_INLINE_METRICS -DUMM_BEST_FIT -I port -I SRC umm_usage_metric.c SRC/umm_malloc.c -lm
// SRC is umm_malloc/src; port/umm_malloc_cfgport.h includes stdio.h and defines UMM_CRITICAL_DECL,
// UMM_CRITICAL_ENTRY and UMM_CRITICAL_EXIT as nothing.
// Source: umm_malloc ed68d0b
// Status 1: the defect shows.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "umm_malloc_cfg.h"
#include "umm_malloc.h"

static char memory[65536];
void *UMM_MALLOC_CFG_HEAP_ADDR = memory;
uint32_t UMM_MALLOC_CFG_HEAP_SIZE = sizeof memory;

int main(void) {
    umm_init();
    void *object = umm_malloc(20000);
    int inline_metric = umm_usage_metric();
    umm_info(NULL, false); // counts by walking the heap
    int walked_metric = umm_usage_metric();
    printf("%zu bytes at %d: inline %d, by umm_info %d\n", (size_t)20000, object != NULL,
           inline_metric, walked_metric);
    return inline_metric != walked_metric;
}
