// bdwgc_realloc_large: GC_realloc lets a large object grow to the end of its block, which is freed
// but never counted.
//
// cc bdwgc_realloc_large.c -lgc
// Debian: libgc-dev 1:8.2.2
// Status 1: the defect shows.
#include <gc/gc.h>
#include <stdio.h>

int main(void) {
    GC_INIT();
    void *large = GC_malloc(4096);
    GC_free(GC_realloc(large, 4096));
    struct GC_prof_stats_s stats;
    GC_get_prof_stats(&stats, sizeof stats);
    size_t total = GC_get_total_bytes();
    printf("allocated ever: %zu; of these freed: %lu\n", total,
           (unsigned long)stats.expl_freed_bytes_since_gc);
    return stats.expl_freed_bytes_since_gc > total;
}
