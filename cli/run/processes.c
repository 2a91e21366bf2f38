// processes: processes that take the number of an input from a pipe, and give its answer through
// another; what they print goes to a temporary file of each.
#define _POSIX_C_SOURCE 200809L
#include "cli/run/processes.h"

#include "cli/io/clock.h"
#include "cli/io/input.h"
#include "fuzz/execute/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX   64
#define AHEAD_MAX  1024 // answers that wait for an earlier one
#define TICK_MS    100
#define GRACE_MS   1000    // between SIGALRM, which may say something, and SIGKILL
#define TEXT_BYTES 1048576 // of what one input prints; the rest is left out

struct job {
    pid_t pid; // 0: none
    int numbers_to, answers_from;
    FILE *out, *err; // its stdout and stderr, emptied before each input
    bool is_busy, is_warned;
    size_t input;
    int64_t begin_ms, warned_ms;
    uint64_t waited_ms; // for a processor, before this input
};

struct run {
    const struct processes *processes;
    unsigned job_count;
    struct job jobs[JOBS_MAX];
    struct processes_answer **answers; // AHEAD_MAX, by input modulo it; NULL: not there yet
    size_t next_input, next_taken;
    bool is_over; // take() wants nothing more
};

static bool read_whole(int descriptor, void *bytes, size_t size_bytes) {
    size_t at = 0;
    while (at < size_bytes) {
        ssize_t count = read(descriptor, (char *)bytes + at, size_bytes - at);
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return false;
        }
        at += count > 0 ? (size_t)count : 0;
    }
    return true;
}

// ---- one of the processes

static _Noreturn void work(const struct processes *processes, int numbers_from, int answers_to) {
    size_t input;
    if (!processes->open(processes->context)) {
        exit(3);
    }
    while (read_whole(numbers_from, &input, sizeof input)) {
        unsigned char result[PROCESSES_RESULT_BYTES] = {0};
        processes->run(processes->context, input, result);
        (void)fflush(stdout);
        (void)fflush(stderr);
        if (output_write_all(answers_to, result, sizeof result) != 0) {
            break;
        }
    }
    processes->close(processes->context);
    exit(0);
}

static void close_others(const struct run *run, const struct job *own) {
    for (unsigned i = 0; i < run->job_count; i++) {
        if (&run->jobs[i] != own && run->jobs[i].pid != 0) {
            (void)close(run->jobs[i].numbers_to);
            (void)close(run->jobs[i].answers_from);
        }
    }
}

static bool start(struct run *run, struct job *job) {
    int numbers[2];
    int answers[2];
    job->out = job->out == NULL ? tmpfile() : job->out;
    job->err = job->err == NULL ? tmpfile() : job->err;
    if (job->out == NULL || job->err == NULL || pipe(numbers) != 0) {
        return false;
    }
    if (pipe(answers) != 0) {
        (void)close(numbers[0]);
        (void)close(numbers[1]);
        return false;
    }
    (void)fflush(stdout); // what waits there would be printed by both
    (void)fflush(stderr);
    job->pid = fork();
    if (job->pid == 0) {
        close_others(run, job);
        (void)close(numbers[1]);
        (void)close(answers[0]);
        (void)dup2(fileno(job->out), STDOUT_FILENO);
        (void)dup2(fileno(job->err), STDERR_FILENO);
        work(run->processes, numbers[0], answers[1]);
    }
    (void)close(numbers[0]);
    (void)close(answers[1]);
    job->numbers_to = numbers[1];
    job->answers_from = answers[0];
    job->is_busy = false;
    if (job->pid < 0) {
        (void)close(numbers[1]);
        (void)close(answers[0]);
        job->pid = 0;
    }
    return job->pid > 0;
}

// Waits for its end. Its status, as waitpid() gives it.
static int end(struct job *job) {
    (void)close(job->numbers_to);
    (void)close(job->answers_from);
    int status = child_wait(job->pid);
    job->pid = 0;
    job->is_busy = false;
    return status;
}

// ---- answers

static char *read_text(FILE *file, size_t *size_bytes) {
    int descriptor = fileno(file);
    off_t length = lseek(descriptor, 0, SEEK_END);
    size_t wanted = length < 0 ? 0 : length > TEXT_BYTES ? TEXT_BYTES : (size_t)length;
    char *text = malloc(wanted + 1);
    *size_bytes = 0;
    if (text != NULL) {
        ssize_t count = pread(descriptor, text, wanted, 0);
        *size_bytes = count < 0 ? 0 : (size_t)count;
        text[*size_bytes] = 0;
    }
    return text;
}

static void free_answer(struct processes_answer *answer) {
    if (answer != NULL) {
        free(answer->out);
        free(answer->err);
        free(answer);
    }
}

static bool keep_answer(struct run *run, struct job *job, const struct processes_answer *said) {
    struct processes_answer *answer = malloc(sizeof *answer);
    if (answer == NULL) {
        return false;
    }
    *answer = *said;
    answer->out = read_text(job->out, &answer->out_bytes);
    answer->err = read_text(job->err, &answer->err_bytes);
    if (answer->out == NULL || answer->err == NULL) {
        free_answer(answer);
        return false;
    }
    run->answers[job->input % AHEAD_MAX] = answer;
    return true;
}

