// leak: fails when one goroutine alone keeps more than so many bytes alive: a check for CI.
//
// cc leak.c $(pkg-config --cflags --libs countercheck-dump) -o leak && ./leak DUMP 10000000
#include <dump/graph.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct dump_graph_size size;
    enum dump_graph_status status = DUMP_GRAPH_BAD_DUMP;
    int file = argc == 3 ? open(argv[1], O_RDONLY) : -1;
    if (file < 0) {
        (void)fputs("usage: leak DUMP BYTES\n", stderr);
        return 2;
    }
    struct dump_graph *graph = NULL;
    for (int reading = 0; reading < 2; reading++) {
        struct dump_reader *reader = dump_reader_create_descriptor(file, DUMP_STRICT);
        if (reader != NULL && reading == 0) {
            status = dump_graph_measure(reader, &size);
        } else if (reader != NULL && status == DUMP_GRAPH_OK) {
            graph = dump_graph_create(reader, &size, &status);
        }
        dump_reader_destroy(reader);
        (void)lseek(file, 0, SEEK_SET);
    }
    struct dump_dominators *tree =
        graph == NULL ? NULL : dump_dominators_create(graph, DUMP_BY_GOROUTINE);
    if (tree == NULL) {
        (void)fprintf(stderr, "leak: %s cannot be read\n", argv[1]);
        return 2;
    }
    int leaks = 0;
    for (uint32_t i = 0; i < dump_graph_goroutine_count(graph); i++) {
        struct dump_retained held = dump_dominators_group(tree, i);
        if (held.bytes > strtoull(argv[2], NULL, 10)) {
            (void)printf("goroutine %" PRIu64 " keeps %" PRIu64 " bytes\n",
                         dump_graph_goroutine(graph, i)->id, held.bytes);
            leaks = 1;
        }
    }
    dump_dominators_destroy(tree);
    dump_graph_destroy(graph);
    return leaks;
}
