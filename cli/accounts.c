// accounts: two commands run on one input, their JSON compared key by key.
#define _POSIX_C_SOURCE 200809L
#include "cli/accounts.h"

#include "cli/io/cli.h"

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

static _Noreturn void run_build(const char *build, const char *mode, bool expects,
                                const char *input, int out) {
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(nowhere, STDERR_FILENO);
    (void)execl(build, build, "replay", mode, "--json", input,
                expects ? (char *)NULL : "--no-expect", (char *)NULL);
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

static bool ask(const char *build, const char *mode, bool expects, const char *input,
                struct answer *answer) {
    int ends[2];
    answer->text = NULL;
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        run_build(build, mode, expects, input, ends[1]);
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

static struct account_change *change_of(struct accounts *accounts, const char *field) {
    size_t i = 0;
    while (i < accounts->change_count && strcmp(accounts->changes[i].field, field) != 0) {
        i++;
    }
    if (i == ACCOUNT_FIELDS_MAX) {
        return NULL; // more fields than MemStats has
    }
    struct account_change *change = &accounts->changes[i];
    if (i == accounts->change_count) {
        accounts->change_count++;
        (void)snprintf(change->field, sizeof change->field, "%s", field);
    }
    return change;
}

struct value_text {
    const char *begin, *end;
};

static bool is_same(struct value_text a, struct value_text b) {
    return a.end - a.begin == b.end - b.begin &&
           memcmp(a.begin, b.begin, (size_t)(a.end - a.begin)) == 0;
}

static void narrow_member(struct account_change *change, struct value_text *old_value,
                          struct value_text *new_value) {
    char key[16];
    struct value_text old_member;
    struct value_text new_member;
    const char *old_at = old_value->begin + 1;
    const char *new_at = new_value->begin + 1;
    while (next_member(&old_at, key, sizeof key, &old_member.begin, &old_member.end) &&
           next_member(&new_at, key, sizeof key, &new_member.begin, &new_member.end)) {
        if (!is_same(old_member, new_member)) {
            size_t length = strlen(change->part);
            (void)snprintf(change->part + length, sizeof change->part - length, ".%s", key);
            *old_value = old_member;
            *new_value = new_member;
            return;
        }
    }
}

// Of two lists the first elements that differ, and of two objects the first such members.
static void narrow(struct account_change *change, struct value_text *old_value,
                   struct value_text *new_value) {
    struct value_text old_item = {old_value->begin + 1, NULL};
    struct value_text new_item = {new_value->begin + 1, NULL};
    change->part[0] = 0;
    for (size_t i = 0; *old_value->begin == '[' && *new_value->begin == '['; i++) {
        old_item.end = value_end(old_item.begin);
        new_item.end = value_end(new_item.begin);
        if (!is_same(old_item, new_item)) {
            (void)snprintf(change->part, sizeof change->part, "[%zu]", i);
            *old_value = old_item;
            *new_value = new_item;
            break;
        }
        if (*old_item.end != ',' || *new_item.end != ',') {
            return;
        }
        old_item.begin = old_item.end + 1;
        new_item.begin = new_item.end + 1;
    }
    if (*old_value->begin == '{' && *new_value->begin == '{') {
        narrow_member(change, old_value, new_value);
    }
}

// The field differs in this input: counted, and shown if no smaller input has it.
static void note_change(struct accounts *accounts, const char *field, const char *input,
                        size_t operation_count, struct value_text old_value,
                        struct value_text new_value) {
    struct account_change *change = change_of(accounts, field);
    if (change == NULL) {
        return;
    }
    change->input_count++;
    if (change->input_count > 1 && change->operation_count <= operation_count) {
        return;
    }
    narrow(change, &old_value, &new_value);
    change->operation_count = operation_count;
    change->has_parted = false;
    (void)snprintf(change->input, sizeof change->input, "%s", input);
    (void)snprintf(change->old_value, sizeof change->old_value, "%.*s",
                   (int)(old_value.end - old_value.begin), old_value.begin);
    (void)snprintf(change->new_value, sizeof change->new_value, "%.*s",
                   (int)(new_value.end - new_value.begin), new_value.begin);
}

static bool find_value(const char *text, const char *key, struct value_text *value) {
    char name[32];
    const char *at = text + (*text == '{');
    while (next_member(&at, name, sizeof name, &value->begin, &value->end)) {
        if (strcmp(name, key) == 0) {
            return true;
        }
    }
    return false;
}

// Compares the objects member by member.
static void compare_stats(struct accounts *accounts, const char *input, size_t operation_count,
                          const char *old_text, const char *new_text) {
    static const char null[] = "null";
    char key[32];
    struct value_text old_value;
    struct value_text new_value;
    const char *at = old_text + (*old_text == '{');
    while (next_member(&at, key, sizeof key, &old_value.begin, &old_value.end)) {
        if (!find_value(new_text, key, &new_value)) {
            new_value = (struct value_text){null, null + sizeof null - 1};
        }
        if (!is_same(old_value, new_value)) {
            note_change(accounts, key, input, operation_count, old_value, new_value);
        }
    }
}

static size_t count_lines(const char *text) {
    size_t count = 0;
    for (; *text != 0; text++) {
        count += *text == '\n';
    }
    return count;
}

static void note_operation(struct account_change *change, const char *line) {
    char number[24];
    if (find_member(line, "operation", number, sizeof number) &&
        find_member(line, "text", change->text, sizeof change->text)) {
        change->has_parted = true;
        change->operation = (size_t)strtoull(number, NULL, 10);
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
            struct account_change *change = &accounts->changes[i];
            (void)find_member(old_moved, change->field, a, sizeof a);
            (void)find_member(new_moved, change->field, b, sizeof b);
            if (strcmp(a, b) != 0 && !change->has_parted && strcmp(change->input, input) == 0) {
                note_operation(change, old_text);
            }
        }
        old_text += strcspn(old_text, "\n");
        new_text += strcspn(new_text, "\n");
        old_text += *old_text == '\n';
        new_text += *new_text == '\n';
    }
}

// ---- both builds

static int ask_one(struct accounts *accounts, size_t which, const char *mode, const char *input,
                   struct answer *answer) {
    const char *build = accounts->builds[which];
    if (!ask(build, mode, accounts->expects[which], input, answer)) {
        cli_message("%s: cannot be run: no process or no memory", build);
        return CLI_ENVIRONMENT;
    }
    if (answer->status == 126 || answer->status == 127) {
        cli_message("%s: cannot be run", build);
        return CLI_UNUSABLE;
    }
    return CLI_CLEAN;
}

static int ask_both(struct accounts *accounts, const char *mode, const char *input,
                    struct answer answers[2]) {
    int status = CLI_CLEAN;
    answers[0].text = answers[1].text = NULL;
    for (size_t i = 0; i < 2 && status == CLI_CLEAN; i++) {
        status = ask_one(accounts, i, mode, input, &answers[i]);
        if (status == CLI_CLEAN && answers[i].status == CLI_UNUSABLE && !accounts->expects[i]) {
            free(answers[i].text); // an older build, or an input of no use
            accounts->expects[i] = true;
            status = ask_one(accounts, i, mode, input, &answers[i]);
            accounts->expects[i] = answers[i].status != CLI_UNUSABLE;
        }
    }
    return status;
}

static void free_answers(struct answer answers[2]) {
    free(answers[0].text);
    free(answers[1].text);
}

// The statistics at the end differ: which, and from which operation on.
static int compare_operations(struct accounts *accounts, const char *input,
                              const struct answer ends[2]) {
    struct answer answers[2];
    int status = ask_both(accounts, "--trace", input, answers);
    if (status == CLI_CLEAN) {
        compare_stats(accounts, input, count_lines(answers[0].text), ends[0].text, ends[1].text);
        compare_traces(accounts, input, answers[0].text, answers[1].text);
    }
    free_answers(answers);
    return status;
}

static void note_other(struct accounts *accounts, const char *input,
                       const struct answer answers[2]) {
    if (accounts->other_count++ > 0) {
        return;
    }
    (void)snprintf(accounts->other_input, sizeof accounts->other_input, "%s", input);
    for (size_t i = 0; i < 2; i++) {
        accounts->other_status[i] = answers[i].status;
        (void)find_member(answers[i].text, "rule", accounts->other_rule,
                          sizeof accounts->other_rule);
    }
}

int accounts_compare(struct accounts *accounts, const char *input) {
    struct answer answers[2];
    int status = ask_both(accounts, "--stats", input, answers);
    if (status == CLI_CLEAN &&
        (answers[0].status == CLI_UNUSABLE || answers[1].status == CLI_UNUSABLE)) {
        cli_message("%s: a build cannot read it", input);
        status = CLI_UNUSABLE;
    } else if (status == CLI_CLEAN) {
        accounts->input_count++;
        if (answers[0].status != answers[1].status) {
            note_other(accounts, input, answers);
        } else if (answers[0].status == CLI_CLEAN &&
                   strcmp(answers[0].text, answers[1].text) != 0) {
            status = compare_operations(accounts, input, answers);
        }
    }
    free_answers(answers);
    return status;
}
