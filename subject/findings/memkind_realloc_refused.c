// memkind_realloc_refused: a realloc that fails takes the old object off the count, which lives on.
//
// cc memkind_realloc_refused.c -lmemkind
// Debian: libmemkind-dev 1.14.0
// Status 1: the defect shows.
#include <memkind.h>
#include <memkind_memtier.h>
#include <stdint.h>
#include <stdio.h>

int main(void) {
    memkind_t kind = MEMKIND_DEFAULT;
    void *object = memtier_kind_malloc(kind, 1000000);
    size_t before = memtier_kind_allocated_size(kind);
    void *larger = memtier_kind_realloc(kind, object, SIZE_MAX / 2);
    size_t refused = memtier_kind_allocated_size(kind);
    memtier_kind_free(kind, object);
    size_t after = memtier_kind_allocated_size(kind);
    printf("one object: %zu; realloc refused (%p): %zu; freed: %zu\n", before, larger, refused,
           after);
    return refused != before || after != 0;
}
