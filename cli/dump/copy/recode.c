// recode: `dump recode`: a dump decoded and encoded again; one out of several in a file, or the
// good part of one that was cut.

#include "cli/dump/copy/target.h"
#include "cli/dump/dump.h"
#include "cli/io/cli.h"
#include "cli/io/options.h"

#include <inttypes.h>
#include <string.h>

static const char usage[] =
    "usage: countercheck dump recode IN OUT [--take N] [--repair] [--lenient]\n"
    "Decodes IN and encodes it again: OUT has the same bytes, plain, when IN is a\n"
    "strict dump. OUT is made whole under another name beside it and then renamed;\n"
    "its mode is 0600, as a dump holds secrets. - is stdin or stdout. --take N: the\n"
    "N-th of several dumps in one file. --repair: of a dump that is cut or broken,\n"
    "the records before that; an empty Data or BSS and a MemStats of zeros where\n"
    "these are lost, and an EOF. What is lost is said.\n";

// What is copied.
struct copy {
    struct target *target;
    uint64_t end_bytes; // of what is good; UINT64_MAX: all
    uint64_t seen;      // a bit for each kind of record that was copied
    enum dump_tag previous;
};

static bool visit(void *context, const struct dump_record *record,
                  const struct dump_reader *reader) {
    struct copy *copy = context;
    (void)reader;
    if (record->offset_bytes >= copy->end_bytes) {
        return false;
    }
    copy->seen |= UINT64_C(1) << record->tag;
    return dump_recoder_add(&copy->target->recoder, record);
}

// ---- one of several

static bool visit_nothing(void *context, const struct dump_record *record,
                          const struct dump_reader *reader) {
    (void)context;
    (void)record;
    (void)reader;
    return true;
}

static const struct dump_error *error_of(struct dump_input *input) {
    return dump_reader_error(dump_input_reader(input));
}

// Goes to the n-th dump of the file. False: told, and *status says why.
static bool go_to(struct dump_input *input, const char *path, uint64_t n, int *status) {
    uint64_t offset_bytes = 0;
    for (uint64_t i = 1; i < n; i++) {
        dump_input_each_quietly(input, visit_nothing, NULL);
        const struct dump_error *error = error_of(input);
        if (error->kind == DUMP_ERROR_NONE) {
            cli_message("%s: it holds %" PRIu64 " dump%s, not %" PRIu64, path, i, cli_s(i), n);
            *status = CLI_UNUSABLE;
            return false;
        }
        if (error->kind != DUMP_ERROR_TRAILING) {
            *status = dump_input_status(input);
            return false;
        }
        offset_bytes += error->good_bytes;
        if (!dump_input_rewind_to(input, offset_bytes, status)) {
            return false;
        }
    }
    return true;
}

// ---- the good part

// Where it ends: types without the itab that they come for are no part of it.
static bool visit_good(void *context, const struct dump_record *record,
                       const struct dump_reader *reader) {
    struct copy *copy = context;
    if (record->tag != DUMP_TAG_OtherRoot) {
        copy->previous = record->tag;
    }
    if (record->is_last && copy->previous != DUMP_TAG_Type) {
        copy->end_bytes = dump_reader_offset(reader);
    }
    return true;
}

static void add_missing(struct copy *copy) {
    static const enum dump_tag needed[] = {DUMP_TAG_Data, DUMP_TAG_BSS, DUMP_TAG_MemStats,
                                           DUMP_TAG_EOF};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        struct dump_record record = {
            .tag = needed[i], .is_first = true, .is_last = true, .member_end = UINT32_MAX};
        if ((copy->seen >> needed[i] & 1) == 0) {
            (void)dump_recoder_add(&copy->target->recoder, &record); // an error stays
            if (needed[i] != DUMP_TAG_EOF) {
                cli_message("%s: there is no %s: %s stands in for it", copy->target->path,
                            dump_tag_names[needed[i]],
                            needed[i] == DUMP_TAG_MemStats ? "one of zeros" : "an empty one");
            }
        }
    }
}

// Copies the good part of a broken dump. A status; -1: it is not broken, and was rewound.
static int repair(struct copy *copy, struct dump_input *input, const char *path) {
    int status = CLI_CLEAN;
    char text[512];
    dump_input_each_quietly(input, visit_good, copy);
    const struct dump_error *error = error_of(input);
    bool is_whole = error->kind == DUMP_ERROR_NONE;
    bool is_hopeless = copy->end_bytes == 0 || error->kind == DUMP_ERROR_MEMORY;
    if (!is_whole && is_hopeless) {
        return dump_input_status(input);
    }
    if (!is_whole) {
        cli_message("%s: lost from byte %" PRIu64 " on: %s", path, copy->end_bytes,
                    dump_error_text(error, text, sizeof text));
    }
    if (!dump_input_rewind(input, &status)) {
        return status;
    }
    if (is_whole) {
        copy->end_bytes = UINT64_MAX;
        return -1;
    }
    dump_input_each_quietly(input, visit, copy);
    add_missing(copy);
    return CLI_CLEAN;
}

// ---- all of it

static int run(struct copy *copy, struct dump_input *input, const char *path, uint64_t take,
               bool is_repairing) {
    int status = CLI_CLEAN;
    if (!go_to(input, path, take, &status)) {
        return status;
    }
    status = -1; // to be copied still
    if (is_repairing) {
        status = repair(copy, input, path);
    }
    if (status < 0) {
        dump_input_each_quietly(input, visit, copy);
        bool is_followed = take > 0 && error_of(input)->kind == DUMP_ERROR_TRAILING;
        status = is_followed ? CLI_CLEAN : dump_input_status(input);
    }
    (void)cli_progress("");
    return status == CLI_CLEAN ? target_finish(copy->target) : status;
}

int dump_recode(int argc, char **argv) {
    bool is_lenient = false;
    bool is_repairing = false;
    const char *take_text = NULL;
    const struct cli_option table[] = {{.name = "--take", .value = &take_text},
                                       {.name = "--repair", .flag = &is_repairing},
                                       {.name = "--lenient", .flag = &is_lenient},
                                       {.name = NULL}};
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 2, .operands_max = 2};
    char **operands;
    size_t count;
    uint64_t take = 0;
    int status = cli_parse(&call, argc, argv, &operands, &count);
    if (status >= 0) {
        return status;
    }
    if (take_text != NULL && !cli_count("dump recode", "--take", take_text, UINT32_MAX, &take)) {
        return CLI_UNUSABLE;
    }
    if (take_text != NULL && is_repairing) {
        cli_message("dump recode: --take and --repair exclude each other");
        return CLI_UNUSABLE;
    }
    struct copy copy = {.target = target_open(operands[1], &status)};
    struct dump_input *input = NULL;
    if (copy.target != NULL) {
        enum dump_mode mode = is_lenient ? DUMP_LENIENT : DUMP_STRICT;
        bool is_again = is_repairing || take > 1;
        copy.end_bytes = is_repairing ? 0 : UINT64_MAX;
        input = is_again ? dump_input_open_again(operands[0], mode, &status)
                         : dump_input_open(operands[0], mode, &status);
    }
    if (input != NULL) {
        status = run(&copy, input, operands[0], take, is_repairing);
    }
    dump_input_close(input);
    target_close(copy.target);
    return status;
}