static void take_answers(struct run *run) {
    while (!run->is_over && run->next_taken < run->next_input) {
        struct processes_answer **slot = &run->answers[run->next_taken % AHEAD_MAX];
        if (*slot == NULL) {
            return;
        }
        run->is_over = !run->processes->take(run->processes->context, run->next_taken++, *slot);
        free_answer(*slot);
        *slot = NULL;
    }
}

// ---- the jobs from outside

static bool give_input(struct run *run, struct job *job) {
    if (job->pid == 0 && !start(run, job)) {
        return false;
    }
    if (ftruncate(fileno(job->out), 0) != 0 || ftruncate(fileno(job->err), 0) != 0) {
        return false; // else an answer of the input before would be told again
    }
    (void)lseek(fileno(job->out), 0, SEEK_SET); // theirs as well: a descriptor's place is shared
    (void)lseek(fileno(job->err), 0, SEEK_SET);
    job->input = run->next_input++;
    job->begin_ms = clock_ms();
    job->waited_ms = child_waited_ms(job->pid);
    job->is_warned = false;
    job->is_busy = true;
    (void)output_write_all(job->numbers_to, &job->input, sizeof job->input); // else its end tells
    return true;
}

static bool give_inputs(struct run *run) {
    for (unsigned i = 0; i < run->job_count; i++) {
        bool is_open = run->next_input < run->processes->input_count &&
                       run->next_input - run->next_taken < AHEAD_MAX;
        if (!run->jobs[i].is_busy && is_open && !give_input(run, &run->jobs[i])) {
            return false;
        }
    }
    return true;
}

static bool hear(struct run *run, struct job *job) {
    struct processes_answer answer = {.ending = PROCESSES_DONE};
    if (read_whole(job->answers_from, answer.result, sizeof answer.result)) {
        job->is_busy = false;
        return keep_answer(run, job, &answer);
    }
    int status = end(job);
    answer.ending = job->is_warned ? PROCESSES_HANG : PROCESSES_CRASH;
    answer.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 3 && !job->is_warned) {
        return false; // it could not begin
    }
    return keep_answer(run, job, &answer);
}

static bool is_late(const struct run *run, const struct job *job, int64_t elapsed_ms) {
    uint32_t limit_ms = run->processes->timeout_ms;
    if (elapsed_ms < (int64_t)limit_ms) {
        return false;
    }
    uint64_t waited_ms = child_waited_ms(job->pid); // a child of its own that ended counts no more
    uint64_t more_ms = waited_ms > job->waited_ms ? waited_ms - job->waited_ms : 0;
    return child_is_late(elapsed_ms, more_ms, limit_ms);
}

static void watch(const struct run *run, struct job *job) {
    int64_t now_ms = clock_ms();
    if (job->is_warned && now_ms - job->warned_ms >= GRACE_MS) {
        (void)kill(job->pid, SIGKILL);
    } else if (!job->is_warned && is_late(run, job, now_ms - job->begin_ms)) {
        job->is_warned = true;
        job->warned_ms = now_ms;
        (void)kill(job->pid, SIGALRM);
    }
}

static bool hear_all(struct run *run) {
    struct pollfd heard[JOBS_MAX];
    struct job *jobs[JOBS_MAX];
    nfds_t count = 0;
    for (unsigned i = 0; i < run->job_count; i++) {
        if (run->jobs[i].is_busy) {
            jobs[count] = &run->jobs[i];
            heard[count++] = (struct pollfd){.fd = run->jobs[i].answers_from, .events = POLLIN};
        }
    }
    (void)poll(heard, count, TICK_MS);
    for (nfds_t i = 0; i < count; i++) {
        if (heard[i].revents != 0) {
            if (!hear(run, jobs[i])) {
                return false;
            }
        } else {
            watch(run, jobs[i]);
        }
    }
    return true;
}

static void stop(struct run *run) {
    for (unsigned i = 0; i < run->job_count; i++) {
        struct job *job = &run->jobs[i];
        if (job->pid != 0) {
            if (job->is_busy) {
                (void)kill(job->pid, SIGKILL);
            }
            (void)end(job); // the others see that no number comes any more
        }
        if (job->out != NULL) {
            (void)fclose(job->out);
        }
        if (job->err != NULL) {
            (void)fclose(job->err);
        }
    }
    for (size_t i = 0; i < AHEAD_MAX; i++) {
        free_answer(run->answers[i]);
    }
    free(run->answers);
}

static unsigned count_jobs(const struct processes *processes) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = processes->job_count != 0 ? processes->job_count : cores > 0 ? (size_t)cores : 1;
    count = count < processes->input_count ? count : processes->input_count;
    return (unsigned)(count < JOBS_MAX ? count : JOBS_MAX);
}

bool processes_run(const struct processes *processes) {
    struct run run = {.processes = processes, .job_count = count_jobs(processes)};
    run.answers = calloc(AHEAD_MAX, sizeof run.answers[0]);
    bool ok = run.answers != NULL;
    struct sigaction before;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, &before); // a process that died as it was given an input
    while (ok && !run.is_over && run.next_taken < processes->input_count) {
        ok = give_inputs(&run) && hear_all(&run);
        take_answers(&run);
    }
    if (run.answers != NULL) {
        stop(&run);
    }
    (void)sigaction(SIGPIPE, &before, NULL);
    return ok;
}
