// lvgl_max_used: a realloc that moves holds the old and the new block, and LVGL's max_used knows
// the new one alone.
//
// LVGL 7cc13aa (2026-08-20, after 9.4), built-in memory (LV_STDLIB_BUILTIN). lv_mem.h: max_used is
// "Max size of Heap memory used". lv_realloc_core (src/stdlib/builtin/lv_mem_core_builtin.c) takes
// the old size off and adds the new one when both have been there: a heap as large as max_used says
// is too small for the same calls.
//
// Build: cc -DLV_CONF_SKIP -I lvgl -I lvgl/include lvgl_max_used.c liblvgl.a -lm
//
// Prints: used before 13128, and 20000 more at once: at least 33128; max_used 23128. Ends with 1
// when max_used is less.
#include "lvgl.h"

#include <stdio.h>

static lv_mem_monitor_t monitor(void) {
    lv_mem_monitor_t now;
    lv_mem_monitor(&now);
    return now;
}

int main(void) {
    lv_init();
    char *object = lv_malloc(10000);
    void *behind = lv_malloc(16); // so that it has to move
    size_t used = (size_t)(monitor().total_size - monitor().free_size);
    char *moved = lv_realloc(object, 20000);
    size_t max_used = (size_t)monitor().max_used;
    printf("moved %d: used before %zu, and 20000 more at once; max_used %zu\n",
           moved != object && behind != NULL, used, max_used);
    return moved != object && max_used < used + 20000;
}
