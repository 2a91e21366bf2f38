// child: a process of ours, waited for to its end.
#ifndef FUZZ_EXECUTE_CHILD_H
#define FUZZ_EXECUTE_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// Its status, as waitpid() gives it; signals to us do not end the wait. A child that SIGSTOP
// stopped is killed: nothing would let it go on. 0: there is no such child.
int child_wait(pid_t child);

// Whether SIGSTOP has stopped it, so that it will say nothing more. It is still to be waited for.
bool child_has_stopped(pid_t child);

// SIGALRM comes to this process in so many milliseconds, in place of what was to come; 0: never.
void child_alarm(uint32_t milliseconds);

#endif
