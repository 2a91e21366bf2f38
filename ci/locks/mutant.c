// mutant: the switch comes from the environment, and what was asked goes to a file at the end.
//
// COUNTERCHECK_MUTANTS=N       what is taken away
// COUNTERCHECK_REACHED=FILE    written at exit: a byte a switch, 1: a process of this run asked it
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int mutant_on;
static unsigned char reached_early[MUTANT_COUNT];
unsigned char *mutants_reached = reached_early;

__attribute__((constructor(101))) static void switch_on(void) {
    const char *text = getenv("COUNTERCHECK_MUTANTS");
    mutant_on = text == NULL ? 0 : atoi(text);
    void *shared =
        mmap(NULL, MUTANT_COUNT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("mmap");
        _Exit(3);
    }
    mutants_reached = shared;
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
