// mutant: the switches come from the environment, and what was reached goes to a file at the end.
//
// COUNTERCHECK_MUTANTS=N[,M]       the changes that are on
// COUNTERCHECK_REACHED=FILE        written at exit: a byte for each change, 1: reached
// COUNTERCHECK_CPU_SECONDS=N       what loops is killed then, however busy the machine is
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

unsigned mutants_on[MUTANT_ON_MAX];
unsigned char mutants_reached[MUTANT_COUNT];

static void bound_time(void) {
    const char *text = getenv("COUNTERCHECK_CPU_SECONDS");
    rlim_t seconds = text == NULL ? 0 : (rlim_t)strtoul(text, NULL, 10);
    if (seconds != 0 && setrlimit(RLIMIT_CPU, &(struct rlimit){seconds, seconds}) != 0) {
        perror("setrlimit");
        _Exit(3);
    }
}

__attribute__((constructor)) static void switch_on(void) {
    bound_time();
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
