// alone: a program in C: its head, the ledger, the statistics, the rules, the operations.
#include "cli/subject/alone.h"

#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/io/input.h"
#include "cli/run/machine.h"
#include "cli/subject/alone_private.h"
#include "cli/subject/trim.h"
#include "fuzz/program/text.h"
#include "fuzz/subject/machine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// ---- statistics

static const struct countercheck_statistic *statistic_at(const struct writer *writer, uint32_t at) {
    const struct countercheck_statistic *statistic = writer->table->statistics;
    return statistic == NULL || statistic[at].name == NULL ? NULL : &statistic[at];
}

// "    for (...) {" around what is written of a row; `is_begun`: its end.
static void write_row(const struct writer *writer, const struct countercheck_statistic *statistic,
                      bool is_begun) {
    if (statistic->count > 0 && is_begun) {
        (void)fprintf(writer->stream, "    }\n");
    } else if (statistic->count > 0) {
        (void)fprintf(writer->stream, "    for (int row = 0; row < %" PRIu32 "; row++) {\n    ",
                      statistic->count);
    }
}

static void write_structure(const struct writer *writer) {
    char name[RELATIONS_C_NAME_BYTES];
    const struct countercheck_statistic *statistic;
    (void)fprintf(writer->stream, "struct values {\n    char none;\n");
    for (uint32_t i = 0; (statistic = statistic_at(writer, i)) != NULL; i++) {
        if (writer->has_value[i]) {
            relations_c_name(writer->table->statistics, i, name);
            (void)fprintf(writer->stream, "    number %s", name);
            if (statistic->count > 0) {
                (void)fprintf(writer->stream, "[%" PRIu32 "]", statistic->count);
            }
            (void)fprintf(writer->stream, ";\n");
        }
    }
    (void)fprintf(writer->stream, "};\nstatic struct values now, base;\n\n%s",
                  writer->has_lanes ? "static struct values shares;\n\n" : "");
}

static void write_reading(const struct writer *writer) {
    char name[RELATIONS_C_NAME_BYTES];
    const struct calls_words words = {NULL, NULL, NULL, "row"};
    const struct countercheck_statistic *statistic;
    (void)fprintf(writer->stream, "static void read_values(void) {\n");
    calls_write_all(writer->calls, "read", "", "    ", writer->stream);
    for (uint32_t i = 0; (statistic = statistic_at(writer, i)) != NULL; i++) {
        if (writer->has_value[i]) {
            relations_c_name(writer->table->statistics, i, name);
            write_row(writer, statistic, false);
            (void)fprintf(writer->stream, "    now.%s%s = (number)(", name,
                          statistic->count > 0 ? "[row]" : "");
            calls_write(calls_find(writer->calls, "value", statistic->name), &words,
                        writer->stream);
            (void)fprintf(writer->stream, ");\n");
            write_row(writer, statistic, true);
        }
    }
    (void)fprintf(writer->stream, "}\n\n");
}

// What lanes have for themselves, added up.
static void write_shares(const struct writer *writer) {
    char name[RELATIONS_C_NAME_BYTES];
    const struct countercheck_statistic *statistic;
    (void)fprintf(writer->stream, "static void *add_share(void) {\n    read_values();\n");
    for (uint32_t i = 0; (statistic = statistic_at(writer, i)) != NULL; i++) {
        if (writer->has_value[i] && (statistic->flags & COUNTERCHECK_PER_LANE) != 0) {
            const char *place = statistic->count > 0 ? "[row]" : "";
            relations_c_name(writer->table->statistics, i, name);
            write_row(writer, statistic, false);
            (void)fprintf(writer->stream, "    shares.%s%s += now.%s%s;\n", name, place, name,
                          place);
            write_row(writer, statistic, true);
        }
    }
    (void)fprintf(writer->stream, "    return NULL;\n}\n\n"
                                  "static void read_shares(void) {\n"
                                  "    memset(&shares, 0, sizeof shares);\n"
                                  "    each_lane(add_share);\n    read_values();\n}\n\n");
}

// The first and the last call of a lane's thread.
static void write_lane_ends(const struct writer *writer) {
    static const char *const keys[] = {"lane_begin", "lane_end"};
    for (int i = 0; i < 2; i++) {
        const char *text = calls_find(writer->calls, keys[i], "");
        (void)fprintf(writer->stream, "static void %ss(void) {\n    %s;\n}\n\n", keys[i],
                      text == NULL ? "" : text);
    }
}

