// test_judge: a program that keeps its own ledger is recorded: the trace equals that ledger, event
// by event and thread by thread, whatever ended it.
//
// RECORD_SEEDS=N tries so many in place of a few.
// holds: record/begin.c record/file.c record/next.c record/record.c record/writer.c
#define _GNU_SOURCE // asprintf, mkdtemp
#include "tests/test.h"

#include "tests/record/ledger.h"
#include "trace/ledger.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES_MAX 8

// A trace's events.
struct events {
    struct trace_event *list;
    size_t count, capacity;
    uint32_t process_id, end;
    struct trace_counts counts;
    uint64_t thread_ids[64];
};

static char folder[] = "/tmp/countercheck-judge-XXXXXX";
static struct events files[FILES_MAX];
static size_t file_count;
static struct ledger *ledger;
static const char *under; // another malloc, or NULL

// ---- running it

static void make_ledger(const char *path) {
    int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(descriptor >= 0);
    assert_int_equal(ftruncate(descriptor, sizeof *ledger), 0);
    ledger = mmap(NULL, sizeof *ledger, PROT_READ, MAP_SHARED, descriptor, 0);
    assert_true(ledger != MAP_FAILED);
    (void)close(descriptor);
}

// Its status, as a shell has it.
static int run(unsigned seed, const char *calls, const char *mode) {
    char number[16];
    (void)snprintf(number, sizeof number, "%u", seed);
    pid_t process = fork();
    assert_true(process >= 0);
    if (process == 0) {
        if (under != NULL) {
            assert_int_equal(setenv("LD_PRELOAD", under, 1), 0);
        }
        (void)execl(getenv("COUNTERCHECK"), "countercheck", "record", "-o", "trace", "--",
                    getenv("RECORD_WORKS"), "ledger", number, calls, mode, (char *)NULL);
        _exit(99);
    }
    int status = 0;
    assert_int_equal(waitpid(process, &status, 0), process);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

// ---- reading what it wrote

static void read_events(struct events *events, const char *path) {
    struct trace_error error;
    struct trace_record record;
    struct trace_event event;
    struct trace_reader *reader = trace_reader_open(path, &error);
    struct trace_ledger *live = trace_ledger_create();
    assert_non_null(reader);
    assert_non_null(live);
    *events = (struct events){.process_id = trace_reader_header(reader)->process_id,
                              .end = trace_reader_header(reader)->end};
    while (trace_reader_next(reader, &record, &error)) {
        if (trace_ledger_take(live, &record, &event) == TRACE_STEP_EVENT) {
            if (events->count == events->capacity) {
                events->capacity = 2 * events->capacity + 1024;
                events->list = realloc(events->list, events->capacity * sizeof event);
                assert_non_null(events->list);
            }
            events->list[events->count++] = event;
        }
    }
    assert_null(error.what);
    assert_true(trace_ledger_finish(live));
    events->counts = *trace_ledger_counts(live);
    for (uint32_t i = 0; i < trace_reader_thread_count(reader) && i < 64; i++) {
        events->thread_ids[i] = trace_reader_thread_id(reader, i);
    }
    trace_ledger_destroy(live);
    trace_reader_close(reader);
}

static void read_files(void) {
    DIR *here = opendir(".");
    assert_non_null(here);
    file_count = 0;
    for (const struct dirent *entry; (entry = readdir(here)) != NULL;) {
        if (strncmp(entry->d_name, "trace", 5) == 0) {
            assert_true(file_count < FILES_MAX);
            read_events(&files[file_count++], entry->d_name);
        }
    }
    (void)closedir(here);
}

static void clean(void) {
    for (size_t i = 0; i < file_count; i++) {
        free(files[i].list);
    }
    (void)munmap(ledger, sizeof *ledger);
}

// ---- the comparison

static const char *difference(const struct ledger_entry *entry, const struct trace_event *event) {
    static const enum trace_kind records[] = {TRACE_NONE,    TRACE_MALLOC, TRACE_CALLOC,
                                              TRACE_ALIGNED, TRACE_FREE,   TRACE_REALLOC_TO};
    bool is_free = entry->kind == LEDGER_FREE;
    if (event->record != records[entry->kind]) {
        return "kind";
    }
    if ((is_free ? event->before.address : event->after.address) != entry->address) {
        return "address";
    }
    if (entry->kind == LEDGER_REALLOC && event->before.address != entry->before) {
        return "address before";
    }
    if (!is_free && event->after.size != entry->size) {
        return "size";
    }
    return entry->kind == LEDGER_ALIGNED && (uint32_t)1 << event->align_log != entry->align
               ? "alignment"
               : NULL;
}

static bool is_mark(const struct trace_event *event, size_t number) {
    return event->record == TRACE_MALLOC && event->after.size == LEDGER_MARK_BYTES + number;
}

// The file and the event with which the region begins. NULL: none.
static const struct events *find_mark(size_t number, size_t *at) {
    for (size_t i = 0; i < file_count; i++) {
        for (size_t k = 0; k < files[i].count; k++) {
            const struct trace_event *event = &files[i].list[k];
            if (is_mark(event, number) &&
                files[i].process_id == ledger->regions[number].process_id &&
                files[i].thread_ids[event->thread] == ledger->regions[number].thread_id) {
                *at = k;
                return &files[i];
            }
        }
    }
    return NULL;
}

static size_t entry_count(const struct ledger_region *region) {
    size_t count = 0;
    while (count < LEDGER_ENTRIES && region->entries[count].kind != LEDGER_NONE) {
        count++;
    }
    return count;
}

// Of a thread that was killed, either may have one event more.
static void compare(unsigned seed, size_t number) {
    const struct ledger_region *region = &ledger->regions[number];
    size_t wanted = entry_count(region);
    size_t at = 0;
    const struct events *events = find_mark(number, &at);
    size_t seen = 0;
    uint32_t thread = events == NULL ? 0 : events->list[at].thread;
    for (size_t i = at; events != NULL && i < events->count && seen < wanted; i++) {
        if (events->list[i].thread == thread) {
            const char *what = difference(&region->entries[seen], &events->list[i]);
            if (what != NULL) {
                fail_msg("seed %u, region %zu, event %zu of %zu: another %s", seed, number, seen,
                         wanted, what);
            }
            seen++;
        }
    }
    if (seen != wanted && (region->is_whole || seen + 1 != wanted)) {
        fail_msg("seed %u, region %zu: %zu events of %zu", seed, number, seen, wanted);
    }
    size_t rest = 0;
    for (size_t i = at; events != NULL && i < events->count; i++) {
        rest += events->list[i].thread == thread;
    }
    if (!region->is_whole && rest > wanted + 1) {
        fail_msg("seed %u, region %zu: %zu events, not %zu", seed, number, rest, wanted);
    }
}

// Returns how many events were compared.
static size_t judge(unsigned seed, const char *calls, const char *mode, int status,
                    size_t wanted_files) {
    size_t total = 0;
    make_ledger("ledger");
    assert_int_equal(run(seed, calls, mode), status);
    read_files();
    if (wanted_files != 0) {
        assert_int_equal(file_count, wanted_files);
    }
    for (size_t i = 0; i < file_count; i++) {
        assert_int_equal(files[i].counts.violations, 0);
    }
    for (size_t i = 0; i < ledger->region_count; i++) {
        compare(seed, i);
        total += entry_count(&ledger->regions[i]);
    }
    clean();
    return total;
}

static unsigned seed_count(unsigned otherwise) {
    const char *text = getenv("RECORD_SEEDS");
    return text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 10);
}

