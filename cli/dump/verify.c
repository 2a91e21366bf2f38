// verify: `dump verify`: the strict decoding of the reader, then the cross-checks, and a
// verdict.

#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/dump/dump.h"
#include "cli/dump/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck dump verify FILE [--json] [--lenient]\n"
    "Decodes strictly, then checks what the records say of each other. Exit status: 0\n"
    "all rules hold, 1 a rule failed, 2 not a valid dump: one line says what, where\n"
    "(record, byte), and how far it was good.\n";

static bool visit(void *context, const struct dump_record *record,
                  const struct dump_reader *reader) {
    struct dump_check *check = context;
    (void)reader;
    dump_check_add(check, record);
    return !check->is_out_of_memory;
}

static void print_slack(const struct dump_check *check) {
    if (check->phantom_count > 0) {
        printf("note  %" PRIu64 " phantom objects of %" PRIu64
               " bytes (Go >= 1.22 dumps its pointer bitmaps) are not counted\n",
               check->phantom_count, check->phantom_bytes);
    }
    if (check->is_mid_sweep) {
        printf("note  Go read its statistics before its own sweep: HeapObjects %" PRIu64
               " but %" PRIu64 " records, HeapAlloc %" PRIu64 " but %" PRIu64 " bytes\n",
               check->heap_objects, check->object_count, check->heap_alloc, check->object_bytes);
    }
}

static void print_rules(const struct dump_check *check) {
    for (size_t i = 0; i < DUMP_RULE_COUNT; i++) {
        const struct dump_rule_state *state = &check->rules[i];
        printf("%s  %-22s %12" PRIu64 " checked\n", state->failed > 0 ? "FAIL" : "ok  ",
               dump_rule_names[i], state->evaluated);
        if (state->failed > 0) {
            printf("      %" PRIu64 " failed: %s\n      %s\n", state->failed,
                   escape_shown(state->example), dump_rule_reasons[i]);
        }
    }
    print_slack(check);
}

static void print_json(const struct dump_check *check) {
    printf("{\"ok\":%s,\"rules\":{", dump_check_has_failed(check) ? "false" : "true");
    for (size_t i = 0; i < DUMP_RULE_COUNT; i++) {
        const struct dump_rule_state *state = &check->rules[i];
        printf("%s\"%s\":{\"evaluated\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"example\":",
               i == 0 ? "" : ",", dump_rule_names[i], state->evaluated, state->failed);
        dump_print_json_string(state->example, strlen(state->example));
        putchar('}');
    }
    printf("},\"phantom_objects\":%" PRIu64 ",\"phantom_bytes\":%" PRIu64 ",\"mid_sweep\":%s}\n",
           check->phantom_count, check->phantom_bytes, check->is_mid_sweep ? "true" : "false");
}

static int verify(struct dump_check *check, const struct dump_options *options) {
    int status = dump_input_each(options->files[0], dump_options_mode(options), visit, check);
    if (status != CLI_CLEAN) {
        return status;
    }
    if (!dump_check_finish(check)) {
        cli_message("%s: out of memory", options->files[0]);
        return CLI_ENVIRONMENT;
    }
    if (options->json) {
        print_json(check);
    } else {
        print_rules(check);
    }
    return cli_finish(dump_check_has_failed(check) ? CLI_FINDING : CLI_CLEAN);
}

int dump_verify_file(const char *path) {
    struct dump_check check = {.object_count = 0};
    int status = dump_input_each(path, DUMP_STRICT, visit, &check);
    if (status == CLI_CLEAN && !dump_check_finish(&check)) {
        cli_message("%s: out of memory", path);
        status = CLI_ENVIRONMENT;
    }
    for (size_t i = 0; status != CLI_ENVIRONMENT && i < DUMP_RULE_COUNT; i++) {
        const struct dump_rule_state *state = &check.rules[i];
        if (state->failed > 0) {
            printf("%s: dump rule %s failed: %s\n", escape_shown(path), dump_rule_names[i],
                   escape_shown(state->example));
            status = CLI_FINDING;
        }
    }
    dump_check_fini(&check);
    return status;
}

int dump_verify(int argc, char **argv) {
    struct dump_options options;
    int status = dump_options_parse(&options, argc, argv, 1, true, usage);
    if (status >= 0) {
        return status;
    }
    struct dump_check check = {.object_count = 0};
    status = verify(&check, &options);
    dump_check_fini(&check);
    return status;
}
