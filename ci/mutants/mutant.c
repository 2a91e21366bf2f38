// mutant: the switches come from the environment, and what was reached goes to a file at the end.
//
// COUNTERCHECK_MUTANTS=N[,M]       the changes that are on
// COUNTERCHECK_REACHED=FILE        written at exit: a byte a change, 1: reached, by a child as well
// COUNTERCHECK_CPU_SECONDS=N       what loops is killed then, however busy the machine is
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>

static unsigned char reached_early[MUTANT_COUNT]; // before there is memory that children share
unsigned mutants_on[MUTANT_ON_MAX];
unsigned char *mutants_reached = reached_early;

static void bound_time(void) {
    const char *text = getenv("COUNTERCHECK_CPU_SECONDS");
    rlim_t seconds = text == NULL ? 0 : (rlim_t)strtoul(text, NULL, 10);
    if (seconds != 0 && setrlimit(RLIMIT_CPU, &(struct rlimit){seconds, seconds}) != 0) {
        perror("setrlimit");
        _Exit(3);
    }
}

// Not by mmap, which is a test's own in some programs.
static void share_reached(void) {
    int memory = shmget(IPC_PRIVATE, MUTANT_COUNT, IPC_CREAT | S_IRUSR | S_IWUSR);
    void *shared = memory == -1 ? (void *)-1 : shmat(memory, NULL, 0);
    if (shared == (void *)-1 || shmctl(memory, IPC_RMID, NULL) != 0) {
        perror("shmat");
        _Exit(3);
    }
    mutants_reached = memcpy(shared, reached_early, MUTANT_COUNT);
}

__attribute__((constructor)) static void switch_on(void) {
    bound_time();
    if (getenv("COUNTERCHECK_REACHED") != NULL) {
        share_reached();
    }
    const char *text = getenv("COUNTERCHECK_MUTANTS");
    if (text == NULL) {
        return;
    }
    char *end;
    mutants_on[0] = (unsigned)strtoul(text, &end, 10);
    mutants_on[1] = *end == ',' ? (unsigned)strtoul(end + 1, NULL, 10) : 0;
}

__attribute__((destructor)) static void write_reached(void) {
    const char *path = getenv("COUNTERCHECK_REACHED");
    FILE *stream = path == NULL ? NULL : fopen(path, "wb");
    if (stream == NULL) {
        return;
    }
    size_t count = fwrite(mutants_reached, 1, MUTANT_COUNT, stream);
    if (fclose(stream) != 0 || count != MUTANT_COUNT) {
        perror(path);
        _Exit(3);
    }
}
