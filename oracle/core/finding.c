// finding: how a disagreement is written: as a line for logs and scripts, as a block for people.
#include "oracle/core/finding.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static const struct rule_row core_rows[] = {
#define RULE(id, name, truth, reason) {name, truth, reason},
#include "oracle/core/rules.def"
};

const struct rule_table core_rules = {core_rows, RULE_CORE_COUNT};

struct line {
    char *text;
    size_t size_bytes;
    int length; // that it would have
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
line_add(struct line *line, const char *format, ...);

static void line_add(struct line *line, const char *format, ...) {
    size_t used = (size_t)line->length < line->size_bytes ? (size_t)line->length : line->size_bytes;
    va_list arguments;
    va_start(arguments, format);
    int added = vsnprintf(line->text + used, line->size_bytes - used, format, arguments);
    va_end(arguments);
    line->length += added > 0 ? added : 0;
}

// A difference of two unsigned numbers with its sign: "+8192".
static void line_add_change(struct line *line, uint64_t from, uint64_t to) {
    if (to >= from) {
        line_add(line, "+%" PRIu64, to - from);
    } else {
        line_add(line, "-%" PRIu64, from - to);
    }
}

int finding_line(const struct finding *finding, char *text, size_t size_bytes) {
    struct line line = {.text = text, .size_bytes = size_bytes};
    line_add(&line, "rule %s failed", finding->row->name);
    if (finding->field[0] != '\0') {
        line_add(&line, ": %s", finding->field);
    }
    if (finding->has_values) {
        line_add(&line, ": %s %" PRIu64 ", %s %" PRIu64 " (", finding->left_name, finding->left,
                 finding->right_name, finding->right);
        line_add_change(&line, finding->left, finding->right);
        line_add(&line, ")");
    }
    if (finding->text[0] != '\0') {
        line_add(&line, ": %s", finding->text);
    }
    if (finding->object != 0) {
        line_add(&line, ", object 0x%" PRIxPTR, finding->object);
    } else if (finding->span != 0) {
        line_add(&line, ", span 0x%" PRIxPTR, finding->span);
    }
    if (finding->record[0] != '\0') {
        line_add(&line, ", record %s at byte %" PRIu64, finding->record, finding->record_offset);
    }
    line_add(&line, ", at operation %" PRIu64, finding->operation);
    if (finding->operation_text[0] != '\0') {
        line_add(&line, ": %s", finding->operation_text);
    }
    return line.length;
}

static void print_change(struct line *block, const char *name, uint64_t before, uint64_t after) {
    char text[32];
    struct line line = {.text = text, .size_bytes = sizeof text};
    line_add_change(&line, before, after);
    line_add(block, "  %-20s %s (was %" PRIu64 ")\n", name, text, before);
}

static void print_values(const struct finding *finding, struct line *block) {
    line_add(block, "  %-20s %20" PRIu64 "  0x%" PRIx64 "\n", finding->left_name, finding->left,
             finding->left);
    line_add(block, "  %-20s %20" PRIu64 "  0x%" PRIx64 "\n", finding->right_name, finding->right,
             finding->right);
    if (finding->has_change) {
        line_add(block, "since the check before\n");
        print_change(block, finding->left_name, finding->left_before, finding->left);
        print_change(block, finding->right_name, finding->right_before, finding->right);
    }
}

static void print_also(const struct finding *finding, struct line *block) {
    size_t kept = finding->also_count < FINDING_ALSO_MAX ? finding->also_count : FINDING_ALSO_MAX;
    for (size_t i = 0; i < kept; i++) {
        char change[32];
        const struct finding_also *also = &finding->also[i];
        struct line line = {.text = change, .size_bytes = sizeof change};
        line_add_change(&line, also->left, also->right);
        line_add(block, "%s  %-20s %20" PRIu64 "  %" PRIu64 " (%s)  %s\n", i == 0 ? "also\n" : "",
                 also->field, also->left, also->right, change, also->rule->name);
    }
    if (finding->also_count > kept) {
        line_add(block, "  and %zu more\n", finding->also_count - kept);
    }
}

int finding_block(const struct finding *finding, char *text, size_t size_bytes) {
    struct line whole = {.text = text, .size_bytes = size_bytes};
    struct line *block = &whole;
    line_add(block, "rule       %s (%s)\nmeans      %s\n", finding->row->name, finding->row->truth,
             finding->row->reason);
    if (finding->field[0] != '\0') {
        line_add(block, "field      %s\n", finding->field);
    }
    if (finding->has_values) {
        print_values(finding, block);
    }
    if (finding->text[0] != '\0') {
        line_add(block, "says       %s\n", finding->text);
    }
    if (finding->span != 0) {
        line_add(block, "span       0x%" PRIxPTR "\n", finding->span);
    }
    if (finding->object != 0) {
        line_add(block, "object     0x%" PRIxPTR "\n", finding->object);
    }
    if (finding->record[0] != '\0') {
        line_add(block, "record     %s, at byte %" PRIu64 " of the dump\n", finding->record,
                 finding->record_offset);
    }
    line_add(block, "operation  %" PRIu64 "%s%s\n", finding->operation,
             finding->operation_text[0] != '\0' ? ": " : "", finding->operation_text);
    if (finding->checked_before < finding->operation) {
        line_add(block, "           or one of those from %" PRIu64 " on: checked at a cadence\n",
                 finding->checked_before);
    }
    print_also(finding, block);
    return whole.length;
}

void finding_print(const struct finding *finding, FILE *stream) {
    char text[FINDING_BLOCK_BYTES];
    (void)finding_block(finding, text, sizeof text);
    (void)fputs(text, stream);
}

bool finding_is_same(const struct finding *a, const struct finding *b) {
    return a->rule == b->rule && strcmp(a->field, b->field) == 0 &&
           strcmp(a->sentence, b->sentence) == 0;
}
