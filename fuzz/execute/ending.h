// ending: notices that this process is being ended by exit() or one of its kind, while somebody
// listens.
//
// It takes libc's _exit() and _Exit() for all that is linked with it, and for a library that is
// loaded beside it and looks for names where all others do. Not noticed: who asks the kernel
// itself.
#ifndef FUZZ_EXECUTE_ENDING_H
#define FUZZ_EXECUTE_ENDING_H

#define ENDING_UNKNOWN (-1) // of exit() and quick_exit()

// From now on `tell` is called, once, when this process ends itself: by the function of that name,
// with that status. When it returns, the process ends. NULL: nobody listens. Of a child that is
// forked meanwhile nothing is told.
void ending_listen(void (*tell)(const char *by, int status));

#endif
