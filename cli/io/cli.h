// cli: what the subcommands of countercheck share: exit statuses, messages, and one entry for each.
//
// Results go to stdout, messages to stderr. Every subcommand understands --help.
#ifndef CLI_IO_CLI_H
#define CLI_IO_CLI_H

#include <stdbool.h>
#include <stdint.h>

// The exit statuses of every subcommand.
enum cli_status {
    CLI_CLEAN = 0,       // nothing was found
    CLI_FINDING = 1,     // a divergence, a failed rule, a difference
    CLI_UNUSABLE = 2,    // the input or the call is unusable
    CLI_ENVIRONMENT = 3, // out of memory, disk full, a stream that broke
};

// Each takes its arguments from its own name on (argv[0] is "replay") and returns an enum
// cli_status.

// Runs programs under the oracle, and prints what they do and find.
int cmd_replay(int argc, char **argv);
// Finds the smallest program with the same finding, or the same crash.
int cmd_minimize(int argc, char **argv);
// Minimises a finding and keeps it in the corpus.
int cmd_adopt(int argc, char **argv);
// Finds the first operation after which a rule fails.
int cmd_bisect(int argc, char **argv);
// Tells the language of programs, and converts them.
int cmd_ops(int argc, char **argv);
// Runs drawn programs for a time or a number of operations.
int cmd_soak(int argc, char **argv);
// Passes on to the subcommands of cli/dump/dump.h.
int cmd_dump(int argc, char **argv);
// Runs a command and writes what it asks of malloc to a trace. Its own statuses: 125 to 128 + 64.
int cmd_record(int argc, char **argv);
// Passes on to the subcommands of cli/trace/trace.h.
int cmd_trace(int argc, char **argv);
// Passes on to those of cli/subject/.
int cmd_subject(int argc, char **argv);
// Compares the numbers of two builds on one corpus.
int cmd_accounts(int argc, char **argv);

// What stands behind a noun of which there are so many.
static inline const char *cli_s(uint64_t count) {
    return count == 1 ? "" : "s";
}

// Prints "countercheck: MESSAGE" as one line on stderr. printf-like.
void cli_message(const char *format, ...);

// On a terminal, shows how far the run is, in place of what was shown before ("": nothing any
// more). printf-like. False: stderr is no terminal.
bool cli_progress(const char *format, ...);

// How far long work is, at most every two seconds: on a terminal as progress, elsewhere as a
// message. *told_ms: when it was told last, by clock_ms(). printf-like.
void cli_tell(int64_t *told_ms, const char *format, ...);

// Says that the system refused the run of `name` what it needed; returns CLI_ENVIRONMENT.
int cli_refused(const char *name);

// False: stdout is broken or full, and nothing more need be printed.
bool cli_can_print(void);

// Flushes stdout and tells a broken or full one: the status to exit with.
int cli_finish(int status);

#endif
