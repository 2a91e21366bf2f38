// trial: fork, run, and read what the child found or died of, or kill it when its time is over.
#define _POSIX_C_SOURCE 200809L
#include "cli/run/trial.h"

#include "cli/io/clock.h"
#include "fuzz/execute/child.h"
#include "cli/run/machine.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define TRIAL_HAS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define TRIAL_HAS_ASAN 1
#endif
#ifndef TRIAL_HAS_ASAN
#define TRIAL_HAS_ASAN 0
#endif
#if TRIAL_HAS_ASAN
#include <sanitizer/asan_interface.h>
#endif

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ERROR_BYTES    8192 // of the child's stderr that are looked at
#define TICK_MS        10
#define ORPHAN_SECONDS 60 // that a child may outlive its time, when nobody is left to kill it

struct report { // what the child writes when it lives, or AddressSanitizer ends it
    int verdict;
    const struct rule_row *rule; // the child is a copy: its tables lie where ours do
    char field[FINDING_FIELD_BYTES];
    char sentence[FINDING_SENTENCE_BYTES];
    char text[FINDING_TEXT_BYTES];
    bool has_values, is_at_end;
    uint64_t left, right;
    uintptr_t place; // of AddressSanitizer's report; 0: none
    char kind[48];   // of it
};

static void write_report(int descriptor, const struct report *report) {
    if (write(descriptor, report, sizeof *report) != (ssize_t)sizeof *report) {
        _exit(3);
    }
}

#if TRIAL_HAS_ASAN
static int sanitizer_reports_to = -1;
static bool sanitizer_is_brief;

// AddressSanitizer calls it before it writes its report.
void __asan_on_error(void) {
    if (sanitizer_reports_to >= 0) {
        struct report report = {.place = (uintptr_t)__asan_get_report_pc()};
        (void)snprintf(report.kind, sizeof report.kind, "%s", __asan_get_report_description());
        write_report(sanitizer_reports_to, &report);
        if (sanitizer_is_brief) {
            _exit(1);
        }
    }
}
#endif

static void have_sanitizer_report(int report_to, bool is_brief) {
#if TRIAL_HAS_ASAN
    sanitizer_reports_to = report_to;
    sanitizer_is_brief = is_brief;
#else
    (void)report_to;
    (void)is_brief;
#endif
}

static _Noreturn void run_child(const struct trial *trial, const struct program *program,
                                int report_to, int errors_to) {
    (void)dup2(errors_to, STDERR_FILENO);
    have_sanitizer_report(report_to, trial->is_brief);
    (void)alarm(CHILD_LOADED_FACTOR * (trial->timeout_ms / 1000) + ORPHAN_SECONDS);
    struct executor *executor = executor_create(machine_now(), machine_argument(), trial->options);
    struct report report = {.verdict = VERDICT_ENVIRONMENT};
    if (executor != NULL) {
        machine_prepare(executor);
        report.verdict = (int)executor_run_twice(executor, program);
        const struct finding *finding = executor_finding(executor);
        if (finding != NULL) {
            report.rule = finding->row;
            report.has_values = finding->has_values;
            report.is_at_end = finding->operation >= program->count;
            report.left = finding->left;
            report.right = finding->right;
            memcpy(report.field, finding->field, sizeof report.field);
            memcpy(report.sentence, finding->sentence, sizeof report.sentence);
            memcpy(report.text, finding->text, sizeof report.text);
        }
    }
    write_report(report_to, &report);
    _exit(0);
}

// ---- the child from outside

struct child {
    const struct trial *trial;
    pid_t pid;
    int64_t begin_ms;
    bool is_killed; // its time was over
};

// Waits until the descriptor has something, or its end; ends the child when its time is over, or
// when it stopped itself, which is a death of its own.
static void wait_for(struct child *child, int descriptor) {
    struct pollfd one = {.fd = descriptor, .events = POLLIN};
    while (!child->is_killed && poll(&one, 1, TICK_MS) <= 0) {
        if (child_has_stopped(child->pid)) {
            (void)kill(child->pid, SIGKILL);
        }
        if (child->trial->tick != NULL) {
            child->trial->tick(child->trial->context);
        }
        int64_t elapsed_ms = clock_ms() - child->begin_ms;
        if (elapsed_ms >= (int64_t)child->trial->timeout_ms &&
            child_is_late(elapsed_ms, child_waited_ms(child->pid), child->trial->timeout_ms)) {
            child->is_killed = kill(child->pid, SIGKILL) == 0;
        }
    }
}

static size_t read_all(struct child *child, int descriptor, void *bytes, size_t size_bytes) {
    size_t at = 0;
    char rest[256];
    for (;;) {
        bool is_full = at == size_bytes;
        wait_for(child, descriptor);
        ssize_t count = is_full ? read(descriptor, rest, sizeof rest)
                                : read(descriptor, (char *)bytes + at, size_bytes - at);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return at;
        }
        at += is_full ? 0 : (size_t)count;
    }
}

// The line that tells one crash from another: a failed check, a misuse, a sanitizer's summary.
static const char *telling_line(char *errors) {
    static const char *const marks[] = {"SUMMARY: ", "runtime error: ", "countercheck: "};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        char *at = strstr(errors, marks[i]);
        if (at != NULL) {
            at += strlen(marks[i]);
            at[strcspn(at, "\n")] = 0;
            return at;
        }
    }
    return "";
}

// Copies without numbers: addresses and values differ from trial to trial, the place does not.
static void copy_without_numbers(char *to, size_t size_bytes, const char *from) {
    size_t length = 0;
    bool in_values = false;
    for (; *from != 0 && length + 1 < size_bytes; from++) {
        in_values = in_values || *from == '(';
        if (!in_values && strncmp(from, "0x", 2) != 0) {
            to[length++] = *from;
        }
    }
    to[length] = 0;
}

