// batch: the answers of the processes made into what replay prints.
#include "cli/run/batch.h"

#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/run/crash.h"
#include "cli/run/processes.h"
#include "cli/run/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WATCH_BEHIND_SECONDS 60 // an orphan ends itself so long after its time
#define LINE_BYTES           1024

struct result {
    int status;
    enum input_kind kind;
    struct batch_totals totals; // of this input alone
};
_Static_assert(sizeof(struct result) <= PROCESSES_RESULT_BYTES, "an answer holds a result");

struct state {
    const struct batch *batch;
    struct batch_totals *totals;
    int worst;
    size_t input_count;
    uint64_t found_count; // inputs with a finding
};

static const char *path_of(const struct batch *batch, size_t input) {
    return batch->list->paths[input / batch->times];
}

void batch_count(struct batch_totals *totals, enum input_kind kind, int status) {
    totals->inputs[kind]++;
    totals->kind_findings[kind] += status == CLI_FINDING;
}

static void add_totals(struct batch_totals *totals, const struct batch_totals *more) {
    totals->programs += more->programs;
    totals->operations += more->operations;
    totals->effective += more->effective;
    totals->findings += more->findings;
    totals->bounded += more->bounded;
    totals->known |= more->known;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        totals->inputs[i] += more->inputs[i];
        totals->kind_findings[i] += more->kind_findings[i];
    }
}

// ---- in one of the processes

static bool open_job(void *context) {
    const struct state *state = context;
    crash_catch();
    crash_watch(state->batch->timeout_ms / 1000, WATCH_BEHIND_SECONDS);
    return state->batch->open(state->batch->context);
}

static void run_input(void *context, size_t input, void *bytes) {
    const struct state *state = context;
    const struct batch *batch = state->batch;
    const char *path = path_of(batch, input);
    struct result result = {.kind = kind_of(path, batch->list->is_walked)};
    crash_prepare("countercheck: %s: crashed before its first operation", path);
    result.status = batch->replay(batch->context, path, result.kind, &result.totals);
    crash_rest();
    batch_count(&result.totals, result.kind, result.status);
    memcpy(bytes, &result, sizeof result);
}

static void close_job(void *context) {
    const struct state *state = context;
    state->batch->close(state->batch->context);
}

// ---- in the caller

static void show_progress(const struct state *state, size_t done) {
    if (done == state->input_count) {
        (void)cli_progress("");
    } else if (state->input_count > 1) {
        (void)cli_progress("%zu of %zu", done, state->input_count);
    }
}

static bool tells(const char *line) {
    return strncmp(line, "countercheck: ", 14) == 0 || strncmp(line, "SUMMARY: ", 9) == 0 ||
           strstr(line, "runtime error: ") != NULL;
}

// Of what a process said when it died, the lines that tell where and why; a sanitizer's whole
// report is there when the input is replayed alone. Cuts `text` into lines.
static void keep_telling(char *text, char *kept, size_t size_bytes) {
    size_t used = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        size_t length = strlen(line);
        if (tells(line) && used + length + 2 < size_bytes) {
            memcpy(kept + used, line, length);
            kept[used + length] = '\n';
            used += length + 1;
        }
    }
    kept[used] = 0;
}

// Behind "PATH: ": the line that was prepared when it died, without what every message begins with.
static void describe_death(const struct state *state, const char *path, const char *kept,
                           const struct processes_answer *answer, char *line, size_t line_bytes) {
    const char *at = strstr(kept, ": crashed ");
    size_t length = at == NULL ? 0 : strcspn(at + 2, "\n");
    const char *doing = length == 0 ? "crashed" : at + 2;
    length = length == 0 ? strlen(doing) : length;
    if (answer->ending == PROCESSES_HANG) {
        const char *hangs = strstr(kept, ": hang: ");
        (void)snprintf(line, line_bytes, "%s: hang: no end within %u s", path,
                       (unsigned)(state->batch->timeout_ms / 1000));
        if (hangs != NULL) {
            (void)snprintf(line, line_bytes, "%s%.*s", path, (int)strcspn(hangs, "\n"), hangs);
        }
    } else if (answer->signal != 0) {
        (void)snprintf(line, line_bytes, "%s: crash: %.*s (signal %d)", path, (int)length, doing,
                       answer->signal);
    } else if (at == NULL) {
        (void)snprintf(line, line_bytes, "%s: crash: the process ended by itself", path);
    } else {
        (void)snprintf(line, line_bytes, "%s: crash: %.*s", path, (int)length, doing);
    }
}

