// backing: memory for the allocator, counted, and refused where the program says so.

#include <stdint.h>
#include <sys/mman.h>

enum { PAGE = 4096 };
#define FOR_EVER 0x7fffffffffffffffLL
static struct { number bytes, peak, calls; } backing;
static number fault_at, fault_count; // the first call that is refused (0: none), and how many

// The call that is so many calls away is refused, and those behind it; 0: none is.
static void fault(number at, number count) {
    fault_at = at == 0 ? 0 : backing.calls + at;
    fault_count = count;
}

// Zeroed memory at a multiple of `alignment` (0: of a page), or NULL.
static void *backing_map(void *context, size_t size_bytes, size_t alignment) {
    size_t spare = alignment > PAGE ? alignment : 0;
    size_t whole_bytes = (size_bytes + spare + PAGE - 1) / PAGE * PAGE;
    (void)context;
    backing.calls++;
    if (whole_bytes < size_bytes ||
        (fault_at != 0 && backing.calls >= fault_at && backing.calls - fault_at < fault_count)) {
        return NULL;
    }
    char *whole = mmap(NULL, whole_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (whole == MAP_FAILED) {
        return NULL;
    }
    backing.bytes += size_bytes;
    backing.peak = backing.bytes > backing.peak ? backing.bytes : backing.peak;
    return spare == 0 ? whole : whole + (-(uintptr_t)whole & (alignment - 1));
}

// A whole mapping, or whole pages of one.
static void backing_unmap(void *context, void *address, size_t size_bytes) {
    (void)context;
    backing.bytes -= size_bytes;
    (void)munmap(address, (size_bytes + PAGE - 1) / PAGE * PAGE);
}
