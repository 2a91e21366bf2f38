// cmd_replay: runs operation files under the oracle, and says what it found.
#define _POSIX_C_SOURCE 200809L
#include "cli/io/cli.h"
#include "cli/run/machine.h"
#include "cli/run/crash.h"
#include "cli/io/escape.h"
#include "cli/io/input.h"
#include "cli/io/open.h"
#include "cli/io/options.h"
#include "cli/dump/dump.h"
#include "cli/run/batch.h"
#include "cli/run/idle.h"
#include "cli/run/pin.h"
#include "cli/run/replay.h"
#include "cli/run/targets.h"
#include "cli/soak_threads.h"
#include "dump/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: countercheck replay [--trace] [--check=cheap|full|paranoid] [--stats]\n"
    "                           [--json] [--first] [--dump OUT] [--against DUMP]\n"
    "                           [--without NAMES] [--known FILE] [--no-expect]\n"
    "                           [--raw] [--strict] [--timeout S] [--jobs N]\n"
    "                           FILE|DIR...\n"
    "       countercheck replay --times N FILE\n"
    "       countercheck replay --pin [--force] FILE|DIR...\n"
    "\n"
    "Runs programs of heap operations, binary or text (told apart by their content),\n"
    "each on a heap of its own, and compares every statistic with its other accounts.\n"
    "All files of a directory are run, by a process for each core: one that crashes\n"
    "or hangs is a finding, and the rest is run. Of a corpus, what lies in\n"
    "decode/seed, ops/found and the like goes to what that fuzz target does, and heap\n"
    "dumps are verified.\n"
    "  --trace          prints each operation with the counters that it moved\n"
    "  --check=LEVEL    checks after every operation, so hard; else as the program\n"
    "                   says\n"
    "  --stats          prints the final statistics, and how often each rule was\n"
    "                   evaluated\n"
    "  --json           prints JSON: the statistics as one object a program, traces\n"
    "                   and findings as lines\n"
    "  --first          stops at the first program with a finding\n"
    "  --dump OUT       writes the final heap dump of the one program given; it holds\n"
    "                   all that the heap held\n"
    "  --against DUMP   compares a heap dump (not compressed) with what the one\n"
    "                   program given leaves: each record, byte for byte; a\n"
    "                   difference is a finding\n"
    "  --without NAMES  sets truths or rules aside, by name and with commas between\n"
    "                   (scan,model): which others see it as well? Truths: scan model\n"
    "                   identities delta kernel dump twin reach poison contents, or\n"
    "                   all\n"
    "  --no-expect      does not check expect lines\n"
    "  --raw            takes any bytes as a program, as the fuzz targets do\n"
    "  --strict         an operation that does nothing is an error: status 2, with\n"
    "                   its line and why\n"
    "  --known FILE     findings that are listed and do not fail: lines RULE FIELD\n"
    "                   EXPIRY REASON, and behind one a line says TEXT, for those\n"
    "                   alone that say so, whatever the numbers; one that has expired\n"
    "                   fails, and one that no input of a directory finds\n"
    "  --times N        runs the FILE so often, and says in how many of them it was\n"
    "                   found: a race (.race, of soak --threads) shows now and then\n"
    "  --timeout S      an input of many that takes longer hangs, and so does an\n"
    "                   operation of one alone (60)\n"
    "  --jobs N         processes for many inputs; else one for each core\n"
    "  --pin            writes the final statistics into the text FILE as expect\n"
    "                   lines, in place of those of before: a later replay compares\n"
    "                   them, and a change is a difference of the file\n"
    "  --force          pins a program that has a finding as well, and writes it in a\n"
    "                   line \"# finding: ...\"\n" MACHINE_HELP
    "Each program is run a second time (not with --trace), so that it has run on a\n"
    "new heap and on a used one: the results must be the same, to the byte of a dump.\n"
    "Exit status: 0 clean, 1 a finding, 2 unusable input or call, 3 the environment\n"
    "failed.\n";

