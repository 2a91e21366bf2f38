// pprof: `trace pprof`: what each call stack of a trace obtained, as a profile for pprof.
#include "cli/dump/copy/target.h"
#include "cli/io/cli.h"
#include "cli/io/options.h"
#include "cli/profile/profile.h"
#include "cli/trace/shares.h"
#include "cli/trace/symbols/names.h"
#include "cli/trace/trace.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: countercheck trace pprof FILE [-o OUT] [--path FOLDERS]\n"
    "\n"
    "A profile for pprof (`go tool pprof OUT`) of a trace that `record --with-stacks`\n"
    "wrote: of each call stack the objects and bytes that it obtained (alloc), of\n"
    "these what its thread freed as the next thing that it did (temporary), what\n"
    "lives at the end (inuse) and what lived at the peak (peak). None is sampled.\n"
    "  -o OUT          else stdout, which must be no terminal\n"
    "  --path FOLDERS  where programs and libraries are looked for first, separated\n"
    "                  by colons\n"
    "Exit status: 0 clean, 2 unusable input or call, 3 the environment failed.\n";

#if COUNTERCHECK_HAS_PROFILE

static const struct profile_value values[] = {
    {"alloc_objects", "count"},   {"alloc_space", "bytes"},   {"temporary_objects", "count"},
    {"temporary_space", "bytes"}, {"inuse_objects", "count"}, {"inuse_space", "bytes"},
    {"peak_objects", "count"},    {"peak_space", "bytes"},    {.name = NULL}};

static bool add_row(const struct shares *shares, struct names *names, uint32_t stack,
                    struct profile *profile) {
    const struct share_row *row = &shares->rows[stack];
    uint64_t numbers[2 * SHARES_COUNT];
    for (uint32_t frame = stack; frame != 0;
         frame = trace_stacks_frame(shares->stacks, frame).caller) {
        const struct names_call *calls;
        size_t count = names_calls(names, frame, &calls);
        for (size_t i = 0; i < count; i++) {
            const struct profile_frame call = {calls[i].function, calls[i].file, calls[i].line};
            profile_add_frame(profile, &call);
        }
        if (count == 0) {
            return false;
        }
    }
    if (stack == 0) {
        const struct profile_frame none = {"(no stack)", "", 0};
        profile_add_frame(profile, &none);
    }
    for (size_t i = 0; i < SHARES_COUNT; i++) {
        numbers[2 * i] = row->of[i].count;
        numbers[2 * i + 1] = row->of[i].bytes;
    }
    profile_add_stack(profile, numbers, 0);
    return true;
}

// The file's bytes. NULL: out of memory.
static uint8_t *make(struct shares *shares, struct names *names, size_t *size_bytes) {
    struct profile *profile = profile_create(values);
    bool has_memory = profile != NULL;
    for (uint32_t i = 0; has_memory && i < shares->order_count; i++) {
        has_memory = add_row(shares, names, shares->order[i], profile);
    }
    uint8_t *bytes = has_memory ? profile_pack(profile, size_bytes) : NULL;
    profile_destroy(profile);
    return bytes;
}

static int run(const char *path, const char *folders, const char *to) {
    static struct shares shares;
    size_t size_bytes = 0;
    int status = shares_read(&shares, path);
    struct names *names = status == CLI_CLEAN ? names_open(shares.stacks, folders) : NULL;
    uint8_t *bytes = names == NULL ? NULL : make(&shares, names, &size_bytes);
    if (status == CLI_CLEAN && bytes == NULL) {
        cli_message("out of memory");
        status = CLI_ENVIRONMENT;
    }
    if (status == CLI_CLEAN) {
        names_tell_missing(names);
        status = target_write(to, bytes, size_bytes);
    }
    free(bytes);
    names_close(names);
    (void)shares_end(&shares);
    return status;
}

#else

static int run(const char *path, const char *folders, const char *to) {
    (void)path, (void)folders, (void)to;
    cli_message("trace pprof: it needs protobuf-c (apt-get install libprotobuf-c-dev "
                "protobuf-c-compiler), which was not there when this was built");
    return CLI_ENVIRONMENT;
}

#endif

int trace_pprof(int argc, char **argv) {
    const char *to = "-";
    const char *folders = NULL;
    const struct cli_option options[] = {
        {"-o", NULL, &to}, {"--path", NULL, &folders}, {NULL, NULL, NULL}};
    const struct cli_call call = {usage, options, 1, 1};
    char **operands;
    size_t operand_count;
    int status = cli_parse(&call, argc, argv, &operands, &operand_count);
    if (status >= 0) {
        return status;
    }
    if (strcmp(to, "-") == 0 && isatty(STDOUT_FILENO)) {
        cli_message("trace pprof: a profile is nothing for a terminal: -o OUT");
        return CLI_UNUSABLE;
    }
    return run(operands[0], folders, to);
}
