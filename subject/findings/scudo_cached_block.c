// scudo_cached_block: a large block out of scudo's cache is charged with less than is taken off at
// its end.
//
// clang -w scudo_cached_block.c $(clang -print-file-name=libclang_rt.scudo_standalone-x86_64.a)
// Debian: libclang-rt-14-dev 1:14.0.6
// Status 1: the defect shows.
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    free(malloc(400000)); // into the cache
    free(malloc(393000)); // the same block, its header later in it
    void *object = malloc(400000);
    int in_use = mallinfo().uordblks;
    printf("asked for 400000 and live; uordblks says %d bytes are in use\n", in_use);
    free(object);
    return in_use < 400000;
}
