// apart: a command that runs a foreign allocator does so in a child, whose end is looked at: the
// allocator may end its process in any way, by _exit(0) too.
#ifndef CLI_RUN_APART_H
#define CLI_RUN_APART_H

// Goes on in a child. This process waits for it and ends as it does; an end that is not the
// command's own is told, with what crash_prepare() was given last, and is a finding. Not so where a
// debugger looks at this process. CLI_CLEAN in the child; CLI_ENVIRONMENT: no process or no memory,
// which was told.
int apart_begin(void);

// The child goes on as another program, which looks after itself: its status counts.
void apart_leave(void);

// The command has come to its own end; once, last. Returns the status.
int apart_end(int status);

#endif
