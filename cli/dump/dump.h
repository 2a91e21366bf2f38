// dump: what the subcommands of `countercheck dump` share: their entries, options, input files and
// print helpers.
#ifndef CLI_DUMP_DUMP_H
#define CLI_DUMP_DUMP_H

#include "dump/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One for each subcommand; argv[0] is its name. Each returns an enum cli_status.

// Prints what the dump holds: its parameters, and how many records of each kind.
int dump_info(int argc, char **argv);
// Prints each record as a JSON object on a line.
int dump_json(int argc, char **argv);
// Reads the dump to its end, prints what its records say of each other.
int dump_verify(int argc, char **argv);
// Writes the dump again from its decoded records.
int dump_recode(int argc, char **argv);
// Writes the dump without the program's data.
int dump_redact(int argc, char **argv);
// Prints what differs between two dumps.
int dump_diff(int argc, char **argv);
// Prints who keeps how much: objects, roots, goroutines or classes.
int dump_retained(int argc, char **argv);
// Prints how roots lead to addresses.
int dump_path(int argc, char **argv);
// Prints what takes the memory.
int dump_top(int argc, char **argv);
// Prints all roots.
int dump_roots(int argc, char **argv);
// Prints goroutines by their stacks.
int dump_goroutines(int argc, char **argv);
// Prints what there is to say of an object.
int dump_object(int argc, char **argv);
// Prints objects that fit a description.
int dump_find(int argc, char **argv);
// Prints how full spans are.
int dump_spans(int argc, char **argv);
// Prints objects of the same bytes.
int dump_duplicates(int argc, char **argv);
// Writes a profile for pprof.
int dump_pprof(int argc, char **argv);
// Writes a picture for Graphviz.
int dump_dot(int argc, char **argv);
// Writes a page for a browser.
int dump_html(int argc, char **argv);

// Verifies strictly and prints failed rules alone, a line each. An enum cli_status.
int dump_verify_file(const char *path);

// The options and operands that all `dump` subcommands share.
struct dump_options {
    bool json, lenient;
    const char *files[2]; // "-" is stdin
};

// Parses --lenient, --json (where the subcommand has it) and exactly `file_count` files. Returns -1
// to go on, or the status to exit with: help was asked for (printed), or the call is unusable
// (told).
int dump_options_parse(struct dump_options *options, int argc, char **argv, size_t file_count,
                       bool has_json, const char *usage);

// An address on the command line: "0x..." or decimal. False: told.
bool dump_address(const char *subcommand, const char *text, uint64_t *address);

// How the reader is to read, by these options.
static inline enum dump_mode dump_options_mode(const struct dump_options *options) {
    return options->lenient ? DUMP_LENIENT : DUMP_STRICT;
}

// A dump file being read: plain, or compressed by gzip, xz or zstd, told by its first bytes.
struct dump_input;

// Opens a file. NULL: *status says why and a message was printed.
struct dump_input *dump_input_open(const char *path, enum dump_mode mode, int *status);
// Opens a file that is read more than once; a pipe is kept in a file without a name. What takes
// long is told as it goes on.
struct dump_input *dump_input_open_again(const char *path, enum dump_mode mode, int *status);
// Begins at the first byte again, with a new reader. False: told, and *status says why.
bool dump_input_rewind(struct dump_input *input, int *status);
// The same at a byte of the plain bytes.
bool dump_input_rewind_to(struct dump_input *input, uint64_t offset_bytes, int *status);
// The reader, until the next rewind or the close.
struct dump_reader *dump_input_reader(struct dump_input *input);
// After dump_reader_next() gave NULL: prints the one line of an error, if there was one, and
// returns the status.
int dump_input_status(const struct dump_input *input);
// Closes the file, but not stdin, and frees all. NULL is nothing.
void dump_input_close(struct dump_input *input);

// What is called for each record or part; a false from it ends the reading.
typedef bool dump_visit(void *context, const struct dump_record *record,
                        const struct dump_reader *reader);
// Reads the whole dump and gives each record or part to `visit`. Returns a status.
int dump_input_each(const char *path, enum dump_mode mode, dump_visit *visit, void *context);
// The same of a file that is open, from where it is; dump_input_status() tells how it ended.
void dump_input_each_quietly(struct dump_input *input, dump_visit *visit, void *context);
// And tells it.
int dump_input_read(struct dump_input *input, dump_visit *visit, void *context);

// stdout: a JSON string of bytes; such as are no UTF-8 become U+FFFD.
void dump_print_json_string(const void *bytes, size_t size_bytes);
// stdout: as text, escaped, at most width columns; returns the columns.
size_t dump_print_text(const char *text, size_t width);
// What a goroutine does, in words: "waiting: chan receive". A wait reason is stale unless it waits.
void dump_goroutine_state(char *to, size_t size_bytes, uint64_t status,
                          const struct dump_string *reason);
// Whether the bytes are well-formed UTF-8.
bool dump_is_utf8(const void *bytes, size_t size_bytes);

#endif
