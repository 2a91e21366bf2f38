// test_countercheck_malloc: what a program may ask of the library it runs on is the account that
// the allocator has, and a dump of it that the command would read.
//
// holds: malloc/report.c
#define _GNU_SOURCE // mkdtemp
#include "malloc/countercheck_malloc.h"

#include "allocator/memstats.h"
#include "tests/malloc/checked.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

static struct countercheck_malloc_stats now(void) {
    struct countercheck_malloc_stats stats;
    assert_int_equal(countercheck_malloc_stats(&stats, sizeof stats), 0);
    return stats;
}

TEST(every_field_is_the_account_s) {
    struct memstats account;
    assert_true(countercheck_malloc_memstats(&account));
    struct countercheck_malloc_stats stats = now(); // nothing is allocated in between
#define MEMSTATS_FIELD(name, unit, meaning, truths) assert_int_equal(stats.name, account.name);
#include "allocator/memstats_fields.def"
    for (size_t class = 0; class < COUNTERCHECK_MALLOC_CLASS_COUNT; class ++) {
        assert_int_equal(stats.BySize[class].Size, account.BySize[class].Size);
        assert_int_equal(stats.BySize[class].Mallocs, account.BySize[class].Mallocs);
        assert_int_equal(stats.BySize[class].Frees, account.BySize[class].Frees);
    }
    assert_true(stats.HeapSys > 0 && stats.Mallocs > 0);
}

TEST(an_object_moves_the_numbers_by_itself) {
    struct countercheck_malloc_stats before = now();
    void *volatile object = malloc(1000);
    struct countercheck_malloc_stats after = now();
    assert_int_equal(after.Mallocs - before.Mallocs, 1);
    assert_int_equal(after.HeapAlloc - before.HeapAlloc, 1024);
    free(object);
    struct countercheck_malloc_stats end = now();
    assert_int_equal(end.Frees - before.Frees, 1);
    assert_int_equal(end.HeapAlloc, before.HeapAlloc);
}

TEST(a_header_of_another_version_is_refused_and_nothing_written) {
    struct countercheck_malloc_stats stats;
    memset(&stats, 0x5a, sizeof stats);
    assert_int_equal(countercheck_malloc_stats(&stats, sizeof stats - 8), EINVAL);
    assert_int_equal(countercheck_malloc_stats(&stats, sizeof stats + 8), EINVAL);
    for (size_t i = 0; i < sizeof stats; i++) {
        assert_int_equal(((const unsigned char *)&stats)[i], 0x5a);
    }
}

static char folder[] = "/tmp/countercheck_malloc.XXXXXX";

static void assert_is_dump(const char *path) {
    char header[16];
    struct stat status;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(header, 1, sizeof header, file), sizeof header);
    assert_memory_equal(header, "go1.7 heap dump\n", sizeof header);
    assert_int_equal(fstat(fileno(file), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    (void)fclose(file);
}

TEST(a_dump_is_whole_under_its_name_or_an_errno) {
    char path[128], pattern[128];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(pattern, sizeof pattern, "%s/%%p.dump", folder);
    (void)snprintf(path, sizeof path, "%s/%ld.dump", folder, (long)getpid());
    assert_int_equal(countercheck_malloc_dump(pattern), 0);
    assert_is_dump(path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); // no temporary is left
    assert_int_equal(countercheck_malloc_dump(pattern), ENOENT);
    assert_int_equal(countercheck_malloc_dump("/dev/full"), ENOSPC);
    char longer[8192];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(countercheck_malloc_dump(longer), ENAMETOOLONG);
    assert_int_equal(countercheck_malloc_dump(NULL), EINVAL);
}

static atomic_bool is_over;

static void *write_dumps(void *context) {
    (void)context;
    while (!is_over) {
        (void)countercheck_malloc_dump("/dev/null");
    }
    return NULL;
}

// Who wrote in the parent is not in the child, which must not wait for it.
TEST(a_child_of_fork_writes_a_dump_while_the_parent_writes_one) {
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_dumps, NULL), 0);
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) {
            (void)alarm(20);
            _exit(countercheck_malloc_dump("/dev/null"));
        }
        int status = -1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    is_over = true;
    assert_int_equal(pthread_join(writer, NULL), 0);
}
