// test_mark: marking against naive reachability over random graphs, with the program running
// between the steps, and with no memory for the mark queue.
//
// holds: allocator/objects/marked.c
#include "tests/runtime/program.h"

#include "runtime/runtime_internal.h"
#include "tests/breaks.h"
#include "tests/test.h"

#include <string.h>

enum { OBJECT_MAX = 512, WORD_COUNT = 4, ROOT_COUNT = 16 };

// The test's own account of the graph: indices into objects, -1: nil.
struct graph {
    struct program *program;
    uint64_t random;
    uintptr_t objects[OBJECT_MAX]; // 0: the slot is free
    int edges[OBJECT_MAX][WORD_COUNT];
    int roots[ROOT_COUNT];
    bool reachable[OBJECT_MAX];
};

static void graph_init(struct graph *graph, struct program *program, uint64_t seed) {
    memset(graph, 0, sizeof(*graph));
    memset(graph->edges, 0xff, sizeof(graph->edges));
    memset(graph->roots, 0xff, sizeof(graph->roots));
    graph->program = program;
    graph->random = seed;
}

static size_t below(struct graph *graph, size_t limit) {
    return (size_t)(program_random(&graph->random) >> 11) % limit;
}

static void reach(struct graph *graph) {
    int stack[OBJECT_MAX];
    size_t depth = 0;
    memset(graph->reachable, 0, sizeof(graph->reachable));
    for (size_t i = 0; i < ROOT_COUNT; i++) {
        if (graph->roots[i] >= 0 && !graph->reachable[graph->roots[i]]) {
            graph->reachable[graph->roots[i]] = true;
            stack[depth++] = graph->roots[i];
        }
    }
    while (depth > 0) {
        const int *edges = graph->edges[stack[--depth]];
        for (size_t word = 0; word < WORD_COUNT; word++) {
            if (edges[word] >= 0 && !graph->reachable[edges[word]]) {
                graph->reachable[edges[word]] = true;
                stack[depth++] = edges[word];
            }
        }
    }
}

// A reachable object, -1: there is none at hand. The program can use no other.
static int pick(struct graph *graph) {
    for (int tries = 0; tries < 20; tries++) {
        size_t index = below(graph, OBJECT_MAX);
        if (graph->objects[index] != 0 && graph->reachable[index]) {
            return (int)index;
        }
    }
    return -1;
}

// An address in the object: its start, or interior.
static uintptr_t target(struct graph *graph, int index) {
    return index < 0 ? 0 : graph->objects[index] + below(graph, 32);
}

static void set_edge(struct graph *graph, int from, size_t word, int to) {
    graph->edges[from][word] = to;
    runtime_write_pointer(graph->program->runtime, graph->objects[from] + 8 * word,
                          target(graph, to));
}

static void set_root(struct graph *graph, size_t root, int to) {
    graph->roots[root] = to;
    program_set_data(graph->program, root, target(graph, to));
}

static void allocate(struct graph *graph) {
    size_t index = below(graph, OBJECT_MAX);
    if (graph->objects[index] != 0) {
        return;
    }
    graph->objects[index] = program_node_new(graph->program);
    memset(graph->edges[index], 0xff, sizeof(graph->edges[index]));
    int holder = pick(graph);
    if (holder < 0 || below(graph, 4) == 0) {
        set_root(graph, below(graph, ROOT_COUNT), (int)index);
    } else {
        set_edge(graph, holder, below(graph, WORD_COUNT), (int)index);
    }
}

// Takes every pointer to the object away, then frees it by hand.
static void free_object(struct graph *graph, int index) {
    for (size_t root = 0; root < ROOT_COUNT; root++) {
        if (graph->roots[root] == index) {
            set_root(graph, root, -1);
        }
    }
    for (int from = 0; from < OBJECT_MAX; from++) {
        for (size_t word = 0; word < WORD_COUNT; word++) {
            if (graph->objects[from] != 0 && graph->edges[from][word] == index) {
                set_edge(graph, from, word, -1);
            }
        }
    }
    void *object = (void *)graph->objects[index];
    assert_int_equal(heap_free(graph->program->heap, graph->program->cache, object), HEAP_FREED);
    graph->objects[index] = 0;
}

static void mutate(struct graph *graph) {
    reach(graph);
    int from = pick(graph);
    int to = pick(graph);
    size_t choice = below(graph, 100);
    if (choice < 45 || from < 0) {
        allocate(graph);
    } else if (choice < 75) {
        set_edge(graph, from, below(graph, WORD_COUNT), below(graph, 4) == 0 ? -1 : to);
    } else if (choice < 95) {
        set_root(graph, below(graph, ROOT_COUNT), below(graph, 3) == 0 ? -1 : to);
    } else if (program_is_live(graph->program, graph->objects[from])) {
        free_object(graph, from);
    }
}

