// options: the command line of a subcommand, by getopt_long(3); what a name begins with is not it.
#define _POSIX_C_SOURCE 200809L
#include "cli/io/options.h"

#include "cli/io/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 32

// What getopt_long returns: one of these, or a letter.
enum { CODE_OPERAND = 1, CODE_HELP = 'h', CODE_NO_VALUE = ':', CODE_UNKNOWN = '?', CODE_ROW = 256 };

// A table as getopt_long reads it.
struct names {
    struct option words[OPTIONS_MAX + 2];
    char letters[2 * OPTIONS_MAX + 4];
};

static void translate(struct names *names, const struct cli_option *rows) {
    struct option *word = names->words;
    char *letter = stpcpy(names->letters, "-:h"); // operands in their order, messages are ours
    *word++ = (struct option){"help", no_argument, NULL, CODE_HELP};
    for (int i = 0; rows[i].name != NULL; i++) {
        if (i == OPTIONS_MAX) {
            abort(); // else the rest would be unknown to whoever gives it
        }
        int has_value = rows[i].flag == NULL ? required_argument : no_argument;
        if (rows[i].name[1] == '-') {
            *word++ = (struct option){rows[i].name + 2, has_value, NULL, CODE_ROW + i};
        } else {
            *letter++ = rows[i].name[1];
            letter = has_value == required_argument ? stpcpy(letter, ":") : letter;
        }
    }
    *letter = 0;
    *word = (struct option){.name = NULL};
}

static int refuse(const char *subcommand, const char *what, const char *argument) {
    cli_message("%s: %s%s (try --help)", subcommand, what, argument);
    return CLI_UNUSABLE;
}

static void set(const struct cli_option *rows, int code) {
    const struct cli_option *row = rows;
    while (code >= CODE_ROW ? row - rows != code - CODE_ROW : row->name[1] != code) {
        row++;
    }
    if (row->flag != NULL) {
        *row->flag = true;
    } else {
        *row->value = optarg;
    }
}

int cli_parse(const struct cli_call *call, int argc, char **argv, char ***operands,
              size_t *operand_count) {
    struct names names;
    int word = 0; // of names
    int at = 1;   // of argv
    *operands = argv + 1;
    *operand_count = 0;
    translate(&names, call->options);
    optind = 0; // begins anew
    for (int code; (code = getopt_long(argc, argv, names.letters, names.words, &word)) != -1;
         at = optind) {
        bool is_word = strncmp(argv[at], "--", 2) == 0;
        if (code == CODE_OPERAND) {
            (*operands)[(*operand_count)++] = optarg;
        } else if (code == CODE_NO_VALUE) {
            return refuse(argv[0], "a value is missing behind ", argv[at]);
        } else if (code == CODE_UNKNOWN ||
                   (is_word && strlen(names.words[word].name) != strcspn(argv[at] + 2, "="))) {
            return refuse(argv[0], "unknown option ", argv[at]);
        } else if (code == CODE_HELP) {
            (void)fputs(call->usage, stdout);
            return cli_finish(CLI_CLEAN);
        } else {
            set(call->options, code);
        }
    }
    for (at = optind; at < argc; at++) { // behind "--"
        (*operands)[(*operand_count)++] = argv[at];
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

bool cli_count(const char *subcommand, const char *name, const char *text, uint64_t max,
               uint64_t *value) {
    bool ok = cli_number(subcommand, name, text, max, value);
    if (ok && *value == 0) {
        cli_message("%s: %s takes at least 1", subcommand, name);
    }
    return ok && *value > 0;
}
