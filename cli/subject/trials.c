// trials: draws the program of a number. Numbers follow each other; their seeds lie far apart.
#define _POSIX_C_SOURCE 200809L // strsignal
#include "cli/subject/trials.h"

#include "cli/io/cli.h"
#include "fuzz/generate/generator.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define OPERATIONS_MAX 128

void trials_draw(struct program *program, uint64_t number) {
    generator_program(program, (uint32_t)(number * UINT64_C(0x9e3779b1)), OPERATIONS_MAX);
    program->header.check_every = 1;
}

uint64_t trials_first(uint64_t seed) {
    return seed << 20;
}

int trials_refused(void) {
    cli_message("subject: no process or no memory, or the subject cannot be made");
    return CLI_ENVIRONMENT;
}

const char *trials_death(int status, bool *hangs) {
    *hangs = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    return *hangs                ? "a program did not end"
           : WIFSIGNALED(status) ? strsignal(WTERMSIG(status))
                                 : "the process ended by itself";
}

void trials_print_program(const char *text) {
    for (const char *at = text; at != NULL && *at != 0;) {
        size_t length = strcspn(at, "\n");
        (void)printf("     %.*s\n", (int)length, at);
        at += length + (at[length] == '\n');
    }
}