static void write_printing(const struct writer *writer) {
    char name[RELATIONS_C_NAME_BYTES];
    const struct countercheck_statistic *statistic;
    (void)fprintf(writer->stream, "static void print_values(void) {\n");
    for (uint32_t i = 0; (statistic = statistic_at(writer, i)) != NULL; i++) {
        if (writer->has_value[i]) {
            relations_c_name(writer->table->statistics, i, name);
            (void)fprintf(writer->stream, "    (void)printf(\" %s\");\n", statistic->name);
            write_row(writer, statistic, false);
            (void)fprintf(writer->stream, "    (void)printf(\" %%lld\", now.%s%s);\n", name,
                          statistic->count > 0 ? "[row]" : "");
            write_row(writer, statistic, true);
        }
    }
    (void)fprintf(writer->stream, "}\n\n");
}

// What is asked of an object that was just given.
static void write_questions(const struct writer *writer) {
    static const struct {
        const char *key, *member, *type;
    } questions[] = {{"usable", "usable", "size_t"},
                     {"footprint", "footprint", "size_t"},
                     {"class_of", "class_number", "number"}};
    const struct calls_words words = {"object", "size", NULL, NULL};
    (void)fprintf(writer->stream,
                  "static void %s(struct block *block) {\n"
                  "    void *object = block->object;\n"
                  "    size_t size = block->requested;\n"
                  "    (void)object;\n    (void)size;\n",
                  writer->has_lanes ? "ask_here" : "ask");
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        const char *text = calls_find(writer->calls, questions[i].key, "");
        if (text != NULL) {
            (void)fprintf(writer->stream, "    block->%s = (%s)(", questions[i].member,
                          questions[i].type);
            calls_write(text, &words, writer->stream);
            (void)fprintf(writer->stream, ");\n");
        } else if (i == 1) {
            (void)fprintf(writer->stream, "    block->footprint = block->usable;\n");
        }
    }
    (void)fprintf(writer->stream, "}\n\n");
}

// All that lives goes, as at the end of every program.
static void write_ending(struct writer *writer) {
    static const char *const keys[] = {"release", "release_sized", "drop"};
    const struct calls_words words = {"object", "size", NULL, NULL};
    bool collects = (writer->table->capabilities & COUNTERCHECK_COLLECTS) != 0;
    const char *text = NULL;
    size_t at = 0;
    for (; at < sizeof keys / sizeof keys[0] && text == NULL && !collects; at++) {
        text = calls_find(writer->calls, keys[at], "");
    }
    if (text != NULL) {
        (void)fprintf(writer->stream, "    while (block_count > 0) {\n"
                                      "        int least = lowest();\n"
                                      "        void *object = blocks[least].object;\n"
                                      "        size_t size = blocks[least].requested;\n"
                                      "        (void)size;\n        ");
        calls_write(text, &words, writer->stream);
        (void)fprintf(writer->stream,
                      ";\n        leave(least);\n        ops.%s++;\n"
                      "        note(ON_FREE);\n    }\n",
                      at == sizeof keys / sizeof keys[0] ? "drop" : "free");
    } else if (calls_find(writer->calls, "reset", "") != NULL) {
        (void)fprintf(writer->stream, "    %s;\n    all_gone();\n",
                      calls_find(writer->calls, "reset", ""));
    }
    alone_settling(writer);
    alone_step(writer, "all are gone");
}

static void write_beginning(struct writer *writer) {
    const struct program_header *header = &writer->program->header;
    if (writer->has_lanes) {
        (void)fprintf(writer->stream, "    make_threads();\n");
    }
    calls_write_all(writer->calls, "begin", "", "    ", writer->stream);
    if (writer->c.option != NULL) {
        calls_write_all(writer->calls, "option", writer->c.option, "    ", writer->stream);
    }
    const char *flush = calls_find(writer->calls, "flush", "");
    if (writer->has_lanes && flush != NULL) { // what the threads that were made have left
        (void)fprintf(writer->stream, "    %s;\n", flush);
    }
    (void)fprintf(writer->stream, "    read_values();\n    base = now;\n    begin();\n");
    for (uint32_t lane = 1; lane < LANE_COUNT; lane++) {
        if (writer->is_alive[lane]) {
            (void)fprintf(writer->stream, "    start_lane(%" PRIu32 ");\n", lane);
        }
    }
    if (writer->has_faults && header->fault_at != 0) {
        (void)fprintf(writer->stream, "    fault(%" PRIu64 ", %s);\n", (uint64_t)header->fault_at,
                      header->fault_and_on ? "FOR_EVER" : "1");
    }
}