#define SHOWN_BEFORE        8
#define TIMES_MAX           100000
#define TIMEOUT_SECONDS_MAX 86400
#define JOBS_MAX            64

struct call {
    bool is_traced, has_stats, is_json, is_pinning, is_raw, ignores_expectations, is_first,
        is_strict, is_forced;
    bool every_operation; // --check was given
    enum oracle_level level;
    const char *dump_path;
    uint8_t *against; // a dump, from malloc; NULL: none
    size_t against_bytes;
    const char *without; // NULL: nothing is set aside
    uint64_t times, timeout_seconds, job_count;
    const char *known_path; // NULL: nothing is known
    struct known known;
};

struct session { // what runs inputs: this process, or one of a pool
    const struct call *call;
    struct executor *executor;
    bool knows_names; // those of --without and of --known
    char scratch[64];
};

static struct program program;

static int write_dump(const struct replay *replay, const char *path) {
    int pipe_end =
        open_in_time(path, O_WRONLY); // the machine opens it again, and does not wait then
    int error = errno;
    if (pipe_end >= 0 || error != ETIME) {
        error =
            executor_machine(replay->executor)->write_dump(executor_state(replay->executor), path);
    }
    if (pipe_end >= 0) {
        (void)close(pipe_end);
    }
    return error == 0 ? CLI_CLEAN : output_failed(path, error);
}

static int tell_finding(const struct replay *replay, const struct call *call,
                        struct batch_totals *totals) {
    if (known_tell(&call->known, executor_finding(replay->executor), replay->name, call->is_json,
                   &totals->known)) {
        return CLI_CLEAN;
    }
    totals->findings++;
    if (call->is_json) {
        replay_print_finding_json(replay, stdout);
    } else {
        replay_print_finding(replay, &program, SHOWN_BEFORE, stdout);
    }
    return CLI_FINDING;
}

static int compare_against(const struct replay *replay, const struct call *call,
                           struct batch_totals *totals) {
    return executor_machine(replay->executor)
                   ->compare_dump(executor_state(replay->executor), call->against,
                                  call->against_bytes)
               ? CLI_CLEAN
               : tell_finding(replay, call, totals);
}

static int tell_verdict(const struct replay *replay, enum verdict verdict, const struct call *call,
                        struct batch_totals *totals) {
    if (verdict == VERDICT_ENVIRONMENT) {
        return cli_refused(replay->name);
    }
    if (verdict == VERDICT_FINDING) {
        return tell_finding(replay, call, totals);
    }
    if (verdict == VERDICT_WORK_BOUND) {
        totals->bounded++;
        cli_message("%s: stopped at operation %zu: more work than one program is allowed",
                    replay->name, executor_position(replay->executor));
    }
    if (call->has_stats) {
        replay_print_statistics(replay, stdout);
    }
    int status = call->against == NULL ? CLI_CLEAN : compare_against(replay, call, totals);
    return call->dump_path == NULL || status != CLI_CLEAN ? status
                                                          : write_dump(replay, call->dump_path);
}

// Twice: what depends on the past of the heap shows in the difference.
static enum verdict run_counted(const struct replay *replay, struct batch_totals *totals) {
    const struct executor_counts *counts = executor_counts(replay->executor);
    uint64_t effective_before = executor_sum(counts->effective);
    enum verdict verdict = replay_run(replay, &program);
    totals->programs++;
    totals->operations += executor_position(replay->executor);
    totals->effective += executor_sum(counts->effective) - effective_before;
    bool is_over = verdict != VERDICT_CLEAN && verdict != VERDICT_WORK_BOUND;
    bool is_idle = replay->idle != NULL && *replay->idle != REPLAY_NOT_IDLE;
    return is_over || is_idle || replay->is_traced ? verdict : replay_run_again(replay);
}

