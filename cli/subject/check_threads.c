// check_threads: lives of a crowd in a child of their own; a finding is run again, to tell how
// often it shows.
#define _POSIX_C_SOURCE 200809L
#include "cli/run/shared.h"
#include "cli/io/clock.h"
#include "cli/run/machine.h"
#include "cli/subject/check_private.h"
#include "cli/subject/trials.h"
#include "fuzz/execute/child.h"
#include "fuzz/subject/crowd.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void end(struct shared *shared) {
    child_alarm(0);
    shared->has_ended = true;
    _exit(0);
}

static void tell(struct shared *shared, const struct shared *before, struct crowd *crowd,
                 enum verdict verdict) {
    const struct crowd_counts *counts = crowd_counts(crowd);
    check_tell_counts(shared, before, crowd_book(crowd), counts->operations);
    shared->barrier_count = before->barrier_count + counts->barriers;
    shared->program_count++;
    shared->is_environment = verdict == VERDICT_ENVIRONMENT;
    shared->has_found = verdict == VERDICT_FINDING;
    if (shared->has_found) {
        shared->finding = crowd_book(crowd)->finding;
    }
}

_Noreturn void check_threads_child(struct shared *shared,
                                   const struct subject_check_options *options,
                                   double end_seconds) {
    static struct shared before;
    const struct countercheck_subject *table = &machine_subject()->table;
    bool is_global = (table->capabilities & COUNTERCHECK_GLOBAL) != 0;
    struct crowd *crowd = crowd_create(machine_subject());
    before = *shared;
    shared->is_environment = crowd == NULL;
    if (crowd == NULL) {
        end(shared);
    }
    check_set_aside(shared, crowd_book(crowd), crowd_judge(crowd));
    for (int count = 0; count < (is_global ? 1 : CHECK_BATCH_MAX); count++) {
        child_alarm(subject_hang_ms(table));
        tell(shared, &before, crowd, crowd_run(crowd, options->threads, shared->next_seed));
        if (shared->has_found || shared->is_environment) {
            break;
        }
        shared->next_seed++;
        if (clock_seconds() >= end_seconds || check_is_enough(options, shared)) {
            break;
        }
    }
    end(shared);
}

// ---- again

static bool is_same(const struct shared *shared, const struct shared *again, int status,
                    int status_again) {
    if (again->has_found != shared->has_found) {
        return false;
    }
    return shared->has_found ? finding_is_same(&shared->finding, &again->finding)
                             : !again->has_ended && status == status_again;
}

uint32_t check_threads_again(const struct shared *shared, uint32_t thread_count, int status) {
    const struct subject_check_options once = {.threads = thread_count};
    struct shared *again = shared_map(sizeof *again);
    uint32_t count = 0;
    for (int i = 0; again != NULL && i < CHECK_AGAIN; i++) {
        *again = *shared;
        again->has_found = again->has_ended = false;
        pid_t child = fork();
        if (child == 0) {
            check_threads_child(again, &once, 0);
        }
        count += child > 0 && is_same(shared, again, status, child_wait(child));
    }
    if (again != NULL) {
        shared_unmap(again, sizeof *again);
    }
    return count;
}
