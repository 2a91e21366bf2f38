// one_executor: an executor of the Go-like heap for each test of a file, with every check that is
// cheap enough.
//
// Included by one test each.
#ifndef TESTS_FUZZ_ONE_EXECUTOR_H
#define TESTS_FUZZ_ONE_EXECUTOR_H

#include "fuzz/go/machine.h"
#include "fuzz/program/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/test.h"

static struct program program;
static struct executor *executor;

static const struct executor_options plain = {.level = ORACLE_FULL,
                                              .check_each = true,
                                              .keeps_expectations = true,
                                              .final_dump = true,
                                              .final_graph = true};

static int open_executor(void **context) {
    (void)context;
    executor = executor_create(&machine_go, NULL, &plain);
    return executor == NULL ? -1 : 0;
}

static int close_executor(void **context) {
    (void)context;
    executor_destroy(executor);
    return 0;
}

// How the program of the text ends.
static enum verdict run_text(const char *text) {
    struct text_error error;
    if (!text_parse_program(&program, text, strlen(text), &error)) {
        fail_msg("line %zu: %s", error.line, error.message);
    }
    return executor_run(executor, &program, false);
}

#endif
