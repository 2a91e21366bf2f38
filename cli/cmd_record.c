// cmd_record: runs a command with the library before it that writes down what it asks of malloc.
#define _GNU_SOURCE // pipe2, get_current_dir_name, O_CLOEXEC
#include "cli/io/cli.h"
#include "cli/io/options.h"
#include "cli/trace/family.h"
#include "trace/reader.h"
#include "unwind/unwind.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef RECORD_LIBRARY_FOLDER
#define RECORD_LIBRARY_FOLDER "../lib" // from the command's folder
#endif

// Like those of env, nice and timeout.
enum {
    RECORD_FAILED = 125,
    RECORD_NOT_STARTED = 126,
    RECORD_NOT_FOUND = 127,
    RECORD_SIGNALLED = 128, // and the signal's number
};

static const char usage[] =
    "usage: countercheck record [-o FILE] [--with-stacks] -- COMMAND [ARGUMENT]...\n"
    "\n"
    "Runs COMMAND and writes each malloc, calloc, realloc, aligned allocation and\n"
    "free of it to FILE (countercheck.trace), with its size, thread and time: no\n"
    "contents, no argument, no path, nothing of the environment. A child that it\n"
    "forks, and each program that one of them starts, writes to FILE.PID.N. What an\n"
    "earlier recording left under these names is removed first. The malloc is the\n"
    "one that the program would have anyway: the C library's, or LD_PRELOAD's.\n"
    "Where there is no room for more, the trace ends and the program goes on.\n"
    "`countercheck trace info FILE` reads it.\n"
    "  --with-stacks  by which calls each object was obtained too: of each call its\n"
    "                 place in the program or a library, and of these the base name\n"
    "                 and build-id; it makes the program several times slower\n"
    "\n"
    "By hand, with an absolute path:\n"
    "  COUNTERCHECK_RECORD=/FILE LD_PRELOAD=libcountercheck-record.so COMMAND\n"
    "  (and COUNTERCHECK_RECORD_STACKS=1 for stacks)\n"
    "\n"
    "Exit status: COMMAND's, or 128 and the number of the signal that ended it; 127\n"
    "it is not found, 126 it cannot be started, 125 it cannot be recorded; 2 nothing\n"
    "came of it: COMMAND is static, setuid, or has an allocator of its own.\n";

// ---- before it runs

static int refuse(const char *what, int error) {
    cli_message("record: %s: %s", what, strerror(error));
    return RECORD_FAILED;
}

// Beside the command, or where it is installed. NULL: a message was printed.
static char *find_library(void) {
    static const char *const folders[] = {"", RECORD_LIBRARY_FOLDER "/"};
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    char *slash = strrchr(path, '/');
    for (size_t i = 0; i < 2 && slash != NULL; i++) {
        char *library = NULL;
        slash[1] = 0;
        if (asprintf(&library, "%s%slibcountercheck-record.so", path, folders[i]) < 0) {
            break;
        }
        if (access(library, R_OK) == 0) {
            if (strpbrk(library, ": ") == NULL) {
                return library;
            }
            cli_message("record: %s: the linker takes no blank and no colon in it", library);
            free(library);
            return NULL;
        }
        free(library);
    }
    cli_message("record: libcountercheck-record.so is neither beside the command nor "
                "in " RECORD_LIBRARY_FOLDER);
    return NULL;
}

// Removes what is there if it is a trace, and sees that FILE can be made.
static int clear_way(const char *path) {
    struct family old;
    int status = family_find(&old, path) == CLI_CLEAN ? CLI_CLEAN : RECORD_FAILED;
    for (size_t i = 0; i < old.count && status == CLI_CLEAN; i++) {
        status = unlink(old.paths[i]) == 0 ? CLI_CLEAN : refuse(old.paths[i], errno);
    }
    family_free(&old);
    if (status != CLI_CLEAN) {
        return status;
    }
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0 && errno == EEXIST) {
        cli_message("record: %s: is there, and is no trace", path);
        return RECORD_FAILED;
    }
    if (descriptor < 0) {
        return refuse(path, errno);
    }
    (void)close(descriptor);
    return unlink(path) == 0 ? CLI_CLEAN : refuse(path, errno);
}

static char *absolute(const char *path) {
    char *whole = NULL;
    char *here = path[0] == '/' ? NULL : get_current_dir_name();
    int length = path[0] == '/' ? asprintf(&whole, "%s", path)
                 : here == NULL ? -1
                                : asprintf(&whole, "%s/%s", here, path);
    free(here);
    return length < 0 ? NULL : whole;
}

// ---- while it runs

static volatile sig_atomic_t child;

static void pass_on(int number) {
    if (child > 0) {
        (void)kill(child, number);
    }
}

// The terminal tells the command as well, which may live on.
static void set_signals(struct sigaction before[4]) {
    static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < 4; i++) {
        struct sigaction action = {.sa_handler = i < 2 ? SIG_IGN : pass_on, .sa_flags = SA_RESTART};
        (void)sigaction(numbers[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) {
            (void)sigaction(numbers[i], &action, NULL);
        }
    }
}

