// say: messages of this library, on the stderr that the process began with, even when the program
// has closed or moved its own.
//
// Neither stdio nor malloc is asked: a line may be said while the world is stopped, or after stdio
// has ended.
#ifndef MALLOC_SAY_H
#define MALLOC_SAY_H

#include <stddef.h>

// Duplicates stderr to a high number, which exec closes: a program that closes its stderr at its
// end, as tar, xz and diff do, does not silence what comes after. Once; until then, and where there
// is no such number, it is stderr itself. Who waits for the end of that file waits for the
// process's end too. Called while the process has one thread.
void say_begin(void);

// "countercheck: malloc: ", the words and a line end. Longer ones are cut. Keeps errno; raises no
// SIGPIPE. From any thread.
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void say(const char *format, ...);

// The text as it is.
void say_text(const char *text, size_t size_bytes);

#endif
