// graph: a heap dump as a graph: its objects, what points to what, the roots that keep them alive.
//
// A node is an object of at least one byte; Go's phantoms are apart (Go >= 1.22 dumps the pointer
// bits of a span as if they were objects). An edge is a pointer field that lies wholly inside its
// object and whose value lies in a node, at its start or inside. Roots are the pointers of Data,
// BSS and frames, other roots, contexts of goroutines, functions of defers, values of panics,
// functions of finalizers, and both of a queued finalizer. What only the fields of an object with a
// finalizer keep is alive, and retained by nobody.
//
// A graph takes two readings of the same dump: the first tells how much memory the second needs.
//     dump_graph_measure(reader, &size)
//     graph = dump_graph_create(another reader, &size, &status)
// Once built, it does not change: any number of threads may ask at a time.
#ifndef DUMP_GRAPH_H
#define DUMP_GRAPH_H

#include "dump/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DUMP_GRAPH_NONE UINT32_MAX // no node, no root, no goroutine

// How a building ended.
enum dump_graph_status {
    DUMP_GRAPH_OK,
    DUMP_GRAPH_BAD_DUMP,  // dump_reader_error() says what
    DUMP_GRAPH_NO_MEMORY, // malloc gave none
    DUMP_GRAPH_TOO_MANY,  // 2^32 - 1 objects, roots or frames, or more
    DUMP_GRAPH_CHANGED,   // the second reading brought more than the first
};

// What kind of root it is. The names are those of the JSON: "data", "finalizer_function", ...
enum dump_root_kind {
    DUMP_ROOT_DATA,
    DUMP_ROOT_BSS,
    DUMP_ROOT_FRAME,
    DUMP_ROOT_OTHER,
    DUMP_ROOT_CONTEXT,
    DUMP_ROOT_DEFER,
    DUMP_ROOT_PANIC,
    DUMP_ROOT_FINALIZER_FUNCTION,
    DUMP_ROOT_QUEUED_OBJECT,
    DUMP_ROOT_QUEUED_FUNCTION,
    DUMP_ROOT_KIND_COUNT,
};
// By enum dump_root_kind.
extern const char *const dump_root_kind_names[DUMP_ROOT_KIND_COUNT];

// Whether a node is alive, and by what.
enum dump_node_state {
    DUMP_NODE_UNREACHABLE,
    DUMP_NODE_FINALIZER_ONLY, // by fields of an object with a finalizer alone
    DUMP_NODE_REACHABLE,
    DUMP_NODE_STATE_COUNT,
};

// An object. Nodes are in the order of (address, size).
struct dump_node {
    uint64_t address, size_bytes;
    uint64_t edge_begin; // of its edges among all, for dump_graph_edge()
    uint32_t edge_count;
    uint32_t state; // enum dump_node_state
};
// A pointer field of an object.
struct dump_edge {
    uint32_t node;         // that it points to
    uint64_t field_offset; // of the pointer in the object that holds it, in bytes
    uint64_t offset;       // in the node that it points to, in bytes
};
// What has roots: a segment, a frame, a goroutine, a defer, ...
struct dump_holder {
    uint64_t address;    // of its record; 0: it has none
    uint64_t size_bytes; // of its memory; 0: it has none
    uint64_t depth;      // of a frame, the youngest is 0
    uint32_t goroutine;  // index, or DUMP_GRAPH_NONE
    uint32_t kind;       // enum dump_root_kind
    const char *name;    // a frame's function, another root's description; NUL-terminated; or ""
};
// A root that points to a node.
struct dump_root {
    uint32_t holder;       // index
    uint32_t node;         // that it points to
    uint64_t field_offset; // in the holder's memory, in bytes; 0: it has none
    uint64_t offset;       // in the node, in bytes
};
// A goroutine and its frames, which are neighbours among the holders, the youngest first; one that
// a lenient reading brings behind other roots of it is not counted.
struct dump_goroutine {
    uint64_t address, id, status, wait_since;
    bool is_system, is_background;
    const char *wait_reason; // NUL-terminated
    uint32_t frame_begin;    // of its frames among the holders
    uint32_t frame_count;
    uint32_t defer_count, panic_count;
    uint32_t first; // the first goroutine of the same id: itself, but in a dump that is broken
};

// What the first reading counted.
struct dump_graph_size {
    uint64_t object_count, field_count, root_count, holder_count, goroutine_count;
    uint64_t finalizer_count, text_bytes;
    uint64_t split_bytes; // the longest memory that the reader gives in parts
    uint64_t lowest_address, highest_address;
};

// Counts what the dump has. Reads to the end; the reader's options hold.
enum dump_graph_status dump_graph_measure(struct dump_reader *reader, struct dump_graph_size *size);
// Bytes that a graph of that size takes at most while it is built, and then with dominators.
uint64_t dump_graph_need_bytes(const struct dump_graph_size *size);

struct dump_graph;

// Builds the graph by a second reading. NULL: *status says why.
struct dump_graph *dump_graph_create(struct dump_reader *reader, const struct dump_graph_size *size,
                                     enum dump_graph_status *status);
