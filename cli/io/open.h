// open: a file that a command line names, opened; a pipe is not waited for without end.
#ifndef CLI_IO_OPEN_H
#define CLI_IO_OPEN_H

// Opens what is there, as open(2) does with the flags and O_CLOEXEC. A pipe with a name (FIFO) that
// nobody opens at its other end is given up after 10 s. A descriptor, or -1 and errno: ETIME is
// that. It uses SIGALRM and its timer meanwhile, and a limit that the process had runs on behind it
// from where it stood: for a process of one thread.
int open_in_time(const char *path, int flags);

// What an errno of open_in_time() means.
const char *open_error_text(int error);

#endif
