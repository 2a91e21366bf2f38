// crash: a handler that only writes what was prepared.
#define _XOPEN_SOURCE 700
#include "cli/run/crash.h"

#include "cli/io/cli.h"
#include "cli/io/escape.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CRASH_HAS_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CRASH_HAS_SANITIZER
#endif
#if defined(CRASH_HAS_SANITIZER)
#include <sanitizer/common_interface_defs.h>
#endif

#define STACK_BYTES 65536 // for the handler, when the subject's own ran over

static char line[512];
static size_t line_bytes;
static const char *file_path;
static const uint8_t *file_bytes;
static size_t file_size_bytes;
static unsigned watch_seconds = CRASH_WATCH_SECONDS;
static bool is_watching;
static bool is_guarded;

void crash_prepare(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char text[sizeof line];
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    line_bytes = escape_text(line, sizeof line - 1, text);
    line[line_bytes++] = '\n';
    if (is_watching) {
        (void)alarm(watch_seconds);
    }
}

void crash_watch(unsigned seconds) {
    watch_seconds = seconds;
}

void crash_guard(void) {
    is_guarded = true;
}

void crash_rest(void) {
    (void)alarm(0);
    is_guarded = false;
}

void crash_prepare_file(const char *path, const uint8_t *bytes, size_t size_bytes) {
    file_path = path;
    file_bytes = bytes;
    file_size_bytes = size_bytes;
}

static void write_text(const char *text, size_t size_bytes) {
    if (write(STDERR_FILENO, text, size_bytes) < 0) {
        line_bytes = 0;
    }
}

static void write_prepared(void) {
    if (file_path != NULL) {
        int descriptor = open(file_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (descriptor < 0 || write(descriptor, file_bytes, file_size_bytes) < 0) {
            file_path = NULL; // nobody left to tell
        }
    }
    write_text(line, line_bytes);
}

// The work of a program is bounded: what does not come to its end goes round in a circle, or waits
// for itself.
static void on_signal(int number) {
    static const char hangs[] = "countercheck: no end in sight: killed by the watch\n";
    if (number == SIGALRM) {
        write_text(hangs, sizeof hangs - 1);
    }
    write_prepared();
    _exit(CLI_FINDING);
}

static void on_exit_call(void) {
    static const char ends[] = "countercheck: the subject ended the process by exit()\n";
    if (is_guarded) {
        write_text(ends, sizeof ends - 1);
        write_prepared();
        _exit(CLI_FINDING);
    }
}

void crash_catch(void) {
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};
    static uint8_t stack[STACK_BYTES];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    (void)sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        (void)sigaction(signals[i], &action, NULL);
    }
    is_watching = true;
    if (atexit(on_exit_call) != 0) {
        is_guarded = false; // no room: an exit() is then not told
    }
#if defined(CRASH_HAS_SANITIZER)
    __sanitizer_set_death_callback(write_prepared);
#endif
}
