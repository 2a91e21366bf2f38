// host: keeps a list of mappings, and maps the arena at an address that every sanitizer leaves
// free.
#define _GNU_SOURCE // MAP_ANONYMOUS, MAP_FIXED_NOREPLACE
#include "fuzz/subject/host.h"

#include "oracle/core/harness_memory.h"
#include "oracle/relations/relations.h"

#include <string.h>
#include <sys/mman.h>

#define ARENA_BASE ((uintptr_t)0x551000000000) // below programs: TSan gives 0x55 to 0x567f out
#define PAGE_BYTES ((size_t)4096)
#define KEPT_BYTES ((size_t)1 << 20) // of an arena that is cleared by hand

struct host_mapping {
    struct host_mapping *next;
    char *whole; // of the system
    size_t whole_bytes;
    char *shown; // of it, aligned
    size_t size_bytes;
};

static bool is_refused(struct host *host) {
    host->call_count++;
    bool is_due = host->fail_at != 0 && host->call_count >= host->fail_at &&
                  host->call_count - host->fail_at < host->fail_count;
    host->has_failed = host->has_failed || is_due;
    return is_due;
}

static void *map_for(struct host *host, size_t size_bytes, size_t alignment) {
    size_t spare = alignment > PAGE_BYTES ? alignment : 0;
    size_t whole_bytes = (size_bytes + spare + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    if (is_refused(host) || whole_bytes < size_bytes) {
        return NULL;
    }
    struct host_mapping *mapping = harness_calloc(1, sizeof *mapping);
    void *whole = mapping == NULL ? MAP_FAILED
                                  : mmap(NULL, whole_bytes, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (whole == MAP_FAILED) {
        harness_free(mapping);
        harness_refused();
        return NULL;
    }
    size_t before = spare == 0 ? 0 : (size_t)(-(uintptr_t)whole & (alignment - 1));
    *mapping = (struct host_mapping){host->mappings, whole, whole_bytes, (char *)whole + before,
                                     size_bytes};
    host->mappings = mapping;
    host->bytes += size_bytes;
    host->peak_bytes = host->bytes > host->peak_bytes ? host->bytes : host->peak_bytes;
    return mapping->shown;
}

static void *map_pages(void *context, size_t size_bytes, size_t alignment) {
    struct host *host = context;
    (void)pthread_mutex_lock(&host->mutex);
    void *memory = map_for(host, size_bytes, alignment);
    (void)pthread_mutex_unlock(&host->mutex);
    return memory;
}

static void drop(struct host *host, struct host_mapping **link) {
    struct host_mapping *mapping = *link;
    *link = mapping->next;
    host->bytes -= mapping->size_bytes;
    (void)munmap(mapping->whole, mapping->whole_bytes);
    harness_free(mapping);
}

// Pages of a mapping go; what stands behind them is a mapping of its own.
static void cut(struct host *host, struct host_mapping *mapping, char *begin, size_t size_bytes) {
    char *end = begin + size_bytes;
    char *shown_end = mapping->shown + mapping->size_bytes;
    char *whole_end = mapping->whole + mapping->whole_bytes;
    host->bytes -= size_bytes;
    if (begin == mapping->shown) {
        (void)munmap(mapping->whole, (size_t)(end - mapping->whole));
        mapping->whole = mapping->shown = end;
        mapping->whole_bytes = (size_t)(whole_end - end);
        mapping->size_bytes -= size_bytes;
        return;
    }
    mapping->whole_bytes = (size_t)(begin - mapping->whole);
    mapping->size_bytes = (size_t)(begin - mapping->shown);
    if (end == shown_end) {
        (void)munmap(begin, (size_t)(whole_end - begin));
        return;
    }
    struct host_mapping *behind = harness_calloc(1, sizeof *behind);
    (void)munmap(begin, size_bytes);
    if (behind == NULL) {
        harness_refused();
        return;
    }
    *behind = (struct host_mapping){mapping->next, end, (size_t)(whole_end - end), end,
                                    (size_t)(shown_end - end)};
    mapping->next = behind;
}

// What lies in no mapping, or is no whole page, is not given back.
static void unmap_for(struct host *host, char *address, size_t size_bytes) {
    for (struct host_mapping **link = &host->mappings; *link != NULL; link = &(*link)->next) {
        struct host_mapping *mapping = *link;
        size_t before_bytes = (uintptr_t)address - (uintptr_t)mapping->shown;
        if (before_bytes >= mapping->size_bytes) { // it lies below, or behind
            continue;
        }
        size_t left_bytes = mapping->size_bytes - before_bytes;
        size_t less_bytes = size_bytes < left_bytes ? size_bytes : left_bytes;
        if (less_bytes == mapping->size_bytes) {
            drop(host, link);
        } else if ((uintptr_t)address % PAGE_BYTES == 0 && less_bytes > 0 &&
                   (less_bytes == left_bytes || less_bytes % PAGE_BYTES == 0)) {
            cut(host, mapping, address, less_bytes);
        }
        return;
    }
}

static void unmap_pages(void *context, void *address, size_t size_bytes) {
    struct host *host = context;
    (void)pthread_mutex_lock(&host->mutex);
    unmap_for(host, address, size_bytes);
    (void)pthread_mutex_unlock(&host->mutex);
}

bool host_init(struct host *host, size_t arena_bytes) {
    *host = (struct host){.arena_bytes = arena_bytes, .mutex = PTHREAD_MUTEX_INITIALIZER};
    host->shown = (struct countercheck_host){.struct_size_bytes = sizeof host->shown,
                                             .context = host,
                                             .map = map_pages,
                                             .unmap = unmap_pages,
                                             .arena_bytes = arena_bytes};
    if (arena_bytes == 0) {
        return true;
    }
    void *arena = mmap((void *)ARENA_BASE, arena_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (arena == MAP_FAILED) {
        harness_refused();
        return false;
    }
    host->shown.arena = arena;
    return true;
}

void host_fini(struct host *host) {
    while (host->mappings != NULL) {
        drop(host, &host->mappings);
    }
    if (host->shown.arena != NULL) {
        (void)munmap(host->shown.arena, host->arena_bytes);
    }
}

void host_begin(struct host *host, const char *option) {
    while (host->mappings != NULL) {
        drop(host, &host->mappings);
    }
    if (host->shown.arena != NULL && host->arena_bytes <= KEPT_BYTES) {
        memset(host->shown.arena, 0, host->arena_bytes);
    } else if (host->shown.arena != NULL) {
        (void)madvise(host->shown.arena, host->arena_bytes, MADV_DONTNEED);
    }
    host->shown.option = option;
    host->bytes = 0;
    host->peak_bytes = 0;
    host->call_count = 0;
    host->fail_at = 0;
    host->has_failed = false;
}

void host_tell(const struct host *host, int64_t backing[3]) {
    backing[RELATIONS_BACKING_BYTES] = (int64_t)host->bytes;
    backing[RELATIONS_BACKING_PEAK] = (int64_t)host->peak_bytes;
    backing[RELATIONS_BACKING_CALLS] = (int64_t)host->call_count;
}

void host_set_fault(struct host *host, uint64_t at, uint64_t more) {
    host->fail_at = at == 0 ? 0 : host->call_count + at;
    host->fail_count = more == UINT64_MAX ? more : more + 1;
}