static int write_main(struct writer *writer) {
    char line[TEXT_LINE_BYTES];
    (void)fprintf(writer->stream, "\nint main(void) {\n");
    write_beginning(writer);
    for (size_t i = 0; i < writer->program->count; i++) {
        int status = alone_operation(writer, i);
        if (status != CLI_CLEAN) {
            return status;
        }
        (void)text_print_operation(writer->program->operations[i], line, sizeof line);
        alone_step(writer, line);
    }
    if (writer->has_faults) {
        (void)fprintf(writer->stream, "    fault(0, 0);\n");
    }
    alone_settling(writer);
    alone_step(writer, "at rest");
    if (writer->has_lanes) {
        (void)fprintf(writer->stream, "    end_lanes();\n");
        alone_settling(writer);
        alone_step(writer, "the lanes have ended");
    }
    write_ending(writer);
    (void)fprintf(writer->stream, "    return failure_count > 0;\n}\n");
    return CLI_CLEAN;
}

static void write_comment(const struct writer *writer, const char *before, const char *text) {
    (void)fprintf(writer->stream, "// %s", before);
    for (text = escape_shown(text); *text != 0; text++) {
        (void)fputc(*text == '\\' ? '/' : *text, writer->stream); // the line ends here
    }
    (void)fputc('\n', writer->stream);
}

static void write_head(const struct writer *writer) {
    const char *compile = calls_find(writer->calls, "compile", "");
    const char *const *one = writer->table->environment;
    (void)fprintf(
        writer->stream,
        "// %zu operations on %s %s, by countercheck ops --c; status 1: a rule fails.\n//\n",
        writer->program->count, writer->table->name,
        writer->table->version == NULL ? "" : writer->table->version);
    write_comment(writer, "compile: ", compile == NULL ? "cc -w PROGRAM -o OUTPUT" : compile);
    for (; one != NULL && *one != NULL; one++) {
        write_comment(writer, "run with: ", *one);
    }
    for (uint32_t i = 0; i < relations_count(writer->c.relations); i++) {
        const char *obstacle = relations_c_obstacle(&writer->c, i);
        if (obstacle != NULL) {
            (void)fprintf(writer->stream, "// not looked at, for %s: ", obstacle);
            write_comment(writer, "", relations_rule(writer->c.relations, i)->text);
        }
    }
}

// ---- rules

static bool is_called(const struct relations_rule *rule, const char *name) {
    return (rule->label != NULL && strcmp(rule->label, name) == 0) || strcmp(rule->text, name) == 0;
}

static int choose_rules(struct writer *writer, const char *name) {
    bool is_there = name == NULL;
    for (uint32_t i = 0; i < relations_count(writer->c.relations); i++) {
        const struct relations_rule *rule = relations_rule(writer->c.relations, i);
        const char *obstacle = relations_c_obstacle(&writer->c, i);
        bool is_meant = name == NULL ? !rule->is_known : is_called(rule, name);
        is_there = is_there || is_meant;
        writer->wanted[i] = is_meant && obstacle == NULL;
        if (name != NULL && is_meant && obstacle != NULL) {
            cli_message("ops: the rule '%.80s' cannot be said in C: %s", escape_shown(name),
                        obstacle);
            return CLI_UNUSABLE;
        }
    }
    if (!is_there) {
        cli_message("ops: no rule is called '%.80s'", escape_shown(name));
    }
    return is_there ? CLI_CLEAN : CLI_UNUSABLE;
}

static void note_values(struct writer *writer) {
    const struct countercheck_statistic *statistic = writer->table->statistics;
    for (uint32_t i = 0; statistic != NULL && statistic[i].name != NULL; i++) {
        writer->has_value[i] = calls_find(writer->calls, "value", statistic[i].name) != NULL;
    }
}

// What the program has that its text must be able to do. A status, as below.
static int note_needs(struct writer *writer) {
    const struct program *program = writer->program;
    const struct language *language = &writer->subject->language;
    bool has_lanes = program->header.caches > 1;
    writer->has_faults = program->header.fault_at != 0;
    for (size_t i = 0; i < program->count; i++) {
        struct operation operation = program->operations[i];
        enum operation_code code = operation_code(operation);
        has_lanes = has_lanes || code == OP_ACQUIRE;
        writer->has_forks = writer->has_forks || code == OP_FORK;
        writer->has_faults =
            writer->has_faults || (code == OP_FAULT && operation_get(operation, OPERAND_AT) != 0);
    }
    writer->has_lanes = writer->c.has_lanes = has_lanes && language_has(language, CAPABILITY_LANES);
    writer->has_forks = writer->has_forks && language_has(language, CAPABILITY_FORK);
    writer->has_faults = writer->has_faults && language_has(language, CAPABILITY_FAULT);
    if (writer->has_faults && !writer->c.has_backing) {
        cli_message("ops: the program has a fault, and the calls take no memory of backing_map, "
                    "which alone could be refused");
        return CLI_UNUSABLE;
    }
    for (uint32_t lane = 0; lane < LANE_COUNT; lane++) {
        writer->is_alive[lane] = lane == 0 || (lane < program->header.caches && writer->has_lanes);
    }
    return CLI_CLEAN;
}