static void tell_death(struct state *state, const char *path,
                       const struct processes_answer *answer) {
    char kept[4 * LINE_BYTES];
    char line[LINE_BYTES];
    keep_telling(answer->err, kept, sizeof kept);
    describe_death(state, path, kept, answer, line, sizeof line);
    if (!state->batch->is_json) {
        (void)printf("%s\n", escape_shown(line));
    } else {
        (void)fputs("{\"file\":", stdout);
        replay_print_json_string(path, stdout);
        (void)printf(",\"rule\":\"%s\",\"truth\":\"crash\",\"field\":\"\",\"message\":",
                     answer->ending == PROCESSES_HANG ? "hang" : "crash");
        (void)strncat(kept, line, sizeof kept - strlen(kept) - 1);
        replay_print_json_string(kept, stdout);
        (void)fputs("}\n", stdout);
    }
    (void)fflush(stdout);
    for (char *said = strtok(kept, "\n"); said != NULL; said = strtok(NULL, "\n")) {
        if (strncmp(said, line, strlen(line)) != 0) {
            (void)fprintf(stderr, "%s\n", escape_shown(said));
        }
    }
}

static bool take_answer(void *context, size_t input, const struct processes_answer *answer) {
    struct state *state = context;
    const struct batch *batch = state->batch;
    const char *path = path_of(batch, input);
    int status = CLI_FINDING;
    bool is_first_time = state->found_count == 0 || batch->times == 1;
    show_progress(state, state->input_count);
    if (answer->ending == PROCESSES_DONE) {
        struct result result;
        memcpy(&result, answer->result, sizeof result);
        add_totals(state->totals, &result.totals);
        status = result.status;
        if (batch->times == 1 || (status != CLI_CLEAN && is_first_time)) {
            (void)fwrite(answer->out, 1, answer->out_bytes, stdout);
            (void)fflush(stdout);
            (void)fwrite(answer->err, 1, answer->err_bytes, stderr);
        }
    } else {
        enum input_kind kind = kind_of(path, batch->list->is_walked);
        batch_count(state->totals, kind, status);
        state->totals->programs += kind == KIND_PROGRAM;
        state->totals->findings++;
        if (is_first_time) {
            tell_death(state, path, answer);
        }
    }
    state->found_count += status == CLI_FINDING;
    state->worst = status == CLI_CLEAN || state->worst == CLI_FINDING ? state->worst : status;
    show_progress(state, input + 1);
    if (batch->times > 1 && status == CLI_UNUSABLE) {
        return false; // it will be so each time
    }
    return state->worst != CLI_ENVIRONMENT && !(batch->is_first && state->worst == CLI_FINDING) &&
           cli_can_print();
}

int batch_run(const struct batch *batch, struct batch_totals *totals) {
    struct state state = {.batch = batch,
                          .totals = totals,
                          .worst = CLI_CLEAN,
                          .input_count = batch->list->count * batch->times};
    const struct processes processes = {.input_count = state.input_count,
                                        .job_count = batch->job_count,
                                        .timeout_ms = batch->timeout_ms,
                                        .open = open_job,
                                        .run = run_input,
                                        .close = close_job,
                                        .take = take_answer,
                                        .context = &state};
    show_progress(&state, 0);
    bool ok = processes_run(&processes);
    show_progress(&state, state.input_count);
    if (!ok) {
        return cli_refused("replay");
    }
    if (batch->times > 1 && !batch->is_json && state.worst != CLI_UNUSABLE) {
        (void)printf("%s: found in %" PRIu64 " of %" PRIu64 "\n",
                     escape_shown(batch->list->paths[0]), state.found_count, batch->times);
    }
    return state.worst;
}

void batch_print_kinds(const struct batch_totals *totals) {
    uint64_t input_count = 0;
    uint64_t finding_count = 0;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        input_count += totals->inputs[i];
        finding_count += totals->kind_findings[i];
        if (i != KIND_PROGRAM && totals->inputs[i] != 0) {
            (void)printf("%" PRIu64 " %s input%s, %" PRIu64 " finding%s\n", totals->inputs[i],
                         kind_names[i], cli_s(totals->inputs[i]), totals->kind_findings[i],
                         cli_s(totals->kind_findings[i]));
        }
    }
    if (input_count != totals->inputs[KIND_PROGRAM]) {
        (void)printf("%" PRIu64 " input%s in all, %" PRIu64 " finding%s\n", input_count,
                     cli_s(input_count), finding_count, cli_s(finding_count));
    }
}
