// memkind_memalign_refused: a posix_memalign that fails counts whatever its result parameter held
// before.
//
// cc memkind_memalign_refused.c -lmemkind
// Debian: libmemkind-dev 1.14.0
// Status 1: the defect shows.
#include <memkind.h>
#include <memkind_memtier.h>
#include <stdio.h>

int main(void) {
    memkind_t kind = MEMKIND_DEFAULT;
    void *object = memtier_kind_malloc(kind, 1000);
    size_t before = memtier_kind_allocated_size(kind);
    void *result = object; // not initialised at all, it may crash
    int error = memtier_kind_posix_memalign(kind, &result, 3, 10); // 3 is no alignment
    size_t after = memtier_kind_allocated_size(kind);
    printf("one object: %zu; posix_memalign refused (%d): %zu\n", before, error, after);
    memtier_kind_free(kind, object);
    return after != before;
}
