// compare: one input's answers of two builds, compared line by line and key by key.
#include "cli/accounts/accounts.h"

#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "cli/run/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lines {                  // of one build, JSON
    struct json_object **moves; // a trace: an object for each operation
    size_t move_count, move_capacity;
    struct json_object **findings;
    size_t finding_count, finding_capacity;
    struct json_object *statistics; // NULL: none were printed
};

static void lines_fini(struct lines *lines) {
    for (size_t i = 0; i < lines->move_count; i++) {
        (void)json_object_put(lines->moves[i]);
    }
    for (size_t i = 0; i < lines->finding_count; i++) {
        (void)json_object_put(lines->findings[i]);
    }
    (void)json_object_put(lines->statistics);
    free(lines->moves);
    free(lines->findings);
    *lines = (struct lines){0};
}

static struct json_object *member(struct json_object *object, const char *key) {
    struct json_object *value = NULL;
    (void)json_object_object_get_ex(object, key, &value);
    return value;
}

static const char *text_of(struct json_object *object, const char *key) {
    struct json_object *value = member(object, key);
    return value == NULL ? "" : json_object_get_string(value);
}

static bool keep(struct json_object ***list, size_t *capacity, size_t *count,
                 struct json_object *object) {
    if (!ARRAY_RESERVE(*list, *capacity, *count + 1)) {
        (void)json_object_put(object);
        return false;
    }
    (*list)[(*count)++] = object;
    return true;
}

// Sorts a line into where it belongs; what is no object is nobody's.
static bool take_line(struct lines *lines, struct json_object *object) {
    if (!json_object_is_type(object, json_type_object) || json_object_object_length(object) == 0) {
        (void)json_object_put(object);
        return true;
    }
    if (member(object, "moved") != NULL && member(object, "operation") != NULL) {
        return keep(&lines->moves, &lines->move_capacity, &lines->move_count, object);
    }
    if (member(object, "rule") != NULL) {
        return keep(&lines->findings, &lines->finding_capacity, &lines->finding_count, object);
    }
    (void)json_object_put(lines->statistics);
    lines->statistics = object;
    return true;
}

// False: out of memory.
static bool read_lines(struct lines *lines, const struct bytes *bytes) {
    struct json_tokener *tokener = json_tokener_new();
    bool ok = tokener != NULL;
    const char *at = bytes->at == NULL ? "" : (const char *)bytes->at; // of one that hung
    while (ok && *at != 0) {
        size_t length = strcspn(at, "\n");
        json_tokener_reset(tokener);
        struct json_object *object = json_tokener_parse_ex(tokener, at, (int)length);
        ok = take_line(lines, object);
        at += length + (at[length] == '\n');
    }
    if (tokener != NULL) {
        json_tokener_free(tokener);
    }
    return ok;
}

// ---- statistics

// Of two lists the first elements that differ, and of two objects the first such members.
static void narrow(char *part, size_t part_bytes, struct json_object *values[2]) {
    part[0] = 0;
    if (json_object_is_type(values[0], json_type_array) &&
        json_object_is_type(values[1], json_type_array)) {
        size_t count = json_object_array_length(values[0]);
        size_t i = 0;
        while (i < count && json_object_equal(json_object_array_get_idx(values[0], i),
                                              json_object_array_get_idx(values[1], i)) != 0) {
            i++;
        }
        if (i == count) {
            return; // one goes on where the other ends
        }
        (void)snprintf(part, part_bytes, "[%zu]", i);
        values[0] = json_object_array_get_idx(values[0], i);
        values[1] = json_object_array_get_idx(values[1], i);
    }
    if (json_object_is_type(values[0], json_type_object) &&
        json_object_is_type(values[1], json_type_object)) {
        json_object_object_foreach(values[0], key, value) {
            struct json_object *other = member(values[1], key);
            if (json_object_equal(value, other) == 0) {
                size_t length = strlen(part);
                (void)snprintf(part + length, part_bytes - length, ".%s", key);
                values[0] = value;
                values[1] = other;
                return;
            }
        }
    }
}

static struct accounts_field *field_of(struct accounts *accounts, const char *name) {
    for (size_t i = 0; i < accounts->field_count; i++) {
        if (strcmp(accounts->fields[i].name, name) == 0) {
            return &accounts->fields[i];
        }
    }
    struct accounts_field *field =
        accounts_add(accounts, (void **)&accounts->fields, &accounts->field_count, sizeof *field);
    if (field != NULL) {
        field->name = accounts_copy(accounts, name);
        field->earliest = ACCOUNTS_NOWHERE;
    }
    return field;
}

