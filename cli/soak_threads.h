// soak_threads: `countercheck soak --threads`: real threads on one heap for a while.
#ifndef CLI_SOAK_THREADS_H
#define CLI_SOAK_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#define SOAK_THREADS_MAX 64

struct soak_threads {
    uint64_t thread_count, seconds, seed;
    bool leaves_race; // shows progress; a finding, or a crash, leaves findings/threads-SEED.race
};

// Prints what was found, or how much was done; the status to exit with.
int soak_threads(const struct soak_threads *soak);

// Reads such a file. False: a message was printed.
bool soak_threads_read(const char *path, struct soak_threads *soak);

#endif
