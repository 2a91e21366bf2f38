// alone_operations: each operation as calls of C; what they give is told to the ledger of
// subject/template/alone.c.
#define _POSIX_C_SOURCE 200809L
#include "cli/io/cli.h"
#include "cli/subject/alone_private.h"
#include "fuzz/program/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int refuse(const struct writer *writer, size_t operation, const char *what) {
    char line[TEXT_LINE_BYTES];
    (void)text_print_operation(writer->program->operations[operation], line, sizeof line);
    cli_message("ops: operation %zu, '%s': %s", operation, line, what);
    return CLI_UNUSABLE;
}

// ---- one operation

bool part_open(struct part *part) {
    *part = (struct part){.stream = NULL};
    part->stream = open_memstream(&part->text, &part->size_bytes);
    if (part->stream == NULL) {
        cli_message("out of memory");
    }
    return part->stream != NULL;
}

int part_close(struct part *part, FILE *to) {
    int status = CLI_CLEAN;
    if (fclose(part->stream) != 0) {
        cli_message("out of memory");
        status = CLI_ENVIRONMENT;
    } else if (to != NULL) {
        (void)fwrite(part->text, 1, part->size_bytes, to);
    }
    free(part->text);
    return status;
}

// The text of a call, or NULL: a message was printed.
static const char *call_of(const struct writer *writer, size_t operation, const char *key) {
    const char *text = calls_find(writer->calls, key, "");
    if (text == NULL) {
        char what[64];
        (void)snprintf(what, sizeof what, "the calls have no '%s'", key);
        (void)refuse(writer, operation, what);
    }
    return text;
}

// What the text of a call is worth.
enum worth { AN_OBJECT, A_TRUTH, NOTHING };

static enum worth worth_of(const char *key) {
    bool is_object = strncmp(key, "allocate", 8) == 0 || strcmp(key, "reallocate") == 0;
    return is_object ? AN_OBJECT : strcmp(key, "expand") == 0 ? A_TRUTH : NOTHING;
}

// Writes a function of the call, which a lane can be handed. Its number.
static uint32_t write_function(struct writer *writer, const char *text,
                               const struct calls_words *words, enum worth worth) {
    static const char *const before[] = {"return ", "return (", ""};
    static const char *const after[] = {";", ") ? &live : NULL;", ";\n    return NULL;"};
    uint32_t number = ++writer->function_count;
    (void)fprintf(writer->functions, "\nstatic void *call_%" PRIu32 "(void) {\n    %s", number,
                  before[worth]);
    calls_write(text, words, writer->functions);
    (void)fprintf(writer->functions, "%s\n}\n", after[worth]);
    return number;
}

// "    took(3, CALL, 64, PLAIN);", or with `guard` "    if (h[3] != NULL) { ... }".
static int write_call(struct writer *writer, size_t operation, const char *key, uint32_t slot,
                      size_t size_bytes, size_t alignment, const char *begin, const char *end) {
    char object[16];
    char size[24];
    char aligned[24];
    const char *text = call_of(writer, operation, key);
    if (text == NULL) {
        return CLI_UNUSABLE;
    }
    (void)snprintf(object, sizeof object, "h[%" PRIu32 "]", slot);
    (void)snprintf(size, sizeof size, "%zu", size_bytes);
    (void)snprintf(aligned, sizeof aligned, "%zu", alignment);
    if (strcmp(key, "release_sized") == 0) {
        (void)snprintf(size, sizeof size, "size_of(%" PRIu32 ")", slot);
    }
    const struct calls_words words = {object, size, aligned, NULL};
    (void)fputs(begin, writer->stream);
    if (writer->has_lanes) {
        enum worth worth = worth_of(key);
        uint32_t number = write_function(writer, text, &words, worth);
        (void)fprintf(writer->stream, "on(%" PRIu32 ", call_%" PRIu32 ")%s", writer->lane, number,
                      worth == A_TRUTH ? " != NULL" : "");
    } else {
        calls_write(text, &words, writer->stream);
    }
    (void)fputs(end, writer->stream);
    return CLI_CLEAN;
}

