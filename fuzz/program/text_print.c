// text_print: the canonical text of an operation, a header, a program.
#include "fuzz/program/text.h"
#include "oracle/core/harness_memory.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct line {
    char *text;
    size_t size_bytes, length;
};

static void put(struct line *line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = line->size_bytes - line->length;
    int count = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    if (count > 0) {
        line->length += (size_t)count < room ? (size_t)count : room - 1;
    }
}

static void put_target(struct line *line, const char *key, struct operation operation) {
    if (operation_target_is_nil(operation)) {
        put(line, " %s=nil", key);
        return;
    }
    put(line, " %s=h%" PRIu32, key, operation_get(operation, OPERAND_TO));
    if (operation_target_offset(operation) != 0) {
        put(line, "+%" PRIu64, operation_target_offset(operation));
    }
}

static void put_sink(struct line *line, const char *key, struct operation operation,
                     const char *word) {
    put(line, " %s=%s", key, word);
    if (operation_get(operation, OPERAND_SINK) >= SINK_SHORT) {
        put(line, ":%" PRIu32, operation_sink_number(operation));
    }
}

static void put_operand(struct line *line, struct operation operation, enum operand operand) {
    const struct operand_description *d = &operand_descriptions[operand];
    const char *const *words = word_table_words(d->table);
    uint32_t value = operation_get(operation, operand);
    switch (d->kind) {
    case OPERAND_KIND_SLOT:
        put(line, " %s%" PRIu32, d->key, value);
        break;
    case OPERAND_KIND_NUMBER:
        put(line, " %s=%" PRIu32, d->key, value);
        break;
    case OPERAND_KIND_SIZE:
        put(line, " %s=%" PRIu64, d->key, operation_size(operation));
        break;
    case OPERAND_KIND_OPTION:
        if (value != 0) {
            put(line, " %s=%" PRIu32, d->key, value);
        }
        break;
    case OPERAND_KIND_FLAG:
        put(line, value != 0 ? " %s" : "", d->key);
        break;
    case OPERAND_KIND_CHOICE:
        if (value != 0 || d->table != TABLE_TYPES) {
            put(line, " %s=%s", d->key, words[value]);
        }
        break;
    case OPERAND_KIND_WORD:
        put(line, " %s", words[value]);
        break;
    case OPERAND_KIND_POWER:
        put(line, " %s=%" PRIu32, d->key, (uint32_t)1 << value);
        break;
    case OPERAND_KIND_TARGET:
        put_target(line, d->key, operation);
        break;
    case OPERAND_KIND_MASK:
        put(line, " %s=0x%" PRIx32, d->key, value);
        break;
    case OPERAND_KIND_SINK:
        put_sink(line, d->key, operation, words[value]);
        break;
    case OPERAND_KIND_FIELD:
        put(line, " %s=%" PRIu64, words[value], operation_field_value(operation));
        break;
    }
}

size_t text_print_operation(struct operation operation, char *text, size_t size_bytes) {
    const struct operation_description *d = &operation_descriptions[operation_code(operation)];
    struct line line = {text, size_bytes, 0};
    size_t first = 0;
    if (d->has_result) {
        enum operand result = d->operands[0];
        put(&line, "%s%" PRIu32 " = ", operand_descriptions[result].key,
            operation_get(operation, result));
        first = 1;
    }
    put(&line, "%s", d->name);
    for (size_t i = first; i < OPERATION_OPERANDS_MAX && d->operands[i] != OPERAND_NONE; i++) {
        put_operand(&line, operation, d->operands[i]);
    }
    return line.length;
}

static void put_groups_off(struct line *line, uint16_t groups_off) {
    const char *separator = " off=";
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        if ((groups_off >> i & 1) != 0) {
            put(line, "%s%s", separator, group_names[i]);
            separator = ",";
        }
    }
}

// A line of its own, where a value is not 0.
static void put_start(struct line *line, const struct program_header *header) {
    const char *separator = "start";
    for (size_t i = 0; i < START_COUNT; i++) {
        if (header->start[i] != 0) {
            put(line, "%s %s=%" PRIu64, separator, program_start_name((enum program_start)i),
                header->start[i]);
            separator = "";
        }
    }
    put(line, separator[0] == 0 ? "\n" : "");
}

size_t text_print_header(const struct program_header *header, char *text, size_t size_bytes) {
    struct line line = {text, size_bytes, 0};
    text[0] = 0;
    if (program_header_is_default(header)) {
        return 0;
    }
    put(&line, "program caches=%u check=%u", header->caches, header->check_every);
    if (header->seed != 0) {
        put(&line, " seed=%" PRIu32, header->seed);
    }
    put_groups_off(&line, header->groups_off);
    if (header->fault_at != 0) {
        put(&line, " fault=%s:%u%s", word_table_words(TABLE_SYSTEM_CALLS)[header->fault_call],
            header->fault_at, header->fault_and_on ? ":and_on" : "");
    }
    put(&line, header->is_wide ? " wide\n" : "\n");
    put_start(&line, header);
    return line.length;
}

char *text_print_program(const struct program *program) {
    char *text = harness_alloc(TEXT_HEADER_BYTES + program->count * TEXT_LINE_BYTES + 1);
    if (text == NULL) {
        return NULL;
    }
    size_t length = text_print_header(&program->header, text, TEXT_HEADER_BYTES);
    for (size_t i = 0; i < program->count; i++) {
        length += text_print_operation(program->operations[i], text + length, TEXT_LINE_BYTES);
        text[length++] = '\n';
    }
    text[length] = 0;
    return text;
}
