// machine: the kind of heap that this call's programs run on: chosen once, before the first program
// is read.
#ifndef CLI_RUN_MACHINE_H
#define CLI_RUN_MACHINE_H

#include "cli/io/options.h"
#include "fuzz/execute/machine.h"

#include <stdint.h>
#include "fuzz/subject/subject.h"

struct machine_call {      // what the command line says
    const char *subject;   // a name, or a path with a slash; NULL: the Go-like heap
    const char *relations; // a file; NULL: the adapter's own
};

// For cli_parse: rows of the options that choose.
extern struct machine_call machine_call;
// The options that choose the heap, for a subcommand's table of them.
#define MACHINE_OPTIONS                                                                            \
    {"--subject", NULL, &machine_call.subject}, {                                                  \
        "--relations", NULL, &machine_call.relations                                               \
    }
// What --help says of MACHINE_OPTIONS.
#define MACHINE_HELP                                                                               \
    "  --subject NAME   runs on another allocator: a listed one, or the path of an\n"              \
    "                   adapter\n"                                                                 \
    "  --relations F    what its statistics mean, in place of the adapter's own text\n"

// Puts our own heap among the subjects, where this build has it; before any is looked up.
void machine_add_own(void);

// Opens the subject of that name or path, with these relations in place of its own where they are
// not NULL. Otherwise a message begins with `command`, and the status says whose fault it is.
int machine_open_other(const char *command, const char *name, const char *relations,
                       struct subject *other);

// Where the command line names no subject, that of the head of a file ("# subject: NAME") is meant:
// one that is listed, never a path. False: two files name two; a message was printed.
bool machine_take_from(const char *subcommand, char **paths, size_t path_count);

// The option of the chosen subject that the program runs under; NULL: none.
const char *machine_option(const struct program *program);

// The program as text, for harness_free(); in front of it the head of a file: which subject, and
// under which of its options. NULL: out of memory.
char *machine_print_program(const struct program *program);

// Opens what the command line asked for. CLI_CLEAN, or another status: a message was printed.
int machine_choose(const char *subcommand);
// cli_parse(), machine_take_from() the operands, then machine_choose().
int machine_parse(const struct cli_call *call, int argc, char **argv, char ***operands,
                  size_t *operand_count);

// The chosen one, its language in use. NULL: this build has no heap of its own, and none was named.
const struct machine *machine_now(void);

// What its create() wants.
const void *machine_argument(void);

// What each executor of this call gets done to it when it is made; NULL: nothing.
void machine_set_prepare(void (*prepare)(struct executor *executor));
// Does to this executor what was given.
void machine_prepare(struct executor *executor);

// The subject that was chosen; NULL: none.
struct subject *machine_subject(void);

// After a program: where its heap lies when its fixed base was taken by somebody else, so that
// addresses, and what is made of them, are other ones than elsewhere. 0: at its base, or no matter.
uintptr_t machine_moved_base(struct executor *executor);

#endif
