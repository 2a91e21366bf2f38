// pprof: `dump pprof`: a profile of the heap for pprof: by the sites of Go's memory profile, or by
// who holds what.

#include "cli/dump/copy/target.h"
#include "cli/dump/dump.h"
#include "cli/dump/export/profiles.h"
#include "cli/io/cli.h"
#include "cli/io/options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: countercheck dump pprof FILE [-o OUT] [--by site|holder] [--rate N]\n"
    "                               [--path FOLDERS] [--lenient]\n"
    "                               [--memory-limit BYTES]\n"
    "A profile for pprof (`go tool pprof OUT`). By site: alloc_objects, alloc_space,\n"
    "inuse_objects and inuse_space of each call stack of the memory profile, as they\n"
    "were sampled; the dump does not tell at which rate. --rate 524288 scales them as\n"
    "Go does for a program of that MemProfileRate. By holder: retained_objects and\n"
    "retained_space of each frame, variable, defer, ... that alone leads to them; of\n"
    "a deep stack the youngest 128 frames. -o OUT is made as by recode; else stdout,\n"
    "which must be no terminal.\n"
    "Where libcountercheck-malloc.so wrote the dump, functions and lines are those of\n"
    "the programs and libraries that are found by name and build-id: in --path\n"
    "FOLDERS (separated by colons), here, in PATH, and in the system's folders.\n";

#if COUNTERCHECK_HAS_PROFILE

static int run(const char *path, const struct holding_options *options, bool by_holder,
               uint64_t rate, const char *folders, const char *to) {
    int status;
    size_t size_bytes = 0;
    uint64_t odd_count = 0;
    struct profile *profile =
        by_holder ? profiles_by_holder(path, options, &status)
                  : profiles_by_site(path, options, rate, folders, &odd_count, &status);
    if (profile == NULL) {
        return status;
    }
    if (odd_count > 0) {
        cli_message("%s: %" PRIu64 " buckets have more frees than allocations: none in use", path,
                    odd_count);
    }
    uint8_t *bytes = profile_pack(profile, &size_bytes);
    profile_destroy(profile);
    if (bytes == NULL) {
        cli_message("%s: out of memory", path);
        return CLI_ENVIRONMENT;
    }
    status = target_write(to, bytes, size_bytes);
    free(bytes);
    return status;
}

#else

static int run(const char *path, const struct holding_options *options, bool by_holder,
               uint64_t rate, const char *folders, const char *to) {
    (void)path, (void)options, (void)by_holder, (void)rate, (void)folders, (void)to;
    cli_message("dump pprof: it needs protobuf-c (apt-get install libprotobuf-c-dev "
                "protobuf-c-compiler), which was not there when this was built");
    return CLI_ENVIRONMENT;
}

#endif

int dump_pprof(int argc, char **argv) {
    struct holding_options options = {.json = false};
    const char *by = "site";
    const char *rate_text = NULL;
    const char *folders = NULL;
    const char *to = "-";
    const struct cli_option table[] = {{.name = "--lenient", .flag = &options.lenient},
                                       {.name = "--memory-limit", .value = &options.memory_limit},
                                       {.name = "--by", .value = &by},
                                       {.name = "--rate", .value = &rate_text},
                                       {.name = "--path", .value = &folders},
                                       {.name = "-o", .value = &to},
                                       {.name = NULL}};
    const struct cli_call call = {
        .usage = usage, .options = table, .operands_min = 1, .operands_max = 1};
    char **operands;
    size_t count;
    uint64_t rate = 0;
    int status = cli_parse(&call, argc, argv, &operands, &count);
    if (status >= 0) {
        return status;
    }
    bool by_holder = strcmp(by, "holder") == 0;
    if (!by_holder && strcmp(by, "site") != 0) {
        cli_message("dump pprof: --by takes site or holder, not '%s'", by);
        return CLI_UNUSABLE;
    }
    if (options.memory_limit != NULL && !by_holder) {
        cli_message("dump pprof: sites ask for no graph: --memory-limit goes with --by holder");
        return CLI_UNUSABLE;
    }
    if (rate_text != NULL && !cli_count("dump pprof", "--rate", rate_text, INT64_MAX, &rate)) {
        return CLI_UNUSABLE;
    }
    if (rate_text != NULL && by_holder) {
        cli_message("dump pprof: what is held is no sample: --rate goes with --by site");
        return CLI_UNUSABLE;
    }
    if (strcmp(to, "-") == 0 && isatty(STDOUT_FILENO)) {
        cli_message("dump pprof: a profile is nothing for a terminal: -o OUT");
        return CLI_UNUSABLE;
    }
    return run(operands[0], &options, by_holder, rate, folders, to);
}
