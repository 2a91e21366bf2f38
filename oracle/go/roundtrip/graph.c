// graph: what the dump's readers will call alive, against what the ledger's own roots and edges
// lead to: every object of a dump that was found clean.
//
// The ledger has followed values that it was told of, the graph those that it read: a root or a
// field that one of them takes otherwise shows here. Of a cleanup that is set a dump has no record,
// so that what such a cleanup's function alone keeps is unreachable in a dump: a slack of the
// format.
#include "oracle/go/roundtrip/private.h"

#include "dump/graph.h"
#include "oracle/core/harness_memory.h"

#define WALKED_OBJECTS_MAX 4096 // a dump of more is not walked

static void look_no_further(struct slot *slot) {
    (void)slot; // that it was reached is noted
}

// Whether the nodes that were reached so far are those whose state is `least` or more.
static bool nodes_are(struct roundtrip *trip, const struct dump_graph *graph,
                      enum dump_node_state least, const char *what) {
    const struct model *model = trip->ledger.model;
    for (uint32_t i = 0; i < dump_graph_node_count(graph); i++) {
        const struct dump_node *node = dump_graph_node(graph, i);
        uint32_t slot = map_at(&model->map, model, (uintptr_t)node->address);
        bool is_reached = slot != MODEL_NONE && model_slot(model, slot)->visit == model->visit;
        if (!roundtrip_holds(trip, RULE_DUMP_REACH, is_reached == (node->state >= (uint32_t)least),
                             (uintptr_t)node->address, what)) {
            return false;
        }
    }
    return true;
}

// Follows all that was reached. False: the harness's memory was refused, and nothing can be said.
static bool drain(struct model *model, uint64_t refused_before) {
    reach_drain(model, look_no_further);
    return harness_refusal_count() == refused_before;
}

static bool graph_is(struct roundtrip *trip, const struct dump_graph *graph, struct model *model) {
    uint64_t refused = harness_refusal_count();
    reach_begin(model);
    reach_dumped_roots(model);
    if (!drain(model, refused)) {
        return true;
    }
    if (!roundtrip_equal(trip, RULE_DUMP_REACH, "nodes", dump_graph_node_count(graph), "ledger",
                         model->live_count) ||
        !nodes_are(trip, graph, DUMP_NODE_REACHABLE,
                   "graph and ledger disagree whether roots lead to an object")) {
        return false;
    }
    reach_finalized_fields(model);
    return !drain(model, refused) ||
           nodes_are(trip, graph, DUMP_NODE_FINALIZER_ONLY,
                     "graph and ledger disagree whether an object is kept for a finalizer");
}

// NULL: none, and *status says why.
static struct dump_graph *graph_of(const struct roundtrip *trip, enum dump_graph_status *status) {
    const struct roundtrip_dump *dump = &trip->dump;
    struct dump_reader *readers[2]; // to measure, and to build
    struct dump_graph_size size;
    struct dump_graph *graph = NULL;
    for (size_t i = 0; i < 2; i++) {
        readers[i] = dump_reader_create_memory(dump->bytes, dump->size_bytes, DUMP_STRICT);
    }
    *status = DUMP_GRAPH_NO_MEMORY;
    if (readers[0] != NULL && readers[1] != NULL) {
        *status = dump_graph_measure(readers[0], &size);
    }
    if (*status == DUMP_GRAPH_OK) {
        graph = dump_graph_create(readers[1], &size, status);
    }
    dump_reader_destroy(readers[0]);
    dump_reader_destroy(readers[1]);
    return graph;
}

bool ledger_graph_is(struct roundtrip *trip) {
    if (!trip->dump.has_graph || trip->ledger.model == NULL ||
        trip->object_count > WALKED_OBJECTS_MAX) {
        return true;
    }
    enum dump_graph_status status;
    struct dump_graph *graph = graph_of(trip, &status);
    if (graph == NULL && status == DUMP_GRAPH_NO_MEMORY) {
        harness_refused();
        return true;
    }
    bool clean = roundtrip_holds(trip, RULE_DUMP_REACH, graph != NULL, 0,
                                 "a dump that decodes makes no graph") &&
                 graph_is(trip, graph, oracle_model(trip->oracle));
    dump_graph_destroy(graph);
    return clean;
}
