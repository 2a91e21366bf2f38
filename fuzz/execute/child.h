// child: a process of ours, waited for to its end.
#ifndef FUZZ_EXECUTE_CHILD_H
#define FUZZ_EXECUTE_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// A time limit is over after so many times its length, however long a process waited for a
// processor.
#define CHILD_LOADED_FACTOR 10

// 1 where the alarm gives nothing again: TSan calls no handler while a thread calls nothing, as one
// that hangs.
#if defined __SANITIZE_THREAD__
#define CHILD_ALARM_IS_FINAL 1
#elif defined __has_feature
#if __has_feature(thread_sanitizer)
#define CHILD_ALARM_IS_FINAL 1
#endif
#endif
#ifndef CHILD_ALARM_IS_FINAL
#define CHILD_ALARM_IS_FINAL 0
#endif

// Its status, as waitpid() gives it; signals to us do not end the wait. A child that SIGSTOP
// stopped is killed: nothing would let it go on. 0: there is no such child.
int child_wait(pid_t child);

// Whether SIGSTOP has stopped it, so that it will say nothing more. It is still to be waited for.
bool child_has_stopped(pid_t child);

// SIGALRM ends this process in so many milliseconds, in place of what was to come; 0: never. The
// milliseconds that its threads and its children wait for a processor meanwhile are given to it
// again, up to CHILD_LOADED_FACTOR times as many in all. Takes the signal's handler over.
void child_alarm(uint32_t milliseconds);

// Milliseconds that the threads of a process and its children have waited for a processor, in all;
// 0 where the kernel does not say. May be called in a signal handler.
uint64_t child_waited_ms(pid_t child);

// Whether a process that began so long ago, and waited so much of it for a processor, is over its
// limit. All in milliseconds.
bool child_is_late(int64_t elapsed_ms, uint64_t waited_ms, uint64_t limit_ms);

#endif
