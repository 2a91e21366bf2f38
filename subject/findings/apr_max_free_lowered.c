// apr_max_free_lowered: an allocator that is told to keep less keeps more.
//
// cc -D_GNU_SOURCE -I/usr/include/apr-1.0 apr_max_free_lowered.c -lapr-1
// Debian: libapr1-dev 1.7.2
// Status 1: the defect shows.
#include <apr.h>

#include <apr_allocator.h>
#include <apr_general.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THRESHOLD = 65536, LOWERED = 16384 };

static long taken_bytes; // that APR mapped and did not unmap

void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
    taken_bytes += (long)size;
    return (void *)syscall(SYS_mmap, address, size, protection, flags, file, offset);
}

int munmap(void *address, size_t size) {
    taken_bytes -= (long)size;
    return (int)syscall(SYS_munmap, address, size);
}

// What an allocator keeps of a block of 56 KiB and one of 12, freed in this order; in between it
// may be told to keep less.
static long kept_bytes(int is_lowered) {
    apr_allocator_t *allocator;
    apr_allocator_create(&allocator);
    apr_allocator_max_free_set(allocator, THRESHOLD);
    long before = taken_bytes;
    apr_memnode_t *large = apr_allocator_alloc(allocator, 57344 - APR_MEMNODE_T_SIZE);
    apr_memnode_t *small = apr_allocator_alloc(allocator, 12288 - APR_MEMNODE_T_SIZE);
    apr_allocator_free(allocator, large);
    if (is_lowered) {
        apr_allocator_max_free_set(allocator, LOWERED);
    }
    apr_allocator_free(allocator, small);
    long after = taken_bytes;
    apr_allocator_destroy(allocator);
    return after - before;
}

int main(void) {
    apr_initialize();
    long usual = kept_bytes(0);
    long lowered = kept_bytes(1);
    printf("threshold %d: %ld bytes are kept; lowered to %d on the way: %ld\n", THRESHOLD, usual,
           LOWERED, lowered);
    return lowered > usual;
}
