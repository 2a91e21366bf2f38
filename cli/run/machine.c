// machine: opens the heap that the command line names, and remembers it.
#define _POSIX_C_SOURCE 200809L
#include "cli/run/machine.h"

#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/io/input.h"
#include "cli/run/apart.h"
#include "cli/run/crash.h"
#include "cli/run/restart.h"
#include "fuzz/program/text.h"
#include "oracle/core/harness_memory.h"
#include "fuzz/subject/machine.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#if COUNTERCHECK_HAS_GO
#include "allocator/heap.h"
#include "fuzz/go/heap_subject.h"
#include "fuzz/go/machine.h"
#include "fuzz/subject/built_in.h"
#include "runtime/runtime.h"
#define OWN_MACHINE &machine_go
#else
#define OWN_MACHINE NULL
#endif

struct machine_call machine_call;

static struct subject subject;
static bool has_subject;

int machine_open_other(const char *command, const char *name, const char *relations,
                       struct subject *other) {
    char message[SUBJECT_MESSAGE_BYTES];
    enum subject_status opened = subject_open(other, name, relations, message);
    if (opened == SUBJECT_OPEN) {
        return CLI_CLEAN;
    }
    cli_message("%s: %s: %s", command, name, message);
    return opened == SUBJECT_UNUSABLE ? CLI_UNUSABLE : CLI_ENVIRONMENT;
}

int machine_choose(const char *subcommand) {
    char beside[PATH_MAX + 80];
    char *relations = NULL;
    int status = CLI_CLEAN;
    if (machine_call.subject == NULL) {
        if (machine_call.relations == NULL && machine_now() == NULL) {
            cli_message("%s: this build has no heap of its own: name one with --subject",
                        subcommand);
            return CLI_UNUSABLE;
        }
        if (machine_call.relations == NULL) {
            return CLI_CLEAN;
        }
        cli_message("%s: --relations goes with --subject", subcommand);
        return CLI_UNUSABLE;
    }
    status = apart_begin();
    crash_prepare("countercheck: %s: %s: crashed as it was loaded", subcommand,
                  machine_call.subject);
    if (status == CLI_CLEAN) {
        status = restart_with(subcommand, machine_call.subject, // before stdin is read
                              subject_environment(machine_call.subject));
    }
    if (status != CLI_CLEAN) {
        return status;
    }
    const char *file = machine_call.relations;
    if (file == NULL && subject_find_relations(machine_call.subject, beside, sizeof beside)) {
        file = beside;
    }
    if (file != NULL) {
        relations = input_read_text(file, &status);
        if (relations == NULL) {
            return status;
        }
    }
    status = machine_open_other(subcommand, machine_call.subject, relations, &subject);
    free(relations);
    if (status != CLI_CLEAN) {
        return status;
    }
    has_subject = true;
    language_use(&subject.language);
    return CLI_CLEAN;
}

// ---- heads of files

#define HEAD_SUBJECT "# subject: "
#define NAME_BYTES   80

// The subject that a file's first comments name. False: none.
static bool read_head(const char *path, char name[NAME_BYTES]) {
    struct stat file;
    char line[256];
    FILE *stream = stat(path, &file) == 0 && S_ISREG(file.st_mode) ? fopen(path, "r") : NULL;
    bool is_named = false;
    while (stream != NULL && !is_named && fgets(line, sizeof line, stream) != NULL &&
           line[0] == '#') {
        is_named = strncmp(line, HEAD_SUBJECT, strlen(HEAD_SUBJECT)) == 0;
    }
    if (is_named) {
        line[strcspn(line, "\r\n")] = 0;
        (void)snprintf(name, NAME_BYTES, "%.79s", line + strlen(HEAD_SUBJECT));
        for (char *at = name; *at != 0; at++) {
            if (*at == '/') { // no name: a file has no code loaded from a path
                *at = '?';
            }
        }
    }
    if (stream != NULL) {
        (void)fclose(stream);
    }
    return is_named;
}

bool machine_take_from(const char *subcommand, char **paths, size_t path_count) {
    static char name[NAME_BYTES];
    char other[NAME_BYTES];
    for (size_t i = 0;
         i < path_count && (machine_call.subject == NULL || machine_call.subject == name); i++) {
        if (!read_head(paths[i], other)) {
            continue;
        }
        if (machine_call.subject == name && strcmp(name, other) != 0) {
            cli_message("%s: %s: it is for the subject '%s', and another file for '%s'", subcommand,
                        escape_shown(paths[i]), escape_shown(other), escape_shown(name));
            return false;
        }
        memcpy(name, other, sizeof name);
        machine_call.subject = name;
    }
    return true;
}

const char *machine_option(const struct program *program) {
    return has_subject ? subject_option(&subject, program->header.seed) : NULL;
}

char *machine_print_program(const struct program *program) {
    char *text = text_print_program(program);
    if (text == NULL || !has_subject) {
        return text;
    }
    const char *option = machine_option(program);
    const char *parts[] = {HEAD_SUBJECT,
                           subject.table.name,
                           option == NULL ? "" : "\n# option: ",
                           option == NULL ? "" : option,
                           "\n",
                           text};
    size_t size_bytes = 1;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_bytes += strlen(parts[i]);
    }
    char *whole = harness_calloc(1, size_bytes);
    if (whole != NULL) {
        (void)snprintf(whole, size_bytes, "%s%s%s%s%s%s", parts[0], parts[1], parts[2], parts[3],
                       parts[4], parts[5]);
    }
    harness_free(text);
    return whole;
}

// ---- the choice

int machine_parse(const struct cli_call *call, int argc, char **argv, char ***operands,
                  size_t *operand_count) {
    int status = cli_parse(call, argc, argv, operands, operand_count);
    if (status >= 0) {
        return status;
    }
    if (!machine_take_from(argv[0], *operands, *operand_count)) {
        return CLI_UNUSABLE;
    }
    status = machine_choose(argv[0]);
    return status == CLI_CLEAN ? -1 : status;
}

const struct machine *machine_now(void) {
    return has_subject ? &subject.machine : OWN_MACHINE;
}

const void *machine_argument(void) {
    return has_subject ? &subject : NULL;
}

void machine_add_own(void) {
#if COUNTERCHECK_HAS_GO
    static const struct built_in own = {"go-heap", go_heap_table};
    built_in_add(&own);
#endif
}

static void (*prepare_executor)(struct executor *executor);

void machine_set_prepare(void (*prepare)(struct executor *executor)) {
    prepare_executor = prepare;
}

void machine_prepare(struct executor *executor) {
    if (prepare_executor != NULL) {
        prepare_executor(executor);
    }
}

struct subject *machine_subject(void) {
    return has_subject ? &subject : NULL;
}

uintptr_t machine_moved_base(struct executor *executor) {
#if COUNTERCHECK_HAS_GO
    struct runtime *runtime = has_subject ? NULL : go_runtime(executor);
    uintptr_t base = runtime == NULL ? HEAP_BASE_DEFAULT : heap_base(runtime_heap(runtime));
    return base == HEAP_BASE_DEFAULT ? 0 : base;
#else
    (void)executor;
    return 0;
#endif
}