static int enter_folder(void **state) {
    (void)state;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state) {
    char *command = NULL;
    (void)state;
    int status = chdir("/");
    if (asprintf(&command, "rm -rf %s", folder) > 0) {
        status |= system(command); // NOLINT(cert-env33-c): its own folder
        free(command);
    }
    return status;
}

TEST_GROUP(enter_folder, remove_folder)

TEST(the_trace_equals_the_ledger_of_threads_children_and_programs_started) {
    for (unsigned seed = 0; seed < seed_count(1); seed++) {
        assert_true(judge(seed, "2000", "child", 0, 3) > 10000);
    }
}

TEST(the_trace_of_a_killed_process_lacks_at_most_the_event_being_written) {
    size_t total = 0;
    for (unsigned seed = 0; seed < seed_count(4); seed++) {
        total += judge(seed, "16000", "kill", 128 + 9, 0);
    }
    assert_true(total > 10000);
}

TEST(over_another_malloc_the_trace_equals_the_ledger_too) {
    char *others = getenv("RECORD_UNDER"); // separated by colons
    if (others == NULL) {                  // a sanitizer replaces malloc itself
        skip();
    }
    for (char *name = strtok(others, ":"); name != NULL; name = strtok(NULL, ":")) {
        under = name;
        for (unsigned seed = 0; seed < seed_count(1); seed++) {
            assert_true(judge(seed, "2000", "child", 0, 0) > 10000);
            (void)judge(seed, "16000", "kill", 128 + 9, 0);
        }
    }
    under = NULL;
}
