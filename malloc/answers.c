// answers: what glibc's malloc tells of itself, and C23's frees, as this heap has them.
#define _GNU_SOURCE // mallinfo2
#include "malloc/answers.h"

#include "allocator/check.h"
#include "allocator/memstats.h"
#include "malloc/process.h"
#include "malloc/say.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// All zero where there is no memory for a heap.
static struct memstats read_stats(void) {
    struct memstats stats;
    struct heap *heap = process_heap();
    memset(&stats, 0, sizeof stats);
    if (heap != NULL) {
        heap_read_memstats(heap, &stats);
    }
    return stats;
}

static uint64_t mapped_bytes(const struct memstats *stats) {
    return stats->HeapSys - stats->HeapReleased;
}

static uint64_t idle_bytes(const struct memstats *stats) {
    return stats->HeapIdle - stats->HeapReleased;
}

static uint64_t count_large(const struct memstats *stats) {
    uint64_t count = stats->HeapObjects;
    for (uint8_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        count -= stats->BySize[class].Mallocs - stats->BySize[class].Frees;
    }
    return count;
}

static int saturated(size_t number) {
    return number > INT_MAX ? INT_MAX : (int)number;
}

static void check_fits(void *pointer, size_t size_bytes) {
    if (pointer != NULL && malloc_usable_size(pointer) < size_bytes) {
        check_misuse("free of an object with a size that it has no room for", (uintptr_t)pointer);
    }
}

// ---- what the program sees

#pragma GCC visibility push(default)

struct mallinfo2 mallinfo2(void) {
    const struct memstats stats = read_stats();
    return (struct mallinfo2){
        .arena = mapped_bytes(&stats),
        .hblks = count_large(&stats),
        .uordblks = stats.HeapAlloc,
        .fordblks = mapped_bytes(&stats) - stats.HeapAlloc,
        .keepcost = idle_bytes(&stats),
    };
}

struct mallinfo mallinfo(void) {
    const struct mallinfo2 info = mallinfo2();
    return (struct mallinfo){
        .arena = saturated(info.arena),
        .hblks = saturated(info.hblks),
        .uordblks = saturated(info.uordblks),
        .fordblks = saturated(info.fordblks),
        .keepcost = saturated(info.keepcost),
    };
}

void malloc_stats(void) {
    const struct memstats stats = read_stats();
    char text[512];
    int length = snprintf(text, sizeof text,
                          "system bytes     = %10" PRIu64 "\nin use bytes     = %10" PRIu64
                          "\nidle bytes       = %10" PRIu64 "\nreleased bytes   = %10" PRIu64
                          "\nlive objects     = %10" PRIu64 "\nlarge objects    = %10" PRIu64 "\n",
                          mapped_bytes(&stats), stats.HeapAlloc, idle_bytes(&stats),
                          stats.HeapReleased, stats.HeapObjects, count_large(&stats));
    say_text(text, (size_t)length);
}

int malloc_info(int options, FILE *stream) {
    if (options != 0) {
        return EINVAL;
    }
    const struct memstats stats = read_stats();
    (void)fputs("<malloc version=\"1\">\n<heap nr=\"0\">\n<sizes>\n", stream);
    for (uint8_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        const struct memstats_by_size *row = &stats.BySize[class];
        if (row->Mallocs != 0) {
            (void)fprintf(stream,
                          "<size size=\"%" PRIu32 "\" mallocs=\"%" PRIu64 "\" frees=\"%" PRIu64
                          "\"/>\n",
                          row->Size, row->Mallocs, row->Frees);
        }
    }
    (void)fprintf(stream,
                  "</sizes>\n<total type=\"live\" count=\"%" PRIu64 "\" size=\"%" PRIu64
                  "\"/>\n<total type=\"large\" count=\"%" PRIu64
                  "\"/>\n<system type=\"current\" size=\"%" PRIu64
                  "\"/>\n<aspace type=\"total\" size=\"%" PRIu64 "\"/>\n</heap>\n</malloc>\n",
                  stats.HeapObjects, stats.HeapAlloc, count_large(&stats), mapped_bytes(&stats),
                  stats.HeapSys);
    return ferror(stream) != 0 ? EIO : 0;
}

int malloc_trim(size_t pad_bytes) {
    const struct memstats stats = read_stats();
    uint64_t idle = idle_bytes(&stats);
    return idle > pad_bytes && heap_scavenge(process_heap(), idle - pad_bytes) != 0;
}

int mallopt(int parameter, int value) {
    switch (parameter) {
    case M_ARENA_MAX:
        return value >= 1;
    case M_MMAP_MAX:
        return value >= 0;
    case M_PERTURB:
        return value == 0;
    default:
        return 0;
    }
}

void free_sized(void *pointer, size_t size_bytes) {
    check_fits(pointer, size_bytes);
    free(pointer);
}

void free_aligned_sized(void *pointer, size_t align_bytes, size_t size_bytes) {
    if (align_bytes == 0 || (uintptr_t)pointer % align_bytes != 0) {
        check_misuse("free of an object at another alignment", (uintptr_t)pointer);
    }
    check_fits(pointer, size_bytes);
    free(pointer);
}

#pragma GCC visibility pop
