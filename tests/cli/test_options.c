// test_options: the table of a subcommand, read as it says: a flag takes no value, by a letter or a
// word; a table that is longer than there is room for is never cut.
#include "tests/test.h"

#include "cli/io/cli.h"
#include "cli/io/options.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int parse(const struct cli_option *rows, char **argv, char ***operands, size_t *count) {
    int argc = 0;
    while (argv[argc] != NULL) {
        argc++;
    }
    const struct cli_call call = {.usage = "", .options = rows, .operands_max = 8};
    return cli_parse(&call, argc, argv, operands, count);
}

TEST(a_flag_takes_no_value) {
    bool is_quiet = false, is_loud = false;
    const char *to = NULL;
    const struct cli_option rows[] = {{.name = "-q", .flag = &is_quiet},
                                      {.name = "--loud", .flag = &is_loud},
                                      {.name = "-o", .value = &to},
                                      {.name = NULL}};
    char command[] = "some", quiet[] = "-q", first[] = "first", loud[] = "--loud", out[] = "-o";
    char file[] = "file", second[] = "second";
    char *argv[] = {command, quiet, first, loud, second, out, file, NULL};
    char **operands;
    size_t count;
    assert_true(parse(rows, argv, &operands, &count) < 0);
    assert_true(is_quiet);
    assert_true(is_loud);
    assert_string_equal(to, "file");
    assert_int_equal(count, 2);
    assert_string_equal(operands[0], "first");
    assert_string_equal(operands[1], "second");
}

TEST(a_table_is_never_cut) {
    static char names[40][16];
    static bool flags[40];
    struct cli_option rows[41] = {{.name = NULL}};
    for (int i = 0; i < 40; i++) {
        (void)snprintf(names[i], sizeof names[i], "--f%02d", i);
        rows[i] = (struct cli_option){.name = names[i], .flag = &flags[i]};
    }
    char command[] = "some";
    char *argv[] = {command, names[39], NULL};
    pid_t child = fork();
    if (child == 0) {
        char **operands;
        size_t count;
        (void)signal(SIGABRT, SIG_DFL);
        _exit(parse(rows, argv, &operands, &count) < 0 && flags[39] ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