static int write_allocation(struct writer *writer, size_t operation, uint32_t slot,
                            size_t size_bytes, const char *key, const char *kind,
                            size_t alignment) {
    char begin[32];
    char end[48];
    (void)snprintf(begin, sizeof begin, "    took(%" PRIu32 ", ", slot);
    (void)snprintf(end, sizeof end, ", %zu, %s);\n", size_bytes, kind);
    return write_call(writer, operation, key, slot, size_bytes, alignment, begin, end);
}

static int write_plain(struct writer *writer, size_t at, uint32_t slot) {
    struct operation operation = writer->program->operations[at];
    bool is_zeroed =
        operation_get(operation, OPERAND_ZERO) != 0 && writer->table->allocate_zeroed != NULL;
    return write_allocation(
        writer, at, slot, subject_size_for(writer->table, operation_size(operation)),
        is_zeroed ? "allocate_zeroed" : "allocate", is_zeroed ? "ZEROED" : "PLAIN", 0);
}

static int write_aligned(struct writer *writer, size_t at, uint32_t slot) {
    struct operation operation = writer->program->operations[at];
    size_t size_bytes = subject_size_for(writer->table, operation_size(operation));
    size_t most = subject_alignment_max(writer->table);
    size_t alignment = (size_t)1 << operation_get(operation, OPERAND_ALIGN);
    alignment = alignment < most ? alignment : most;
    return size_bytes == 0 ? CLI_CLEAN
                           : write_allocation(writer, at, slot, size_bytes, "allocate_aligned",
                                              "ALIGNED", alignment);
}

static int write_end(struct writer *writer, size_t at, uint32_t slot, const char *key) {
    char begin[64];
    char end[64];
    (void)snprintf(begin, sizeof begin, "    if (h[%" PRIu32 "] != NULL) {\n        ", slot);
    (void)snprintf(end, sizeof end, ";\n        gone(%" PRIu32 ", %d);\n    }\n", slot,
                   strcmp(key, "drop") == 0);
    return write_call(writer, at, key, slot, 0, 0, begin, end);
}

static int write_resize(struct writer *writer, size_t at, uint32_t slot, const char *key,
                        const char *teller) {
    char begin[96];
    char end[64];
    size_t size_bytes =
        subject_size_for(writer->table, operation_size(writer->program->operations[at]));
    size_bytes = size_bytes == 0 ? 1 : size_bytes;
    (void)snprintf(begin, sizeof begin,
                   "    if (h[%" PRIu32 "] != NULL) {\n        %s(%" PRIu32 ", ", slot, teller,
                   slot);
    (void)snprintf(end, sizeof end, ", %zu);\n    }\n", size_bytes);
    return write_call(writer, at, key, slot, size_bytes, 0, begin, end);
}

static int write_alone(struct writer *writer, size_t at, const char *key, const char *told) {
    char end[64];
    (void)snprintf(end, sizeof end, ";\n    %s;\n", told);
    return write_call(writer, at, key, 0, 0, 0, "    ", end);
}

static int write_run(struct writer *writer, size_t at, uint32_t slot) {
    struct operation operation = writer->program->operations[at];
    bool is_free = operation_code(operation) == OP_FREE_RUN;
    uint32_t count = operation_get(operation, is_free ? OPERAND_FREE_RUN : OPERAND_RUN);
    uint32_t stride = is_free ? operation_get(operation, OPERAND_STRIDE) : 1;
    int status = CLI_CLEAN;
    for (uint32_t i = 0; i < count && status == CLI_CLEAN; i++) {
        uint32_t one = (slot + i * stride) % operation_handle_count(operation);
        status = is_free ? write_end(writer, at, one, "release") : write_plain(writer, at, one);
    }
    return status;
}

