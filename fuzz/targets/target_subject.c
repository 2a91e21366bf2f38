// target_subject: programs on one foreign allocator, under the rules that its author gave.
//
// The environment says which: COUNTERCHECK_SUBJECT is a name, or the path of an adapter, whose code
// is then run; COUNTERCHECK_RELATIONS is a file with relations in place of the adapter's. An
// adapter that is linked in needs neither.
//
// Must hold: after every operation of a program, each relation and each rule that holds for any
// allocator; no operation crashes or hangs. Not covered: lanes that run freely (`soak --threads`).
// An allocator that is one to a process gets a process for each input, which an engine that watches
// coverage sees nothing of; so does each where there is no engine.
#define _GNU_SOURCE // MAP_ANONYMOUS
#include "fuzz/execute/child.h"
#include "fuzz/execute/ending.h"
#ifdef TARGET_HAS_GO_HEAP
#include "fuzz/go/heap_subject.h"
#endif
#include "fuzz/subject/built_in.h"
#include "fuzz/subject/subject.h"
#include "fuzz/targets/target.h"
#include "fuzz/targets/target_stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#pragma weak countercheck_subject_table
#pragma weak countercheck_linked_relations
#pragma weak countercheck_linked_call
extern const char countercheck_linked_relations[]; // of an adapter that is linked in; text
extern const char countercheck_linked_call[];      // what the command needs to find it elsewhere

#define RELATIONS_BYTES_MAX (1 << 20)
#define NOT_KEPT            64 // status of a child whose input is of no use in a corpus
#define GAVE_UP             3  // of one that the system refused something (run_operations.c)
#define NOT_ENDED           UINT64_MAX // in place of its operations: it came to no end of its own

static struct subject subject;
static char call[1024];
static uint64_t *child_operations; // shared with the child; NULL: inputs need none

static _Noreturn void refuse(int status, const char *what, const char *why) {
    (void)fprintf(stderr, "countercheck: fuzz_subject: %s: %s\n", what, why);
    _Exit(status);
}

// The text of COUNTERCHECK_RELATIONS; NULL: the variable is not set.
static const char *read_relations(void) {
    static char text[RELATIONS_BYTES_MAX + 1];
    const char *path = getenv("COUNTERCHECK_RELATIONS");
    if (path == NULL) {
        return NULL;
    }
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        refuse(2, path, "it cannot be opened");
    }
    size_t size_bytes = fread(text, 1, RELATIONS_BYTES_MAX, file);
    bool is_read = ferror(file) == 0 && feof(file) != 0;
    (void)fclose(file);
    text[size_bytes] = 0;
    if (!is_read || strlen(text) != size_bytes) {
        refuse(2, path, "it cannot be read, or is no text of relations");
    }
    return text;
}

// The subjects that the command has built in are built in here.
static void add_own(void) {
#ifdef TARGET_HAS_GO_HEAP
    static const struct built_in own = {"go-heap", go_heap_table};
    built_in_add(&own);
#endif
}

static void open_subject(void) {
    char message[SUBJECT_MESSAGE_BYTES];
    const char *name = getenv("COUNTERCHECK_SUBJECT");
    const char *relations = read_relations();
    enum subject_status status;
    add_own();
    if (countercheck_subject_table != NULL) {
        const struct countercheck_subject *table = countercheck_subject_table();
        bool has_text = relations == NULL && countercheck_linked_relations != NULL;
        name = "the adapter that is linked in";
        (void)snprintf(call, sizeof call, "%s ",
                       countercheck_linked_call != NULL ? countercheck_linked_call
                                                        : "--subject ADAPTER.so");
        run_operations_call = call;
        status = subject_open_table(&subject, table,
                                    has_text ? countercheck_linked_relations : relations, message);
    } else if (name != NULL) {
        (void)snprintf(call, sizeof call, "--subject %s ", name);
        run_operations_call = call;
        status = subject_open(&subject, name, relations, message);
    } else {
        refuse(2, "COUNTERCHECK_SUBJECT", "names no allocator");
    }
    if (status != SUBJECT_OPEN) {
        refuse(status == SUBJECT_UNUSABLE ? 2 : 3, name, message);
    }
    if ((subject.table.capabilities & COUNTERCHECK_GLOBAL) != 0 || run_operations_has_no_engine) {
        child_operations = mmap(NULL, sizeof *child_operations, PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (child_operations == MAP_FAILED) {
            refuse(3, name, "out of memory");
        }
    }
    language_use(&subject.language);
}

const struct target_operations target_operations = {
    .machine = &subject.machine, .argument = &subject, .open = open_subject};

// In a process of its own: the allocator's past is that of the first input, each time.
static int run_apart(const uint8_t *bytes, size_t size_bytes) {
    *child_operations = NOT_ENDED;
    pid_t child = fork();
    if (child == 0) {
        child_alarm(subject_hang_ms(&subject.table));
        target_stats_leave();
        int result = run_operations(&target_operations, bytes, size_bytes);
        *child_operations = target_stats_operations();
        _Exit(result == 0 ? 0 : NOT_KEPT);
    }
    int status = child_wait(child);
    if (child < 0) {
        refuse(3, "fork", "no process");
    }
    bool has_ended = *child_operations != NOT_ENDED;
    uint64_t operations = has_ended ? *child_operations : 0;
    target_stats_add(operations, operations);
    if (has_ended) {
        return WEXITSTATUS(status) == 0 ? 0 : -1;
    }
    target_stats_finish();
    if (WIFEXITED(status) && WEXITSTATUS(status) == GAVE_UP) {
        _Exit(GAVE_UP); // it said why
    }
    if (WIFEXITED(status)) {
        (void)fputs("countercheck: the allocator ended the process\n", stderr);
    }
    abort(); // a finding, which the child printed; a crash; a hang
}

// What ends the process has not passed. An engine ends it of a finding too, and give_up() does,
// with a status of their own: that is told.
static void on_ending(const char *by, int status) {
    if (status <= 0) {
        target_stats_finish();
        (void)fprintf(stderr, "countercheck: the allocator ended the process by %s\n", by);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    if (child_operations != NULL) {
        return run_apart(bytes, size_bytes);
    }
    ending_listen(on_ending);
    int result = run_operations(&target_operations, bytes, size_bytes);
    ending_listen(NULL);
    return result;
}