static bool is_in_traces(const struct lines lines[2], const char *name) {
    const struct machine *machine = machine_now();
    for (unsigned i = 0; machine != NULL && i < machine->account->count; i++) {
        if (strcmp(machine->account->names[i], name) == 0) {
            return true;
        }
    }
    for (size_t which = 0; which < 2; which++) {
        for (size_t i = 0; i < lines[which].move_count; i++) {
            if (member(member(lines[which].moves[i], "moved"), name) != NULL) {
                return true;
            }
        }
    }
    return false;
}

// A movement that a line leaves out is none.
static bool is_same_move(struct json_object *a, struct json_object *b) {
    if (a == NULL || b == NULL) {
        struct json_object *there = a == NULL ? b : a;
        return there == NULL ||
               (json_object_is_type(there, json_type_int) && json_object_get_int64(there) == 0);
    }
    return json_object_equal(a, b) != 0;
}

static size_t common_count(const struct lines lines[2]) {
    return lines[0].move_count < lines[1].move_count ? lines[0].move_count : lines[1].move_count;
}

// The first operation that moved the statistic differently.
static size_t parts_at(const struct lines lines[2], const char *name) {
    for (size_t i = 0; i < common_count(lines); i++) {
        if (!is_same_move(member(member(lines[0].moves[i], "moved"), name),
                          member(member(lines[1].moves[i], "moved"), name))) {
            return i;
        }
    }
    return ACCOUNTS_NOWHERE;
}

static void note_values(struct json_object *to[2], struct json_object *const from[2]) {
    for (size_t i = 0; i < 2; i++) {
        (void)json_object_put(to[i]);
        to[i] = json_object_get(from[i]);
    }
}

// The statistic differs in this input.
static void note_field(struct accounts *accounts, const char *name, struct json_object *old_value,
                       struct json_object *new_value, const struct lines lines[2],
                       struct accounts_place place) {
    struct accounts_field *field = field_of(accounts, name);
    if (field == NULL) {
        return;
    }
    place.operation = parts_at(lines, name);
    size_t earliest = place.operation != ACCOUNTS_NOWHERE ? place.operation + 1
                      : is_in_traces(lines, name)         ? 0
                                                          : ACCOUNTS_NOWHERE;
    field->earliest = earliest < field->earliest ? earliest : field->earliest;
    field->is_only_in[ACCOUNTS_OLD] |= new_value == NULL;
    field->is_only_in[ACCOUNTS_NEW] |= old_value == NULL;
    if (accounts_place_is_better(&field->place, place.operation_count)) {
        struct json_object *values[2] = {old_value, new_value};
        narrow(field->part, sizeof field->part, values);
        note_values(field->values, values);
        if (place.operation != ACCOUNTS_NOWHERE) {
            place.text = (char *)(uintptr_t)text_of(lines[0].moves[place.operation], "text");
        }
        accounts_place_set(accounts, &field->place, &place);
    }
    field->input_count++;
}

// A key whose value is null is there, and json-c gives NULL for both: its presence is asked for.
static bool has(struct json_object *object, const char *key) {
    return json_object_object_get_ex(object, key, NULL) != 0;
}

static void compare_statistics(struct accounts *accounts, const struct lines lines[2],
                               const struct accounts_place *place) {
    struct json_object *statistics[2] = {lines[0].statistics, lines[1].statistics};
    for (size_t which = 0; which < 2; which++) {
        json_object_object_foreach(statistics[which], key, value) {
            struct json_object *other = member(statistics[1 - which], key);
            if (!has(accounts->names, key)) {
                (void)json_object_object_add(accounts->names, key, NULL);
            }
            bool is_alone = !has(statistics[1 - which], key);
            if (is_alone || (which == 0 && json_object_equal(value, other) == 0)) {
                note_field(accounts, key, which == 0 ? value : other, which == 0 ? other : value,
                           lines, *place);
            }
        }
    }
}

// ---- what operations moved

// "h17 = alloc c2 size=48": "alloc".
static void name_of_operation(const char *text, char *name, size_t name_bytes) {
    const char *equals = strstr(text, " = ");
    const char *begin = equals == NULL ? text : equals + 3;
    (void)snprintf(name, name_bytes, "%.*s", (int)strcspn(begin, " "), begin);
}

