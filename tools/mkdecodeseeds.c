// mkdecodeseeds: the seeds of the decode target: small dumps made by hand, of each kind that the
// reader tells apart.
//
// mkdecodeseeds DIRECTORY writes them there; the same files each time.

#include "tests/dump/build.h"

#include <stdio.h>

static int written;

static int save(const char *directory, const char *name, struct build *build) {
    char path[4096];
    int wanted = snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *file = wanted > 0 && (size_t)wanted < sizeof(path) ? fopen(path, "wb") : NULL;
    size_t put = file == NULL ? 0 : fwrite(build->bytes, 1, build->size_bytes, file);
    bool ok = file != NULL && put == build->size_bytes;
    ok = (file == NULL || fclose(file) == 0) && ok;
    if (!ok) {
        fprintf(stderr, "mkdecodeseeds: cannot write %s\n", path);
    }
    build_fini(build);
    written++;
    return ok ? 0 : 1;
}

static int save_samples(const char *directory) {
    int failed = 0;
    for (unsigned i = 0; i < 4; i++) {
        struct build build = {.pointer_bytes = i < 2 ? 8 : 4, .big_endian = i % 2 == 1};
        char name[64];
        snprintf(name, sizeof(name), "all-records-%u-%s", build.pointer_bytes,
                 build.big_endian ? "big" : "little");
        build_sample(&build);
        failed |= save(directory, name, &build);
    }
    return failed;
}

static struct build start(void) {
    struct build build = {.pointer_bytes = 8};
    build_header(&build);
    return build;
}

static void finish(struct build *build) {
    build_roots(build);
    build_memstats(build, 0, 0);
    build_number(build, 0);
}

// Odd, yet legal: empty objects, fields past the end, unsorted, repeated; names with NUL; the
// largest numbers.
static struct build odd_but_legal(void) {
    struct build build = start();
    build_params(&build, "");
    BUILD(&build, 2, 3);
    build_bytes(&build, "a\0\xff", 3);
    BUILD(&build, UINT64_MAX);
    BUILD(&build, 1, UINT64_MAX, 0, 0);
    BUILD(&build, 1, 0, 0, 1, UINT64_MAX, 1, 8, 1, 8, 1, 0, 0);
    BUILD(&build, 4, 0, 0, UINT64_MAX, 0, 99, 1, 1, UINT64_MAX, 0, 0, 0, 0, 0);
    finish(&build);
    return build;
}

static struct build long_list(void) {
    struct build build = start();
    build_params(&build, "go1.22.0");
    BUILD(&build, 1, 0xc000002000);
    build_words(&build, 600, 0);
    for (unsigned i = 0; i < 600; i++) {
        BUILD(&build, 1, 8 * i);
    }
    build_number(&build, 0);
    finish(&build);
    return build;
}

static struct build huge_length(void) {
    struct build build = start();
    build_params(&build, "go1.19.8");
    BUILD(&build, 1, 0xc000002000, UINT64_C(1) << 63);
    return build;
}

// What lenient reading forgives, all of it.
static struct build lenient(void) {
    struct build build = {.pointer_bytes = 4};
    build_header(&build);
    BUILD(&build, 9, 1, 2, 3); // before Params
    build_params(&build, "go1.4");
    build_params(&build, "go1.4");
    BUILD(&build, 1, UINT64_C(0x1ffffffff), 0, 2, 4, 3, 8, 0);
    build_bytes(&build, "\x82\x00\x80\x00\x81\x80\x00", 7); // OtherRoot, padded
    build_roots(&build);
    build_number(&build, 0);
    return build;
}

static struct build many_calls(void) {
    struct build build = start();
    build_params(&build, "go1.19.8");
    build_roots(&build);
    build_memstats(&build, 0, 0);
    BUILD(&build, 16, 1, 8, 300);
    for (unsigned i = 0; i < 300; i++) {
        BUILD(&build, 1, 'f', 0, i);
    }
    BUILD(&build, 1, 1, 0);
    return build;
}

static int save_odd(const char *directory) {
    static const struct {
        const char *name;
        struct build (*make)(void);
    } seeds[] = {{"odd-but-legal", odd_but_legal}, {"long-list", long_list},
                 {"huge-length", huge_length},     {"lenient", lenient},
                 {"many-calls", many_calls},       {"header-only", start}};
    int failed = 0;
    for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
        struct build build = seeds[i].make();
        failed |= save(directory, seeds[i].name, &build);
    }
    return failed;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("usage: mkdecodeseeds DIRECTORY\n", stderr);
        return 2;
    }
    struct build smallest = {.pointer_bytes = 8};
    build_smallest(&smallest);
    int failed = save(argv[1], "smallest", &smallest) | save_samples(argv[1]) | save_odd(argv[1]);
    printf("%d seeds\n", written);
    return failed == 0 ? 0 : 3;
}
