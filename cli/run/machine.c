// machine: opens the heap that the command line names, and remembers it.
#define _POSIX_C_SOURCE 200809L
#include "cli/run/machine.h"

#include "cli/io/cli.h"
#include "cli/io/input.h"
#include "cli/run/apart.h"
#include "cli/run/crash.h"
#include "cli/run/restart.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

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

int machine_choose(const char *subcommand) {
    char message[SUBJECT_MESSAGE_BYTES];
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
    enum subject_status opened = subject_open(&subject, machine_call.subject, relations, message);
    free(relations);
    if (opened != SUBJECT_OPEN) {
        cli_message("%s: %s: %s", subcommand, machine_call.subject, message);
        return opened == SUBJECT_UNUSABLE ? CLI_UNUSABLE : CLI_ENVIRONMENT;
    }
    has_subject = true;
    language_use(&subject.language);
    return CLI_CLEAN;
}

int machine_parse(const struct cli_call *call, int argc, char **argv, char ***operands,
                  size_t *operand_count) {
    int status = cli_parse(call, argc, argv, operands, operand_count);
    if (status >= 0) {
        return status;
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
