// crash: what a run says when the subject under test crashes: the operation that it was doing, in
// one line, and status 1.
#ifndef CLI_CRASH_H
#define CLI_CRASH_H

#include <stddef.h>
#include <stdint.h>

// Catches SIGABRT, SIGSEGV, SIGBUS, SIGFPE and SIGILL (and a sanitizer's death): writes the
// prepared line and, when a file was named, those bytes into it; then exits with status 1.
void crash_catch(void);

// Prepares the line. printf-like; without a line end.
void crash_prepare(const char *format, ...);

// What is to be written where on a crash; both must live. NULL: nothing.
void crash_prepare_file(const char *path, const uint8_t *bytes, size_t size_bytes);

#endif