static struct outcome crash_outcome(int status, const char *said, uintptr_t place) {
    struct outcome outcome = {.kind = OUTCOME_CRASH, .place = place};
    char line[TRIAL_CRASH_BYTES - 32];
    copy_without_numbers(line, sizeof line, said);
    (void)snprintf(outcome.crash, sizeof outcome.crash, "%s %d%s%s",
                   WIFSIGNALED(status) ? "signal" : "exit",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                   line[0] == 0 ? "" : ": ", line);
    return outcome;
}

static struct outcome outcome_of(const struct report *report) {
    if (report->verdict != VERDICT_FINDING) {
        bool is_unknown = report->verdict == VERDICT_ENVIRONMENT;
        return (struct outcome){.kind = is_unknown ? OUTCOME_UNKNOWN : OUTCOME_CLEAN};
    }
    struct outcome outcome = {.kind = OUTCOME_FINDING,
                              .rule = report->rule,
                              .has_values = report->has_values,
                              .is_at_end = report->is_at_end,
                              .left = report->left,
                              .right = report->right};
    memcpy(outcome.field, report->field, sizeof outcome.field);
    memcpy(outcome.sentence, report->sentence, sizeof outcome.sentence);
    memcpy(outcome.text, report->text, sizeof outcome.text);
    return outcome;
}

static struct outcome read_outcome(struct child *child, int report_from, int errors_from) {
    static char errors[ERROR_BYTES + 1];
    struct report report;
    errors[read_all(child, errors_from, errors, ERROR_BYTES)] = 0;
    size_t report_bytes = read_all(child, report_from, &report, sizeof report);
    int status = child_wait(child->pid);
    if (child->is_killed && report_bytes != sizeof report) {
        return (struct outcome){.kind = OUTCOME_HANG};
    }
    if (report_bytes != sizeof report) {
        return crash_outcome(status, telling_line(errors), 0);
    }
    if (report.place != 0) {
        const char *said = telling_line(errors);
        return crash_outcome(status, said[0] == 0 ? report.kind : said, report.place);
    }
    return outcome_of(&report);
}

static struct outcome run(const struct trial *trial, const struct program *program) {
    int report_pipe[2];
    int error_pipe[2];
    if (pipe(report_pipe) != 0) {
        return (struct outcome){.kind = OUTCOME_UNKNOWN};
    }
    if (pipe(error_pipe) != 0) {
        (void)close(report_pipe[0]);
        (void)close(report_pipe[1]);
        return (struct outcome){.kind = OUTCOME_UNKNOWN};
    }
    struct child child = {.trial = trial, .pid = fork(), .begin_ms = clock_ms()};
    if (child.pid == 0) {
        run_child(trial, program, report_pipe[1], error_pipe[1]);
    }
    (void)close(report_pipe[1]);
    (void)close(error_pipe[1]);
    struct outcome outcome = {.kind = OUTCOME_UNKNOWN};
    if (child.pid > 0) {
        outcome = read_outcome(&child, report_pipe[0], error_pipe[0]);
        outcome.took_ms = (uint32_t)(clock_ms() - child.begin_ms);
    }
    (void)close(report_pipe[0]);
    (void)close(error_pipe[0]);
    return outcome;
}

struct outcome trial_run_as(const struct trial *trial, const struct program *program) {
    struct trial bounded = *trial;
    bounded.timeout_ms = bounded.timeout_ms == 0 ? TRIAL_MS : bounded.timeout_ms;
    return run(&bounded, program);
}

struct outcome trial_run(const struct program *program, const struct executor_options *options) {
    return trial_run_as(&(struct trial){.options = options}, program);
}

struct outcome trial_run_briefly(const struct program *program,
                                 const struct executor_options *options) {
    return trial_run_as(&(struct trial){.options = options, .is_brief = true}, program);
}

bool outcome_is_same(const struct outcome *a, const struct outcome *b) {
    if (a->kind != b->kind) {
        return false;
    }
    if (a->kind == OUTCOME_FINDING) {
        return a->rule == b->rule && strcmp(a->field, b->field) == 0 &&
               strcmp(a->sentence, b->sentence) == 0;
    }
    if (a->kind == OUTCOME_CRASH && a->place != 0 && b->place != 0) {
        return a->place == b->place;
    }
    return a->kind != OUTCOME_CRASH || strcmp(a->crash, b->crash) == 0;
}

// Where heaps and arenas lie (HEAP_BASE_DEFAULT, ARENA_BASE).
static bool is_address(uint64_t value) {
    return value >> 40 == 0x55;
}

// One side is an address, which goes elsewhere with every operation that is left out, and the other
// is none: 0 instead of a pointer, say. Their difference is a place.
static bool is_same_but_for_place(const struct outcome *a, const struct outcome *b) {
    return (is_address(a->left) && is_address(b->left) && !is_address(a->right) &&
            a->right == b->right) ||
           (is_address(a->right) && is_address(b->right) && !is_address(a->left) &&
            a->left == b->left);
}

bool outcome_is_exact(const struct outcome *a, const struct outcome *b) {
    if (!outcome_is_same(a, b)) {
        return false;
    }
    if (a->kind != OUTCOME_FINDING || !a->has_values || strcmp(a->rule->name, "twin-hash") == 0) {
        return true;
    }
    if (strcmp(a->rule->name, "expected") == 0) {
        return a->left == b->left && a->right == b->right;
    }
    return a->left - a->right == b->left - b->right || is_same_but_for_place(a, b);
}
