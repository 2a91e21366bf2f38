// lvgl_max_used: max_used leaves out that a realloc which moves holds two blocks.
//
// cc -DLV_CONF_SKIP -I LVGL -I LVGL/include lvgl_max_used.c liblvgl.a -lm
// LVGL is lvgl, liblvgl.a its sources compiled with -DLV_CONF_SKIP.
// Source: lvgl 7cc13aa
// Status 1: the defect shows.
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
