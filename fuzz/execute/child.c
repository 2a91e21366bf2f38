// child: waitpid(), again when it was interrupted; a child that stopped itself is ended. A time
// limit is of time in which the process could run: one that waits for a processor on a loaded
// machine has not hung. Linux says how long that was in /proc/PID/task/TID/schedstat (the kernel's
// Documentation/scheduler/sched-stats.rst); what reads it is called in a signal handler, and calls
// the system alone.
#define _GNU_SOURCE
#include "fuzz/execute/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

int child_wait(pid_t child) {
    int status = 0;
    for (bool has_ended = child <= 0; !has_ended;) {
        pid_t waited = waitpid(child, &status, WUNTRACED);
        bool has_stopped = waited > 0 && WIFSTOPPED(status);
        if (has_stopped && WSTOPSIG(status) == SIGSTOP) { // a terminal's stop is SIGTSTP
            (void)kill(child, SIGKILL);
        }
        has_ended = !has_stopped && !(waited < 0 && errno == EINTR);
    }
    return status;
}

bool child_has_stopped(pid_t child) {
    siginfo_t what = {.si_pid = 0};
    return waitid(P_PID, (id_t)child, &what, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
           what.si_pid == child && what.si_status == SIGSTOP;
}

// ---- what waited for a processor

struct path {
    char text[80];
    size_t length;
};

static void path_add(struct path *path, const char *text) {
    size_t length = strlen(text);
    if (path->length + length < sizeof path->text) {
        memcpy(path->text + path->length, text, length + 1);
        path->length += length;
    }
}

static void path_add_number(struct path *path, uint64_t number) {
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    path_add(path, digits + at);
}

static struct path path_of_tasks(pid_t process) {
    struct path path = {.length = 0};
    path_add(&path, "/proc/");
    path_add_number(&path, (uint64_t)process);
    path_add(&path, "/task/");
    return path;
}

// The file's first bytes as text; empty where it cannot be read.
static void read_text(const char *path, char *text, size_t size_bytes) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = file < 0 ? 0 : read(file, text, size_bytes - 1);
    if (file >= 0) {
        (void)close(file);
    }
    text[count < 0 ? 0 : count] = 0;
}

// 0 at the text's end.
static uint64_t take_number(const char **at) {
    uint64_t number = 0;
    while (**at != 0 && (**at < '0' || **at > '9')) {
        ++*at;
    }
    for (; **at >= '0' && **at <= '9'; ++*at) {
        number = number * 10 + (uint64_t)(**at - '0');
    }
    return number;
}

static uint64_t process_waited_ns(pid_t process, int generations);

static uint64_t task_waited_ns(struct path path, const char *task, int generations) {
    char text[512];
    path_add(&path, task);
    struct path children = path;
    path_add(&path, "/schedstat"); // nanoseconds on a processor, nanoseconds of waiting, slices
    read_text(path.text, text, sizeof text);
    const char *at = text;
    (void)take_number(&at);
    uint64_t waited_ns = take_number(&at);
    if (generations > 0) {
        path_add(&children, "/children");
        read_text(children.text, text, sizeof text);
        at = text;
        for (uint64_t child; (child = take_number(&at)) != 0;) {
            waited_ns += process_waited_ns((pid_t)child, generations - 1);
        }
    }
    return waited_ns;
}

// The sum over its threads, and over its children to so many generations.
static uint64_t process_waited_ns(pid_t process, int generations) {
    struct entry { // as getdents64() gives it; readdir() would call malloc
        uint64_t inode;
        int64_t offset;
        unsigned short size_bytes;
        unsigned char type;
        char name[];
    };
    _Alignas(struct entry) char entries[1024];
    struct path path = path_of_tasks(process);
    uint64_t waited_ns = 0;
    int folder = open(path.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long count = 0;
    while (folder >= 0 && (count = syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0) {
        const struct entry *entry;
        for (long at = 0; at < count; at += entry->size_bytes) {
            entry = (const struct entry *)(const void *)(entries + at);
            if (entry->name[0] != '.') {
                waited_ns += task_waited_ns(path, entry->name, generations);
            }
        }
    }
    if (folder >= 0) {
        (void)close(folder);
    }
    return waited_ns;
}

uint64_t child_waited_ms(pid_t child) {
    return process_waited_ns(child, 1) / 1000000;
}

bool child_is_late(int64_t elapsed_ms, uint64_t waited_ms, uint64_t limit_ms) {
    if (elapsed_ms < 0 || (uint64_t)elapsed_ms < limit_ms) {
        return false;
    }
    uint64_t most_ms =
        limit_ms > UINT64_MAX / CHILD_LOADED_FACTOR ? UINT64_MAX : limit_ms * CHILD_LOADED_FACTOR;
    return (uint64_t)elapsed_ms >= most_ms || (uint64_t)elapsed_ms - limit_ms >= waited_ms;
}

// ---- the alarm

static void set_timer(uint64_t milliseconds) {
    const struct timeval left = {.tv_sec = (time_t)(milliseconds / 1000),
                                 .tv_usec = (suseconds_t)(milliseconds % 1000) * 1000};
    const struct itimerval once = {.it_value = left};
    (void)setitimer(ITIMER_REAL, &once, NULL);
}

#if !CHILD_ALARM_IS_FINAL
static struct {
    pid_t process;                // the rest is its own, and not its parent's
    volatile uint64_t limit_ms;   // what child_alarm() was given
    volatile uint64_t given_ms;   // what the timer has had, in all its rounds
    volatile uint64_t granted_ms; // of the process's waiting, it was given again
} alarm_now;

// The time is over: what the process waited for a processor is given to it again, else it dies.
static void on_alarm(int number) {
    int error = errno;
    uint64_t limit_ms = alarm_now.limit_ms;
    uint64_t waited_ms = child_waited_ms(getpid());
    uint64_t more_ms = waited_ms > alarm_now.granted_ms ? waited_ms - alarm_now.granted_ms : 0;
    uint64_t rest_ms = CHILD_LOADED_FACTOR * limit_ms - alarm_now.given_ms;
    alarm_now.granted_ms = waited_ms;
    more_ms = more_ms < limit_ms ? more_ms : limit_ms;
    more_ms = more_ms < rest_ms ? more_ms : rest_ms;
    if (more_ms > 0) {
        alarm_now.given_ms += more_ms;
        set_timer(more_ms);
    } else {
        (void)signal(number, SIG_DFL);
        (void)raise(number); // comes when this handler returns
    }
    errno = error;
}

static void have_handler(void) {
    const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    (void)sigaction(SIGALRM, &action, NULL);
    if (alarm_now.process != getpid()) {
        alarm_now.process = getpid();
        alarm_now.granted_ms = 0;
    }
}

void child_alarm(uint32_t milliseconds) {
    have_handler();
    set_timer(milliseconds);
    alarm_now.limit_ms = milliseconds; // only now: the timer before may have ended until then
    alarm_now.given_ms = milliseconds;
}
#else
void child_alarm(uint32_t milliseconds) {
    (void)signal(SIGALRM, SIG_DFL);
    set_timer(milliseconds);
}
#endif
