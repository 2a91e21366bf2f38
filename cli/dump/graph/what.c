// what: looks among the objects first, then among what lies between them.

#include "cli/dump/graph/what.h"

struct what what_is(const struct dump_graph *graph, uint64_t address) {
    struct what what = {.kind = "none", .index = dump_graph_find(graph, address)};
    if (what.index != DUMP_GRAPH_NONE) {
        what.kind = "object";
        what.node = *dump_graph_node(graph, what.index);
        what.has_object = true;
        what.begin = what.node.address;
        what.is_reachable = what.node.state == DUMP_NODE_REACHABLE;
        what.note = what.node.state == DUMP_NODE_FINALIZER_ONLY
                        ? "kept only by the fields of an object that has a finalizer"
                    : !what.is_reachable ? "no root leads to it"
                                         : NULL;
        return what;
    }
    if (dump_graph_find_phantom(graph, address, &what.node)) {
        what.kind = "phantom";
        what.has_object = true;
        what.begin = what.node.address;
        what.note = "no object: Go keeps the pointer bits of the page's objects here";
        return what;
    }
    uint32_t holder = dump_graph_find_holder(graph, address);
    if (holder != DUMP_GRAPH_NONE) {
        what.kind = dump_root_kind_names[dump_graph_holder(graph, holder)->kind];
        what.begin = dump_graph_holder(graph, holder)->address;
        what.note = "its pointers are roots";
    }
    return what;
}