static void write_texts(const struct writer *writer) {
    const struct {
        bool is_needed;
        const char *text;
    } texts[] = {{true, alone_text},
                 {writer->has_lanes, lanes_text},
                 {writer->has_forks, fork_text},
                 {writer->c.has_backing, backing_text}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].is_needed) {
            (void)fprintf(writer->stream, "%s%s", i == 0 ? "" : "\n", texts[i].text);
        }
    }
}

// All but the program itself.
static int write_front(struct writer *writer, const struct alone_options *options) {
    int status = note_needs(writer);
    note_values(writer);
    if (status == CLI_CLEAN) {
        status = choose_rules(writer, options->rule);
    }
    if (status != CLI_CLEAN) {
        return status;
    }
    write_head(writer);
    calls_write_all(writer->calls, "include", "", "#include ", writer->stream);
    relations_c_moments(writer->stream);
    write_texts(writer);
    (void)fprintf(writer->stream, "\n// ---- the allocator\n\n");
    calls_write_all(writer->calls, "declare", "", "", writer->stream);
    write_structure(writer);
    write_reading(writer);
    if (writer->has_lanes) {
        write_shares(writer);
        write_lane_ends(writer);
    }
    write_printing(writer);
    write_questions(writer);
    (void)fprintf(writer->stream, "// ---- the rules\n\n");
    relations_c_rules(&writer->c, writer->wanted);
    (void)fprintf(writer->stream, "\n// ---- the program\n");
    return CLI_CLEAN;
}

// To stdout, without the functions that the program has no use for. A status.
static int part_print(struct part *part, bool is_whole) {
    bool has_room = fclose(part->stream) == 0;
    has_room = has_room && (!is_whole || trim_write(part->text, stdout));
    free(part->text);
    if (!has_room) {
        cli_message("out of memory");
    }
    return has_room ? CLI_CLEAN : CLI_ENVIRONMENT;
}

// Nothing is printed of a program that turns out to be none.
static int write_whole(struct writer *writer, const struct alone_options *options) {
    struct part parts[3]; // the front, functions, main
    int status = CLI_CLEAN;
    size_t count = 0;
    while (count < 3 && part_open(&parts[count])) {
        count++;
    }
    if (count == 3) {
        writer->stream = writer->c.stream = parts[0].stream;
        writer->functions = parts[1].stream;
        status = write_front(writer, options);
        writer->stream = parts[2].stream;
        status = status == CLI_CLEAN ? write_main(writer) : status;
    } else {
        status = CLI_ENVIRONMENT;
    }
    struct part whole = {.stream = NULL};
    status = status == CLI_CLEAN && !part_open(&whole) ? CLI_ENVIRONMENT : status;
    for (size_t i = 0; i < count; i++) {
        int closed = part_close(&parts[i], status == CLI_CLEAN ? whole.stream : NULL);
        status = status == CLI_CLEAN ? closed : status;
    }
    if (whole.stream != NULL) {
        int closed = part_print(&whole, status == CLI_CLEAN);
        status = status == CLI_CLEAN ? closed : status;
    }
    return cli_finish(status);
}

int alone_write(const struct alone_options *options, const struct program *program) {
    static struct calls calls;
    static struct writer writer;
    const struct subject *subject = machine_subject();
    char *own = NULL;
    int status = CLI_CLEAN;
    if (options->calls_path != NULL) {
        own = input_read_text(options->calls_path, &status);
        if (own == NULL) {
            return status;
        }
    } else if (subject->table.calls == NULL) {
        cli_message("ops: %s tells no calls: name them with --calls", subject->table.name);
        return CLI_UNUSABLE;
    }
    status = calls_parse(&calls, options->calls_path == NULL ? "calls" : options->calls_path,
                         own == NULL ? subject->table.calls : own);
    free(own);
    if (status != CLI_CLEAN) {
        return status;
    }
    writer = (struct writer){
        .subject = subject, .table = &subject->table, .calls = &calls, .program = program};
    writer.c = (struct relations_c){
        .relations = subject->relations,
        .statistics = subject->table.statistics,
        .has_value = writer.has_value,
        .option = subject_option(subject, program->header.seed),
        .has_classes = calls_find(&calls, "class_of", "") != NULL,
        .has_backing = calls_mention(&calls, "backing_map"),
        .collects = (subject->table.capabilities & COUNTERCHECK_COLLECTS) != 0,
    };
    status = write_whole(&writer, options);
    calls_free(&calls);
    return status;
}
