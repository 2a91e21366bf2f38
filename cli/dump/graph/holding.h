// holding: what the questions about who holds what share: the graph of a file, roots in words.
#ifndef CLI_DUMP_GRAPH_HOLDING_H
#define CLI_DUMP_GRAPH_HOLDING_H

#include "cli/dump/binary/symbols.h"
#include "cli/dump/dump.h"
#include "cli/io/json.h"
#include "cli/io/options.h"
#include "dump/graph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The options that all of them have.
struct holding_options {
    bool json, lenient;
    const char *memory_limit; // "512M"; NULL: none
    const char *binary;       // the program that wrote the dump; NULL: not at hand
};
// The rows of a table of options for them.
#define HOLDING_OPTIONS(options)                                                                   \
    {.name = "--json", .flag = &(options).json},                                                   \
        {.name = "--lenient", .flag = &(options).lenient},                                         \
        {.name = "--memory-limit", .value = &(options).memory_limit},

// And the row for those that print roots or types.
#define HOLDING_BINARY(options) {.name = "--binary", .value = &(options).binary},
// For their --help.
#define HOLDING_BINARY_HELP                                                                        \
    "--binary PROGRAM, which wrote the dump: variables, lines and types by its DWARF.\n"

// The rows that --top asks for; 10 where it is not given (text NULL), 0 for all. False: told.
bool holding_top(const char *command, const char *text, size_t *limit);

// The graph of a dump file. NULL: told, and *status says why.
struct dump_graph *holding_graph(const char *subcommand, const char *path,
                                 const struct holding_options *options, int *status);

// A graph, and its file for further readings.
struct holding {
    const char *path;
    struct dump_graph *graph;
    struct dump_input *input;
};
// Opens both. False: told, and *status says why.
bool holding_open(struct holding *holding, const char *subcommand, const char *path,
                  const struct holding_options *options, int *status);
// Begins a command that takes FILE, these options and --top, whose text the table puts in *top:
// argv by `call`, then the file is opened. -1: go on; else the status to exit with.
int holding_begin(struct holding *holding, const struct cli_call *call, int argc, char **argv,
                  const struct holding_options *options, const char *const *top, size_t *limit);
// Reads the dump once more and gives each record or part to `visit`. Returns a status.
int holding_each(struct holding *holding, dump_visit *visit, void *context);
// Closes both.
void holding_close(struct holding *holding);

// stdout: the root as JSON.
void holding_print_json_root(struct json *json, const char *name, const struct dump_graph *graph,
                             const struct dump_root *root);
// Room for the words of a root; a longer name is cut.
#define HOLDING_WORDS_BYTES 4096
// The same in words, not escaped: "bss+0x1f8", "goroutine 7 frame 2 main.serve +24".
void holding_root_words(char *to, size_t size_bytes, const struct dump_graph *graph,
                        const struct dump_root *root);
// stdout: the words, escaped.
void holding_print_root(const struct dump_graph *graph, const struct dump_root *root);

// What the program of --binary says of a root: of a segment the variable, and where in it; of a
// frame the line. NULL: unknown.
struct holding_symbol {
    const char *name, *file;
    uint64_t offset, line;
};
// Looks it up.
struct holding_symbol holding_symbol(const struct dump_graph *graph, const struct dump_root *root);
// The program of --binary, of which the process has one; NULL: none was asked for.
const struct symbols *holding_symbols(void);

// The function that a goroutine began with, or "".
const char *holding_function(const struct dump_graph *graph, uint32_t goroutine);

#endif
