// test_taken: programs run clean where somebody else's memory lies at the heap's base, between its
// arenas and in its metadata's place.
#define _GNU_SOURCE
#include "allocator/heap.h"
#include "fuzz/go/machine.h"
#include "fuzz/generate/generator.h"
#include "fuzz/program/text.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/test.h"

enum { FOREIGN_MAX = 64, GENERATED = 60, TEXT_BYTES_MAX = 1 << 20 };

static struct program program;
static struct executor *executor;

// ---- somebody else's pages

static uintptr_t foreign[FOREIGN_MAX];
static size_t foreign_count;

static void take_page(uintptr_t address) {
    void *page = mmap((void *)address, HEAP_PAGE_BYTES, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    assert_ptr_equal(page, (void *)address);
    assert_true(foreign_count < FOREIGN_MAX);
    foreign[foreign_count++] = address;
}

static int give_pages_back(void **state) {
    (void)state;
    executor_destroy(executor);
    executor = NULL;
    while (foreign_count > 0) {
        (void)munmap((void *)foreign[--foreign_count], HEAP_PAGE_BYTES);
    }
    return 0;
}

TEST_FIXTURE(NULL, give_pages_back)

// ---- programs

static void run(const char *name) {
    enum verdict verdict = executor_run_twice(executor, &program);
    if (verdict == VERDICT_FINDING) {
        finding_print(executor_finding(executor), stderr);
        fail_msg("%s has a finding", name);
    }
    assert_int_not_equal(verdict, VERDICT_ENVIRONMENT);
}

static void run_text(const char *folder, const char *name) {
    static char text[TEXT_BYTES_MAX];
    char path[4096];
    struct text_error error;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    program_clear(&program);
    assert_true(text_parse_program(&program, text, size, &error));
    run(name);
}

static size_t run_folder(const char *folder) {
    size_t count = 0;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".ops") == 0) {
            run_text(folder, entry->d_name);
            count++;
        }
    }
    (void)closedir(directory);
    return count;
}

// What a program's text expects of Sys holds where nobody is in the way.
static void run_all(void) {
    const struct executor_options options = {.level = ORACLE_PARANOID, .final_dump = true};
    executor = executor_create(&machine_go, NULL, &options);
    assert_non_null(executor);
    assert_true(run_folder("corpus/heap/seed") > 10);
    assert_true(run_folder("corpus/heap/regression") > 5);
    for (uint32_t seed = 0; seed < GENERATED; seed++) {
        char name[32];
        (void)snprintf(name, sizeof name, "program %u", (unsigned)seed);
        generator_program(&program, seed, 128);
        run(name);
    }
}

// ---- places

TEST(programs_run_clean_when_the_base_is_taken) {
    take_page(HEAP_BASE_DEFAULT + 5 * HEAP_PAGE_BYTES);
    run_all();
}

TEST(programs_run_clean_when_every_place_for_a_base_is_taken) {
    for (uintptr_t stride = 0; stride < 8; stride++) {
        take_page(HEAP_BASE_DEFAULT + stride * HEAP_STRIDE_BYTES);
    }
    run_all();
}

TEST(programs_run_clean_with_holes_between_arenas) {
    for (uintptr_t arena = 1; arena < 12; arena += arena < 4 ? 1 : 3) {
        take_page(HEAP_BASE_DEFAULT + arena * HEAP_ARENA_BYTES + arena * HEAP_PAGE_BYTES);
    }
    run_all();
}

// The root lies first behind the window, chunks of 256 KiB and single mappings above it.
TEST(programs_run_clean_with_holes_in_the_metadata) {
    for (uintptr_t at = 1; at < 40; at++) {
        take_page(HEAP_BASE_DEFAULT + HEAP_WINDOW_BYTES + at * ((uintptr_t)320 << 10));
    }
    run_all();
}

TEST(programs_run_clean_with_all_of_it) {
    take_page(HEAP_BASE_DEFAULT);
    uintptr_t base = HEAP_BASE_DEFAULT + HEAP_STRIDE_BYTES;
    for (uintptr_t at = 1; at < 12; at++) {
        take_page(base + (2 * at + 1) * HEAP_ARENA_BYTES);
        take_page(base + HEAP_WINDOW_BYTES + at * ((uintptr_t)1 << 20));
    }
    run_all();
}
