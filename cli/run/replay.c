// replay: steps, traces, findings.
#include "cli/run/replay.h"

#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/run/crash.h"
#include "cli/run/origin.h"
#include "cli/run/machine.h"
#include "fuzz/program/text.h"

#include <inttypes.h>
#include <string.h>

struct executor *replay_open(const struct executor_options *options) {
    struct executor *executor = executor_create(machine_now(), machine_argument(), options);
    if (executor == NULL) {
        cli_message("out of memory");
    }
    return executor;
}

bool replay_parse_level(const char *subcommand, const char *text, enum oracle_level *level) {
    static const char *const names[] = {"cheap", "full", "paranoid"};
    static const enum oracle_level levels[] = {ORACLE_CHEAP, ORACLE_FULL, ORACLE_PARANOID};
    *level = ORACLE_FULL;
    for (unsigned i = 0; text != NULL && i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            *level = levels[i];
            return true;
        }
    }
    if (text != NULL) {
        cli_message("%s: --check is cheap, full or paranoid, not '%s'", subcommand, text);
    }
    return text == NULL;
}

bool replay_set_aside(struct executor *executor, const char *names) {
    char name[FINDING_FIELD_BYTES];
    while (names != NULL && *names != 0) {
        size_t length = strcspn(names, ",");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, names);
        if (!rule_set_aside(executor_book(executor), name)) {
            cli_message("replay: --without knows no truth and no rule '%s'", name);
            return false;
        }
        names += length + (names[length] == ',');
    }
    return true;
}

void replay_print_json_string(const char *text, FILE *stream) {
    escape_print_json(text, strlen(text), stream);
}

static void take_account(const struct replay *replay, uint64_t *values) {
    unsigned count = executor_machine(replay->executor)->account->count;
    memcpy(values, executor_account(replay->executor), count * sizeof *values);
}

static void print_moved(const struct replay *replay, const uint64_t *before,
                        const uint64_t *after) {
    const struct account_schema *schema = executor_machine(replay->executor)->account;
    const char *separator = "";
    for (unsigned i = 0; i < schema->count; i++) {
        uint64_t old = before[i];
        uint64_t new = after[i];
        if (old == new) {
            continue;
        }
        char sign = account_is_more(schema, new, old) ? '+' : '-';
        uint64_t change = sign == '+' ? new - old : old - new;
        if (replay->is_json) {
            (void)printf("%s\"%s\":%s%" PRIu64, separator, schema->names[i], sign == '-' ? "-" : "",
                         change);
        } else {
            (void)printf(" %s %c%" PRIu64, schema->names[i], sign, change);
        }
        separator = ",";
    }
}

static void print_trace(const struct replay *replay, size_t index, const char *text,
                        const uint64_t *before) {
    const uint64_t *after = executor_account(replay->executor);
    bool effective = executor_was_effective(replay->executor);
    if (replay->is_json) {
        (void)printf("{\"operation\":%zu,\"text\":", index);
        replay_print_json_string(text, stdout);
        (void)printf(",\"effective\":%s,\"moved\":{", effective ? "true" : "false");
        print_moved(replay, before, after);
        (void)printf("}}\n");
    } else {
        (void)printf("%4zu  %-44s", index, text);
        print_moved(replay, before, after);
        (void)printf("%s\n", effective ? "" : " (nothing)");
    }
    (void)fflush(stdout); // a crash may be next
}

static enum verdict step(const struct replay *replay, const struct program *program) {
    char text[TEXT_LINE_BYTES];
    size_t index = executor_position(replay->executor);
    (void)text_print_operation(program->operations[index], text, sizeof text);
    crash_prepare("countercheck: %s: crashed in operation %zu: %s", replay->name, index, text);
    if (replay->before != NULL) {
        take_account(replay, replay->before);
    }
    if (!replay->is_traced) {
        return executor_step(replay->executor);
    }
    uint64_t before[ACCOUNT_MAX];
    take_account(replay, before);
    enum verdict verdict = executor_step(replay->executor);
    print_trace(replay, index, text, before);
    return verdict;
}

