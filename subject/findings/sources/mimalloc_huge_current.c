// mimalloc_huge_current: in a release build what is freed stays in the current huge bytes.
//
// cc -O2 -DNDEBUG -I MIMALLOC/include MIMALLOC/src/static.c mimalloc_huge_current.c -lpthread
// Source: mimalloc v3.4.3
// Status 1: the defect shows.
#include <mimalloc-stats.h>
#include <mimalloc.h>
#include <stdint.h>
#include <stdio.h>

int main(void) {
    const size_t size = (size_t)100 << 20;
    for (int i = 0; i < 3; i++) {
        mi_free(mi_malloc(size));
    }
    mi_stats_t_decl(stats);
    if (!mi_stats_get(&stats)) {
        return 2;
    }
    printf("3 times %zu bytes, each freed: huge bytes current %lld, peak %lld, total %lld\n", size,
           (long long)stats.malloc_huge.current, (long long)stats.malloc_huge.peak,
           (long long)stats.malloc_huge.total);
    return stats.malloc_huge.total >= (int64_t)(3 * size) && stats.malloc_huge.current != 0;
}
