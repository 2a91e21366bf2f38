// cmd_adopt: from the file that a fuzzer left to a regression test: replayed, minimised, named, and
// written into the corpus.
#define _POSIX_C_SOURCE 200809L
#include "cli/io/cli.h"
#include "cli/io/input.h"
#include "cli/io/options.h"
#include "cli/run/machine.h"
#include "cli/run/shrink.h"
#include "fuzz/program/text.h"
#include "oracle/core/harness_memory.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES 80
#define PATH_BYTES 4096

static const char usage[] =
    "usage: countercheck adopt [--name NAME] [--target TARGET] [--corpus DIR]\n"
    "                          [--loose] [--timeout S] [--total S] [--raw] CRASH\n"
    "\n"
    "Makes a regression test of a file that fuzzing left: replays it, minimises it to\n"
    "the same finding or crash, and writes it as text to\n"
    "DIR/TARGET/regression/NAME.ops, with what it shows as a comment on top. ctest\n"
    "replays it from then on, as a test of its own.\n"
    "  --name NAME      of the file; else the rule and the field\n"
    "  --target TARGET  heap or dump; else what the file's name begins with, else\n"
    "                   heap\n"
    "  --corpus DIR     else corpus, which is there in the project's root\n" SHRINK_HELP
    "  --raw            takes any bytes as a program, as the fuzz targets do\n" MACHINE_HELP
    "Exit status: 0 the file is written, 2 unusable input or call (no finding in\n"
    "CRASH, the name is taken), 3 the environment failed.\n";

struct adoption {
    const char *crash, *name, *target, *corpus; // as called; name and target may be NULL
    bool is_raw;
    struct shrink_options shrink_options;
    char own_name[NAME_BYTES];
    char path[PATH_BYTES];
};

static struct program program;

static int refuse(const char *what, const char *why) {
    cli_message("adopt: %s: %s", what, why);
    return CLI_UNUSABLE;
}

static const char *target_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return strncmp(slash == NULL ? path : slash + 1, "dump-", 5) == 0 ? "dump" : "heap";
}

static bool is_name(const char *name) {
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "-_.");
    return length > 0 && name[length] == 0 && length < NAME_BYTES && name[0] != '.' &&
           name[0] != '-';
}

// Letters and digits of the text, with one dash for whatever lies between.
static void make_name(char *name, size_t size_bytes, const char *text) {
    size_t length = 0;
    for (; *text != 0 && length + 2 < size_bytes; text++) {
        if (isalnum((unsigned char)*text)) {
            name[length++] = (char)tolower((unsigned char)*text);
        } else if (length > 0 && name[length - 1] != '-') {
            name[length++] = '-';
        }
    }
    while (length > 0 && name[length - 1] == '-') {
        length--;
    }
    name[length] = 0;
}

// Where it goes; CLI_UNUSABLE when it cannot go there, and a message was printed.
static int find_place(struct adoption *adoption) {
    int length = snprintf(adoption->path, sizeof adoption->path, "%s/%s/regression",
                          adoption->corpus, adoption->target);
    if (length < 0 || (size_t)length + NAME_BYTES + sizeof "/.ops" > sizeof adoption->path) {
        return refuse(adoption->corpus, "too long a path");
    }
    if (access(adoption->path, F_OK) != 0) {
        return refuse(adoption->path,
                      "no such directory (call it in the project's root, or name --corpus)");
    }
    if (adoption->name == NULL) {
        return CLI_CLEAN;
    }
    if (!is_name(adoption->name)) {
        return refuse(adoption->name, "a name is letters, digits, dashes, dots and underscores");
    }
    (void)snprintf(adoption->path + length, sizeof adoption->path - (size_t)length, "/%s.ops",
                   adoption->name);
    return access(adoption->path, F_OK) == 0 ? refuse(adoption->path, "the name is taken")
                                             : CLI_CLEAN;
}

// The comment and the program, for harness_free(); NULL: out of memory.
static char *print_adopted(const struct outcome *outcome, const char *what) {
    const char *reason = outcome->kind == OUTCOME_FINDING ? outcome->rule->reason : "";
    char *text = machine_print_program(&program);
    size_t size_bytes = text == NULL ? 0 : strlen(text) + strlen(what) + strlen(reason) + 8;
    char *whole = text == NULL ? NULL : harness_calloc(1, size_bytes);
    if (whole != NULL) {
        (void)snprintf(whole, size_bytes, "# %s%s%s\n%s", what, reason[0] == 0 ? "" : ": ", reason,
                       text);
    }
    harness_free(text);
    return whole;
}

static int write_adopted(struct adoption *adoption, const struct shrink *shrink) {
    char what[TRIAL_CRASH_BYTES + 16];
    shrink_describe(&shrink->outcome, what, sizeof what);
    if (adoption->name == NULL) {
        make_name(adoption->own_name, sizeof adoption->own_name, what);
        adoption->name = adoption->own_name;
        int status = find_place(adoption);
        if (status != CLI_CLEAN) {
            return status;
        }
    }
    char *text = print_adopted(&shrink->outcome, what);
    if (text == NULL) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    int status = output_write_new(adoption->path, text, strlen(text));
    harness_free(text);
    return status;
}

static int adopt(struct adoption *adoption) {
    struct shrink shrink;
    int status = find_place(adoption);
    if (status == CLI_CLEAN) {
        status = input_read_program_as(adoption->crash, adoption->is_raw, &program);
    }
    if (status == CLI_CLEAN) {
        status =
            shrink_program("adopt", adoption->crash, &adoption->shrink_options, &program, &shrink);
    }
    if (status == CLI_CLEAN) {
        status = write_adopted(adoption, &shrink);
    }
    if (status == CLI_CLEAN) {
        shrink_print(adoption->path, &shrink, &program, stdout);
    }
    return cli_finish(status);
}

int cmd_adopt(int argc, char **argv) {
    struct adoption adoption = {.corpus = "corpus"};
    const struct cli_option options[] = {{"--name", NULL, &adoption.name},
                                         {"--target", NULL, &adoption.target},
                                         {"--corpus", NULL, &adoption.corpus},
                                         {"--raw", &adoption.is_raw, NULL},
                                         SHRINK_OPTIONS(&adoption.shrink_options),
                                         MACHINE_OPTIONS,
                                         {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 1, 1};
    char **operands;
    size_t operand_count;
    int status = machine_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    adoption.crash = operands[0];
    if (adoption.target == NULL) {
        adoption.target =
            machine_subject() != NULL ? machine_subject()->table.name : target_of(operands[0]);
    }
    const struct subject *subject = machine_subject();
    bool is_known = subject != NULL ? strcmp(adoption.target, subject->table.name) == 0
                                    : strcmp(adoption.target, "heap") == 0 ||
                                          strcmp(adoption.target, "dump") == 0;
    if (!is_known) {
        return refuse(adoption.target, subject != NULL ? "--target is the subject's name"
                                                       : "--target is heap or dump");
    }
    return adopt(&adoption);
}