void alone_settling(struct writer *writer) {
    const char *flush = calls_find(writer->calls, "flush", "");
    const char *settle = calls_find(writer->calls, "settle", "");
    if (flush != NULL && writer->has_lanes) {
        const struct calls_words none = {NULL, NULL, NULL, NULL};
        (void)fprintf(writer->stream, "    each_lane(call_%" PRIu32 ");\n",
                      write_function(writer, flush, &none, NOTHING));
    } else if (flush != NULL) {
        (void)fprintf(writer->stream, "    %s;\n", flush);
    }
    if (settle != NULL) {
        (void)fprintf(writer->stream, "    %s;\n", settle);
    }
    (void)fprintf(writer->stream, "    settled();\n");
}

void alone_step(const struct writer *writer, const char *what) {
    if (writer->has_lanes && relations_need_lanes(writer->c.relations)) {
        (void)fprintf(writer->stream, "    read_shares();\n");
    }
    (void)fprintf(writer->stream, "    step(");
    relations_c_string(writer->stream, what);
    (void)fprintf(writer->stream, ");\n");
}

static void write_lane(struct writer *writer, uint32_t lane, bool is_begin) {
    if (lane > 0 && lane < LANE_COUNT && writer->is_alive[lane] != is_begin) {
        writer->is_alive[lane] = is_begin;
        (void)fprintf(writer->stream, "    %s_lane(%" PRIu32 ");\n", is_begin ? "start" : "end",
                      lane);
    }
    (void)fprintf(writer->stream, "    note(0);\n");
}

static int write_fault(const struct writer *writer, struct operation operation) {
    uint32_t at = operation_get(operation, OPERAND_AT);
    if (operation_get(operation, OPERAND_AND_ON) != 0) {
        (void)fprintf(writer->stream, "    fault(%" PRIu32 ", FOR_EVER);\n", at);
    } else if (writer->has_faults) {
        (void)fprintf(writer->stream, "    fault(%" PRIu32 ", %" PRIu32 ");\n", at,
                      operation_get(operation, OPERAND_MORE) + 1);
    }
    return CLI_CLEAN;
}

// What the child does is a function. A child forks no more.
static int write_fork(struct writer *writer, size_t at) {
    struct part body;
    struct writer child = *writer;
    uint32_t ahead = operation_get(writer->program->operations[at], OPERAND_AHEAD);
    if (writer->is_child) {
        return CLI_CLEAN;
    }
    if (!part_open(&body)) {
        return CLI_ENVIRONMENT;
    }
    child.stream = body.stream;
    child.is_child = true;
    (void)memset(&child.is_alive[1], 0, sizeof child.is_alive - sizeof child.is_alive[0]);
    uint32_t number = ++child.function_count;
    (void)fprintf(child.stream, "\nstatic void child_%" PRIu32 "(void) {\n%s", number,
                  child.has_lanes ? "    forget_lanes();\n" : "");
    int status = CLI_CLEAN;
    for (size_t i = at + 1; i <= at + ahead && i < writer->program->count && status == CLI_CLEAN;
         i++) {
        status = alone_operation(&child, i);
    }
    alone_settling(&child);
    alone_step(&child, "the child is at rest");
    (void)fprintf(child.stream, "}\n");
    writer->function_count = child.function_count;
    int written = part_close(&body, writer->functions);
    (void)fprintf(writer->stream, "    in_child(child_%" PRIu32 ", %u);\n", number,
                  (subject_hang_ms(writer->table) + 999) / 1000); // alarm() has whole seconds
    return status == CLI_CLEAN ? written : status;
}

// A child is looked at where its operations say so, and at its end.
static int write_look(const struct writer *writer, size_t at) {
    char line[TEXT_LINE_BYTES];
    struct operation operation = writer->program->operations[at];
    enum operation_code code = operation_code(operation);
    if (writer->is_child && (code == OP_CHECK || code == OP_STATS)) {
        (void)text_print_operation(operation, line, sizeof line);
        alone_step(writer, line);
    }
    return CLI_CLEAN;
}

// What an operation is in C. Those that are not here look, and change nothing.
enum shape { LOOKS, ALLOCATES, RUNS, ALIGNS, ENDS, RESIZES, CALLS, PEAKS, SETTLES, FORKS, FAILS };

