// goroutines: `dump goroutines`: goroutines by their stacks, as a goroutine profile has them, with
// their defers and panics.

#include "cli/dump/dump.h"
#include "cli/dump/scan/stacks.h"
#include "cli/io/cli.h"
#include "cli/io/escape.h"
#include "cli/io/json.h"
#include "cli/io/options.h"

#include <inttypes.h>
#include <stdio.h>

static const char usage[] =
    "usage: countercheck dump goroutines FILE [--json] [--lenient]\n"
    "Goroutines of the same stack and state together, the most frequent first: how\n"
    "many, their ids, how many defers and panics they have, and the stack, the\n"
    "youngest frame first.\n";

#define IDS_SHOWN 8

static void tell_json_group(const struct stacks *stacks, const struct stack_group *group,
                            struct json *json) {
    json_open_line(json, NULL, '{');
    json_number(json, "count", group->count);
    json_text(json, "state", stacks->text + group->state);
    json_number(json, "defers", group->defers);
    json_number(json, "panics", group->panics);
    json_open(json, "goroutines", '[');
    for (uint32_t at = group->first; at != STACK_NONE; at = stacks->goroutines[at].next) {
        const struct stack_goroutine *goroutine = &stacks->goroutines[at];
        json_open(json, NULL, '{');
        json_number(json, "id", goroutine->id);
        json_bool(json, "system", goroutine->is_system);
        json_number(json, "defers", goroutine->defers);
        json_number(json, "panics", goroutine->panics);
        json_close(json);
    }
    json_close(json);
    json_open(json, "stack", '[');
    for (size_t n = 0; n < group->frame_count; n++) {
        const struct stack_frame *frame = &stacks->frames[group->frame_begin + n];
        json_open(json, NULL, '{');
        json_text(json, "function", stacks->text + frame->function);
        json_address(json, "pc", frame->pc);
        json_address(json, "entry", frame->entry);
        json_close(json);
    }
    json_close(json);
    json_close(json);
}

static void tell_json(const struct stacks *stacks) {
    struct json json = {.depth = 0};
    json_open(&json, NULL, '{');
    json_number(&json, "count", stacks->goroutine_count);
    json_open(&json, "groups", '[');
    for (size_t i = 0; i < stacks->group_count && cli_can_print(); i++) {
        tell_json_group(stacks, &stacks->groups[i], &json);
    }
    json_close(&json);
    json_close(&json);
    putchar('\n');
}

static void tell_ids(const struct stacks *stacks, const struct stack_group *group) {
    uint64_t count = 0;
    for (uint32_t at = group->first; at != STACK_NONE && count < IDS_SHOWN;
         at = stacks->goroutines[at].next, count++) {
        printf(" %" PRIu64, stacks->goroutines[at].id);
    }
    if (group->count > count) {
        printf(" and %" PRIu64 " more", group->count - count);
    }
}

static void tell_group(const struct stacks *stacks, const struct stack_group *group) {
    printf("\n%" PRIu64 " ", group->count);
    (void)escape_print(stacks->text + group->state, SIZE_MAX, stdout);
    fputs(", goroutine", stdout);
    tell_ids(stacks, group);
    if (group->defers > 0) {
        printf(", %" PRIu64 " defer%s", group->defers, cli_s(group->defers));
    }
    if (group->panics > 0) {
        printf(", %" PRIu64 " panic%s", group->panics, cli_s(group->panics));
    }
    putchar('\n');
    for (size_t n = 0; n < group->frame_count; n++) {
        const struct stack_frame *frame = &stacks->frames[group->frame_begin + n];
        printf("    0x%-12" PRIx64 "  ", frame->pc);
        (void)escape_print(stacks->text + frame->function, SIZE_MAX, stdout);
        printf("+0x%" PRIx64 "\n", frame->pc - frame->entry);
    }
}

static void tell_screen(const struct stacks *stacks) {
    printf("%zu goroutine%s, %zu stack%s and state%s\n", stacks->goroutine_count,
           cli_s(stacks->goroutine_count), stacks->group_count, cli_s(stacks->group_count),
           cli_s(stacks->group_count));
    for (size_t i = 0; i < stacks->group_count && cli_can_print(); i++) {
        tell_group(stacks, &stacks->groups[i]);
    }
}

int dump_goroutines(int argc, char **argv) {
    struct dump_options options;
    struct stacks stacks;
    int status = dump_options_parse(&options, argc, argv, 1, true, usage);
    if (status >= 0) {
        return status;
    }
    status = stacks_read(&stacks, options.files[0], dump_options_mode(&options));
    if (status == CLI_CLEAN) {
        if (options.json) {
            tell_json(&stacks);
        } else {
            tell_screen(&stacks);
        }
        status = cli_finish(CLI_CLEAN);
    }
    stacks_fini(&stacks);
    return status;
}
