// mkbigdump: a valid dump of as many objects of 64 bytes as asked for, to measure the reader by.
//
// mkbigdump OBJECTS OUT; 900000 objects make 66 MB. Each has three pointers and varied contents;
// `dump verify` finds nothing.

#include "tests/dump/build.h"

#include <stdio.h>

#define OBJECT_BYTES 64

static void build_objects(struct build *build, uint64_t count) {
    uint64_t base = build_places(build).objects;
    uint8_t contents[OBJECT_BYTES];
    for (uint64_t i = 0; i < count; i++) {
        uint64_t state = i * UINT64_C(0x9e3779b97f4a7c15);
        for (size_t at = 0; at < OBJECT_BYTES; at++) {
            contents[at] = (uint8_t)(state >> at % 8 * 8);
        }
        BUILD(build, 1, base + i * OBJECT_BYTES, OBJECT_BYTES);
        build_bytes(build, contents, OBJECT_BYTES);
        BUILD(build, 1, 0, 1, 8, 1, 48, 0);
    }
}

// As build_params(), with arenas that hold them all.
static void build_wide_params(struct build *build, uint64_t count) {
    uint64_t arena = build_places(build).arena;
    BUILD(build, 6, 0, 8, arena, arena + 0x400000 + count * OBJECT_BYTES);
    build_string(build, "amd64");
    build_string(build, "countercheck");
    build_number(build, 2);
}

// As build_memstats(), of any size.
static void build_wide_memstats(struct build *build, uint64_t count) {
    uint64_t bytes = count * OBJECT_BYTES;
    uint64_t sys = bytes + 8192;
    BUILD(build, 10, bytes, bytes, sys, 0, count, 0, bytes, sys, 0, sys, 0, count, 0, 0, 0, 0, 0, 0,
          0, 0, 0, bytes, 0, 0);
    for (unsigned i = 0; i < 257; i++) { // the pauses, and NumGC
        build_number(build, 0);
    }
}

static int save(const struct build *build, const char *path) {
    FILE *file = fopen(path, "wb");
    size_t put = file == NULL ? 0 : fwrite(build->bytes, 1, build->size_bytes, file);
    if (file == NULL || fclose(file) != 0 || put != build->size_bytes) {
        fprintf(stderr, "mkbigdump: cannot write %s\n", path);
        return 3;
    }
    return 0;
}

int main(int argc, char **argv) {
    char *end = NULL;
    unsigned long long count = argc == 3 ? strtoull(argv[1], &end, 10) : 0;
    if (count == 0 || *end != '\0' || count > 100000000) {
        fputs("usage: mkbigdump OBJECTS OUT\n", stderr);
        return 2;
    }
    struct build build = {.pointer_bytes = 8};
    build_header(&build);
    build_wide_params(&build, count);
    build_objects(&build, count);
    build_roots(&build);
    build_wide_memstats(&build, count);
    build_number(&build, 0);
    int status = save(&build, argv[2]);
    build_fini(&build);
    return status;
}
