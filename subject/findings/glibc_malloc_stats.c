// glibc_malloc_stats: malloc_stats() adds up bytes in 32 bits, so that 5 GiB are printed as 1 GiB.
//
// cc glibc_malloc_stats.c
// Debian: libc6-dev 2.36
// The memory is never touched. Status 1: the defect shows.
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    void *object = malloc((size_t)5 << 30);
    if (object == NULL) {
        return 0;
    }
    FILE *printed = tmpfile(), *screen = stderr;
    stderr = printed;
    malloc_stats();
    stderr = screen;
    rewind(printed);
    char line[200];
    unsigned long long total = 0;
    while (fgets(line, sizeof line, printed) != NULL) {
        (void)sscanf(line, "in use bytes = %llu", &total); // the last one is the total, with mmap
    }
    printf(
        "5368709120 bytes are live; malloc_stats prints %llu in use, mallinfo2 says %zu mapped\n",
        total, mallinfo2().hblkhd);
    free(object);
    return total < (size_t)5 << 30;
}
