// accounts: two commands run on one input, their JSON compared key by key.
#define _POSIX_C_SOURCE 200809L
#include "cli/accounts.h"

#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct answer { // of one build
    char *text; // from malloc, NUL-terminated
    int status;
};

static _Noreturn void run_build(const char *build, const char *mode, const char *input, int out) {
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(nowhere, STDERR_FILENO);
    (void)execl(build, build, "replay", mode, "--json", input, (char *)NULL);
    _exit(127);
}

static char *read_text(int descriptor) {
    size_t capacity = 65536;
    size_t length = 0;
    char *text = malloc(capacity);
    while (text != NULL) {
        ssize_t count = read(descriptor, text + length, capacity - length - 1);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            text[length] = 0;
            return text;
        }
        length += (size_t)count;
        if (length + 1 == capacity) {
            char *grown = realloc(text, capacity *= 2);
            if (grown == NULL) {
                free(text);
            }
            text = grown;
        }
    }
    return NULL;
}

static bool ask(const char *build, const char *mode, const char *input, struct answer *answer) {
    int ends[2];
    answer->text = NULL;
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        run_build(build, mode, input, ends[1]);
    }
    (void)close(ends[1]);
    int status = 0;
    if (child > 0) {
        answer->text = read_text(ends[0]);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    }
    (void)close(ends[0]);
    answer->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return answer->text != NULL;
}

// ---- JSON, as replay prints it: an object on a line

// The end of the value that begins at `at`.
static const char *value_end(const char *at) {
    int depth = 0;
    bool in_string = false;
    for (; *at != 0; at++) {
        if (in_string) {
            at += *at == '\\' && at[1] != 0;
            in_string = *at != '"';
        } else if (*at == '"') {
            in_string = true;
        } else if (*at == '[' || *at == '{') {
            depth++;
        } else if (*at == ']' || *at == '}') {
            if (depth-- == 0) {
                return at;
            }
        } else if (*at == ',' && depth == 0) {
            return at;
        }
    }
    return at;
}

// The next key of the object that `at` stands in, its value's begin and end; false: no more.
static bool next_member(const char **at, char *key, size_t key_bytes, const char **value,
                        const char **end) {
    const char *open = strchr(*at, '"');
    const char *close = open == NULL ? NULL : strchr(open + 1, '"');
    if (close == NULL || close[1] != ':') {
        return false;
    }
    (void)snprintf(key, key_bytes, "%.*s", (int)(close - open - 1), open + 1);
    *value = close + 2;
    *end = value_end(*value);
    *at = **end == ',' ? *end + 1 : *end + strlen(*end);
    return true;
}

// Scalars of the object that `text` begins with, by key; false: no such member.
static bool find_member(const char *text, const char *key, char *value, size_t value_bytes) {
    char name[32];
    const char *begin;
    const char *end;
    const char *at = text + (*text == '{');
    while (next_member(&at, name, sizeof name, &begin, &end)) {
        if (strcmp(name, key) == 0) {
            (void)snprintf(value, value_bytes, "%.*s", (int)(end - begin), begin);
            return true;
        }
    }
    return false;
}

// ---- changes

static void note_change(struct accounts *accounts, const char *field, const char *input,
                        const char *old_value, const char *new_value) {
    size_t i = 0;
    while (i < accounts->change_count && strcmp(accounts->changes[i].field, field) != 0) {
        i++;
    }
    if (i == ACCOUNT_FIELDS_MAX) {
        return; // more fields than MemStats has
    }
    struct account_change *change = &accounts->changes[i];
    if (i == accounts->change_count) {
        accounts->change_count++;
        (void)snprintf(change->field, sizeof change->field, "%s", field);
        (void)snprintf(change->first_input, sizeof change->first_input, "%s", input);
        (void)snprintf(change->old_value, sizeof change->old_value, "%.31s", old_value);
        (void)snprintf(change->new_value, sizeof change->new_value, "%.31s", new_value);
    }
    change->input_count++;
}

