// pmemobj_run_active: an empty run of a pool that is opened again is taken off a count that lacks
// it.
//
// cc pmemobj_run_active.c -lpmemobj
// Debian: libpmemobj-dev 1.12.1
// Writes 64 MiB into a file in /tmp. Status 1: the defect shows.
#include <libpmemobj.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned long long run_active(PMEMobjpool *pool) {
    unsigned long long bytes = 0;
    pmemobj_ctl_get(pool, "stats.heap.run_active", &bytes);
    return bytes;
}

int main(void) {
    char path[] = "/tmp/pmemobj_run_active";
    PMEMoid object, other;
    setenv("PMEMOBJ_CONF", "stats.enabled=both", 1); // from before a pool is opened
    (void)unlink(path);
    PMEMobjpool *pool = pmemobj_create(path, "finding", (size_t)64 << 20, 0600);
    if (pool == NULL) {
        return 0;
    }
    pmemobj_alloc(pool, &object, 900000, 0, NULL, NULL);
    pmemobj_free(&object); // leaves an empty run, which the next opening takes apart
    unsigned long long first = run_active(pool);
    pmemobj_close(pool);
    pool = pmemobj_open(path, "finding");
    pmemobj_alloc(pool, &other, 100, 0, NULL, NULL);
    unsigned long long second = run_active(pool);
    printf("run_active: %llu; pool opened again, one object more: %llu (%lld)\n", first, second,
           (long long)second);
    pmemobj_close(pool);
    (void)unlink(path);
    return (long long)second < 0;
}
