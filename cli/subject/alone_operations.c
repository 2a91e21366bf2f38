// alone_operations: each operation as calls of C; what they give is told to the ledger of
// subject/template/alone.c.
#include "cli/io/cli.h"
#include "cli/subject/alone_private.h"
#include "fuzz/program/text.h"

#include <inttypes.h>
#include <string.h>

static int refuse(const struct writer *writer, size_t operation, const char *what) {
    char line[TEXT_LINE_BYTES];
    (void)text_print_operation(writer->program->operations[operation], line, sizeof line);
    cli_message("ops: operation %zu, '%s': %s", operation, line, what);
    return CLI_UNUSABLE;
}

// ---- one operation

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

// "    took(3, CALL, 64, PLAIN);", or with `guard` "    if (h[3] != NULL) { ... }".
static int write_call(const struct writer *writer, size_t operation, const char *key, uint32_t slot,
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
    calls_write(text, &words, writer->stream);
    (void)fputs(end, writer->stream);
    return CLI_CLEAN;
}

static int write_allocation(const struct writer *writer, size_t operation, uint32_t slot,
                            size_t size_bytes, const char *key, const char *kind,
                            size_t alignment) {
    char begin[32];
    char end[48];
    (void)snprintf(begin, sizeof begin, "    took(%" PRIu32 ", ", slot);
    (void)snprintf(end, sizeof end, ", %zu, %s);\n", size_bytes, kind);
    return write_call(writer, operation, key, slot, size_bytes, alignment, begin, end);
}

static int write_plain(const struct writer *writer, size_t at, uint32_t slot) {
    struct operation operation = writer->program->operations[at];
    bool is_zeroed =
        operation_get(operation, OPERAND_ZERO) != 0 && writer->table->allocate_zeroed != NULL;
    return write_allocation(
        writer, at, slot, subject_size_for(writer->table, operation_size(operation)),
        is_zeroed ? "allocate_zeroed" : "allocate", is_zeroed ? "ZEROED" : "PLAIN", 0);
}

static int write_aligned(const struct writer *writer, size_t at, uint32_t slot) {
    struct operation operation = writer->program->operations[at];
    size_t size_bytes = subject_size_for(writer->table, operation_size(operation));
    size_t most = subject_alignment_max(writer->table);
    size_t alignment = (size_t)1 << operation_get(operation, OPERAND_ALIGN);
    alignment = alignment < most ? alignment : most;
    return size_bytes == 0 ? CLI_CLEAN
                           : write_allocation(writer, at, slot, size_bytes, "allocate_aligned",
                                              "ALIGNED", alignment);
}

static int write_end(const struct writer *writer, size_t at, uint32_t slot, const char *key) {
    char begin[64];
    char end[64];
    (void)snprintf(begin, sizeof begin, "    if (h[%" PRIu32 "] != NULL) {\n        ", slot);
    (void)snprintf(end, sizeof end, ";\n        gone(%" PRIu32 ", %d);\n    }\n", slot,
                   strcmp(key, "drop") == 0);
    return write_call(writer, at, key, slot, 0, 0, begin, end);
}

static int write_resize(const struct writer *writer, size_t at, uint32_t slot, const char *key,
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

static int write_alone(const struct writer *writer, size_t at, const char *key, const char *told) {
    char end[64];
    (void)snprintf(end, sizeof end, ";\n    %s;\n", told);
    return write_call(writer, at, key, 0, 0, 0, "    ", end);
}

static int write_run(const struct writer *writer, size_t at, uint32_t slot) {
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

void alone_settling(const struct writer *writer) {
    const char *const calls[] = {calls_find(writer->calls, "flush", ""),
                                 calls_find(writer->calls, "settle", "")};
    for (int i = 0; i < 2; i++) {
        if (calls[i] != NULL) {
            (void)fprintf(writer->stream, "    %s;\n", calls[i]);
        }
    }
    (void)fprintf(writer->stream, "    note(SETTLED | QUIET);\n");
}

// What an operation is in C. Those that are not here look, and change nothing.
enum shape { LOOKS, ALLOCATES, RUNS, ALIGNS, ENDS, RESIZES, CALLS, SETTLES, FORKS, FAILS };

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
    [OP_SETTLE] = {SETTLES, NULL, NULL},
    [OP_FORK] = {FORKS, NULL, NULL},
    [OP_FAULT] = {FAILS, NULL, NULL},
};

int alone_operation(struct writer *writer, size_t at) {
    struct operation operation = writer->program->operations[at];
    enum operation_code code = operation_code(operation);
    uint32_t slot =
        operation_has(code, OPERAND_HANDLE) ? operation_get(operation, OPERAND_HANDLE) : 0;
    uint32_t lane =
        operation_has(code, OPERAND_CACHE) ? operation_get(operation, OPERAND_CACHE) : 0;
    bool is_lane = lane < LANE_COUNT;
    if (!language_has(&writer->subject->language, operation_descriptions[code].capability)) {
        return CLI_CLEAN;
    }
    if (code == OP_ACQUIRE || code == OP_RELEASE) {
        if (is_lane) {
            writer->is_alive[lane] = lane == 0 || code == OP_ACQUIRE;
        }
        return CLI_CLEAN;
    }
    if (is_lane && writer->is_alive[lane] && lane != 0) {
        return refuse(writer, at, "it runs on another lane, and the C program has one thread");
    }
    const struct form *form = &forms[code];
    switch (form->shape) {
    case LOOKS:
        return CLI_CLEAN;
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
    case SETTLES:
        alone_settling(writer);
        return CLI_CLEAN;
    case FORKS:
        return refuse(writer, at, "the C program does not fork");
    case FAILS:
        return operation_get(operation, OPERAND_AT) == 0
                   ? CLI_CLEAN
                   : refuse(writer, at, "the C program has no faults");
    }
    return CLI_CLEAN;
}