static struct accounts_delta *delta_of(struct accounts *accounts, const char *operation,
                                       const char *field) {
    for (size_t i = 0; i < accounts->delta_count; i++) {
        struct accounts_delta *delta = &accounts->deltas[i];
        if (strcmp(delta->operation, operation) == 0 && strcmp(delta->field, field) == 0) {
            return delta;
        }
    }
    struct accounts_delta *delta =
        accounts_add(accounts, (void **)&accounts->deltas, &accounts->delta_count, sizeof *delta);
    if (delta != NULL) {
        delta->operation = accounts_copy(accounts, operation);
        delta->field = accounts_copy(accounts, field);
    }
    return delta;
}

static void note_delta(struct accounts *accounts, struct json_object *move, const char *field,
                       struct json_object *const values[2], struct accounts_place place) {
    char operation[32];
    place.text = (char *)(uintptr_t)text_of(move, "text");
    name_of_operation(place.text, operation, sizeof operation);
    struct accounts_delta *delta = delta_of(accounts, operation, field);
    if (delta == NULL) {
        return;
    }
    delta->times++;
    delta->input_count += delta->seen_in != accounts->input_count;
    delta->seen_in = accounts->input_count;
    if (accounts_place_is_better(&delta->place, place.operation_count)) {
        note_values(delta->values, values);
        accounts_place_set(accounts, &delta->place, &place);
    }
}

static void compare_moves(struct accounts *accounts, struct json_object *const moves[2],
                          const struct accounts_place *place) {
    struct json_object *moved[2] = {member(moves[0], "moved"), member(moves[1], "moved")};
    struct json_object *effective[2] = {member(moves[0], "effective"),
                                        member(moves[1], "effective")};
    // A build that knows no --no-expect does what its expect lines say; the other need not.
    bool is_expect = strncmp(text_of(moves[0], "text"), "expect ", 7) == 0;
    if (!is_expect && json_object_equal(effective[0], effective[1]) == 0) {
        note_delta(accounts, moves[0], "effective", effective, *place);
    }
    for (size_t which = 0; which < 2; which++) {
        json_object_object_foreach(moved[which], key, value) {
            struct json_object *other = member(moved[1 - which], key);
            if ((which == 0 || other == NULL) && !is_same_move(value, other)) {
                struct json_object *values[2] = {which == 0 ? value : other,
                                                 which == 0 ? other : value};
                note_delta(accounts, moves[0], key, values, *place);
            }
        }
    }
}

static void compare_traces(struct accounts *accounts, const struct lines lines[2],
                           struct accounts_place place) {
    for (size_t i = 0; i < common_count(lines); i++) {
        struct json_object *moves[2] = {lines[0].moves[i], lines[1].moves[i]};
        place.operation = i;
        if (json_object_equal(moves[0], moves[1]) == 0) {
            compare_moves(accounts, moves, &place);
        }
    }
}

// ---- what the new build's rules say

static void note_finding(struct accounts *accounts, struct json_object *finding,
                         struct json_object *whole, struct accounts_place place) {
    const char *rule = text_of(finding, "rule");
    const char *field = text_of(finding, "field");
    size_t i = 0;
    while (i < accounts->finding_count && (strcmp(accounts->findings[i].rule, rule) != 0 ||
                                           strcmp(accounts->findings[i].field, field) != 0)) {
        i++;
    }
    struct accounts_finding *row = NULL;
    if (i < accounts->finding_count) {
        row = &accounts->findings[i];
    } else {
        row = accounts_add(accounts, (void **)&accounts->findings, &accounts->finding_count,
                           sizeof *row);
        if (row == NULL) {
            return;
        }
        row->rule = accounts_copy(accounts, rule);
        row->field = accounts_copy(accounts, field);
    }
    row->input_count += row->seen_in != accounts->input_count;
    row->seen_in = accounts->input_count;
    if (accounts_place_is_better(&row->place, place.operation_count)) {
        struct json_object *operation = member(whole, "operation");
        place.operation =
            operation == NULL ? ACCOUNTS_NOWHERE : (size_t)json_object_get_uint64(operation);
        place.text = (char *)(uintptr_t)text_of(whole, "text");
        accounts_place_set(accounts, &row->place, &place);
        free(row->message);
        row->message = accounts_copy(accounts, text_of(whole, "message"));
    }
}