static int replay_file(struct executor *executor, const char *path, const struct call *call,
                       struct batch_totals *totals) {
    size_t idle = REPLAY_NOT_IDLE;
    const struct replay replay = {.executor = executor,
                                  .name = path,
                                  .is_traced = call->is_traced,
                                  .is_json = call->is_json,
                                  .idle = call->is_strict ? &idle : NULL};
    int status = input_read_program_as(path, call->is_raw, &program);
    if (status != CLI_CLEAN) {
        return status;
    }
    if (call->every_operation) {
        program.header.check_every = 1;
    }
    enum verdict verdict = run_counted(&replay, totals);
    return idle == REPLAY_NOT_IDLE ? tell_verdict(&replay, verdict, call, totals)
                                   : idle_tell(executor, path, &program, idle);
}

static int run_race(const char *path) {
    struct soak_threads race = {0};
#if COUNTERCHECK_HAS_GO
    return soak_threads_read(path, &race) ? soak_threads(&race) : CLI_UNUSABLE;
#else
    (void)race;
    cli_message("%s: a race needs the Go-like heap, which this build leaves out", path);
    return CLI_UNUSABLE;
#endif
}

static int replay_input(void *context, const char *path, enum input_kind kind,
                        struct batch_totals *totals) {
    const struct session *session = context;
    const struct call *call = session->call;
    if (call->is_pinning) {
        return pin_file(session->executor, path, call->is_forced);
    }
    switch (kind) {
    case KIND_DECODE:
    case KIND_OPS:
    case KIND_RELATIONS:
        return targets_run(path, kind);
    case KIND_DUMP:
        crash_prepare("countercheck: %s: crashed as a dump", path);
        return dump_verify_file(path);
    case KIND_RACE:
        return run_race(path);
    case KIND_PROGRAM:
    case KIND_COUNT:
        break;
    }
    return replay_file(session->executor, path, call, totals);
}

static void print_summary(const struct batch_totals *totals, const struct call *call) {
    (void)printf("%" PRIu64 " program%s, %" PRIu64 " operation%s (%" PRIu64
                 " did something)%s, %" PRIu64 " finding%s\n",
                 totals->programs, cli_s(totals->programs), totals->operations,
                 cli_s(totals->operations), totals->effective, call->is_traced ? "" : ", run twice",
                 totals->findings, cli_s(totals->findings));
}

static bool open_session(void *context) {
    struct session *session = context;
    const struct call *call = session->call;
    (void)snprintf(session->scratch, sizeof session->scratch, "/tmp/countercheck-dump-%ld",
                   (long)getpid());
    const struct executor_options options = {
        .level = call->level,
        .keeps_expectations = !call->ignores_expectations,
        .final_dump = true,
        .final_graph = true,
        .scratch_path = session->scratch,
    };
    session->executor = replay_open(&options);
    if (session->executor == NULL) {
        return false;
    }
    session->knows_names = replay_set_aside(session->executor, call->without) &&
                           known_check(&call->known, executor_book(session->executor)->rules);
    return true;
}

static void close_session(void *context) {
    struct session *session = context;
    executor_destroy(session->executor);
    session->executor = NULL;
}

// The seconds that races among the inputs ask for; 0: none is there.
static uint64_t longest(const struct input_list *list) {
    uint64_t seconds = 0;
#if COUNTERCHECK_HAS_GO
    struct soak_threads race = {.seconds = 0};
    for (size_t i = 0; i < list->count; i++) {
        if (kind_of(list->paths[i], list->is_walked) == KIND_RACE &&
            soak_threads_read(list->paths[i], &race) && race.seconds > seconds) {
            seconds = race.seconds;
        }
    }
#else
    (void)list;
#endif
    return seconds;
}

static uint64_t timeout_seconds(const struct input_list *list, const struct call *call) {
    return call->timeout_seconds == 0 ? longest(list) + BATCH_TIMEOUT_SECONDS
                                      : call->timeout_seconds;
}

