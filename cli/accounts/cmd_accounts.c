// cmd_accounts: which exported numbers two builds of countercheck report differently, on which
// inputs, at which operation.
//
// Each build replays each file in a process of its own and prints JSON; what is compared is what
// they print.
#define _POSIX_C_SOURCE 200809L
#include "cli/accounts/accounts.h"
#include "cli/io/cli.h"
#include "cli/io/input.h"
#include "cli/io/options.h"
#include "cli/run/kind.h"

#include <sys/stat.h>

static const char usage[] =
    "usage: countercheck accounts [--allow=NAME,...] [--allow-findings]\n"
    "                             [--json|--markdown] [--timeout S] OLD NEW CORPUS\n"
    "\n"
    "Replays the files of CORPUS on two builds of countercheck, OLD and NEW, with\n"
    "every truth set aside, and lists which exported statistics differ, on how many\n"
    "inputs, and, of the smallest of them, both numbers and the first operation at\n"
    "which they part. What parts first stands first: cause before consequence. Behind\n"
    "them: what an operation moved differently, the records of the final dump that\n"
    "differ, and what NEW's own rules find when it judges itself. What the files\n"
    "themselves expect is not checked. What is no program is left out.\n"
    "  --allow=NAME,... differences of these are meant: they are listed, and are no\n"
    "                   finding. A NAME is a statistic's, a record's of the dump\n"
    "                   (Object), or effective: whether an operation did anything\n"
    "  --allow-findings what NEW's own rules find is listed, and is no finding\n"
    "  --json           one object\n"
    "  --markdown       a comment for a pull request\n"
    "  --timeout S      a build that takes longer for an input hangs (20)\n"
    "Exit status: 0 no difference but those allowed, 1 a difference, 2 unusable input\n"
    "or call (a build that cannot be run or prints no statistics, a name that nobody\n"
    "knows), 3 the environment failed.\n";

#define TIMEOUT_SECONDS_MAX 86400

static int compare_all(struct accounts *accounts, const struct input_list *list) {
    int status = CLI_CLEAN;
    size_t other_count = 0;
    for (size_t i = 0; i < list->count && status == CLI_CLEAN; i++) {
        (void)cli_progress("%zu of %zu", i, list->count);
        if (kind_of(list->paths[i], list->is_walked) == KIND_PROGRAM) {
            status = accounts_compare(accounts, list->paths[i]);
        } else {
            other_count++;
        }
    }
    (void)cli_progress("");
    if (other_count > 0 && status == CLI_CLEAN) {
        cli_message("accounts: %zu of %zu inputs are no programs, and are left out", other_count,
                    list->count);
    }
    if (other_count == list->count) {
        return CLI_UNUSABLE;
    }
    return status == CLI_CLEAN ? accounts_finish(accounts) : status;
}

static int run(struct accounts *accounts, const char *corpus, bool is_json, bool is_markdown) {
    struct input_list list = {0};
    struct stat file;
    if (stat(corpus, &file) == 0 && !S_ISREG(file.st_mode) && !S_ISDIR(file.st_mode)) {
        cli_message("%s: no regular file: each build reads it anew", corpus);
        return CLI_UNUSABLE;
    }
    int status = input_list_add(&list, corpus);
    if (status == CLI_CLEAN) {
        status = compare_all(accounts, &list);
    }
    input_list_free(&list);
    if (status != CLI_CLEAN) {
        return status;
    }
    if (is_json) {
        accounts_print_json(accounts);
    } else if (is_markdown) {
        accounts_print_markdown(accounts);
    } else {
        accounts_print_table(accounts);
    }
    return cli_finish(accounts_is_found(accounts) ? CLI_FINDING : CLI_CLEAN);
}

int cmd_accounts(int argc, char **argv) {
    struct accounts accounts = {0};
    bool is_json = false;
    bool is_markdown = false;
    const char *timeout = "20";
    uint64_t timeout_seconds;
    const struct cli_option options[] = {
        {"--allow", NULL, &accounts.allowed}, {"--allow-findings", &accounts.allows_findings, NULL},
        {"--json", &is_json, NULL},           {"--markdown", &is_markdown, NULL},
        {"--timeout", NULL, &timeout},        {NULL, NULL, NULL},
    };
    const struct cli_call call = {usage, options, 3, 3};
    char **operands;
    size_t operand_count;
    int status = cli_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    if (is_json && is_markdown) {
        cli_message("accounts: --json or --markdown, not both");
        return CLI_UNUSABLE;
    }
    if (!cli_count("accounts", "--timeout", timeout, TIMEOUT_SECONDS_MAX, &timeout_seconds)) {
        return CLI_UNUSABLE;
    }
    accounts.names = json_object_new_object();
    if (accounts.names == NULL) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    for (size_t i = 0; i < 2; i++) {
        accounts.builds[i] =
            (struct build){.path = operands[i], .timeout_ms = (uint32_t)timeout_seconds * 1000};
    }
    status = run(&accounts, operands[2], is_json, is_markdown);
    accounts_fini(&accounts);
    return status;
}
