// holding: builds the graph of a file within the memory that is allowed, and puts roots into words.

#include "cli/dump/graph/holding.h"

#include "cli/io/cli.h"
#include "cli/io/escape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOP_DEFAULT 10

// ---- the graph

// "512M": bytes, or KiB, MiB, GiB by a letter. False: told.
static bool read_limit(const char *subcommand, const char *text, uint64_t *bytes) {
    static const char units[] = "KMG";
    char *end = NULL;
    *bytes = UINT64_MAX;
    if (text == NULL) {
        return true;
    }
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    const char *unit = *end == 0 ? NULL : strchr(units, *end);
    unsigned shift = unit == NULL ? 0 : 10u * (unsigned)(unit - units + 1);
    bool is_number = text[0] >= '0' && text[0] <= '9' && errno == 0;
    if (!is_number || (*end != 0 && (unit == NULL || end[1] != 0)) ||
        number > UINT64_MAX >> shift) {
        cli_message("dump %s: --memory-limit takes bytes, or a number with K, M or G, not '%s'",
                    subcommand, text);
        return false;
    }
    *bytes = number << shift;
    return true;
}

static int status_of(struct dump_input *input, const char *path, enum dump_graph_status status) {
    switch (status) {
    case DUMP_GRAPH_OK:
        return CLI_CLEAN;
    case DUMP_GRAPH_BAD_DUMP:
        return dump_input_status(input);
    case DUMP_GRAPH_NO_MEMORY:
        cli_message("%s: out of memory", path);
        return CLI_ENVIRONMENT;
    case DUMP_GRAPH_TOO_MANY:
        cli_message("%s: it has 4294967295 objects, roots or frames, or more", path);
        return CLI_ENVIRONMENT;
    case DUMP_GRAPH_CHANGED:
        cli_message("%s: it changed while it was read", path);
        return CLI_UNUSABLE;
    }
    return CLI_ENVIRONMENT;
}

static int build(struct dump_input *input, const char *path, uint64_t limit_bytes,
                 struct dump_graph **graph) {
    struct dump_graph_size size;
    int status = CLI_CLEAN;
    enum dump_graph_status built = dump_graph_measure(dump_input_reader(input), &size);
    if (built != DUMP_GRAPH_OK) {
        return status_of(input, path, built);
    }
    uint64_t need_bytes = dump_graph_need_bytes(&size);
    if (need_bytes > limit_bytes) {
        cli_message("%s: its graph needs up to %" PRIu64 " bytes (%" PRIu64
                    " MiB), more than --memory-limit allows",
                    path, need_bytes, (need_bytes >> 20) + 1);
        return CLI_ENVIRONMENT;
    }
    if (!dump_input_rewind(input, &status)) {
        return status;
    }
    *graph = dump_graph_create(dump_input_reader(input), &size, &built);
    return status_of(input, path, built);
}

// ---- the program

static struct symbols *symbols_at_hand; // until the process ends: all that it prints is of one dump

const struct symbols *holding_symbols(void) {
    return symbols_at_hand;
}

static bool visit_for_symbols(void *context, const struct dump_record *record,
                              const struct dump_reader *reader) {
    bool *has_memory = context;
    (void)reader;
    *has_memory = symbols_take(symbols_at_hand, record);
    return *has_memory;
}

// Reads the dump once more, for what its addresses are in the program.
static int read_symbols(struct holding *holding, const char *path) {
    bool has_memory = true;
    int status;
    symbols_at_hand = symbols_open(path, &status);
    if (symbols_at_hand == NULL) {
        return status;
    }
    status = holding_each(holding, visit_for_symbols, &has_memory);
    if (!has_memory) {
        cli_message("%s: out of memory", holding->path);
        return CLI_ENVIRONMENT;
    }
    return status == CLI_CLEAN && !symbols_fit(symbols_at_hand) ? CLI_UNUSABLE : status;
}

