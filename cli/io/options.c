// options: long options with or without "=", operands in between, "--" ends the options.
#include "cli/io/options.h"

#include "cli/io/cli.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option *find_option(const struct cli_call *call, const char *argument,
                                            const char **value) {
    const char *equals = strchr(argument, '=');
    size_t length = equals == NULL ? strlen(argument) : (size_t)(equals - argument);
    *value = equals == NULL ? NULL : equals + 1;
    for (const struct cli_option *option = call->options; option->name != NULL; option++) {
        if (strlen(option->name) == length && strncmp(option->name, argument, length) == 0) {
            return option;
        }
    }
    return NULL;
}

static int refuse(const char *subcommand, const char *what, const char *argument) {
    cli_message("%s: %s%s (try --help)", subcommand, what, argument);
    return CLI_UNUSABLE;
}

// Takes argv[*at], and its value when that is the next one. -1: go on.
static int take_option(const struct cli_call *call, int argc, char **argv, int *at) {
    const char *value = NULL;
    const char *argument = argv[*at];
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        (void)fputs(call->usage, stdout);
        return cli_finish(CLI_CLEAN);
    }
    const struct cli_option *option = find_option(call, argument, &value);
    if (option == NULL || (option->flag != NULL && value != NULL)) {
        return refuse(argv[0], "unknown option ", argument);
    }
    if (option->flag != NULL) {
        *option->flag = true;
        return -1;
    }
    if (value == NULL) {
        if (*at + 1 == argc) {
            return refuse(argv[0], "a value is missing behind ", argument);
        }
        value = argv[++*at];
    }
    *option->value = value;
    return -1;
}

int cli_parse(const struct cli_call *call, int argc, char **argv, char ***operands,
              size_t *operand_count) {
    bool only_operands = false;
    *operands = argv + 1;
    *operand_count = 0;
    for (int i = 1; i < argc; i++) {
        bool is_option = !only_operands && argv[i][0] == '-' && argv[i][1] != 0;
        if (is_option && strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (is_option) {
            int status = take_option(call, argc, argv, &i);
            if (status >= 0) {
                return status;
            }
        } else {
            (*operands)[(*operand_count)++] = argv[i];
        }
    }
    if (*operand_count < call->operands_min) {
        return refuse(argv[0], "an operand is missing", "");
    }
    if (*operand_count > call->operands_max) {
        return refuse(argv[0], "one operand too many: ", (*operands)[call->operands_max]);
    }
    return -1;
}

bool cli_number(const char *subcommand, const char *name, const char *text, uint64_t max,
                uint64_t *value) {
    *value = 0;
    bool ok = *text != 0;
    for (const char *at = text; *at != 0 && ok; at++) {
        unsigned digit = (unsigned)(*at - '0');
        ok = digit < 10 && digit <= max && *value <= (max - digit) / 10;
        *value = *value * 10 + digit;
    }
    if (!ok) {
        cli_message("%s: %s takes a whole number up to %llu, not '%s'", subcommand, name,
                    (unsigned long long)max, text);
    }
    return ok;
}
