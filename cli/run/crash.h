// crash: what a run says when the subject under test crashes: the operation that it was doing, in
// one line, and status 1.
#ifndef CLI_RUN_CRASH_H
#define CLI_RUN_CRASH_H

#include "fuzz/program/program.h"

#define CRASH_WATCH_SECONDS 180 // of one operation, or of one program of soak's

// What a crash says and leaves.
struct crash_prepared {
    char line[512];
    size_t line_bytes;
    size_t crashed_bytes; // what stands before "crashed" in it
    char path[128];       // "": no file
    size_t size_bytes;
    uint8_t bytes[PROGRAM_BYTES_MAX];
    bool is_told;
};

// Catches SIGABRT, SIGSEGV, SIGBUS, SIGFPE and SIGILL (and a sanitizer's death): writes the
// prepared line and, when a file was named, those bytes into it; then exits with status 1.
// Likewise when a line is prepared and none follows for CRASH_WATCH_SECONDS: the subject hangs, and
// the line says so in place of "crashed".
void crash_catch(void);

// Another time for the watch, from the next prepared line on; 0: none. The watch waits so many
// seconds longer as are left to who else would end the process with SIGALRM.
void crash_watch(unsigned seconds, unsigned longer_seconds);

// From now on exit() is a crash too: a subject that ends the process has not passed.
void crash_guard(void);

// Nothing of the subject's runs until the next line.
void crash_rest(void);

// Prepares the line, which says "crashed" and where. printf-like; without a line end.
void crash_prepare(const char *format, ...);

// What is to be written where on a crash, at most PROGRAM_BYTES_MAX. NULL: nothing.
void crash_prepare_file(const char *path, const uint8_t *bytes, size_t size_bytes);

// Has this process keep what is prepared there, where another may see it; not its children.
void crash_prepare_in(struct crash_prepared *prepared);

// Writes the line, and the file; once.
void crash_tell(struct crash_prepared *prepared);

#endif