// In this process: traces, dumps and the count of the rules are of one executor.
static int replay_here(const struct input_list *list, struct session *session,
                       struct batch_totals *totals) {
    const struct call *call = session->call;
    int worst = CLI_CLEAN;
    crash_catch();
    crash_watch((unsigned)timeout_seconds(list, call), 0);
    for (size_t i = 0; i < list->count && worst != CLI_ENVIRONMENT && cli_can_print(); i++) {
        enum input_kind kind = kind_of(list->paths[i], list->is_walked);
        int status = replay_input(session, list->paths[i], kind, totals);
        batch_count(totals, kind, status);
        worst = status == CLI_CLEAN || worst == CLI_FINDING ? worst : status;
        if (call->is_first && worst == CLI_FINDING) {
            break;
        }
    }
    return worst;
}

static bool is_for_pool(const struct input_list *list, const struct call *call) {
    bool has_one = list->count * call->times == 1 && !list->is_walked;
    return !has_one && !call->is_traced && !call->is_pinning && call->dump_path == NULL &&
           call->against == NULL && (!call->has_stats || call->is_json);
}

static int replay_in_pool(const struct input_list *list, struct session *session,
                          struct batch_totals *totals) {
    const struct call *call = session->call;
    const struct batch batch = {.list = list,
                                .times = call->times,
                                .job_count = (unsigned)call->job_count,
                                .timeout_ms = (uint32_t)timeout_seconds(list, call) * 1000,
                                .is_json = call->is_json,
                                .is_first = call->is_first,
                                .open = open_session,
                                .replay = replay_input,
                                .close = close_session,
                                .context = session};
    return batch_run(&batch, totals);
}

// The worst status wins: a finding over an unusable file, so that a script sees it.
static int replay_all(const struct input_list *list, const struct call *call) {
    struct session session = {.call = call};
    struct batch_totals totals = {0};
    if (!open_session(&session)) {
        return CLI_ENVIRONMENT;
    }
    int worst = session.knows_names ? CLI_CLEAN : CLI_UNUSABLE;
    bool is_pooled = is_for_pool(list, call);
    if (worst == CLI_CLEAN && !is_pooled) {
        worst = replay_here(list, &session, &totals);
    }
    if (!call->is_json && call->has_stats && totals.programs > 0) {
        replay_print_rules(&(struct replay){.executor = session.executor}, stdout);
    }
    close_session(&session);
    if (worst == CLI_CLEAN && is_pooled) {
        worst = replay_in_pool(list, &session, &totals);
    }
    if (!call->is_json && call->times == 1) {
        if (totals.programs > 0) {
            print_summary(&totals, call);
        }
        batch_print_kinds(&totals);
    }
    bool is_whole = list->is_walked && !call->is_first;
    if (session.knows_names && known_judge(&call->known, totals.known, is_whole) > 0) {
        worst = CLI_FINDING;
    }
    return cli_finish(worst);
}

// A number from 1 on; 0 when it is not given. False: told.
static bool read_count(const char *name, const char *text, uint64_t max, uint64_t *value) {
    *value = 0;
    return text == NULL || cli_count("replay", name, text, max, value);
}

// --pin goes with --force, and with no other. False: told.
static bool pins_alone(const struct call *call, const char *against_path) {
    if (call->is_pinning &&
        (call->is_traced || call->has_stats || call->is_json || call->is_raw ||
         call->ignores_expectations || call->every_operation || call->dump_path != NULL ||
         call->is_strict || call->known_path != NULL || against_path != NULL ||
         call->without != NULL)) {
        cli_message("replay: --pin goes with no other option but --force");
        return false;
    }
    if (call->is_forced && !call->is_pinning) {
        cli_message("replay: --force goes with --pin");
        return false;
    }
    return true;
}

// What is cut is a finding; what does not even begin as a dump was never meant.
static bool is_dump(const struct call *call) {
    const size_t length = sizeof DUMP_HEADER - 1;
    return call->against_bytes >= length && memcmp(call->against, DUMP_HEADER, length) == 0;
}