// Compares the objects member by member; true when some differ.
static bool compare_stats(struct accounts *accounts, const char *input, const char *old_text,
                          const char *new_text) {
    char key[32];
    static char old_value[65536];
    static char new_value[65536];
    const char *begin;
    const char *end;
    const char *at = old_text + (*old_text == '{');
    bool differs = false;
    while (next_member(&at, key, sizeof key, &begin, &end)) {
        (void)snprintf(old_value, sizeof old_value, "%.*s", (int)(end - begin), begin);
        if (!find_member(new_text, key, new_value, sizeof new_value)) {
            (void)snprintf(new_value, sizeof new_value, "null");
        }
        if (strcmp(old_value, new_value) != 0) {
            bool is_list = old_value[0] == '[';
            note_change(accounts, key, input, is_list ? "\"...\"" : old_value,
                        is_list ? "\"...\"" : new_value);
            differs = true;
        }
    }
    return differs;
}

static void note_operation(struct accounts *accounts, const char *input, const char *field,
                           const char *line) {
    char text[96];
    char number[24];
    for (size_t i = 0; i < accounts->change_count; i++) {
        struct account_change *change = &accounts->changes[i];
        bool is_open = strcmp(change->field, field) == 0 && change->operation[0] == 0 &&
                       strcmp(change->first_input, input) == 0;
        if (is_open && find_member(line, "operation", number, sizeof number) &&
            find_member(line, "text", text, sizeof text)) {
            (void)snprintf(change->operation, sizeof change->operation, "%s: %s", number, text);
        }
    }
}

// The first line of the traces in which a field's movements differ tells the operation.
static void compare_traces(struct accounts *accounts, const char *input, const char *old_text,
                           const char *new_text) {
    static char old_moved[8192];
    static char new_moved[8192];
    while (*old_text == '{' && *new_text == '{') {
        bool has_old = find_member(old_text, "moved", old_moved, sizeof old_moved);
        bool has_new = find_member(new_text, "moved", new_moved, sizeof new_moved);
        for (size_t i = 0; has_old && has_new && i < accounts->change_count; i++) {
            char a[32] = "0";
            char b[32] = "0";
            const char *field = accounts->changes[i].field;
            (void)find_member(old_moved, field, a, sizeof a);
            (void)find_member(new_moved, field, b, sizeof b);
            if (strcmp(a, b) != 0) {
                note_operation(accounts, input, field, old_text);
            }
        }
        old_text += strcspn(old_text, "\n");
        new_text += strcspn(new_text, "\n");
        old_text += *old_text == '\n';
        new_text += *new_text == '\n';
    }
}

static int ask_both(struct accounts *accounts, const char *mode, const char *input,
                    struct answer answers[2]) {
    answers[1].text = NULL;
    for (size_t i = 0; i < 2; i++) {
        if (!ask(accounts->builds[i], mode, input, &answers[i])) {
            cli_message("%s: cannot be run: no process or no memory", accounts->builds[i]);
            return CLI_ENVIRONMENT;
        }
        if (answers[i].status == 126 || answers[i].status == 127) {
            cli_message("%s: cannot be run", accounts->builds[i]);
            return CLI_UNUSABLE;
        }
    }
    return CLI_CLEAN;
}

static void free_answers(struct answer answers[2]) {
    free(answers[0].text);
    free(answers[1].text);
}

static int compare_operations(struct accounts *accounts, const char *input) {
    struct answer answers[2];
    int status = ask_both(accounts, "--trace", input, answers);
    if (status == CLI_CLEAN) {
        compare_traces(accounts, input, answers[0].text, answers[1].text);
    }
    free_answers(answers);
    return status;
}

int accounts_compare(struct accounts *accounts, const char *input) {
    struct answer answers[2];
    int status = ask_both(accounts, "--stats", input, answers);
    bool differs = false;
    if (status == CLI_CLEAN &&
        (answers[0].status == CLI_UNUSABLE || answers[1].status == CLI_UNUSABLE)) {
        cli_message("%s: a build cannot read it", input);
        status = CLI_UNUSABLE;
    } else if (status == CLI_CLEAN) {
        accounts->input_count++;
        if (answers[0].status != answers[1].status) {
            if (accounts->other_count == 0) {
                (void)snprintf(accounts->other_input, sizeof accounts->other_input, "%s", input);
            }
            accounts->other_count++;
        } else if (answers[0].status == CLI_CLEAN) {
            differs = compare_stats(accounts, input, answers[0].text, answers[1].text);
        }
    }
    free_answers(answers);
    return differs ? compare_operations(accounts, input) : status;
}
