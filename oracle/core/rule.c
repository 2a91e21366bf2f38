// rule: counts evaluations and failures, and keeps the first failure as the finding.
#include "oracle/core/rule.h"

#include <stdarg.h>
#include <string.h>

void rule_book_init(struct rule_book *book, const struct rule_table *rules) {
    memset(book, 0, sizeof *book);
    book->rules = rules;
}

void rule_book_begin(struct rule_book *book) {
    book->found = false;
    book->operation = 0;
    book->checked_before = 0;
}

static void copy_text(char *to, size_t size_bytes, const char *from) {
    (void)snprintf(to, size_bytes, "%s", from == NULL ? "" : from);
}

// The finding to fill; NULL: there is one already, or none is wanted of the rule.
static struct finding *first_finding(struct rule_book *book, unsigned rule) {
    book->fired[rule]++;
    if (book->found || book->is_set_aside[rule]) {
        return NULL;
    }
    book->found = true;
    struct finding *finding = &book->finding;
    memset(finding, 0, sizeof *finding);
    finding->rule = rule;
    finding->row = &book->rules->rows[rule];
    finding->operation = book->operation;
    finding->checked_before = book->checked_before;
    if (book->describe != NULL) {
        book->describe(book->describe_context, book->operation, finding->operation_text,
                       sizeof finding->operation_text);
    }
    return finding;
}

// What else the check of the first finding finds; a field once for each rule.
static void add_also(struct rule_book *book, unsigned rule, const char *field, uint64_t left,
                     uint64_t right) {
    struct finding *finding = &book->finding;
    if (field[0] == '\0' || finding->operation != book->operation) {
        return;
    }
    if (finding->also_count < FINDING_ALSO_MAX) {
        struct finding_also *also = &finding->also[finding->also_count];
        *also =
            (struct finding_also){.rule = &book->rules->rows[rule], .left = left, .right = right};
        copy_text(also->field, sizeof also->field, field);
    }
    finding->also_count++;
}

bool rule_fail_values(struct rule_book *book, unsigned rule, const char *field,
                      struct rule_value left, struct rule_value right) {
    struct finding *finding = first_finding(book, rule);
    if (finding != NULL) {
        copy_text(finding->field, sizeof finding->field, field);
        copy_text(finding->left_name, sizeof finding->left_name, left.name);
        copy_text(finding->right_name, sizeof finding->right_name, right.name);
        finding->left = left.value;
        finding->right = right.value;
        finding->has_values = left.name != NULL;
    } else if (!book->is_set_aside[rule]) {
        add_also(book, rule, field == NULL ? "" : field, left.value, right.value);
    }
    return book->is_set_aside[rule];
}

void rule_add_before(struct rule_book *book, uint64_t left_before, uint64_t right_before) {
    struct finding *finding = &book->finding;
    if (book->found && !finding->has_change) {
        finding->has_change = true;
        finding->left_before = left_before;
        finding->right_before = right_before;
    }
}

void rule_add_record(struct rule_book *book, const char *record, uint64_t offset_bytes) {
    struct finding *finding = &book->finding;
    if (book->found && finding->record[0] == '\0') {
        copy_text(finding->record, sizeof finding->record, record);
        finding->record_offset = offset_bytes;
    }
}

// The format, with the words that stand in it before its first number.
static void keep_sentence(struct finding *finding, const char *format, va_list arguments) {
    char *to = finding->sentence;
    size_t room = sizeof finding->sentence;
    const char *word;
    while ((word = strchr(format, '%')) != NULL && word[1] == 's') {
        int length = snprintf(to, room, "%.*s%s", (int)(word - format), format,
                              va_arg(arguments, const char *));
        if (length < 0 || (size_t)length >= room) {
            return; // as much of it as there is room for
        }
        to += length;
        room -= (size_t)length;
        format = word + 2;
    }
    copy_text(to, room, format);
}

bool rule_fail_list(struct rule_book *book, unsigned rule, struct rule_place place,
                    const char *format, va_list arguments) {
    struct finding *finding = first_finding(book, rule);
    if (finding != NULL) {
        finding->span = place.span;
        finding->object = place.object;
        va_list words;
        va_copy(words, arguments);
        keep_sentence(finding, format, words);
        va_end(words);
        (void)vsnprintf(finding->text, sizeof finding->text, format, arguments);
    }
    return book->is_set_aside[rule];
}

bool rule_fail(struct rule_book *book, unsigned rule, struct rule_place place, const char *format,
               ...) {
    va_list arguments;
    va_start(arguments, format);
    bool result = rule_fail_list(book, rule, place, format, arguments);
    va_end(arguments);
    return result;
}

static bool is_field_aside(const struct rule_book *book, unsigned rule, const char *field) {
    for (size_t i = 0; i < book->field_aside_count; i++) {
        const struct rule_field *aside = &book->fields_aside[i];
        size_t length = strlen(aside->name);
        if (aside->rule == rule && strncmp(aside->name, field, length) == 0 &&
            (field[length] == 0 || field[length] == '[')) {
            return true;
        }
    }
    return false;
}

void rule_set_field_aside(struct rule_book *book, unsigned rule, const char *field) {
    if (book->field_aside_count < RULE_FIELDS_ASIDE_MAX) {
        struct rule_field *aside = &book->fields_aside[book->field_aside_count++];
        aside->rule = rule;
        copy_text(aside->name, sizeof aside->name, field);
        aside->name[strcspn(aside->name, "[")] = 0;
    }
}

bool rule_fail_words(struct rule_book *book, unsigned rule, const char *field, const char *sentence,
                     const char *words) {
    if (is_field_aside(book, rule, field)) {
        book->fired[rule]++;
        return true;
    }
    struct finding *finding = first_finding(book, rule);
    if (finding != NULL) {
        copy_text(finding->field, sizeof finding->field, field);
        copy_text(finding->text, sizeof finding->text, words);
        copy_text(finding->sentence, sizeof finding->sentence, sentence);
    }
    return book->is_set_aside[rule];
}

bool rule_set_aside(struct rule_book *book, const char *name) {
    bool is_known = false;
    for (unsigned rule = 0; rule < book->rules->count; rule++) {
        const struct rule_row *row = &book->rules->rows[rule];
        if (strcmp(name, "all") == 0 || strcmp(row->truth, name) == 0 ||
            strcmp(row->name, name) == 0) {
            book->is_set_aside[rule] = true;
            is_known = true;
        }
    }
    return is_known;
}

bool rule_judge(struct rule_book *book, unsigned rule, bool holds, const char *field,
                struct rule_value left, struct rule_value right) {
    rule_count(book, rule);
    return holds || rule_fail_values(book, rule, field, left, right);
}
