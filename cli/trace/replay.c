// replay: `trace replay`: a whole trace on an allocator, judged.
#define _GNU_SOURCE // RUSAGE_SELF
#include "cli/run/shared.h"
#include "cli/io/cli.h"
#include "cli/io/clock.h"
#include "cli/io/escape.h"
#include "cli/run/machine.h"
#include "cli/trace/drive.h"
#include "cli/trace/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const char usage[] =
    "usage: countercheck trace replay FILE [OPTION]...\n"
    "\n"
    "Does what a trace says to the Go-like heap or another allocator, in a process of\n"
    "its own, in the order of the trace and by one thread, however long it is. What\n"
    "the allocator gives is entered in a ledger; objects are filled, and must keep\n"
    "that; every 65,536 events and at the end all of it is checked, with the\n"
    "statistics by their relations (but for rules that need a look at each event).\n" MACHINE_HELP
    "  --check=none|full   without a ledger; full (else)\n"
    "  --no-contents       objects are not filled\n"
    "  --json              one object\n"
    "Exit status: 0 clean, 1 a finding, 2 unusable input or call, 3 the environment\n"
    "failed.\n";

struct call {
    struct drive_options options;
    struct subject *subject;
    struct drive_result *result; // shared with the child
    struct feed_end end;
    struct feed_totals totals;
    double seconds;
    uint64_t peak_kib; // of both processes
    bool is_json;
    const char *path;
};

static int work(void *context, struct feed *feed) {
    struct call *call = context;
    drive_all(feed, call->subject, &call->options, call->result);
    return 0;
}

// ---- what came of it

static const char *death_of(const struct call *call) {
    int status = call->end.status;
    return call->end.is_whole                                   ? NULL
           : WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "a call did not return"
           : WIFSIGNALED(status)                                ? strsignal(WTERMSIG(status))
                                                                : "it ended the process";
}

static double rate_of(const struct call *call) {
    return call->seconds > 0 ? (double)call->totals.events / call->seconds : 0;
}

static void print_json(const struct call *call) {
    const struct drive_result *result = call->result;
    const char *death = death_of(call);
    printf("{\"events\":%" PRIu64 ",\"calls\":%" PRIu64 ",\"failed\":%" PRIu64
           ",\"checks\":%" PRIu64 ",\"seconds\":%.3f,\"events_per_second\":%.0f"
           ",\"processor_seconds\":%.3f,\"peak_kib\":%" PRIu64 ",\"peak_bytes\":%" PRIu64
           ",\"finding\":",
           call->totals.events, result->call_count, result->failed_count, result->check_count,
           call->seconds, rate_of(call), result->seconds, call->peak_kib, call->totals.peak_bytes);
    char line[FINDING_BLOCK_BYTES];
    if (result->has_finding) {
        (void)finding_line(&result->finding, line, sizeof line);
        escape_print_json(line, strlen(line), stdout);
    } else if (death != NULL) {
        escape_print_json(death, strlen(death), stdout);
    } else {
        fputs("null", stdout);
    }
    fputs("}\n", stdout);
}

static void print_text(const struct call *call) {
    const struct drive_result *result = call->result;
    const char *death = death_of(call);
    char line[FINDING_BLOCK_BYTES];
    if (result->has_finding) {
        (void)finding_line(&result->finding, line, sizeof line);
        printf("%s: %s\n", escape_shown(call->path), line);
        finding_print(&result->finding, stdout);
        return;
    }
    if (death != NULL) {
        printf("%s: %s died at event %" PRIu64 ": %s\n", escape_shown(call->path),
               call->subject->table.name, call->end.event, death);
        return;
    }
    printf("%12" PRIu64 " events, %" PRIu64 " calls of %s, of which %" PRIu64 " gave nothing\n",
           call->totals.events, result->call_count, call->subject->table.name,
           result->failed_count);
    printf("%12.0f events/s: %.2f s, %.2f s of it the allocator's processor\n", rate_of(call),
           call->seconds, result->seconds);
    printf("%12" PRIu64 " bytes in %" PRIu64 " objects at the peak\n", call->totals.peak_bytes,
           call->totals.peak_objects);
    printf("%12" PRIu64 " KiB of memory at the most, this command's included\n", call->peak_kib);
    printf("%12" PRIu64 " checks, no finding\n", result->check_count);
}

static int tell(const struct call *call) {
    if (call->result->is_environment) {
        cli_message("%s: no memory, or %s cannot be made", call->path, call->subject->table.name);
        return CLI_ENVIRONMENT;
    }
    if (call->is_json) {
        print_json(call);
    } else {
        print_text(call);
    }
    bool is_clean = !call->result->has_finding && death_of(call) == NULL;
    return cli_finish(is_clean ? CLI_CLEAN : CLI_FINDING);
}

static int replay(struct call *call) {
    call->result = shared_map(sizeof *call->result);
    if (call->result == NULL) {
        return CLI_ENVIRONMENT;
    }
    double begun = clock_seconds();
    int status = feed_run(call->path, work, call, &call->end, &call->totals);
    call->seconds = clock_seconds() - begun;
    struct rusage used;
    (void)getrusage(RUSAGE_SELF, &used);
    call->peak_kib = (uint64_t)used.ru_maxrss + call->result->peak_kib;
    if (status == CLI_CLEAN) {
        status = tell(call);
    }
    shared_unmap(call->result, sizeof *call->result);
    return status;
}

int trace_replay(int argc, char **argv) {
    const char *check = "full";
    bool no_contents = false;
    struct call call = {.is_json = false};
    const struct cli_option options[] = {MACHINE_OPTIONS,
                                         {"--check", NULL, &check},
                                         {"--no-contents", &no_contents, NULL},
                                         {"--json", &call.is_json, NULL},
                                         {NULL, NULL, NULL}};
    const struct cli_call described = {usage, options, 1, 1};
    char **operands;
    size_t operand_count;
    machine_add_own();
    machine_call.subject = "go-heap";
    int status = machine_parse(&described, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    if (strcmp(check, "full") != 0 && strcmp(check, "none") != 0) {
        cli_message("replay: --check takes none or full, not '%s'", check);
        return CLI_UNUSABLE;
    }
    call.options = (struct drive_options){check[0] == 'f', !no_contents};
    call.subject = machine_subject();
    call.path = operands[0];
    return replay(&call);
}
