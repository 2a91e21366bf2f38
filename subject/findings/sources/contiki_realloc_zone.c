// contiki_realloc_zone: what a realloc moves away from stays charged to its zone.
//
// cc -DHEAPMEM_CONF_ARENA_SIZE=4096 -I port -I CONTIKI/os contiki_realloc_zone.c
//    CONTIKI/os/lib/heapmem.c
// port holds contiki.h, sys/cc.h and sys/log.h with CC_ALIGN, and LOG_WARN and its like as nothing.
// Source: Contiki-NG 9f80681 (December 2024)
// Status 1: the defect shows.
#include <contiki.h>
#include <stdio.h>

#include "lib/heapmem.h"

int main(void) {
    heapmem_stats_t statistics;
    bool was_refused = false;
    int rounds = 0;
    while (!was_refused && rounds < 1000) {
        void *object = heapmem_alloc(500);
        void *wall = heapmem_alloc(16);
        void *moved = heapmem_realloc(object, 600); // past the wall
        (void)heapmem_free(moved == NULL ? object : moved);
        (void)heapmem_free(wall);
        was_refused = object == NULL || moved == NULL;
        rounds++;
    }
    heapmem_stats(&statistics);
    printf("round %d is refused; nothing is live: allocated %zu, available %zu\n", rounds,
           statistics.allocated, statistics.available);
    return was_refused;
}
