// idle: why an operation did nothing: a slot is empty or taken, or what it needs is not there.
#include "cli/run/idle.h"

#include "cli/io/cli.h"
#include "cli/io/input.h"
#include "fuzz/program/text.h"
#include "fuzz/program/text_help.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A slot that does not hold what the operation needs, or holds what is in its way. False: none.
static bool tell_slot(struct executor *executor, struct operation operation, size_t index,
                      char *text, size_t size_bytes) {
    const struct machine *machine = executor_machine(executor);
    const struct operation_description *d = &operation_descriptions[operation_code(operation)];
    enum operand operand = (enum operand)d->operands[index];
    const struct operand_description *slot = &operand_descriptions[operand];
    bool is_target = slot->kind == OPERAND_KIND_TARGET;
    if ((slot->kind != OPERAND_KIND_SLOT && !is_target) || machine->holds == NULL ||
        (is_target && operation_target_is_nil(operation))) {
        return false;
    }
    uint32_t number = operation_get(operation, operand);
    bool holds = machine->holds(executor_state(executor), operand, number);
    bool is_result = d->has_result && index == 0;
    if (is_result && operand == OPERAND_HANDLE) {
        return false; // its old object is forgotten
    }
    if (holds == is_result) {
        (void)snprintf(text, size_bytes, "%s%" PRIu32 " is %s", is_target ? "h" : slot->key, number,
                       holds ? "taken" : "empty");
    }
    return holds == is_result;
}

static void tell_why(struct executor *executor, struct operation operation, char *text,
                     size_t size_bytes) {
    enum operation_code code = operation_code(operation);
    const struct operation_description *d = &operation_descriptions[code];
    if (!language_has(language_now(), d->capability)) {
        (void)snprintf(text, size_bytes, "this kind of heap has no such operation");
        return;
    }
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && d->operands[i] != OPERAND_NONE; i++) {
        if (tell_slot(executor, operation, i, text, size_bytes)) {
            return;
        }
    }
    const char *needs = text_help_needs(code);
    (void)snprintf(
        text, size_bytes,
        needs[0] == 0 ? "the system or the heap refused it%s" : "it does something when %s", needs);
}

// 0: the program is not text.
static size_t line_of(const char *path, size_t index) {
    uint8_t *bytes;
    size_t size_bytes;
    if (strcmp(path, "-") == 0 || input_read_bytes(path, &bytes, &size_bytes) != CLI_CLEAN) {
        return 0;
    }
    size_t line = program_bytes_are_text(bytes, size_bytes)
                      ? text_line_of((const char *)bytes, size_bytes, index)
                      : 0;
    free(bytes);
    return line;
}

int idle_tell(struct executor *executor, const char *path, const struct program *program,
              size_t index) {
    char text[TEXT_LINE_BYTES];
    char why[160];
    size_t line = line_of(path, index);
    (void)text_print_operation(program->operations[index], text, sizeof text);
    tell_why(executor, program->operations[index], why, sizeof why);
    if (line > 0) {
        cli_message("%s:%zu: %s does nothing: %s", path, line, text, why);
    } else {
        cli_message("%s: operation %zu: %s does nothing: %s", path, index, text, why);
    }
    return CLI_UNUSABLE;
}