// Drops what is unreachable now from the account: the collector may free it from now on.
static void forget_unreachable(struct graph *graph) {
    reach(graph);
    for (size_t i = 0; i < OBJECT_MAX; i++) {
        if (!graph->reachable[i]) {
            graph->objects[i] = 0;
            memset(graph->edges[i], 0xff, sizeof(graph->edges[i]));
        }
    }
}

static void assert_reachable_are_marked(struct graph *graph) {
    reach(graph);
    for (size_t i = 0; i < OBJECT_MAX; i++) {
        if (graph->reachable[i]) {
            assert_true(program_is_marked(graph->program, graph->objects[i]));
        }
    }
}

static size_t reachable_count(struct graph *graph) {
    size_t count = 0;
    reach(graph);
    for (size_t i = 0; i < OBJECT_MAX; i++) {
        count += graph->reachable[i] ? 1 : 0;
    }
    return count;
}

// A cycle in steps with the program running between them, then one at rest, which must be exact.
static void run_cycles(struct graph *graph, size_t cycles) {
    struct program *program = graph->program;
    for (size_t cycle = 0; cycle < cycles; cycle++) {
        for (int i = 0; i < 60; i++) {
            mutate(graph);
        }
        forget_unreachable(graph);
        assert_true(runtime_gc_start(program->runtime, program->cache, false));
        for (int i = 0; i < 40; i++) {
            mutate(graph);
            if (i % 3 == 0) {
                (void)runtime_gc_mark_step(program->runtime, 1 + below(graph, 8));
            }
        }
        assert_true(runtime_gc_finish(program->runtime, program->cache));
        assert_reachable_are_marked(graph);
        forget_unreachable(graph);
        if (cycle % 2 == 0) {
            program_collect(program);
            assert_int_equal(program_stats(program).HeapObjects, reachable_count(graph));
        }
    }
}

TEST_FIXTURE(program_setup, program_teardown)

TEST(marks_are_a_superset_of_what_is_reachable_and_exact_at_rest) {
    struct program *program = *state;
    static struct graph graph;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        graph_init(&graph, program, seed * UINT64_C(0x9e3779b97f4a7c15));
        for (size_t root = 0; root < ROOT_COUNT; root++) {
            program_set_data(program, root, 0);
        }
        run_cycles(&graph, 20);
    }
}

// ---- the queue

// A tree of `levels` levels whose nodes all have WORD_COUNT children: many are grey at once.
static uintptr_t make_tree(struct program *program, int levels) {
    uintptr_t node = program_node_new(program);
    for (size_t word = 0; levels > 1 && word < WORD_COUNT; word++) {
        runtime_write_pointer(program->runtime, node + 8 * word, make_tree(program, levels - 1));
    }
    return node;
}

enum { WIDE_LEAVES = 16384 };

// An object of many pointers, each to a node of its own with a leaf below: more grey ones at once
// than buffers hold.
static uintptr_t make_fan(struct program *program, size_t root) {
    uintptr_t fan = program_alloc(program, WIDE_LEAVES * 8, &program_node);
    program_set_data(program, root, fan);
    for (size_t i = 0; i < WIDE_LEAVES; i++) {
        uintptr_t node = program_node_new(program);
        runtime_write_pointer(program->runtime, fan + 8 * i, node);
        runtime_write_pointer(program->runtime, node, program_node_new(program));
    }
    return fan;
}

static void assert_fan_is_marked(struct program *program, uintptr_t fan) {
    for (size_t i = 0; i < WIDE_LEAVES; i++) {
        uintptr_t node = *(uintptr_t *)(fan + 8 * i);
        assert_true(program_is_marked(program, node));
        assert_true(program_is_marked(program, *(uintptr_t *)node));
    }
}

TEST(work_buffers_are_charged_to_GCSys_and_given_back) {
    struct program *program = *state;
    uintptr_t fans[2];
    for (size_t i = 0; i < 2; i++) {
        fans[i] = make_fan(program, i);
    }
    struct memstats before = program_stats(program);
    assert_true(runtime_gc_start(program->runtime, program->cache, false));
    assert_false(runtime_gc_mark_step(program->runtime, 1));
    struct memstats during = program_stats(program);
    assert_true(during.GCSys >= before.GCSys + WIDE_LEAVES * 8);
    assert_int_equal(during.HeapInuse, before.HeapInuse);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    assert_int_equal(program_stats(program).GCSys, before.GCSys);
    assert_fan_is_marked(program, fans[0]); // through the buffers that fans[1] had used
    assert_fan_is_marked(program, fans[1]);
}

