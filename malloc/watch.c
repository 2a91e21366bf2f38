// watch: a thread of this library's own, which acts when a signal asks for it, or each so many
// milliseconds.
#define _GNU_SOURCE // sem_clockwait
#include "malloc/watch.h"

#include "malloc/say.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

static struct watch *first; // of all, the newest first

static void note_signal(int number) {
    int error = errno;
    for (struct watch *watch = first; watch != NULL; watch = watch->next) {
        if (watch->signal == number) {
            (void)sem_post(&watch->asked);
        }
    }
    errno = error;
}

// Until a signal asks, or the time is over. False: neither.
static bool wait_for(struct watch *watch) {
    if (watch->each_ms == 0) {
        return sem_wait(&watch->asked) == 0;
    }
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(watch->each_ms / 1000);
    until.tv_nsec += (long)(watch->each_ms % 1000 * 1000000);
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return sem_clockwait(&watch->asked, CLOCK_MONOTONIC, &until) == 0 || errno == ETIMEDOUT;
}

static void *run(void *context) {
    struct watch *watch = context;
    for (;;) {
        if (wait_for(watch)) {
            watch->act();
        }
    }
    return NULL;
}

static int start_thread(struct watch *watch) {
    sigset_t all;
    sigset_t before;
    pthread_t thread;
    (void)sem_init(&watch->asked, 0, 0);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, NULL, run, watch);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0) {
        (void)pthread_detach(thread);
    }
    return error;
}

// Who watched in the parent is not here.
static void start_child(void) {
    for (struct watch *watch = first; watch != NULL; watch = watch->next) {
        int error = start_thread(watch);
        if (error != 0) {
            say("a thread of a child: %s", strerror(error));
        }
    }
}

int watch_begin(struct watch *watch) {
    int error = start_thread(watch);
    if (error != 0) {
        return error;
    }
    if (first == NULL && (error = pthread_atfork(NULL, NULL, start_child)) != 0) {
        return error;
    }
    watch->next = first;
    first = watch;
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    return watch->signal == 0 || sigaction(watch->signal, &action, NULL) == 0 ? 0 : errno;
}
