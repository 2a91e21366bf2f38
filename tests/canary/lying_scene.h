// lying_scene: a test of what is said of one lie: it begins with a clean scene, and ends with
// liars that are silent again. Included once, by a program that wraps what liars.h says.
#ifndef TESTS_CANARY_LYING_SCENE_H
#define TESTS_CANARY_LYING_SCENE_H

#include "tests/canary/liars.h"
#include "tests/canary/scene.h"

static int begin(void **unused) {
    (void)unused;
    make_scene();
    return check_fully() ? 0 : -1;
}

static int end(void **unused) {
    (void)unused;
    liars = (struct liars){0};
    driver_destroy(&driver);
    return 0;
}

#endif
