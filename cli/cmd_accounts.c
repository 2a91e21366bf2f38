// cmd_accounts: which exported numbers two builds of countercheck report differently, on which
// inputs, at which operation.
//
// Each build replays each file in a process of its own and prints JSON; what is compared is what
// they print.
#define _POSIX_C_SOURCE 200809L
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: countercheck accounts [--allow=FIELD,...] [--json] OLD NEW CORPUS\n"
    "\n"
    "Replays the files of CORPUS on two builds of countercheck, OLD and NEW, and lists which "
    "exported\n"
    "statistics changed, on how many inputs, and the first operation at which they part.\n"
    "  --allow=FIELD,...  changes of these fields are meant: listed, but no finding\n"
    "  --json             one object\n"
    "Exit status: 0 no difference but those allowed, 1 a difference, 2 unusable input or call (a "
    "build\n"
    "that cannot be run), 3 the environment failed.\n";

static bool is_allowed(const char *list, const char *field) {
    size_t length = strlen(field);
    while (list != NULL) {
        if (strncmp(list, field, length) == 0 && (list[length] == ',' || list[length] == 0)) {
            return true;
        }
        list = strchr(list, ',');
        list = list == NULL ? NULL : list + 1;
    }
    return false;
}

static bool print_table(const struct accounts *accounts, const char *allowed) {
    bool found = accounts->other_count > 0;
    for (size_t i = 0; i < accounts->change_count; i++) {
        const struct account_change *change = &accounts->changes[i];
        bool allow = is_allowed(allowed, change->field);
        found |= !allow;
        (void)printf("%-16s %4zu input%s  %s: %s -> %s%s%s%s\n", change->field, change->input_count,
                     change->input_count == 1 ? " " : "s", change->first_input, change->old_value,
                     change->new_value, change->operation[0] == 0 ? "" : ", from operation ",
                     change->operation, allow ? "  (allowed)" : "");
    }
    if (accounts->other_count > 0) {
        (void)printf("%zu input%s ended differently, first %s\n", accounts->other_count,
                     accounts->other_count == 1 ? "" : "s", accounts->other_input);
    }
    (void)printf("%zu inputs, %zu fields differ\n", accounts->input_count, accounts->change_count);
    return found;
}

static bool print_json(const struct accounts *accounts, const char *allowed) {
    bool found = accounts->other_count > 0;
    (void)printf("{\"inputs\":%zu,\"ended_differently\":%zu,\"fields\":{", accounts->input_count,
                 accounts->other_count);
    for (size_t i = 0; i < accounts->change_count; i++) {
        const struct account_change *change = &accounts->changes[i];
        bool allow = is_allowed(allowed, change->field);
        found |= !allow;
        (void)printf("%s\"%s\":{\"inputs\":%zu,\"old\":%s,\"new\":%s,\"allowed\":%s}",
                     i == 0 ? "" : ",", change->field, change->input_count, change->old_value,
                     change->new_value, allow ? "true" : "false");
    }
    (void)printf("}}\n");
    return found;
}

static int compare_all(struct accounts *accounts, const struct input_list *list) {
    bool is_terminal = isatty(STDERR_FILENO) == 1;
    int status = CLI_CLEAN;
    for (size_t i = 0; i < list->count && status == CLI_CLEAN; i++) {
        if (is_terminal) {
            (void)fprintf(stderr, "\r%zu of %zu", i, list->count);
        }
        status = accounts_compare(accounts, list->paths[i]);
    }
    if (is_terminal) {
        (void)fputs("\r\033[K", stderr);
    }
    return status;
}

int cmd_accounts(int argc, char **argv) {
    const char *allowed = NULL;
    bool is_json = false;
    const struct cli_option options[] = {
        {"--allow", NULL, &allowed}, {"--json", &is_json, NULL}, {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 3, 3};
    char **operands;
    size_t operand_count;
    int status = cli_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    struct input_list list = {0};
    struct accounts *accounts = calloc(1, sizeof *accounts);
    if (accounts == NULL) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    accounts->builds[0] = operands[0];
    accounts->builds[1] = operands[1];
    status = input_list_add(&list, operands[2]);
    if (status == CLI_CLEAN) {
        status = compare_all(accounts, &list);
    }
    if (status == CLI_CLEAN) {
        bool found = is_json ? print_json(accounts, allowed) : print_table(accounts, allowed);
        status = cli_finish(found ? CLI_FINDING : CLI_CLEAN);
    }
    input_list_free(&list);
    free(accounts);
    return status;
}