static void note_findings(struct accounts *accounts, const struct lines *lines, int status,
                          const struct accounts_place *place) {
    for (size_t i = 0; i < lines->finding_count; i++) {
        struct json_object *also = member(lines->findings[i], "also");
        note_finding(accounts, lines->findings[i], lines->findings[i], *place);
        for (size_t k = 0; also != NULL && k < json_object_array_length(also); k++) {
            note_finding(accounts, json_object_array_get_idx(also, k), lines->findings[i], *place);
        }
    }
    if (lines->finding_count == 0 && status != CLI_CLEAN) {
        struct json_object *crash = json_object_new_object();
        (void)json_object_object_add(
            crash, "rule", json_object_new_string(status == BUILD_HUNG ? "hang" : "crash"));
        note_finding(accounts, crash, crash, *place);
        (void)json_object_put(crash);
    }
    accounts->judged_count += lines->finding_count > 0 || status != CLI_CLEAN;
}

// ---- one input

static int check_reply(const struct accounts *accounts, const struct reply *reply, size_t which,
                       const struct lines *lines, const char *input) {
    const char *build = accounts->builds[which].path;
    if (reply->status == CLI_UNUSABLE) {
        cli_message("%s: %s cannot read it", input, build);
        return CLI_UNUSABLE;
    }
    if (reply->status == CLI_ENVIRONMENT) {
        cli_message("%s: the environment failed %s", input, build);
        return CLI_ENVIRONMENT;
    }
    if (reply->status == CLI_CLEAN && lines->statistics == NULL) {
        cli_message("%s: prints no statistics of %s", build, input);
        return CLI_UNUSABLE;
    }
    return CLI_CLEAN;
}

static int compare_dumps(struct accounts *accounts, const struct question questions[2],
                         const struct accounts_place *place) {
    const struct bytes *dumps[2] = {&questions[0].reply.dump, &questions[1].reply.dump};
    if (!accounts_dumps_differ(dumps[0], dumps[1])) {
        return CLI_CLEAN;
    }
    struct question again = {.build = questions[0].build};
    int status = build_ask(&again, 1, place->input);
    if (status == CLI_CLEAN) {
        accounts_compare_dumps(accounts, place, dumps[0], dumps[1], &again.reply.dump);
    }
    build_forget(&again, 1);
    return status;
}

static int compare_lines(struct accounts *accounts, const struct question questions[3],
                         const struct lines lines[3], const char *input) {
    const int statuses[2] = {questions[0].reply.status, questions[1].reply.status};
    const struct accounts_place place = {
        .input = (char *)(uintptr_t)input,
        .operation_count =
            lines[0].move_count > lines[1].move_count ? lines[0].move_count : lines[1].move_count,
        .operation = ACCOUNTS_NOWHERE,
    };
    accounts->input_count++;
    for (size_t which = 0; which < 2; which++) {
        accounts->has_spoken[which] |=
            lines[which].statistics != NULL || lines[which].move_count > 0;
    }
    if (statuses[0] != statuses[1] && accounts->ended_count++ == 0) {
        accounts_place_set(accounts, &accounts->ended, &place);
        memcpy(accounts->ended_status, statuses, sizeof statuses);
    }
    compare_traces(accounts, lines, place);
    if (lines[0].statistics != NULL && lines[1].statistics != NULL) {
        compare_statistics(accounts, lines, &place);
        int status = compare_dumps(accounts, questions, &place);
        if (status != CLI_CLEAN) {
            return status;
        }
        if (!accounts->is_allowed_known && !accounts_check_allowed(accounts)) {
            return CLI_UNUSABLE;
        }
        accounts->is_allowed_known = true;
    }
    note_findings(accounts, &lines[2], questions[2].reply.status, &place);
    return CLI_CLEAN;
}

int accounts_compare(struct accounts *accounts, const char *input) {
    struct question questions[3] = {
        {.build = &accounts->builds[ACCOUNTS_OLD]},
        {.build = &accounts->builds[ACCOUNTS_NEW]},
        {.build = &accounts->builds[ACCOUNTS_NEW], .is_judged = true},
    };
    struct lines lines[3] = {{0}};
    int status = build_ask(questions, 3, input);
    for (size_t i = 0; i < 3 && status == CLI_CLEAN; i++) {
        if (!read_lines(&lines[i], &questions[i].reply.text)) {
            accounts->is_out_of_memory = true;
        } else if (i < 2) {
            status = check_reply(accounts, &questions[i].reply, i, &lines[i], input);
        }
    }
    if (status == CLI_CLEAN) {
        status = compare_lines(accounts, questions, lines, input);
    }
    for (size_t i = 0; i < 3; i++) {
        lines_fini(&lines[i]);
    }
    build_forget(questions, 3);
    if (accounts->is_out_of_memory && status == CLI_CLEAN) {
        cli_message("out of memory");
        status = CLI_ENVIRONMENT;
    }
    return status;
}