bool holding_open(struct holding *holding, const char *subcommand, const char *path,
                  const struct holding_options *options, int *status) {
    uint64_t limit_bytes;
    *holding = (struct holding){.path = path};
    *status = CLI_UNUSABLE;
    if (!read_limit(subcommand, options->memory_limit, &limit_bytes)) {
        return false;
    }
    enum dump_mode mode = options->lenient ? DUMP_LENIENT : DUMP_STRICT;
    holding->input = dump_input_open_again(path, mode, status);
    if (holding->input != NULL) {
        *status = build(holding->input, path, limit_bytes, &holding->graph);
        (void)cli_progress("");
    }
    if (holding->graph != NULL && options->binary != NULL) {
        *status = read_symbols(holding, options->binary);
    }
    if (*status != CLI_CLEAN) {
        holding_close(holding);
    }
    return holding->graph != NULL;
}

int holding_each(struct holding *holding, dump_visit *visit, void *context) {
    int status;
    if (!dump_input_rewind(holding->input, &status)) {
        return status;
    }
    status = dump_input_read(holding->input, visit, context);
    (void)cli_progress("");
    return status;
}

void holding_close(struct holding *holding) {
    dump_input_close(holding->input);
    dump_graph_destroy(holding->graph);
    *holding = (struct holding){.path = holding->path};
}

bool holding_top(const char *command, const char *text, size_t *limit) {
    uint64_t number = TOP_DEFAULT;
    if (text != NULL && !cli_number(command, "--top", text, UINT32_MAX, &number)) {
        return false;
    }
    *limit = (size_t)number;
    return true;
}

int holding_begin(struct holding *holding, const struct cli_call *call, int argc, char **argv,
                  const struct holding_options *options, const char *const *top, size_t *limit) {
    char **operands;
    size_t count;
    char command[32];
    int status = cli_parse(call, argc, argv, &operands, &count);
    if (status >= 0) {
        return status;
    }
    (void)snprintf(command, sizeof command, "dump %s", argv[0]);
    if (!holding_top(command, *top, limit)) {
        return CLI_UNUSABLE;
    }
    return holding_open(holding, argv[0], operands[0], options, &status) ? -1 : status;
}

struct dump_graph *holding_graph(const char *subcommand, const char *path,
                                 const struct holding_options *options, int *status) {
    struct holding holding;
    if (!holding_open(&holding, subcommand, path, options, status)) {
        return NULL;
    }
    dump_input_close(holding.input);
    return holding.graph;
}

// ---- roots in words

const char *holding_function(const struct dump_graph *graph, uint32_t index) {
    const struct dump_goroutine *goroutine = dump_graph_goroutine(graph, index);
    const char *name = "";
    for (uint32_t i = goroutine->frame_count; i > 0; i--) { // the oldest that is no runtime's end
        name = dump_graph_holder(graph, goroutine->frame_begin + i - 1)->name;
        if (strcmp(name, "runtime.goexit") != 0 && name[0] != 0) {
            break;
        }
    }
    return name;
}

struct holding_symbol holding_symbol(const struct dump_graph *graph, const struct dump_root *root) {
    const struct dump_holder *holder = dump_graph_holder(graph, root->holder);
    struct holding_symbol symbol = {.name = NULL};
    if (holder->kind == DUMP_ROOT_DATA || holder->kind == DUMP_ROOT_BSS) {
        symbol.name =
            symbols_variable(symbols_at_hand, holder->address + root->field_offset, &symbol.offset);
    } else if (holder->kind == DUMP_ROOT_FRAME) {
        symbol.file = symbols_line(symbols_at_hand, holder->address, &symbol.line);
    }
    return symbol;
}

