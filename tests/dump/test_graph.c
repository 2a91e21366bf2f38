// test_graph: nodes, edges and roots of dumps made by hand, who retains what, and the ways.
//
// The same questions are asked of real dumps, object by object, in tests/cli/test_dump_graph.sh.
// holds: dump/graph/graph.c dump/graph/measure.c dump/graph/collect.c dump/graph/resolve.c
// holds: dump/graph/reach.c dump/graph/dominators.c dump/graph/paths.c dump/graph/phantom.c
// holds: dump/graph/text.c

#include "dump/graph.h"
#include "tests/dump/build.h"

#include "tests/test.h"

#define BASE UINT64_C(0xc000002000)

static struct build build;
static struct dump_graph *graph;

static int begin(void **unused) {
    (void)unused;
    build = build_start(8);
    return 0;
}

static int end(void **unused) {
    (void)unused;
    dump_graph_destroy(graph);
    graph = NULL;
    build_fini(&build);
    return 0;
}

TEST_FIXTURE(begin, end)

static void put_word(uint64_t value) {
    for (unsigned i = 0; i < 8; i++) {
        build_byte(&build, (unsigned)(value >> (8 * i)) & 0xff);
    }
}

// An object of `word_count` words, each a pointer: those given, then nil.
static void put(uint64_t address, size_t word_count, const uint64_t *words, size_t given) {
    BUILD(&build, 1, address, 8 * word_count);
    for (size_t i = 0; i < word_count; i++) {
        put_word(i < given ? words[i] : 0);
    }
    for (size_t i = 0; i < word_count; i++) {
        BUILD(&build, 1, 8 * i);
    }
    build_number(&build, 0);
}
#define PUT(address, word_count, ...)                                                              \
    put(address, word_count, (const uint64_t[]){__VA_ARGS__},                                      \
        sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

// The data segment, an empty BSS.
static void put_data(const uint64_t *words, size_t count) {
    BUILD(&build, 12, 0x4c0000, 8 * count);
    for (size_t i = 0; i < count; i++) {
        put_word(words[i]);
    }
    for (size_t i = 0; i < count; i++) {
        BUILD(&build, 1, 8 * i);
    }
    BUILD(&build, 0, 13, 0x4d0000, 0, 0);
}
#define DATA(...)                                                                                  \
    put_data((const uint64_t[]){__VA_ARGS__},                                                      \
             sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void finish(void) {
    build_memstats(&build, 0, 0);
    build_number(&build, 0);
}

struct bytes {
    const struct build *build;
    size_t at;
};

static int64_t read_bytes(void *context, void *to, size_t size_bytes) {
    struct bytes *bytes = context;
    size_t left = bytes->build->size_bytes - bytes->at;
    size_t count = left < size_bytes ? left : size_bytes;
    memcpy(to, bytes->build->bytes + bytes->at, count);
    bytes->at += count;
    return (int64_t)count;
}

// A graph by readers of such a window; 0: of the whole in memory.
static struct dump_graph *graph_of(size_t window_bytes) {
    struct dump_graph_size size;
    struct dump_graph *made = NULL;
    for (int reading = 0; reading < 2; reading++) {
        struct bytes bytes = {.build = &build};
        const struct dump_source source = {.read = read_bytes, .context = &bytes};
        struct dump_reader *reader =
            window_bytes == 0
                ? dump_reader_create_memory(build.bytes, build.size_bytes, DUMP_LENIENT)
                : dump_reader_create_windowed(&source, DUMP_LENIENT, window_bytes);
        enum dump_graph_status status;
        if (reading == 0) {
            assert_int_equal(dump_graph_measure(reader, &size), DUMP_GRAPH_OK);
        } else {
            made = dump_graph_create(reader, &size, &status);
            assert_int_equal(status, DUMP_GRAPH_OK);
        }
        dump_reader_destroy(reader);
    }
    assert_non_null(made);
    return made;
}

static uint32_t at(uint64_t address) {
    uint32_t node = dump_graph_find(graph, address);
    assert_int_not_equal(node, DUMP_GRAPH_NONE);
    return node;
}

static enum dump_node_state state_at(uint64_t address) {
    return (enum dump_node_state)dump_graph_node(graph, at(address))->state;
}

static uint64_t retained_at(const struct dump_dominators *tree, uint64_t address) {
    return dump_dominators_node(tree, at(address)).bytes;
}

// ---- nodes and edges

TEST(a_pointer_into_an_object_is_an_edge_and_one_past_its_end_is_none) {
    PUT(BASE, 2, BASE + 16 + 9, BASE + 32); // inside; past the end of the last
    PUT(BASE + 16, 2, BASE - 1, UINT64_MAX);
    BUILD(&build, 1, BASE + 64, 0, 0); // of no byte: no node
    DATA(BASE);
    finish();
    graph = graph_of(0);
    assert_int_equal(dump_graph_node_count(graph), 2);
    assert_int_equal(dump_graph_node(graph, 0)->edge_count, 1);
    assert_int_equal(dump_graph_node(graph, 1)->edge_count, 0);
    struct dump_edge edge = dump_graph_edge(graph, 0, 0);
    assert_int_equal(edge.node, 1);
    assert_int_equal(edge.field_offset, 0);
    assert_int_equal(edge.offset, 9);
    assert_int_equal(dump_graph_find(graph, BASE + 32), DUMP_GRAPH_NONE);
    assert_int_equal(dump_graph_find(graph, BASE - 1), DUMP_GRAPH_NONE);
    assert_int_equal(dump_graph_find(graph, UINT64_MAX), DUMP_GRAPH_NONE);
}

TEST(a_field_that_ends_outside_of_its_object_is_no_edge) {
    BUILD(&build, 1, BASE, 12);
    put_word(BASE);
    put_word(BASE); // its first half is the object's last
    build.size_bytes -= 4;
    BUILD(&build, 1, 0, 1, 4, 1, 5, 1, 100, 1, UINT64_MAX, 0);
    DATA(BASE);
    finish();
    graph = graph_of(0);
    assert_int_equal(dump_graph_node(graph, 0)->edge_count, 1);
}

TEST(of_overlapping_objects_the_one_of_the_greatest_start_is_found) {
    PUT(BASE, 16, BASE + 100); // behind the inner one, still in this one
    PUT(BASE + 16, 2, BASE + 20);
    PUT(BASE + 16, 1, 0); // an address twice
    DATA(BASE + 8, BASE + 17);
    finish();
    graph = graph_of(0);
    assert_int_equal(dump_graph_node(graph, at(BASE + 15))->size_bytes, 128);
    assert_int_equal(dump_graph_node(graph, at(BASE + 24))->size_bytes, 16);
    assert_int_equal(dump_graph_node(graph, at(BASE + 32))->size_bytes, 128);
    assert_int_equal(dump_graph_edge(graph, at(BASE), 0).offset, 100);
}

TEST(an_object_at_the_end_of_the_address_space_is_found) {
    PUT(UINT64_MAX - 7, 1, UINT64_MAX);
    PUT(UINT64_MAX - 3, 2, 0); // goes round
    DATA(UINT64_MAX - 7);
    finish();
    graph = graph_of(0);
    assert_int_equal(dump_graph_node(graph, at(UINT64_MAX))->size_bytes, 16);
    assert_int_equal(dump_graph_find(graph, 2), DUMP_GRAPH_NONE);
}

TEST(go_s_phantoms_are_no_nodes) {
    build_fini(&build);
    build = (struct build){.pointer_bytes = 8};
    build_header(&build);
    build_params(&build, "go1.22.1");
    PUT(BASE, 64, BASE + 0x1e00);
    for (uint64_t i = 1; i < 16; i++) {
        PUT(BASE + i * 512, 64, BASE);
    }
    DATA(BASE);
    finish();
    graph = graph_of(0);
    struct dump_node phantom;
    assert_int_equal(dump_graph_node_count(graph), 15);
    assert_int_equal(dump_graph_phantom_count(graph), 1);
    assert_int_equal(dump_graph_phantom_bytes(graph), 512);
    assert_true(dump_graph_find_phantom(graph, BASE + 0x1fff, &phantom));
    assert_int_equal(phantom.address, BASE + 0x1e00);
    assert_false(dump_graph_find_phantom(graph, BASE + 0x2000, &phantom));
    assert_false(dump_graph_find_phantom(graph, BASE + 0x1dff, &phantom));
    assert_int_equal(dump_graph_node(graph, at(BASE))->edge_count, 0);
}

// ---- what is alive

TEST(what_only_a_finalizer_s_object_keeps_is_alive_and_it_itself_is_not) {
    PUT(BASE, 1, 0);              // reachable
    PUT(BASE + 8, 1, BASE + 16);  // has a finalizer
    PUT(BASE + 16, 1, BASE);      // by it alone
    PUT(BASE + 24, 1, BASE + 24); // nothing leads to it
    PUT(BASE + 32, 1, 0);         // the finalizer's function
    DATA(BASE);
    BUILD(&build, 7, BASE + 9, BASE + 32, 0, 0, 0);
    finish();
    graph = graph_of(0);
    assert_int_equal(state_at(BASE), DUMP_NODE_REACHABLE);
    assert_int_equal(state_at(BASE + 8), DUMP_NODE_UNREACHABLE);
    assert_int_equal(state_at(BASE + 16), DUMP_NODE_FINALIZER_ONLY);
    assert_int_equal(state_at(BASE + 24), DUMP_NODE_UNREACHABLE);
    assert_int_equal(state_at(BASE + 32), DUMP_NODE_REACHABLE);
}

TEST(each_kind_of_root_is_one) {
    build_fini(&build);
    build = (struct build){.pointer_bytes = 8};
    build_sample(&build);
    graph = graph_of(0);
    unsigned seen = 0;
    for (uint32_t i = 0; i < dump_graph_root_count(graph); i++) {
        uint32_t holder = dump_graph_root(graph, i)->holder;
        seen |= 1u << dump_graph_holder(graph, holder)->kind;
    }
    assert_int_equal(seen, 1u << DUMP_ROOT_DATA | 1u << DUMP_ROOT_FRAME | 1u << DUMP_ROOT_OTHER |
                               1u << DUMP_ROOT_PANIC | 1u << DUMP_ROOT_QUEUED_OBJECT);
    const struct dump_goroutine *goroutine = dump_graph_goroutine(graph, 0);
    assert_int_equal(goroutine->id, 17);
    assert_string_equal(goroutine->wait_reason, "chan receive");
    assert_int_equal(goroutine->frame_count, 1);
    assert_int_equal(goroutine->defer_count, 1);
    assert_int_equal(goroutine->panic_count, 1);
    assert_string_equal(dump_graph_holder(graph, goroutine->frame_begin)->name, "main.wait");
}

// ---- who retains what

TEST(a_diamond_s_foot_belongs_to_its_top) {
    PUT(BASE, 2, BASE + 16, BASE + 32);
    PUT(BASE + 16, 2, BASE + 48);
    PUT(BASE + 32, 2, BASE + 48);
    PUT(BASE + 48, 2, BASE);
    PUT(BASE + 64, 2, BASE + 80);
    PUT(BASE + 80, 2, 0);
    DATA(BASE, BASE + 64, BASE + 80);
    finish();
    graph = graph_of(0);
    struct dump_dominators *tree = dump_dominators_create(graph, DUMP_BY_OBJECT);
    assert_int_equal(retained_at(tree, BASE), 64);
    assert_int_equal(retained_at(tree, BASE + 16), 16);
    assert_int_equal(dump_dominators_node(tree, at(BASE + 48)).dominator, at(BASE));
    assert_int_equal(retained_at(tree, BASE + 64), 16); // a root leads to what it points to
    assert_int_equal(dump_dominators_node(tree, at(BASE + 80)).dominator, DUMP_GRAPH_NONE);
    dump_dominators_destroy(tree);

    tree = dump_dominators_create(graph, DUMP_BY_ROOT);
    assert_int_equal(dump_dominators_group(tree, 0).bytes, 64);
    assert_int_equal(dump_dominators_group(tree, 1).bytes, 16);
    assert_int_equal(dump_dominators_group(tree, 2).bytes, 0); // shared
    dump_dominators_destroy(tree);
}

static bool is_first(void *context, uint32_t node) {
    return node == *(const uint32_t *)context;
}

static bool is_no_root_gone(void *context, uint32_t root) {
    (void)context;
    (void)root;
    return false;
}

// Against the removal of each object in turn, on graphs that have nothing regular.
TEST(dominators_are_what_removal_says) {
    uint64_t random = 1;
    for (int round = 0; round < 60; round++) {
        build_fini(&build);
        build = build_start(8);
        uint64_t count = 2 + (uint64_t)round;
        for (uint64_t i = 0; i < count; i++) {
            uint64_t words[3];
            for (size_t n = 0; n < 3; n++) {
                random = random * 6364136223846793005u + 1442695040888963407u;
                words[n] = BASE + 24 * ((random >> 33) % (2 * count)); // half of them nowhere
            }
            put(BASE + 24 * i, 3, words, 3);
        }
        DATA(BASE, BASE + 24 * (count / 2));
        finish();
        graph = graph_of(0);
        struct dump_dominators *tree = dump_dominators_create(graph, DUMP_BY_OBJECT);
        for (uint32_t i = 0; i < dump_graph_node_count(graph); i++) {
            struct dump_retained lost;
            struct dump_retained held = dump_dominators_node(tree, i);
            assert_true(dump_graph_without(graph, is_first, is_no_root_gone, &i, &lost));
            assert_int_equal(held.bytes, lost.bytes);
            assert_int_equal(held.count, lost.count);
        }
        dump_dominators_destroy(tree);
        dump_graph_destroy(graph);
        graph = NULL;
    }
}

TEST(a_list_of_two_hundred_thousand_is_no_deeper_than_a_tree) {
    enum { COUNT = 200000 };
    for (uint64_t i = 0; i < COUNT; i++) { // back to the first as well
        PUT(BASE + 16 * i, 2, i + 1 < COUNT ? BASE + 16 * (i + 1) : 0, BASE);
    }
    DATA(BASE);
    finish();
    graph = graph_of(0);
    struct dump_dominators *tree = dump_dominators_create(graph, DUMP_BY_OBJECT);
    assert_int_equal(retained_at(tree, BASE), 16 * COUNT);
    assert_int_equal(retained_at(tree, BASE + 16 * (COUNT - 1)), 16);
    dump_dominators_destroy(tree);
    struct dump_paths *paths = dump_paths_create(graph);
    assert_int_equal(dump_paths_distance(paths, COUNT - 1), COUNT);
    dump_paths_destroy(paths);
}

// ---- ways

struct ways {
    uint32_t lengths[8];
    uint32_t roots[8];
    size_t count, limit;
};

static bool take_way(void *context, const struct dump_path *path) {
    struct ways *ways = context;
    ways->roots[ways->count] = path->root;
    ways->lengths[ways->count++] = path->step_count;
    return ways->count < ways->limit;
}

TEST(ways_come_by_length_and_never_twice_through_an_object) {
    PUT(BASE, 2, BASE + 16, BASE + 32);
    PUT(BASE + 16, 2, BASE + 48, BASE); // and back
    PUT(BASE + 32, 2, BASE + 16);
    PUT(BASE + 48, 2, BASE + 48); // to itself
    DATA(0, BASE);
    finish();
    graph = graph_of(0);
    struct dump_paths *paths = dump_paths_create(graph);
    struct ways ways = {.limit = 8};
    assert_true(dump_paths_each(paths, at(BASE + 48), take_way, &ways));
    assert_int_equal(ways.count, 2);
    assert_int_equal(ways.lengths[0], 3);
    assert_int_equal(ways.lengths[1], 4);
    assert_int_equal(dump_graph_root(graph, ways.roots[0])->field_offset, 8);
    ways = (struct ways){.limit = 1};
    assert_true(dump_paths_each(paths, at(BASE + 48), take_way, &ways));
    assert_int_equal(ways.count, 1);
    dump_paths_destroy(paths);
}

TEST(ways_are_sought_among_those_that_a_root_leads_to) {
    enum { COUNT = 24 };
    uint64_t all[COUNT]; // each to each: beside the one way there are 24! ends of none
    for (size_t i = 0; i < COUNT; i++) {
        all[i] = BASE + 8 * COUNT * i;
    }
    for (size_t i = 0; i < COUNT; i++) {
        put(all[i], COUNT, all, COUNT);
    }
    DATA(BASE + 8);
    finish();
    graph = graph_of(0);
    struct dump_paths *paths = dump_paths_create(graph);
    struct ways ways = {.limit = 8};
    assert_true(dump_paths_each(paths, at(BASE), take_way, &ways));
    assert_int_equal(ways.count, 1);
    ways = (struct ways){.limit = 8};
    assert_true(dump_paths_each(paths, at(all[1]), take_way, &ways));
    assert_int_equal(ways.count, 8);
    assert_int_equal(ways.lengths[0], 2);
    assert_int_equal(ways.lengths[1], 3);
    assert_int_equal(ways.lengths[7], 3);
    dump_paths_destroy(paths);
}

// ---- readings

// All that a graph says, as one number.
static uint64_t hash_of(const struct dump_graph *of) {
    uint64_t hash = 1;
    for (uint32_t i = 0; i < dump_graph_node_count(of); i++) {
        const struct dump_node *node = dump_graph_node(of, i);
        hash = hash * 31 + node->address + node->size_bytes * 7 + node->state;
        for (uint32_t n = 0; n < node->edge_count; n++) {
            struct dump_edge edge = dump_graph_edge(of, i, n);
            hash = hash * 31 + edge.node + edge.field_offset * 7 + edge.offset * 13;
        }
    }
    for (uint32_t i = 0; i < dump_graph_root_count(of); i++) {
        const struct dump_root *root = dump_graph_root(of, i);
        const struct dump_holder *holder = dump_graph_holder(of, root->holder);
        hash = hash * 31 + root->node + root->field_offset * 7 + root->offset * 13;
        hash = hash * 31 + holder->address + holder->kind + strlen(holder->name);
    }
    return hash;
}

TEST(records_that_come_in_parts_make_the_same_graph) {
    uint64_t words[3000]; // more fields than a part has
    for (size_t i = 0; i < 3000; i++) {
        words[i] = BASE + 8 * i;
    }
    PUT(BASE, 4, BASE + 32);
    put(BASE + 32, 3000, words, 3000);
    build_goroutine(&build);
    DATA(BASE);
    finish();
    graph = graph_of(0);
    assert_int_equal(dump_graph_node(graph, 1)->edge_count, 3000);
    for (size_t window_bytes = 1; window_bytes < 5000; window_bytes = window_bytes * 3 + 1) {
        struct dump_graph *other = graph_of(window_bytes);
        assert_int_equal(hash_of(other), hash_of(graph));
        dump_graph_destroy(other);
    }
}

// A lenient reading takes a frame behind a defer: the goroutine counts those that are neighbours.
TEST(frames_of_a_goroutine_are_neighbours_whatever_comes_between) {
    PUT(BASE, 2, 0);
    BUILD(&build, 4, 0xc000001000, 0xc000001000, 17, 0x401000, 4, 0, 0, 0, 0, 0, 0, 0, 0);
    for (uint64_t depth = 0; depth < 4; depth++) {
        BUILD(&build, 5, 0xc000001000 + 8 * depth, depth, 0);
        build_words(&build, 1, BASE);
        BUILD(&build, 0x401000, 0x401000, 0x401000, 0, 1, 0, 0);
        if (depth == 1) {
            BUILD(&build, 14, 0xc000001100, 0xc000001000, 0, 0, BASE, 0, 0);
        }
    }
    DATA(BASE);
    finish();
    graph = graph_of(0);
    const struct dump_goroutine *goroutine = dump_graph_goroutine(graph, 0);
    assert_int_equal(goroutine->frame_count, 2);
    for (uint32_t i = 0; i < goroutine->frame_count; i++) {
        const struct dump_holder *frame = dump_graph_holder(graph, goroutine->frame_begin + i);
        assert_true(frame->kind == DUMP_ROOT_FRAME && frame->depth == i);
    }
    assert_int_equal(dump_graph_root_count(graph), 6); // those behind it are roots all the same
}

TEST(a_dump_that_changed_between_the_readings_is_refused) {
    PUT(BASE, 2, BASE, BASE);
    PUT(BASE + 16, 2, BASE, BASE);
    DATA(BASE, BASE);
    BUILD(&build, 7, BASE, BASE, 0, 0, 0);
    finish();
    struct dump_reader *reader =
        dump_reader_create_memory(build.bytes, build.size_bytes, DUMP_STRICT);
    struct dump_graph_size size;
    assert_int_equal(dump_graph_measure(reader, &size), DUMP_GRAPH_OK);
    dump_reader_destroy(reader);
    uint64_t *const counts[] = {&size.object_count, &size.field_count, &size.root_count,
                                &size.holder_count, &size.finalizer_count};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        enum dump_graph_status status;
        --*counts[i];
        reader = dump_reader_create_memory(build.bytes, build.size_bytes, DUMP_STRICT);
        assert_null(dump_graph_create(reader, &size, &status));
        assert_int_equal(status, DUMP_GRAPH_CHANGED);
        dump_reader_destroy(reader);
        ++*counts[i];
    }
}

TEST(a_broken_dump_is_refused_at_either_reading) {
    PUT(BASE, 2, BASE);
    DATA(BASE);
    finish();
    struct dump_graph_size size;
    enum dump_graph_status status;
    struct dump_reader *reader =
        dump_reader_create_memory(build.bytes, build.size_bytes, DUMP_STRICT);
    assert_int_equal(dump_graph_measure(reader, &size), DUMP_GRAPH_OK);
    dump_reader_destroy(reader);
    reader = dump_reader_create_memory(build.bytes, build.size_bytes - 1, DUMP_STRICT);
    assert_null(dump_graph_create(reader, &size, &status));
    assert_int_equal(status, DUMP_GRAPH_BAD_DUMP);
    dump_reader_destroy(reader);
    reader = dump_reader_create_memory(build.bytes, build.size_bytes - 1, DUMP_STRICT);
    assert_int_equal(dump_graph_measure(reader, &size), DUMP_GRAPH_BAD_DUMP);
    dump_reader_destroy(reader);
}
