// pin: the block found and taken out, the program run, the new block put at the end.
#include "cli/run/pin.h"

#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/io/input.h"
#include "cli/run/machine.h"
#include "cli/run/replay.h"
#include "fuzz/program/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SHOWN_BEFORE 8

static const char block_begin[] = "# pinned: the statistics after the last operation";
static const char block_end[] = "# end of the pinned statistics";

struct pin {
    char *text; // of the file without its block; from malloc, NUL-terminated
    size_t text_bytes;
    bool was_pinned;
    bool has_old[ACCOUNT_MAX]; // what the block said, where it said anything
    uint64_t old_values[ACCOUNT_MAX];
    char finding[512]; // that is pinned with the numbers; "": none
};

static struct program program;

static int unusable(const char *path, const char *what) {
    cli_message("%s: %s", path, what);
    return CLI_UNUSABLE;
}

// ---- the block that is there

// The line that is just `line`, from `at` on; NULL: none. *behind: the line after it.
static char *find_line(char *at, const char *line, char **behind) {
    size_t length = strlen(line);
    for (; *at != 0; at = *behind) {
        size_t here = strcspn(at, "\n");
        *behind = at + here + (at[here] == '\n');
        here -= here > 0 && at[here - 1] == '\r';
        if (here == length && memcmp(at, line, length) == 0) {
            return at;
        }
    }
    return NULL;
}

static void note_old(struct pin *pin, const char *block, size_t block_bytes) {
    struct text_error error;
    program_clear(&program);
    (void)text_parse_program(&program, block, block_bytes, &error); // what is wrong is written anew
    for (size_t i = 0; i < program.count; i++) {
        if (operation_code(program.operations[i]) == OP_EXPECT) {
            uint32_t field = operation_get(program.operations[i], OPERAND_FIELD);
            pin->has_old[field] = true;
            pin->old_values[field] = operation_field_value(program.operations[i]);
        }
    }
}

// Takes the block out of the text, and notes what it said.
static int cut_block(struct pin *pin, const char *path) {
    char *body;
    char *behind;
    char *begin = find_line(pin->text, block_begin, &body);
    if (begin == NULL) {
        return CLI_CLEAN;
    }
    char *end = find_line(body, block_end, &behind);
    if (end == NULL) {
        return unusable(path, "its pinned statistics have a first line and no last one");
    }
    pin->was_pinned = true;
    note_old(pin, body, (size_t)(end - body));
    memmove(begin, behind, strlen(behind) + 1);
    pin->text_bytes = strlen(pin->text);
    return CLI_CLEAN;
}

static int read_text(struct pin *pin, const char *path) {
    uint8_t *bytes;
    struct text_error error;
    int status = strcmp(path, "-") == 0
                     ? unusable("replay", "--pin writes into a file, not into standard input")
                     : input_read_program(path, &program); // refuses what is no program
    if (status == CLI_CLEAN) {
        status = input_read_bytes(path, &bytes, &pin->text_bytes);
    }
    if (status != CLI_CLEAN) {
        return status;
    }
    if (!program_bytes_are_text(bytes, pin->text_bytes)) {
        free(bytes);
        return unusable(path, "a binary program holds no pinned statistics: make it text first "
                              "(countercheck ops)");
    }
    pin->text = (char *)bytes;
    status = cut_block(pin, path);
    if (status == CLI_CLEAN) {
        program_clear(&program);
        if (!text_parse_program(&program, pin->text, pin->text_bytes, &error)) {
            status = unusable(path, error.message);
        }
    }
    if (status == CLI_CLEAN &&
        program.count + machine_now()->account->count > PROGRAM_OPERATIONS_MAX) {
        status = unusable(path, "too long: no room for the statistics behind its operations");
    }
    return status;
}

// ---- the run, and the new block

// Once more to the end, whatever the rules say.
static enum verdict run_unjudged(const struct replay *replay) {
    struct rule_book *book = executor_book(replay->executor);
    bool was_set_aside[RULE_MAX];
    memcpy(was_set_aside, book->is_set_aside, sizeof was_set_aside);
    (void)rule_set_aside(book, "all");
    enum verdict verdict = replay_run(replay, &program);
    memcpy(book->is_set_aside, was_set_aside, sizeof was_set_aside);
    return verdict;
}