static void reset_signals(const struct sigaction before[4]) {
    static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < 4; i++) {
        (void)sigaction(numbers[i], &before[i], NULL);
    }
}

// In the child. Returns where it could not be started; errno says why.
static void start(char **command, const char *library, const char *path, bool with_stacks) {
    const char *others = getenv("LD_PRELOAD");
    char *all = NULL;
    bool has_others = others != NULL && *others != 0;
    if (asprintf(&all, "%s%s%s", library, has_others ? ":" : "", has_others ? others : "") < 0 ||
        setenv("LD_PRELOAD", all, 1) != 0 || setenv("COUNTERCHECK_RECORD", path, 1) != 0 ||
        setenv("COUNTERCHECK_RECORD_STACKS", with_stacks ? "1" : "0", 1) != 0) {
        errno = ENOMEM;
        return;
    }
    (void)execvp(command[0], command);
}

static int wait_for(pid_t process) {
    int status = 0;
    while (waitpid(process, &status, 0) < 0) {
        if (errno != EINTR) {
            return refuse("waiting for it", errno);
        }
    }
    return WIFSIGNALED(status) ? RECORD_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

// Runs it to its end. *has_started: the status is its own.
static int run(char **command, const char *library, const char *path, bool with_stacks,
               bool *has_started) {
    int ends[2];
    struct sigaction before[4];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return refuse("a pipe", errno);
    }
    set_signals(before);
    pid_t process = fork();
    if (process < 0) {
        return refuse("a process", errno);
    }
    if (process == 0) {
        reset_signals(before);
        start(command, library, path, with_stacks);
        int error = errno;
        (void)!write(ends[1], &error, sizeof error);
        _exit(RECORD_FAILED);
    }
    child = process;
    (void)close(ends[1]);
    int error = 0;
    ssize_t count;
    do {
        count = read(ends[0], &error, sizeof error);
    } while (count < 0 && errno == EINTR);
    (void)close(ends[0]);
    int status = wait_for(process);
    child = 0;
    reset_signals(before);
    *has_started = count == 0;
    if (count != 0) {
        cli_message("record: %s: %s", command[0], strerror(error));
        return error == ENOENT ? RECORD_NOT_FOUND : RECORD_NOT_STARTED;
    }
    return status;
}

// ---- after it has run

// Whether there is an event in it. Says why it ends early, if it does.
static bool look_into(const char *path) {
    struct trace_error error;
    struct trace_record record;
    struct trace_reader *reader = trace_reader_open(path, &error);
    if (reader == NULL) {
        return false;
    }
    const struct trace_header *header = trace_reader_header(reader);
    if (header->end == TRACE_END_STOPPED) {
        cli_message("%s: ends before its program: %s", path, strerror((int)header->error));
    }
    bool has_events = trace_reader_next(reader, &record, &error);
    trace_reader_close(reader);
    return has_events;
}

static int look_at_all(const char *path, const char *name, int status) {
    struct family family;
    bool has_events = false;
    if (family_find(&family, path) != CLI_CLEAN) {
        family_free(&family);
        return RECORD_FAILED;
    }
    for (size_t i = 0; i < family.count; i++) {
        has_events = look_into(family.paths[i]) || has_events;
    }
    family_free(&family);
    if (!has_events) {
        cli_message("%s: 0 events: it is static, setuid, or has an allocator of its own", name);
        return CLI_UNUSABLE;
    }
    return status;
}

static int record(char **command, const char *file, bool with_stacks) {
    char *library = find_library();
    char *path = absolute(file);
    bool has_started = false;
    int status = RECORD_FAILED;
    if (library != NULL && path == NULL) {
        status = refuse(file, errno);
    } else if (library != NULL) {
        status = clear_way(path);
    }
    if (status == CLI_CLEAN) {
        status = run(command, library, path, with_stacks, &has_started);
    }
    if (has_started) {
        status = look_at_all(path, command[0], status);
    }
    free(library);
    free(path);
    return status;
}

int cmd_record(int argc, char **argv) {
    const char *file = "countercheck.trace";
    bool with_stacks = false;
    const struct cli_option options[] = {
        {"-o", NULL, &file}, {"--with-stacks", &with_stacks, NULL}, {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 0, 0};
    int own_count = 1;
    while (own_count < argc && strcmp(argv[own_count], "--") != 0) {
        own_count++;
    }
    char **operands;
    size_t operand_count;
    int status = cli_parse(&call, own_count, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    if (own_count + 1 >= argc) {
        cli_message("record: no command behind -- (try --help)");
        return CLI_UNUSABLE;
    }
    if (with_stacks && !COUNTERCHECK_HAS_STACKS) {
        cli_message("record: --with-stacks: %s", UNWIND_NONE);
        return RECORD_FAILED;
    }
    return record(argv + own_count + 1, file, with_stacks);
}
