// cmd_accounts: which exported numbers two builds of countercheck report differently, on which
// inputs, at which operation.
//
// Each build replays each file in a process of its own and prints JSON; what is compared is what
// they print.
#define _POSIX_C_SOURCE 200809L
#include "cli/accounts.h"
#include "cli/io/cli.h"
#include "cli/io/input.h"
#include "cli/io/options.h"
#include "cli/run/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: countercheck accounts [--allow=FIELD,...] [--json] OLD NEW CORPUS\n"
    "\n"
    "Replays the files of CORPUS on two builds of countercheck, OLD and NEW, and lists which "
    "exported\n"
    "statistics changed, on how many inputs, and, of the smallest of them, both numbers and the "
    "first\n"
    "operation at which they part. What the files themselves expect is not checked.\n"
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

static const char *plural(size_t count) {
    return count == 1 ? "" : "s";
}

// Two lines a field: the numbers, and where they part.
static void print_change(const struct accounts *accounts, const struct account_change *change,
                         bool allow) {
    char name[sizeof change->field + sizeof change->part];
    (void)snprintf(name, sizeof name, "%s%s", change->field, change->part);
    (void)printf("%-20s %5zu of %-5zu %14s -> %s%s\n    %s", name, change->input_count,
                 accounts->input_count, change->old_value, change->new_value,
                 allow ? "  (allowed)" : "", change->input);
    if (change->has_parted) {
        int length = (int)strlen(change->text);
        bool is_quoted = length >= 2 && change->text[0] == '"';
        (void)printf(", operation %zu: %.*s", change->operation, is_quoted ? length - 2 : length,
                     change->text + is_quoted);
    }
    (void)printf("\n");
}

static bool print_table(const struct accounts *accounts, const char *allowed) {
    bool found = accounts->other_count > 0;
    if (accounts->change_count > 0) {
        (void)printf("%-20s %14s %14s -> %s\n    %s\n", "field", "inputs      ", "old", "new",
                     "the smallest input, and where its numbers part");
    }
    for (size_t i = 0; i < accounts->change_count; i++) {
        bool allow = is_allowed(allowed, accounts->changes[i].field);
        found |= !allow;
        print_change(accounts, &accounts->changes[i], allow);
    }
    if (accounts->other_count > 0) {
        (void)printf("%zu input%s ended differently, first %s: status %d -> %d%s%s\n",
                     accounts->other_count, plural(accounts->other_count), accounts->other_input,
                     accounts->other_status[0], accounts->other_status[1],
                     accounts->other_rule[0] == 0 ? "" : ", rule ", accounts->other_rule);
    }
    (void)printf("%zu input%s, %zu field%s differ%s\n", accounts->input_count,
                 plural(accounts->input_count), accounts->change_count,
                 plural(accounts->change_count), accounts->change_count == 1 ? "s" : "");
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
        (void)printf("%s\"%s\":{\"inputs\":%zu,\"part\":\"%s\",\"old\":%s,\"new\":%s,"
                     "\"allowed\":%s,\"input\":",
                     i == 0 ? "" : ",", change->field, change->input_count, change->part,
                     change->old_value, change->new_value, allow ? "true" : "false");
        replay_print_json_string(change->input, stdout);
        (void)printf(",\"operations\":%zu", change->operation_count);
        if (change->has_parted) {
            (void)printf(",\"operation\":%zu,\"text\":%s", change->operation, change->text);
        }
        (void)printf("}");
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
