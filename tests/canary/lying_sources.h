// lying_sources: what is left of the truths when one function of allocator/inspect.h lies. The
// liars are generated (ci/liars); this runs them, one after the other, and holds the kept page to
// what comes of it.
//
// A liar lies all of the time, and the fast account with it, in every number that the scan then
// works out otherwise: as when an error of the product shows itself to both. Included once.
#ifndef TESTS_CANARY_LYING_SOURCES_H
#define TESTS_CANARY_LYING_SOURCES_H

#include "allocator/inspect.h"
#include "oracle/go/rules.h"
#include "oracle/go/verify/scan.h"
#include "tests/oracle/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROW_BYTES 2048

static struct fixture *world;
static struct driver *driver;                // its
static size_t lying;                         // the liar's number, from 1; 0: nobody lies
static struct memstats skew;                 // what the fast account adds
static uint64_t skew_live[SIZE_CLASS_COUNT]; // to BySize

void __real_heap_read_memstats(struct heap *heap, struct memstats *stats);
void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats);
void __wrap_heap_read_memstats(struct heap *heap, struct memstats *stats) {
    __real_heap_read_memstats(heap, stats);
#define MEMSTATS_FIELD(name, unit, meaning, truths) stats->name += skew.name;
#include "allocator/memstats_fields.def"
    for (size_t class = 0; class < SIZE_CLASS_COUNT; class ++) {
        stats->BySize[class].Mallocs += skew_live[class];
    }
}

// The words with bits of the first one wrong; whoever gets them keeps them until the process ends.
static inline const uint64_t *wrong_words(const uint64_t *words, size_t count, uint64_t bits) {
    uint64_t *copy = count == 0 ? NULL : malloc(count * sizeof *copy);
    if (copy == NULL) {
        return words;
    }
    memcpy(copy, words, count * sizeof *copy);
    copy[0] ^= bits;
    return copy;
}

// ---- one liar, in a process of its own

struct row {
    char text[ROW_BYTES];
    size_t length;
};

static void add(struct row *row, const char *text) {
    size_t size_bytes = strlen(text);
    if (row->length + size_bytes < sizeof row->text) {
        memcpy(row->text + row->length, text, size_bytes + 1);
        row->length += size_bytes;
    }
}

static void add_one_of(struct row *row, const char *text, bool *is_first) {
    add(row, *is_first ? "" : ", ");
    add(row, text);
    *is_first = false;
}

// Which numbers of the scan the lie changes; the fast account changes with them.
static void add_fallen(struct row *row, const struct scan *true_scan, const struct scan *scan) {
    bool is_first = true;
#define MEMSTATS_FIELD(name, unit, meaning, truths)                                                \
    skew.name = scan->slow.name - true_scan->slow.name;                                            \
    if (skew.name != 0) {                                                                          \
        add_one_of(row, #name, &is_first);                                                         \
    }
#include "allocator/memstats_fields.def"
    bool differs = false;
    for (size_t class = 1; class < SIZE_CLASS_COUNT; class ++) {
        skew_live[class] = scan->live_count[class] - true_scan->live_count[class];
        differs = differs || skew_live[class] != 0;
    }
    if (differs) {
        add_one_of(row, "BySize", &is_first);
    }
}

static void listen_to(const char *truth) {
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        oracle_book(driver->oracle)->is_set_aside[rule] =
            strcmp(go_rules.rows[rule].truth, truth) != 0;
    }
}

// The rule of each truth that fails first: of a look at the heap, else of a dump.
static void add_seen(struct row *row) {
    static const char *const truths[] = {"scan",  "model",    "identities", "delta",
                                         "reach", "contents", "kernel",     "dump"};
    bool is_first = true;
    for (size_t i = 0; i < sizeof truths / sizeof truths[0]; i++) {
        listen_to(truths[i]);
        oracle_forget_finding(driver->oracle);
        driver_next(driver); // of which any field may move
        if (driver_check(driver, ORACLE_PARANOID)) {
            dump(world);
            (void)check_bytes(world, world->bytes, world->size_bytes);
        }
        const struct finding *finding = oracle_finding(driver->oracle);
        if (finding != NULL) {
            add_one_of(row, truths[i], &is_first);
            add(row, " (");
            add(row, go_rules.rows[finding->rule].name);
            add(row, finding->field[0] == '\0' ? "" : " ");
            add(row, finding->field);
            add(row, ")");
        }
    }
}

