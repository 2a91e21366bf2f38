// shared: a mapping that fork() does not copy.
#define _GNU_SOURCE // MAP_ANONYMOUS
#include "cli/run/shared.h"

#include "cli/io/cli.h"

#include <sys/mman.h>

void *shared_map(size_t size_bytes) {
    void *memory =
        mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        cli_message("out of memory");
        return NULL;
    }
    return memory;
}

void shared_unmap(void *memory, size_t size_bytes) {
    (void)munmap(memory, size_bytes);
}
