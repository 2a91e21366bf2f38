// ops_list: a line for each operation, or a screen for one.
#include "cli/ops_list.h"

#include "cli/io/cli.h"
#include "fuzz/program/program.h"
#include "fuzz/program/text_help.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_there(unsigned code) {
    return language_has(language_now(), operation_descriptions[code].capability);
}

static void print_form(enum operation_code code) {
    const struct operation_description *d = &operation_descriptions[code];
    char text[TEXT_HELP_BYTES];
    if (d->has_result) {
        (void)printf("%s = ", text_help_operand(d->operands[0], text, sizeof text));
    }
    (void)printf("%s", d->name);
    bool has_operands = d->operands[d->has_result] != OPERAND_NONE;
    (void)printf("%s%s\n", has_operands ? "  " : "",
                 has_operands ? text_help_operands(code, text, sizeof text) : "");
}

static void list_all(void) {
    (void)printf("program  caches, check, seed, off, fault, wide\n    the header, before the first "
                 "operation; a line 'start' may follow\n");
    for (unsigned code = 0; code < OP_COUNT; code++) {
        if (is_there(code)) {
            print_form((enum operation_code)code);
            (void)printf("    %s\n", operation_descriptions[code].effect);
        }
    }
}

static void print_indented(const char *text) {
    while (*text != 0) {
        size_t length = strcspn(text, "\n");
        (void)printf("    %.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void print_operand(enum operand operand) {
    char text[TEXT_HELP_BYTES];
    char value[TEXT_HELP_BYTES];
    const char *otherwise = text_help_default(operand, value, sizeof value);
    bool is_long = strlen(text_help_operand(operand, text, sizeof text)) > 40;
    (void)printf("  %-40s %s%*s%s%s\n", text, is_long ? "\n" : "", is_long ? 43 : 0, "",
                 otherwise == NULL ? "must be there" : "else ", otherwise == NULL ? "" : otherwise);
}

static void list_one(enum operation_code code) {
    const struct operation_description *d = &operation_descriptions[code];
    print_form(code);
    (void)printf("%s\n", d->effect);
    for (size_t i = 0; i < OPERATION_OPERANDS_MAX && d->operands[i] != OPERAND_NONE; i++) {
        print_operand((enum operand)d->operands[i]);
    }
    if (code == OP_EXPECT) {
        (void)printf("statistics:");
        for (unsigned i = 0; i < language_now()->field_count; i++) {
            (void)printf("%s%s", i % 7 == 0 ? "\n    " : " ", language_now()->fields[i]);
        }
        (void)printf("\n");
    }
    if (text_help_needs(code)[0] != 0) {
        (void)printf("it does something when %s\n", text_help_needs(code));
    }
    (void)printf("example:\n");
    if (code == OP_EXPECT && language_now() != &language_go) {
        (void)printf("    expect %s=0\n", language_now()->fields[0]); // its own statistics
    } else {
        print_indented(text_help_example(code));
    }
}

static void list_start(void) {
    static const char *const meanings[] = {
#define START(id, most, meaning) meaning,
#include "fuzz/program/start.def"
    };
    (void)printf("start  NAME=N ...\n"
                 "behind it, once: what the heap takes up from an earlier life; else 0\n");
    for (size_t i = 0; i < START_COUNT; i++) {
        (void)printf("  %s=0..%" PRIu64 "\n      %s\n", program_start_name((enum program_start)i),
                     program_start_most((enum program_start)i), meanings[i]);
    }
}

static void list_header(void) {
    (void)printf("program  caches, check, seed, off, fault, wide\n"
                 "the header, once, before the first operation\n");
    (void)printf("  caches=1..%-29d else 1: caches at the start\n", PROGRAM_CACHES_LIMIT);
    (void)printf("  %-40s else 16: operations between two checks\n", "check=1..255");
    (void)printf("  %-40s else 0: what the generator drew it from\n", "seed=0..4294967295");
    (void)printf("  %-40s else none: groups that the mutator leaves out, of\n   ", "off=GROUP,...");
    for (unsigned group = 0; group < GROUP_COUNT; group++) {
        (void)printf(" %s", group_names[group]);
    }
    (void)printf("\n  %-40s else none: the call of that number fails, and those behind it, "
                 "of\n   ",
                 "fault=CALL:1..65535[:and_on]");
    for (const char *const *call = word_table_words(TABLE_SYSTEM_CALLS); *call != NULL; call++) {
        (void)printf(" %s", *call);
    }
    (void)printf("\n  %-40s else no: what the mutator draws may need the binary form's version 2\n",
                 "wide");
    list_start();
    (void)printf("example:\n    program caches=2 check=1 fault=mmap:3\n    start NumGC=65535\n"
                 "    nop\n");
}

int ops_list(const char *name) {
    if (name == NULL) {
        list_all();
        return cli_finish(CLI_CLEAN);
    }
    if (strcmp(name, "program") == 0) {
        list_header();
        return cli_finish(CLI_CLEAN);
    }
    for (unsigned code = 0; code < OP_COUNT; code++) {
        if (is_there(code) && strcmp(operation_descriptions[code].name, name) == 0) {
            list_one((enum operation_code)code);
            return cli_finish(CLI_CLEAN);
        }
    }
    char nearest[TEXT_HELP_BYTES];
    cli_message("ops: no operation is called '%.40s'%s", name,
                text_help_nearest_operation(name, strlen(name), nearest, sizeof nearest));
    return CLI_UNUSABLE;
}
