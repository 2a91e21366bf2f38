// profiles: buckets become stacks as they are read; holders when the graph is there.

#include "cli/dump/export/profiles.h"

#include "cli/io/cli.h"
#include "cli/trace/symbols/written.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 4096 // a longer name is cut
#define FRAMES_MAX 128  // of a holder's stack: each frame of a deep one is a holder

// ---- by site

// In Go's order, so that pprof takes the difference of such a profile and one of Go's own.
enum { ALLOC_OBJECTS, ALLOC_SPACE, INUSE_OBJECTS, INUSE_SPACE, VALUE_COUNT };
static const struct profile_value site_values[] = {{"alloc_objects", "count"},
                                                   {"alloc_space", "bytes"},
                                                   {"inuse_objects", "count"},
                                                   {"inuse_space", "bytes"},
                                                   {.name = NULL}};

struct sites {
    struct profile *profile;
    uint64_t rate;
    uint64_t odd_count; // buckets with more frees than allocations
    struct written written;
};

static void copy_name(char *to, const struct dump_string *name) {
    size_t size_bytes =
        name->size_bytes < NAME_BYTES - 1 ? (size_t)name->size_bytes : NAME_BYTES - 1;
    if (size_bytes > 0) {
        memcpy(to, name->bytes, size_bytes);
    }
    to[size_bytes] = 0;
    for (char *nul = to; (nul = memchr(nul, 0, (size_t)(to + size_bytes - nul))) != NULL;) {
        *nul = '?'; // it would end there
    }
}

static uint64_t product_of(uint64_t a, uint64_t b) {
    return b != 0 && a > INT64_MAX / b ? INT64_MAX : a * b;
}

static uint64_t whole_of(double number) {
    return number < 0x1p63 ? (uint64_t)number : INT64_MAX;
}

// Of objects of `size_bytes` each, one in `rate` bytes was sampled: an object with the probability
// 1 - e^(-size/rate). After Go's scaleHeapSample.
static void scale(uint64_t values[2], uint64_t size_bytes, uint64_t rate) {
    if (rate <= 1 || values[0] == 0 || size_bytes == 0) {
        return;
    }
    double factor = 1 / (1 - exp(-(double)size_bytes / (double)rate));
    values[0] = whole_of((double)values[0] * factor);
    values[1] = whole_of((double)values[1] * factor);
}

#define CALLS_MAX 32

// As functions and lines, where it is written as a place in a module that is here.
static void add_call(struct sites *sites, const struct profile_frame *frame) {
    struct names_call calls[CALLS_MAX];
    size_t count = frame->line != 0 ? 0
                                    : written_calls(&sites->written, frame->function, frame->file,
                                                    calls, CALLS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct profile_frame one = {calls[i].function, calls[i].file, calls[i].line};
        profile_add_frame(sites->profile, &one);
    }
    if (count == 0) {
        profile_add_frame(sites->profile, frame);
    }
}

static bool visit(void *context, const struct dump_record *record,
                  const struct dump_reader *reader) {
    struct sites *sites = context;
    const struct dump_record_MemProf *bucket = &record->as.MemProf;
    char function[NAME_BYTES];
    char file[NAME_BYTES];
    (void)reader;
    if (record->tag != DUMP_TAG_MemProf) {
        return true;
    }
    for (size_t i = 0; i < bucket->stack.count; i++) {
        const struct dump_call *call = &bucket->stack.at[i];
        copy_name(function, &call->function);
        copy_name(file, &call->file);
        const struct profile_frame frame = {function, file, call->line};
        add_call(sites, &frame);
    }
    if (!record->is_last) {
        return true;
    }
    bool is_odd = bucket->frees > bucket->allocs;
    uint64_t inuse = is_odd ? 0 : bucket->allocs - bucket->frees;
    uint64_t values[VALUE_COUNT] = {bucket->allocs, product_of(bucket->allocs, bucket->size), inuse,
                                    product_of(inuse, bucket->size)};
    sites->odd_count += is_odd;
    scale(&values[ALLOC_OBJECTS], bucket->size, sites->rate);
    scale(&values[INUSE_OBJECTS], bucket->size, sites->rate);
    profile_add_stack(sites->profile, values, bucket->size);
    return true;
}

static const struct profile_value period_type = {"space", "bytes"};

struct profile *profiles_by_site(const char *path, const struct holding_options *options,
                                 uint64_t rate, const char *folders, uint64_t *odd_count,
                                 int *status) {
    struct sites sites = {
        .profile = profile_create(site_values), .rate = rate, .written = {.folders = folders}};
    if (sites.profile == NULL) {
        cli_message("%s: out of memory", path);
        *status = CLI_ENVIRONMENT;
        return NULL;
    }
    if (rate > 0) {
        profile_set_period(sites.profile, &period_type, rate);
    } else {
        profile_comment(sites.profile, "as sampled: the dump does not tell the rate");
    }
    *status = dump_input_each(path, options->lenient ? DUMP_LENIENT : DUMP_STRICT, visit, &sites);
    written_fini(&sites.written);
    if (*status != CLI_CLEAN) {
        profile_destroy(sites.profile);
        return NULL;
    }
    *odd_count = sites.odd_count;
    return sites.profile;
}

// ---- by holder

static const struct profile_value holder_values[] = {
    {"retained_objects", "count"}, {"retained_space", "bytes"}, {.name = NULL}};