// nop is meant to do nothing.
static bool is_idle(const struct replay *replay, struct operation operation) {
    return replay->idle != NULL && !executor_was_effective(replay->executor) &&
           operation_code(operation) != OP_NOP;
}

enum verdict replay_run(const struct replay *replay, const struct program *program) {
    crash_prepare("countercheck: %s: crashed before the first operation", replay->name);
    crash_guard();
    enum verdict verdict = executor_begin(replay->executor, program, false);
    while (verdict == VERDICT_CLEAN && executor_position(replay->executor) < program->count) {
        size_t index = executor_position(replay->executor);
        verdict = step(replay, program);
        if (verdict == VERDICT_CLEAN && is_idle(replay, program->operations[index])) {
            *replay->idle = index;
            crash_rest();
            return verdict;
        }
    }
    if (verdict != VERDICT_CLEAN && verdict != VERDICT_WORK_BOUND) {
        crash_rest();
        return verdict;
    }
    if (replay->at_end != NULL) {
        take_account(replay, replay->at_end);
    }
    crash_prepare("countercheck: %s: crashed after operation %zu, in the last check or dump",
                  replay->name, executor_position(replay->executor));
    verdict = executor_finish(replay->executor);
    crash_rest();
    return verdict;
}

enum verdict replay_run_again(const struct replay *replay) {
    crash_prepare("countercheck: %s: crashed in the second run", replay->name);
    crash_guard();
    enum verdict verdict = executor_run_again(replay->executor);
    crash_rest();
    return verdict;
}

void replay_print_change(const struct replay *replay, const uint64_t *before, FILE *stream) {
    const struct account_schema *schema = executor_machine(replay->executor)->account;
    const uint64_t *after = executor_account(replay->executor);
    (void)fprintf(stream, "statistics before this operation, and after it\n");
    for (unsigned i = 0; i < schema->count; i++) {
        char old[ACCOUNT_NUMBER_BYTES];
        char new[ACCOUNT_NUMBER_BYTES];
        bool is_more = account_is_more(schema, after[i], before[i]);
        if (before[i] != after[i]) {
            (void)fprintf(stream, "  %-16s %20s %20s  (%c%" PRIu64 ")\n", schema->names[i],
                          account_text(schema, before[i], old), account_text(schema, after[i], new),
                          is_more ? '+' : '-',
                          is_more ? after[i] - before[i] : before[i] - after[i]);
        }
    }
}

void replay_print_statistics(const struct replay *replay, FILE *stream) {
    const struct machine *machine = executor_machine(replay->executor);
    const struct account_schema *schema = machine->account;
    if (machine->print_statistics != NULL) {
        machine->print_statistics(executor_state(replay->executor), replay->is_json, stream);
        return;
    }
    const uint64_t *values = executor_account(replay->executor);
    for (unsigned i = 0; i < schema->count; i++) {
        char text[ACCOUNT_NUMBER_BYTES];
        (void)fprintf(stream, replay->is_json ? "%s\"%s\":%s" : "%s%-32s %20s\n",
                      !replay->is_json ? ""
                      : i == 0         ? "{"
                                       : ",",
                      schema->names[i], account_text(schema, values[i], text));
    }
    (void)fputs(replay->is_json ? "}\n" : "", stream);
}

void replay_print_rules(const struct replay *replay, FILE *stream) {
    const struct rule_book *book = executor_book(replay->executor);
    unsigned silent_count = 0;
    (void)fprintf(stream, "%-22s %12s %6s\n", "rule", "evaluated", "fired");
    for (unsigned i = 0; i < book->rules->count; i++) {
        silent_count += book->evaluated[i] == 0;
        if (book->evaluated[i] != 0) {
            (void)fprintf(stream, "%-22s %12" PRIu64 " %6" PRIu64 "\n", book->rules->rows[i].name,
                          book->evaluated[i], book->fired[i]);
        }
    }
    (void)fprintf(stream, "%u rules were not evaluated%s", silent_count,
                  silent_count == 0 ? "" : ":");
    for (unsigned i = 0; i < book->rules->count; i++) {
        if (book->evaluated[i] == 0) {
            (void)fprintf(stream, " %s", book->rules->rows[i].name);
        }
    }
    (void)fputc('\n', stream);
}