static int run(struct executor *executor, const char *path, bool is_forced, struct pin *pin,
               uint64_t *stats) {
    const struct replay replay = {.executor = executor, .name = path, .at_end = stats};
    enum verdict verdict = replay_run(&replay, &program);
    if (verdict == VERDICT_FINDING && is_forced) {
        (void)finding_line(executor_finding(executor), pin->finding, sizeof pin->finding);
        verdict = run_unjudged(&replay);
    }
    switch (verdict) {
    case VERDICT_CLEAN:
        return CLI_CLEAN;
    case VERDICT_FINDING:
        replay_print_finding(&replay, &program, SHOWN_BEFORE, stdout);
        cli_message("%s: not pinned: it has a finding", path);
        return CLI_FINDING;
    case VERDICT_WORK_BOUND:
        return unusable(path, "not pinned: more work than one program is allowed");
    case VERDICT_ENVIRONMENT:
        break;
    }
    return cli_refused(path);
}

static size_t print_block(const struct pin *pin, const uint64_t *stats, char *text,
                          size_t size_bytes) {
    const struct account_schema *schema = machine_now()->account;
    size_t length = (size_t)snprintf(text, size_bytes, "%s\n", block_begin);
    if (pin->finding[0] != 0) {
        length +=
            (size_t)snprintf(text + length, size_bytes - length, "# finding: %s\n", pin->finding);
    }
    for (unsigned i = 0; i < schema->count; i++) {
        length += (size_t)snprintf(text + length, size_bytes - length, "expect %s=%" PRIu64 "\n",
                                   schema->names[i], stats[i]);
    }
    return length + (size_t)snprintf(text + length, size_bytes - length, "%s\n", block_end);
}

static int write_pinned(const struct pin *pin, const char *path, const uint64_t *stats) {
    char block[ACCOUNT_MAX * 80 + 1024];
    size_t block_bytes = print_block(pin, stats, block, sizeof block);
    bool is_open = pin->text_bytes > 0 && pin->text[pin->text_bytes - 1] != '\n';
    char *whole = malloc(pin->text_bytes + 1 + block_bytes);
    if (whole == NULL) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    memcpy(whole, pin->text, pin->text_bytes);
    whole[pin->text_bytes] = '\n';
    memcpy(whole + pin->text_bytes + is_open, block, block_bytes);
    int status = output_write(path, whole, pin->text_bytes + is_open + block_bytes);
    free(whole);
    return status;
}

static void tell_changes(const struct pin *pin, const char *path, const uint64_t *stats) {
    const struct account_schema *schema = machine_now()->account;
    (void)printf("%s: %d statistics pinned%s\n", escape_shown(path), (int)schema->count,
                 pin->finding[0] == 0 ? "" : ", with a finding");
    for (unsigned i = 0; pin->was_pinned && i < schema->count; i++) {
        uint64_t value = stats[i];
        if (pin->has_old[i] && pin->old_values[i] != value) {
            (void)printf("  %-14s %12" PRIu64 " -> %" PRIu64 "\n", schema->names[i],
                         pin->old_values[i], value);
        }
    }
}

int pin_file(struct executor *executor, const char *path, bool is_forced) {
    uint64_t stats[ACCOUNT_MAX];
    struct stat file;
    if (stat(path, &file) == 0 && !S_ISREG(file.st_mode)) { // a FIFO would be waited for
        return unusable(escape_shown(path), "no regular file: it is written anew");
    }
    struct pin *pin = calloc(1, sizeof *pin);
    if (pin == NULL) {
        cli_message("out of memory");
        return CLI_ENVIRONMENT;
    }
    int status = read_text(pin, path);
    if (status == CLI_CLEAN) {
        status = run(executor, path, is_forced, pin, stats);
    }
    if (status == CLI_CLEAN) {
        status = write_pinned(pin, path, stats);
    }
    if (status == CLI_CLEAN) {
        tell_changes(pin, path, stats);
    }
    free(pin->text);
    free(pin);
    return status;
}