void holding_print_json_root(struct json *json, const char *name, const struct dump_graph *graph,
                             const struct dump_root *root) {
    const struct dump_holder *holder = dump_graph_holder(graph, root->holder);
    bool is_frame = holder->kind == DUMP_ROOT_FRAME;
    bool has_memory = is_frame || holder->kind == DUMP_ROOT_DATA || holder->kind == DUMP_ROOT_BSS;
    bool has_goroutine = holder->goroutine != DUMP_GRAPH_NONE;
    struct holding_symbol symbol = holding_symbol(graph, root);
    json_open(json, name, '{');
    json_text(json, "kind", dump_root_kind_names[holder->kind]);
    json_number_or_null(json, "offset", has_memory, root->field_offset);
    json_text(json, "symbol", symbol.name);
    json_number_or_null(json, "goroutine", has_goroutine,
                        has_goroutine ? dump_graph_goroutine(graph, holder->goroutine)->id : 0);
    json_number_or_null(json, "depth", is_frame, holder->depth);
    json_text_or_null(json, "function", is_frame ? holder->name : "");
    json_text(json, "file", symbol.file);
    json_number_or_null(json, "line", symbol.file != NULL, symbol.line);
    json_text_or_null(json, "description", is_frame ? "" : holder->name);
    json_address_or_null(json, "record", holder->kind != DUMP_ROOT_OTHER, holder->address);
    json_close(json);
}

void holding_root_words(char *to, size_t size_bytes, const struct dump_graph *graph,
                        const struct dump_root *root) {
    const struct dump_holder *holder = dump_graph_holder(graph, root->holder);
    const char *kind = dump_root_kind_names[holder->kind];
    struct holding_symbol symbol = holding_symbol(graph, root);
    char whose[40] = "";
    char place[24] = "";
    if (holder->goroutine != DUMP_GRAPH_NONE) {
        (void)snprintf(whose, sizeof whose, "goroutine %" PRIu64 " ",
                       dump_graph_goroutine(graph, holder->goroutine)->id);
    }
    switch ((enum dump_root_kind)holder->kind) {
    case DUMP_ROOT_DATA:
    case DUMP_ROOT_BSS:
        if (symbol.offset > 0) {
            (void)snprintf(place, sizeof place, "+%" PRIu64, symbol.offset);
        }
        (void)snprintf(to, size_bytes, "%s%s+0x%" PRIx64 "%s%s%s", whose, kind, root->field_offset,
                       symbol.name == NULL ? "" : " ", symbol.name == NULL ? "" : symbol.name,
                       place);
        return;
    case DUMP_ROOT_FRAME:
        if (symbol.file != NULL) {
            (void)snprintf(place, sizeof place, ":%" PRIu64, symbol.line);
        }
        (void)snprintf(to, size_bytes, "%sframe %" PRIu64 " %s +%" PRIu64 "%s%s%s", whose,
                       holder->depth, holder->name, root->field_offset,
                       symbol.file == NULL ? "" : " ", symbol.file == NULL ? "" : symbol.file,
                       place);
        return;
    case DUMP_ROOT_OTHER:
        (void)snprintf(to, size_bytes, "%sother root %s", whose, holder->name);
        return;
    case DUMP_ROOT_CONTEXT:
        (void)snprintf(to, size_bytes, "%scontext", whose);
        return;
    case DUMP_ROOT_DEFER:
    case DUMP_ROOT_PANIC:
        (void)snprintf(to, size_bytes, "%s%s 0x%" PRIx64, whose, kind, holder->address);
        return;
    case DUMP_ROOT_FINALIZER_FUNCTION:
        (void)snprintf(to, size_bytes, "finalizer's function of 0x%" PRIx64, holder->address);
        return;
    case DUMP_ROOT_QUEUED_OBJECT:
        (void)snprintf(to, size_bytes, "queued finalizer of 0x%" PRIx64, holder->address);
        return;
    case DUMP_ROOT_QUEUED_FUNCTION:
        (void)snprintf(to, size_bytes, "queued finalizer's function of 0x%" PRIx64,
                       holder->address);
        return;
    case DUMP_ROOT_KIND_COUNT:
        to[0] = 0;
        return;
    }
}

void holding_print_root(const struct dump_graph *graph, const struct dump_root *root) {
    char words[HOLDING_WORDS_BYTES];
    holding_root_words(words, sizeof words, graph, root);
    (void)escape_print(words, SIZE_MAX, stdout);
}