void dump_graph_destroy(struct dump_graph *graph); // NULL is fine

// How many nodes there are; indices below it are good for what follows.
uint32_t dump_graph_node_count(const struct dump_graph *graph);
// How many roots lead to a node.
uint32_t dump_graph_root_count(const struct dump_graph *graph);
// How many goroutines there are.
uint32_t dump_graph_goroutine_count(const struct dump_graph *graph);
// How many holders there are, with those whose roots lead to no node.
uint32_t dump_graph_holder_count(const struct dump_graph *graph);
// The node of an index below their count; good as long as the graph.
const struct dump_node *dump_graph_node(const struct dump_graph *graph, uint32_t node);
// The root of an index, likewise.
const struct dump_root *dump_graph_root(const struct dump_graph *graph, uint32_t root);
// The holder of an index that a root or a goroutine names, likewise.
const struct dump_holder *dump_graph_holder(const struct dump_graph *graph, uint32_t holder);
// The goroutine of an index, likewise.
const struct dump_goroutine *dump_graph_goroutine(const struct dump_graph *graph,
                                                  uint32_t goroutine);
// The n-th edge of a node, n below its edge_count, by field offset as the dump lists them.
struct dump_edge dump_graph_edge(const struct dump_graph *graph, uint32_t node, uint32_t n);

// The node that holds the address, at its start or inside; where nodes overlap, the one of the
// greatest start. DUMP_GRAPH_NONE: no node does.
uint32_t dump_graph_find(const struct dump_graph *graph, uint64_t address);
// Whether a phantom holds the address; then *phantom is it, without edges.
bool dump_graph_find_phantom(const struct dump_graph *graph, uint64_t address,
                             struct dump_node *phantom);
// How many phantoms the dump has.
uint64_t dump_graph_phantom_count(const struct dump_graph *graph);
// Bytes of all phantoms.
uint64_t dump_graph_phantom_bytes(const struct dump_graph *graph);
// The segment or frame whose memory holds the address, as an index; DUMP_GRAPH_NONE: none does.
uint32_t dump_graph_find_holder(const struct dump_graph *graph, uint64_t address);

// ---- who retains what

// Roots that stand together: a group retains what would no longer be reachable without all of it.
enum dump_grouping {
    DUMP_BY_OBJECT,    // no groups: each node's own
    DUMP_BY_ROOT,      // each root is a group of its own; by their indices
    DUMP_BY_GOROUTINE, // the roots of all goroutines of one id; by the index of the first
    DUMP_BY_HOLDER,    // the roots of a segment, a frame, a defer, ...; by the holders' indices
    DUMP_BY_KIND,      // the roots of a kind; by enum dump_root_kind
};
// How much, the node itself included.
struct dump_retained {
    uint64_t bytes;
    uint32_t count;     // objects
    uint32_t dominator; // the node that all ways to it pass last, or DUMP_GRAPH_NONE
};

struct dump_dominators;

// Works out the dominator tree over all reachable nodes, in O((nodes + edges) log nodes), without
// recursion. NULL: out of memory.
struct dump_dominators *dump_dominators_create(const struct dump_graph *graph,
                                               enum dump_grouping grouping);
void dump_dominators_destroy(struct dump_dominators *dominators); // NULL is fine
// A node's; of one that is not reachable, all zero and DUMP_GRAPH_NONE.
struct dump_retained dump_dominators_node(const struct dump_dominators *dominators, uint32_t node);
// A group's, by the index of its root or goroutine. Of a goroutine whose id an earlier one has, 0.
struct dump_retained dump_dominators_group(const struct dump_dominators *dominators,
                                           uint32_t group);
// The group that alone leads to a node; DUMP_GRAPH_NONE: none does, or there are no groups.
uint32_t dump_dominators_owner(const struct dump_dominators *dominators, uint32_t node);

// What would no longer be reachable without these nodes and roots: `is_gone` says which are left
// out. False: out of memory.
bool dump_graph_without(const struct dump_graph *graph,
                        bool (*is_node_gone)(void *context, uint32_t node),
                        bool (*is_root_gone)(void *context, uint32_t root), void *context,
                        struct dump_retained *lost);

// ---- ways from a root

struct dump_paths;

// Works out how far each node is from the roots. NULL: out of memory.
struct dump_paths *dump_paths_create(const struct dump_graph *graph);
void dump_paths_destroy(struct dump_paths *paths); // NULL is fine
// How many pointers the shortest way follows, the root's included; 0: the node is not reachable.
uint32_t dump_paths_distance(const struct dump_paths *paths, uint32_t node);

// One way: the root, and of each step the edge's place among those of the node before.
struct dump_path {
    uint32_t root;
    uint32_t step_count;  // pointers, the root's included
    const uint32_t *node; // after each step; step_count of them
    const uint32_t *edge; // that led there; of the first, 0
};

// Ways to the node, the shortest first, none through an object twice, until `visit` says false.
// What it gets is good for the call alone. False: out of memory.
bool dump_paths_each(const struct dump_paths *paths, uint32_t node,
                     bool (*visit)(void *context, const struct dump_path *path), void *context);

#ifdef __cplusplus
}
#endif

#endif
