// tizenrt_memalign_rest: what memalign leaves of a free chunk begins anywhere, and so do the
// objects that are made of it.
//
// cc -w -I port -I MM/mm_heap -I INCLUDE tizenrt_memalign_rest.c
// MM is TizenRT/os/mm, INCLUDE a folder with os/include/tinyara/mm/mm.h alone. In port are
// - tinyara/config.h, which includes stddef.h, stdint.h and sys/types.h; defines as 1
//   CONFIG_KMM_REGIONS, CONFIG_KMM_NHEAPS and CONFIG_SMP_NCPUS, as 16 CONFIG_TASK_NAME_SIZE, as 0
//   OK, prctl(...) and PR_GET_NAME_BYPID, as nothing FAR
// - debug.h: DEBUGASSERT, ASSERT, DEBUGPANIC are traps, mdbg, mfdbg, mvdbg, mlldbg nothing
// - empty: tinyara/arch.h, compiler.h, sched.h, mm/heap_regioninfo.h and sys/prctl.h.
//
// Source: TizenRT 798b782 (August 2026)
// Status 1: the defect shows.
#include <debug.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <tinyara/config.h>
#include <tinyara/mm/mm.h>

#include "mm_addfreechunk.c"
#include "mm_initialize.c"
#include "mm_malloc.c"
#include "mm_memalign.c"
#include "mm_shrinkchunk.c"
#include "mm_size2ndx.c"

static struct mm_heap_s heap;
static char memory[8192] __attribute__((aligned(64)));

bool mm_takesemaphore(struct mm_heap_s *of) {
    return of == &heap;
}
void mm_givesemaphore(struct mm_heap_s *of) {}
void mm_seminitialize(struct mm_heap_s *of) {}
void sched_garbagecollection(void) {}
void mm_dump_heap_free_node_list(struct mm_heap_s *of) {}
void mm_dump_node(struct mm_allocnode_s *node, char *name) {}

int main(void) {
    if (mm_initialize(&heap, memory, sizeof memory) != 0) {
        return 3;
    }
    char *aligned = mm_memalign(&heap, 64, 13, NULL);
    char *object = mm_malloc(&heap, 100, NULL);
    unsigned rest = (unsigned)((size_t)object % 8);
    printf("memalign(64, 13) gave %p, malloc(100) %p: %u behind a multiple of 8\n", (void *)aligned,
           (void *)object, rest);
    return rest != 0;
}
