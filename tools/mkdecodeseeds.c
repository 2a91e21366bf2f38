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
    build_words(&build, 1100, 0);
    for (unsigned i = 0; i < 1100; i++) {
        BUILD(&build, 1, UINT64_C(8) * i);
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

// ---- one for each refusal

static struct build other_header(void) {
    struct build build = {.pointer_bytes = 8};
    build_bytes(&build, "go1.3 heap dump\n", 16);
    return build;
}

static struct build cut_header(void) {
    struct build build = {.pointer_bytes = 8};
    build_bytes(&build, "go1.7", 5);
    return build;
}

static struct build unknown_tag(void) {
    struct build build = start();
    build_number(&build, 18);
    return build;
}

static struct build wide_number(void) {
    struct build build = start();
    build_params(&build, "go1.19.8");
    build_bytes(&build, "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11);
    return build;
}

static struct build bool_of_two(void) {
    struct build build = start();
    BUILD(&build, 6, 2);
    return build;
}

static struct build odd_pointer_size(void) {
    struct build build = start();
    BUILD(&build, 6, 0, 16);
    return build;
}

static struct build unknown_field_kind(void) {
    struct build build = start();
    build_params(&build, "go1.19.8");
    BUILD(&build, 1, 0xc000002000, 0, 1, 0, 4, 0, 0);
    return build;
}

static struct build string_past_the_end(void) {
    struct build build = start();
    build_params(&build, "go1.19.8");
    BUILD(&build, 2, 100, 'a');
    return build;
}

static struct build string_too_long(void) {
    struct build build = start();
    build_params(&build, "go1.19.8");
    BUILD(&build, 2, UINT64_C(1) << 32);
    return build;
}

static struct build cut_in_pauses(void) {
    struct build build = {.pointer_bytes = 8};
    build_smallest(&build);
    build.size_bytes -= 100;
    return build;
}

static struct build cut_in_calls(void) {
    struct build build = many_calls();
    build.size_bytes -= 100;
    return build;
}

static struct build no_eof(void) {
    struct build build = {.pointer_bytes = 8};
    build_smallest(&build);
    build.size_bytes--;
    return build;
}

static struct build trailing_byte(void) {
    struct build build = {.pointer_bytes = 8};
    build_smallest(&build);
    build_byte(&build, 1);
    return build;
}

static struct build repeated_params(void) {
    struct build build = start();
    build_params(&build, "go1.19.8");
    build_params(&build, "go1.19.8");
    return build;
}

static struct build wide_address(void) {
    struct build build = {.pointer_bytes = 4, .big_endian = true};
    build_header(&build);
    build_params(&build, "go1.19.8");
    BUILD(&build, 1, UINT64_C(0x100000000), 0, 0);
    finish(&build);
    return build;
}

static struct build no_roots(void) {
    struct build build = start();
    build_params(&build, "go1.19.8");
    build_number(&build, 0);
    return build;
}

// Every number of these is padded: an object whose fields and contents are, too.
static struct build padded(void) {
    struct build build = start();
    build_params(&build, "go1.19.8");
    build_bytes(&build, "\x81\x00\x80\x00\x81\x00y\x81\x00\x88\x00\x81\x00\x80\x81\x00\x80\x00",
                18);
    finish(&build);
    build.size_bytes--;
    build_bytes(&build, "\x90\x00\x81\x00\x82\x00\x81\x00\x81\x00", 10); // MemProf, one call
    build_bytes(&build, "f\x81\x00g\x83\x00\x80\x00\x80\x00\x80\x00", 12);
    return build;
}

static int save_odd(const char *directory) {
    static const struct {
        const char *name;
        struct build (*make)(void);
    } seeds[] = {{"odd-but-legal", odd_but_legal},
                 {"long-list", long_list},
                 {"huge-length", huge_length},
                 {"lenient", lenient},
                 {"many-calls", many_calls},
                 {"header-only", start},
                 {"other-header", other_header},
                 {"cut-header", cut_header},
                 {"unknown-tag", unknown_tag},
                 {"wide-number", wide_number},
                 {"bool-of-two", bool_of_two},
                 {"odd-pointer-size", odd_pointer_size},
                 {"unknown-field-kind", unknown_field_kind},
                 {"string-past-the-end", string_past_the_end},
                 {"string-too-long", string_too_long},
                 {"cut-in-pauses", cut_in_pauses},
                 {"cut-in-calls", cut_in_calls},
                 {"no-eof", no_eof},
                 {"trailing-byte", trailing_byte},
                 {"no-roots", no_roots},
                 {"repeated-params", repeated_params},
                 {"wide-address", wide_address},
                 {"padded", padded}};
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