static _Noreturn void lie_and_look(size_t number, const char *name, int out) {
    static struct scan true_scan, scan;
    static struct row row;
    scan_heap_in_place(&true_scan, driver->heap);
    lying = number;
    scan_heap_in_place(&scan, driver->heap);
    add(&row, "| ");
    add(&row, name);
    add(&row, " | ");
    add_fallen(&row, &true_scan, &scan);
    add(&row, " | ");
    add_seen(&row);
    add(&row, " |");
    bool is_written = write(out, row.text, row.length) == (ssize_t)row.length;
    _exit(is_written ? 0 : 3);
}

// False: the system refused a process.
static bool row_of(size_t number, const char *name, char *text) {
    int ends[2];
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        (void)freopen("/dev/null", "w", stderr); // a crash is a way to see it, and no news
        lie_and_look(number, name, ends[1]);
    }
    (void)close(ends[1]);
    ssize_t length = child < 0 ? -1 : read(ends[0], text, ROW_BYTES - 1);
    (void)close(ends[0]);
    int status = 0;
    if (length < 0 || waitpid(child, &status, 0) != child) {
        return false;
    }
    text[length] = '\0';
    if (status != 0) {
        (void)snprintf(text, ROW_BYTES, "| %s | | the process dies of it |", name);
    }
    return true;
}

// ---- all of them

// A number that falls for one liar, and that nobody else holds.
static bool is_hole(const char *row, const char *name) {
    const char *falls = row + strlen("| ") + strlen(name) + strlen(" | ");
    size_t length = strlen(row);
    return *falls != '|' && *falls != ' ' && length > 4 && strcmp(row + length - 4, " |  |") == 0;
}

static bool is_on_page(const char *page, const char *row) {
    size_t length = strlen(row);
    const char *at = page;
    while ((at = strstr(at, row)) != NULL && !(at > page && at[-1] == '\n' && at[length] == '\n')) {
        at += length;
    }
    return at != NULL;
}

static char *read_page(void) {
    char path[4096];
    const char *source = getenv("COUNTERCHECK_SOURCE");
    (void)snprintf(path, sizeof path, "%s/oracle/SOURCES.md", source == NULL ? "." : source);
    FILE *file = fopen(path, "r");
    char *page = calloc(1, 1 << 17);
    if (file == NULL || page == NULL || fread(page, 1, (1 << 17) - 1, file) == 0) {
        perror(path);
        exit(3);
    }
    (void)fclose(file);
    return page;
}

static size_t rows_on_page(const char *page) {
    size_t count = 0;
    for (const char *at = page; (at = strstr(at, "\n| inspect_")) != NULL; at++) {
        count++;
    }
    return count;
}

// A world with something for every record of a dump, and what that has not: a large object, pages
// that the program manages, pages given back, a second bucket.
static void make_world(void) {
    (void)setup_world((void **)&world);
    driver = &world->driver;
    (void)driver_alloc(driver, 40, 50000);
    const void *pages = heap_alloc_manual(driver->heap, 3, MANUAL_OTHER);
    (void)model_manual_allocated(driver->model, (uintptr_t)pages, 3, MANUAL_OTHER);
    (void)heap_scavenge(driver->heap, 100000);
    heap_set_profile_rate(driver->heap, 1);
    (void)model_profile_rate_set(driver->model, 1);
    (void)driver_alloc(driver, 41, 640); // a second bucket
}

static int lying_main(int argc, char **argv, const char *const *names, size_t count) {
    static char row[ROW_BYTES];
    bool prints = argc > 1 && strcmp(argv[1], "--rows") == 0;
    char *page = prints ? NULL : read_page();
    size_t wrong = 0;
    make_world();
    if (!driver_check(driver, ORACLE_PARANOID)) {
        finding_print(oracle_finding(driver->oracle), stderr);
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (!row_of(i + 1, names[i], row)) {
            perror("lying_sources");
            return 3;
        }
        if (prints) {
            (void)printf("%s\n", row);
            continue;
        }
        bool is_bad = is_hole(row, names[i]);
        bool is_new = !is_on_page(page, row);
        wrong += is_bad || is_new;
        (void)fprintf(stderr, "%s%s%s", is_bad ? "a number that nobody else holds: " : "",
                      is_new ? "oracle/SOURCES.md has not: " : "", is_bad || is_new ? row : "");
        (void)fprintf(stderr, "%s", is_bad || is_new ? "\n" : "");
    }
    if (!prints && rows_on_page(page) != count) {
        (void)fprintf(stderr, "oracle/SOURCES.md has %zu rows for %zu liars\n", rows_on_page(page),
                      count);
        wrong++;
    }
    free(page);
    (void)teardown((void **)&world);
    return wrong > 0;
}

#endif