// Takes all free pages of the heap, so that the next page is refused.
static size_t exhaust(struct program *program, void **pages, size_t limit) {
    size_t count = 0;
    program_refuse(program, true);
    while (count < limit) {
        pages[count] = heap_alloc_manual(program->heap, 1, MANUAL_OTHER);
        if (pages[count] == NULL) {
            return count;
        }
        count++;
    }
    fail();
    return count;
}

TEST(no_mark_is_lost_without_memory_for_the_queue) {
    struct program *program = *state;
    static void *pages[4096];
    uintptr_t fan = make_fan(program, 0);
    uintptr_t tree = make_tree(program, 6);
    program_set_data(program, 1, tree);
    assert_true(runtime_gc_start(program->runtime, program->cache, false));
    size_t count = exhaust(program, pages, 4096);
    for (int i = 0; i < 3; i++) {
        (void)runtime_gc_mark_step(program->runtime, 100);
    }
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    assert_fan_is_marked(program, fan);
    while (count > 0) {
        heap_free_manual(program->heap, pages[--count], MANUAL_OTHER);
    }
}

TEST(a_step_says_it_is_done_when_no_object_is_left_out) {
    struct program *program = *state;
    static void *pages[4096];
    uintptr_t fan = make_fan(program, 0);
    assert_true(runtime_gc_start(program->runtime, program->cache, false));
    size_t count = exhaust(program, pages, 4096);
    while (!runtime_gc_mark_step(program->runtime, 1)) {
    }
    assert_fan_is_marked(program, fan);
    assert_true(runtime_gc_finish(program->runtime, program->cache));
    while (count > 0) {
        heap_free_manual(program->heap, pages[--count], MANUAL_OTHER);
    }
}

TEST(without_a_first_buffer_no_cycle_starts) {
    struct program *program = *state;
    static void *pages[4096];
    (void)program_node_new(program);
    size_t count = exhaust(program, pages, 4096);
    struct memstats before = program_stats(program);
    assert_false(runtime_gc_start(program->runtime, program->cache, false));
    assert_false(runtime_collect(program->runtime, program->cache, true));
    struct memstats after = program_stats(program);
    assert_memory_equal(&before, &after, sizeof(before));
    assert_false(runtime_gc_is_marking(program->runtime));
    heap_free_manual(program->heap, pages[--count], MANUAL_OTHER);
    assert_true(runtime_collect(program->runtime, program->cache, true));
    while (count > 0) {
        heap_free_manual(program->heap, pages[--count], MANUAL_OTHER);
    }
}

TEST(a_long_list_needs_no_deep_stack) {
    struct program *program = *state;
    for (size_t i = 0; i < 200000; i++) {
        uintptr_t node = program_node_new(program);
        runtime_write_pointer(program->runtime, node, *(uintptr_t *)program_data_slot(program, 0));
        program_set_data(program, 0, node);
    }
    program_collect(program);
    assert_int_equal(program_stats(program).HeapObjects, 200000);
    program_set_data(program, 0, 0);
    program_collect(program);
    assert_int_equal(program_stats(program).HeapObjects, 0);
}

TEST(validity_sees_each_broken_invariant) {
    struct program *program = *state;
    struct collector *gc = &program->runtime->gc;
    struct mark_queue *queue = &gc->queue;
    struct workbuf buffers[3] = {
        {.next = &buffers[1], .count = 5},
        {.next = &buffers[2], .count = WORKBUF_ENTRY_COUNT},
        {.count = WORKBUF_ENTRY_COUNT},
    };
    BREAKS(struct workbuf *, queue->top, buffers, mark_queue_is_valid(queue, false)); // M1
    BREAKS(struct workbuf *, queue->free, buffers, mark_queue_is_valid(queue, false));
    BREAKS(bool, queue->overflowed, true, mark_queue_is_valid(queue, false));
    assert_false(mark_queue_is_valid(queue, true)); // M2: a first buffer
    queue->top = buffers;
    BREAKS(size_t, buffers[0].count, WORKBUF_ENTRY_COUNT + 1, mark_queue_is_valid(queue, true));
    BREAKS(size_t, buffers[1].count, 7, mark_queue_is_valid(queue, true));
    BREAKS(size_t, buffers[2].count, 0, mark_queue_is_valid(queue, true));
    queue->top = NULL;
    BREAKS(bool, queue->overflowed, true, runtime_is_sound(program->runtime));
    BREAKS(bool, gc->marking, true, runtime_is_sound(program->runtime));
}
