// watch: a thread of this library's own, which acts when a signal asks for it, or each so many
// milliseconds.
//
// The signal's handler posts a semaphore and does nothing else: a thread that holds all signals
// back waits for it, and acts. So nothing is asked of the program, not even that it allocates, and
// the handler takes no lock. A child of fork has threads of its own.
#ifndef MALLOC_WATCH_H
#define MALLOC_WATCH_H

#include <semaphore.h>

// What is to be done at a signal, or every so often. Static: it is never freed.
struct watch {
    void (*act)(void);          // on the watch's thread
    int signal;                 // 0: none; two watches may have the same
    unsigned long long each_ms; // 0: at the signal alone
    sem_t asked;                // the rest is the watch's own
    struct watch *next;
};

// Begins to watch, until the process ends; the watch must live as long. 0, or what the system says:
// of the signal EINVAL, of the thread EAGAIN. Called while the process has one thread.
int watch_begin(struct watch *watch);

#endif