static const struct form {
    enum shape shape;
    const char *key, *told; // of the call, and what tells the ledger of it
} forms[OP_COUNT] = {
    [OP_ALLOC] = {ALLOCATES, NULL, NULL},
    [OP_ALLOC_RUN] = {RUNS, NULL, NULL},
    [OP_FREE_RUN] = {RUNS, NULL, NULL},
    [OP_ALLOC_ALIGNED] = {ALIGNS, NULL, NULL},
    [OP_FREE] = {ENDS, "release", NULL},
    [OP_FREE_SIZED] = {ENDS, "release_sized", NULL},
    [OP_DROP] = {ENDS, "drop", NULL},
    [OP_REALLOC] = {RESIZES, "reallocate", "resized"},
    [OP_EXPAND] = {RESIZES, "expand", "expanded"},
    [OP_RESET] = {CALLS, "reset", "all_gone()"},
    [OP_FLUSH] = {CALLS, "flush", "note(0)"},
    [OP_SCAVENGE] = {CALLS, "purge", "note(AFTER_PURGE)"},
    [OP_COLLECT] = {CALLS, "collect", "note(AFTER_COLLECT)"},
    [OP_RESET_PEAKS] = {PEAKS, "reset_peaks", "peaks_begin()"},
    [OP_SETTLE] = {SETTLES, NULL, NULL},
    [OP_FORK] = {FORKS, NULL, NULL},
    [OP_FAULT] = {FAILS, NULL, NULL},
};

// The bases of peaks begin anew, too.
static int write_peaks(struct writer *writer, size_t at, const struct form *form) {
    char name[RELATIONS_C_NAME_BYTES];
    const struct countercheck_statistic *statistic = writer->table->statistics;
    int status = write_alone(writer, at, form->key, form->told);
    for (uint32_t i = 0; statistic != NULL && statistic[i].name != NULL; i++) {
        bool is_peak =
            statistic[i].kind == COUNTERCHECK_PEAK || statistic[i].kind == COUNTERCHECK_TROUGH;
        if (is_peak && writer->has_value[i]) {
            relations_c_name(writer->table->statistics, i, name);
            (void)fprintf(writer->stream, "    memcpy(&base.%s, &now.%s, sizeof base.%s);\n", name,
                          name, name);
        }
    }
    return status;
}

int alone_operation(struct writer *writer, size_t at) {
    struct operation operation = writer->program->operations[at];
    enum operation_code code = operation_code(operation);
    uint32_t slot =
        operation_has(code, OPERAND_HANDLE) ? operation_get(operation, OPERAND_HANDLE) : 0;
    uint32_t lane =
        operation_has(code, OPERAND_CACHE) ? operation_get(operation, OPERAND_CACHE) : 0;
    if (!language_has(&writer->subject->language, operation_descriptions[code].capability)) {
        return CLI_CLEAN;
    }
    if (code == OP_ACQUIRE || code == OP_RELEASE) {
        write_lane(writer, lane, code == OP_ACQUIRE);
        return CLI_CLEAN;
    }
    writer->lane = lane < LANE_COUNT && writer->is_alive[lane] ? lane : 0;
    const struct form *form = &forms[code];
    switch (form->shape) {
    case LOOKS:
        return write_look(writer, at);
    case ALLOCATES:
        return write_plain(writer, at, slot);
    case RUNS:
        return write_run(writer, at, slot);
    case ALIGNS:
        return write_aligned(writer, at, slot);
    case ENDS:
        return write_end(writer, at, slot, form->key);
    case RESIZES:
        return write_resize(writer, at, slot, form->key, form->told);
    case CALLS:
        return write_alone(writer, at, form->key, form->told);
    case PEAKS:
        return write_peaks(writer, at, form);
    case SETTLES:
        alone_settling(writer);
        return CLI_CLEAN;
    case FORKS:
        return write_fork(writer, at);
    case FAILS:
        return write_fault(writer, operation);
    }
    return CLI_CLEAN;
}
