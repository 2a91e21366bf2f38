// bdwgc_uncollectable: GC_free takes off the bytes of uncollectable objects that were never added.
//
// cc bdwgc_uncollectable.c -lgc
// Debian: libgc-dev 1:8.2.2
// Status 1: the defect shows.
#include <gc/gc.h>
#include <stdio.h>

int main(void) {
    GC_INIT();
    size_t first = GC_get_non_gc_bytes();
    void *large = GC_malloc_uncollectable(100000);
    size_t held = GC_get_non_gc_bytes();
    GC_free(large);
    size_t freed = GC_get_non_gc_bytes();
    printf("before: %zu; 100000 bytes uncollectable: %zu; freed: %zu\n", first, held, freed);
    return held < 100000 || freed != first;
}
