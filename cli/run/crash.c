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
#include <string.h>
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
#define CRASHED     ": crashed"

static struct crash_prepared own;
static struct crash_prepared *prepared = &own;
static pid_t prepares_elsewhere; // the process that does; its children do not
static unsigned watch_seconds = CRASH_WATCH_SECONDS;
static unsigned longer_seconds;
static char hangs[64]; // in place of "crashed"
static bool is_watching;
static bool is_guarded;

void crash_prepare(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char text[sizeof prepared->line];
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    prepared->line_bytes = escape_text(prepared->line, sizeof prepared->line - 1, text);
    prepared->line[prepared->line_bytes] = 0;
    const char *crashed = strstr(prepared->line, CRASHED);
    prepared->crashed_bytes = crashed == NULL ? 0 : (size_t)(crashed - prepared->line);
    prepared->line[prepared->line_bytes++] = '\n';
    if (is_watching) {
        (void)alarm(watch_seconds == 0 ? 0 : watch_seconds + longer_seconds);
    }
}

static void prepare_watch(void) {
    (void)snprintf(hangs, sizeof hangs, ": hang: no end within %u s", watch_seconds);
}

void crash_watch(unsigned seconds, unsigned longer) {
    watch_seconds = seconds;
    longer_seconds = longer;
    prepare_watch();
}

void crash_guard(void) {
    is_guarded = true;
}

void crash_rest(void) {
    (void)alarm(0);
    is_guarded = false;
}

void crash_prepare_file(const char *path, const uint8_t *bytes, size_t size_bytes) {
    (void)snprintf(prepared->path, sizeof prepared->path, "%s", path == NULL ? "" : path);
    prepared->size_bytes = size_bytes;
    if (size_bytes > 0) {
        memcpy(prepared->bytes, bytes, size_bytes);
    }
}

void crash_prepare_in(struct crash_prepared *elsewhere) {
    prepared = elsewhere;
    prepares_elsewhere = getpid();
}

static void write_text(const char *text, size_t size_bytes) {
    if (write(STDERR_FILENO, text, size_bytes) < 0) {
        return; // nobody left to tell
    }
}

static void leave_file(struct crash_prepared *what) {
    if (what->path[0] != 0) {
        int descriptor = open(what->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (descriptor < 0 || write(descriptor, what->bytes, what->size_bytes) < 0) {
            what->path[0] = 0; // the line is what is left
        }
    }
    what->is_told = true;
}

void crash_tell(struct crash_prepared *what) {
    leave_file(what);
    write_text(what->line, what->line_bytes);
}

static void tell(void) {
    crash_tell(prepared);
}

static void tell_hang(void) {
    size_t head = prepared->crashed_bytes;
    size_t tail = head + (head == 0 ? 0 : strlen(CRASHED));
    leave_file(prepared);
    write_text(prepared->line, head);
    write_text(hangs, head == 0 ? 0 : strlen(hangs));
    write_text(prepared->line + tail, prepared->line_bytes - tail);
}

// The work of a program is bounded: what does not come to its end goes round in a circle, or waits
// for itself.
static void on_signal(int number) {
    if (number == SIGALRM) {
        tell_hang();
    } else {
        tell();
    }
    _exit(CLI_FINDING);
}

static void on_exit_call(void) {
    static const char ends[] = "countercheck: the subject ended the process by exit()\n";
    if (is_guarded) {
        write_text(ends, sizeof ends - 1);
        tell();
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
    prepare_watch();
    if (prepares_elsewhere != getpid()) {
        prepared = &own;
    }
    if (atexit(on_exit_call) != 0) {
        is_guarded = false; // no room: an exit() is then not told
    }
#if defined(CRASH_HAS_SANITIZER)
    __sanitizer_set_death_callback(tell);
#endif
}