// Whether the kind of heap writes dumps, where one is asked for. False: told.
static bool has_dumps(const struct call *call, const char *against_path) {
    const struct machine *machine = machine_now();
    if ((call->dump_path != NULL && machine->write_dump == NULL) ||
        (against_path != NULL && machine->compare_dump == NULL)) {
        cli_message("replay: %s: %s has no heap dumps",
                    call->dump_path != NULL ? "--dump" : "--against", machine_call.subject);
        return false;
    }
    return true;
}

// The programs, and what they are compared with.
static int read_inputs(char **operands, size_t count, const char *against_path, struct call *call,
                       struct input_list *list) {
    int status = CLI_CLEAN;
    for (size_t i = 0; i < count && status <= CLI_CLEAN; i++) {
        status = input_list_add(list, operands[i]);
    }
    bool takes_one = call->dump_path != NULL || against_path != NULL || call->times > 1;
    if (status <= CLI_CLEAN && takes_one && list->count != 1) {
        cli_message("replay: %s takes one program, not %zu",
                    call->dump_path != NULL ? "--dump"
                    : against_path != NULL  ? "--against"
                                            : "--times",
                    list->count);
        status = CLI_UNUSABLE;
    }
    if (status <= CLI_CLEAN && against_path != NULL) {
        status = input_read_bytes(against_path, &call->against, &call->against_bytes);
    }
    if (call->against != NULL && !is_dump(call)) {
        cli_message("%s: not a heap dump", escape_shown(against_path));
        status = CLI_UNUSABLE;
    }
    if (status <= CLI_CLEAN && call->known_path != NULL) {
        status = known_read(&call->known, call->known_path);
    }
    return status;
}

int cmd_replay(int argc, char **argv) {
    const char *level = NULL;
    const char *against_path = NULL;
    const char *times = "1";
    const char *timeout = NULL;
    const char *jobs = NULL;
    struct call call = {0};
    const struct cli_option options[] = {
        {"--trace", &call.is_traced, NULL},
        {"--check", NULL, &level},
        {"--stats", &call.has_stats, NULL},
        {"--json", &call.is_json, NULL},
        {"--first", &call.is_first, NULL},
        {"--dump", NULL, &call.dump_path},
        {"--against", NULL, &against_path},
        {"--without", NULL, &call.without},
        {"--pin", &call.is_pinning, NULL},
        {"--no-expect", &call.ignores_expectations, NULL},
        {"--raw", &call.is_raw, NULL},
        {"--strict", &call.is_strict, NULL},
        {"--force", &call.is_forced, NULL},
        {"--known", NULL, &call.known_path},
        {"--times", NULL, &times},
        {"--timeout", NULL, &timeout},
        {"--jobs", NULL, &jobs},
        MACHINE_OPTIONS,
        {NULL, NULL, NULL},
    };
    const struct cli_call parsed = {usage, options, 1, SIZE_MAX};
    char **operands;
    size_t operand_count;
    int status = cli_parse(&parsed, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    if (!machine_take_from("replay", operands, operand_count)) {
        return CLI_UNUSABLE;
    }
    status = machine_choose("replay");
    if (status != CLI_CLEAN) {
        return status;
    }
    if (!replay_parse_level("replay", level, &call.level)) {
        return CLI_UNUSABLE;
    }
    if (!read_count("--times", times, TIMES_MAX, &call.times) ||
        !read_count("--timeout", timeout, TIMEOUT_SECONDS_MAX, &call.timeout_seconds) ||
        !read_count("--jobs", jobs, JOBS_MAX, &call.job_count)) {
        return CLI_UNUSABLE;
    }
    call.every_operation = level != NULL;
    if (!pins_alone(&call, against_path) || !has_dumps(&call, against_path)) {
        return CLI_UNUSABLE;
    }
    struct input_list list = {0};
    status = read_inputs(operands, operand_count, against_path, &call, &list);
    if (status <= CLI_CLEAN) {
        status = replay_all(&list, &call);
    }
    free(call.against);
    input_list_free(&list);
    return status;
}