// Count and bytes: of each holder, of each root of a segment, and of what has neither.
struct held {
    const struct dump_graph *graph;
    struct profile *profile;
    uint64_t (*holders)[2], (*roots)[2];
    uint64_t rest[DUMP_NODE_STATE_COUNT][2]; // of reachable ones what is shared
};

static void add(uint64_t sum[2], const struct dump_node *node) {
    sum[0]++;
    sum[1] += node->size_bytes;
}

static bool is_segment(const struct dump_holder *holder) {
    return holder->kind == DUMP_ROOT_DATA || holder->kind == DUMP_ROOT_BSS;
}

static bool sum_up(struct held *held) {
    const struct dump_graph *graph = held->graph;
    struct dump_dominators *by_holder = dump_dominators_create(graph, DUMP_BY_HOLDER);
    struct dump_dominators *by_root = dump_dominators_create(graph, DUMP_BY_ROOT);
    bool has_memory = by_holder != NULL && by_root != NULL;
    for (uint32_t i = 0; has_memory && i < dump_graph_node_count(graph); i++) {
        const struct dump_node *node = dump_graph_node(graph, i);
        uint32_t holder = dump_dominators_owner(by_holder, i);
        uint32_t root = dump_dominators_owner(by_root, i);
        if (holder == DUMP_GRAPH_NONE) {
            add(held->rest[node->state], node);
        } else if (root != DUMP_GRAPH_NONE && is_segment(dump_graph_holder(graph, holder))) {
            add(held->roots[root], node);
        } else {
            add(held->holders[holder], node);
        }
    }
    dump_dominators_destroy(by_holder);
    dump_dominators_destroy(by_root);
    return has_memory;
}

static void add_name(struct held *held, const char *name) {
    const struct profile_frame frame = {name, "", 0};
    profile_add_frame(held->profile, &frame);
}

static void add_holder(struct held *held, uint32_t index) {
    const struct dump_holder *holder = dump_graph_holder(held->graph, index);
    bool is_frame = holder->kind == DUMP_ROOT_FRAME;
    if (holder->kind == DUMP_ROOT_OTHER) {
        add_name(held, holder->name);
    }
    if (!is_frame) {
        add_name(held, dump_root_kind_names[holder->kind]);
    }
    if (holder->goroutine == DUMP_GRAPH_NONE) {
        if (is_frame) {
            add_name(held, holder->name);
        }
        return;
    }
    // from the frame itself on, the youngest first
    const struct dump_goroutine *goroutine = dump_graph_goroutine(held->graph, holder->goroutine);
    uint32_t begin = is_frame ? index : goroutine->frame_begin;
    uint32_t younger = begin - goroutine->frame_begin;
    uint32_t count = younger < goroutine->frame_count ? goroutine->frame_count - younger : 0;
    for (uint32_t i = 0; i < count && i < FRAMES_MAX; i++) {
        add_name(held, dump_graph_holder(held->graph, begin + i)->name);
    }
    if (count > FRAMES_MAX) {
        add_name(held, "(older frames)");
    }
}

static void add_stacks(struct held *held) {
    static const char *const rest[DUMP_NODE_STATE_COUNT] = {"(unreachable)", "(finalizer_only)",
                                                            "(shared)"};
    char name[64];
    for (uint32_t i = 0; i < dump_graph_holder_count(held->graph); i++) {
        if (held->holders[i][0] > 0) {
            add_holder(held, i);
            profile_add_stack(held->profile, held->holders[i], 0);
        }
    }
    for (uint32_t i = 0; i < dump_graph_root_count(held->graph); i++) {
        if (held->roots[i][0] > 0) {
            const struct dump_root *root = dump_graph_root(held->graph, i);
            uint32_t kind = dump_graph_holder(held->graph, root->holder)->kind;
            (void)snprintf(name, sizeof name, "%s+0x%" PRIx64, dump_root_kind_names[kind],
                           root->field_offset);
            add_name(held, name);
            add_holder(held, root->holder);
            profile_add_stack(held->profile, held->roots[i], 0);
        }
    }
    for (size_t i = 0; i < DUMP_NODE_STATE_COUNT; i++) {
        if (held->rest[i][0] > 0) {
            add_name(held, rest[i]);
            profile_add_stack(held->profile, held->rest[i], 0);
        }
    }
}

struct profile *profiles_by_holder(const char *path, const struct holding_options *options,
                                   int *status) {
    struct dump_graph *graph = holding_graph("pprof", path, options, status);
    struct held held = {.graph = graph};
    if (graph == NULL) {
        return NULL;
    }
    held.profile = profile_create(holder_values);
    held.holders = calloc(dump_graph_holder_count(held.graph) + (size_t)1, sizeof *held.holders);
    held.roots = calloc(dump_graph_root_count(held.graph) + (size_t)1, sizeof *held.roots);
    bool has_memory =
        held.profile != NULL && held.holders != NULL && held.roots != NULL && sum_up(&held);
    if (has_memory) {
        add_stacks(&held);
    } else {
        cli_message("%s: out of memory", path);
        *status = CLI_ENVIRONMENT;
        profile_destroy(held.profile);
        held.profile = NULL;
    }
    free(held.holders);
    free(held.roots);
    dump_graph_destroy(graph);
    return held.profile;
}
