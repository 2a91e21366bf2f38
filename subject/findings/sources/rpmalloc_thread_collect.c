// rpmalloc_thread_collect: what another thread freed stays a current allocation after the collect.
//
// cc -pthread -D_GNU_SOURCE -DENABLE_STATISTICS=1 -I RPMALLOC RPMALLOC/rpmalloc.c
//    rpmalloc_thread_collect.c
// RPMALLOC is the folder rpmalloc of the sources.
// Source: rpmalloc 5dacae8
// Status 1: the defect shows.
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

#include "rpmalloc.h"

static size_t current(void) {
    static rpmalloc_thread_statistics_t statistics;
    size_t sum = 0;
    rpmalloc_thread_statistics(&statistics);
    for (size_t i = 0; i < 128; i++) {
        sum += statistics.size_use[i].alloc_current;
    }
    return sum;
}

static void *free_it(void *object) {
    rpmalloc_thread_initialize();
    rpfree(object);
    rpmalloc_thread_finalize();
    return NULL;
}

int main(void) {
    pthread_t thread;
    if (rpmalloc_initialize(NULL) != 0) {
        return 2;
    }
    void *objects[100];
    for (int i = 0; i < 100; i++) {
        objects[i] = rpmalloc(1000);
    }
    size_t before = current();
    for (int i = 0; i < 100; i++) {
        if (pthread_create(&thread, NULL, free_it, objects[i]) != 0) {
            return 2;
        }
        (void)pthread_join(thread, NULL);
    }
    rpmalloc_thread_collect(); // "perform deferred deallocations pending for the calling thread
                               // heap"
    size_t after = current();
    printf("100 objects: %zu current; all freed by other threads, and collected: %zu\n", before,
           after);
    return after >= before;
}