void replay_print_finding(const struct replay *replay, const struct program *program,
                          size_t before_count, FILE *stream) {
    char text[TEXT_LINE_BYTES > 512 ? TEXT_LINE_BYTES : 512];
    const struct finding *finding = executor_finding(replay->executor);
    (void)finding_line(finding, text, sizeof text);
    (void)fprintf(stream, "%s: %s\n", escape_shown(replay->name), text);
    finding_print(finding, stream);
    origin_print(program->header.seed, stream);
    const char *option = machine_option(program);
    if (option != NULL) {
        (void)fprintf(stream, "option     %s\n", option);
    }
    size_t at = (size_t)finding->operation;
    size_t last = at < program->count ? at + 1 : program->count;
    size_t first = last > before_count + 1 ? last - before_count - 1 : 0;
    for (size_t i = first; i < last; i++) {
        (void)text_print_operation(program->operations[i], text, sizeof text);
        (void)fprintf(stream, "%s%4zu  %s\n", i == at ? "->" : "  ", i, text);
    }
}

static void print_also_json(const struct finding *finding, FILE *stream) {
    (void)fputs(",\"also\":[", stream);
    for (size_t i = 0; i < finding->also_count && i < FINDING_ALSO_MAX; i++) {
        const struct finding_also *also = &finding->also[i];
        (void)fprintf(stream, "%s{\"rule\":\"%s\",\"field\":", i == 0 ? "" : ",", also->rule->name);
        replay_print_json_string(also->field, stream);
        (void)fprintf(stream, ",\"left\":%" PRIu64 ",\"right\":%" PRIu64 "}", also->left,
                      also->right);
    }
    (void)fputs("]", stream);
}

void replay_print_finding_json(const struct replay *replay, FILE *stream) {
    const struct finding *finding = executor_finding(replay->executor);
    (void)fputs("{\"file\":", stream);
    replay_print_json_string(replay->name, stream);
    (void)fprintf(stream, ",\"rule\":\"%s\",\"truth\":\"%s\",\"field\":", finding->row->name,
                  finding->row->truth);
    replay_print_json_string(finding->field, stream);
    (void)fprintf(stream, ",\"operation\":%" PRIu64 ",\"checked_before\":%" PRIu64 ",\"text\":",
                  finding->operation, finding->checked_before);
    replay_print_json_string(finding->operation_text, stream);
    if (finding->has_values) {
        (void)fputs(",\"left_name\":", stream);
        replay_print_json_string(finding->left_name, stream);
        (void)fputs(",\"right_name\":", stream);
        replay_print_json_string(finding->right_name, stream);
        (void)fprintf(stream, ",\"left\":%" PRIu64 ",\"right\":%" PRIu64, finding->left,
                      finding->right);
    }
    if (finding->has_change) {
        (void)fprintf(stream, ",\"left_before\":%" PRIu64 ",\"right_before\":%" PRIu64,
                      finding->left_before, finding->right_before);
    }
    if (finding->record[0] != 0) {
        (void)fprintf(stream, ",\"record\":\"%s\",\"record_offset\":%" PRIu64, finding->record,
                      finding->record_offset);
    }
    print_also_json(finding, stream);
    (void)fputs(",\"message\":", stream);
    replay_print_json_string(finding->text, stream);
    const struct program *program = executor_program(replay->executor);
    origin_print_json(program->header.seed, stream);
    const char *option = machine_option(program);
    if (option != NULL) {
        (void)fputs(",\"option\":", stream);
        replay_print_json_string(option, stream);
    }
    (void)fputs("}\n", stream);
}
