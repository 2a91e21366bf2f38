// text: runs of threads as lines: "thread 2: 14 accesses, 1 store kept".
#include "fuzz/schedule/schedule.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void schedule_print(FILE *stream, const struct schedule_run *runs, size_t run_count) {
    for (size_t i = 0; i < run_count; i++) {
        (void)fprintf(stream, "thread %u: %" PRIu32 " accesses", runs[i].thread, runs[i].accesses);
        if (runs[i].kept != 0) {
            (void)fprintf(stream, ", %u stores kept", runs[i].kept);
        }
        (void)fputc('\n', stream);
    }
}

// Takes `before` and the number behind it off the text.
static bool take_number(const char **text, const char *before, uint64_t most, uint64_t *number) {
    size_t length = strlen(before);
    char *end;
    if (strncmp(*text, before, length) != 0 || (*text)[length] < '0' || (*text)[length] > '9') {
        return false;
    }
    errno = 0;
    *number = strtoull(*text + length, &end, 10);
    *text = end;
    return errno == 0 && *number <= most;
}

bool schedule_read_run(const char *line, struct schedule_run *run) {
    uint64_t thread;
    uint64_t accesses;
    uint64_t kept = 0;
    if (!take_number(&line, "thread ", UINT8_MAX, &thread) ||
        !take_number(&line, ": ", UINT32_MAX, &accesses) || strncmp(line, " accesses", 9) != 0) {
        return false;
    }
    line += 9;
    if (*line != 0 &&
        (!take_number(&line, ", ", UINT8_MAX, &kept) || strcmp(line, " stores kept") != 0)) {
        return false;
    }
    *run = (struct schedule_run){(uint32_t)accesses, (uint8_t)thread, (uint8_t)kept};
    return true;
}

bool schedule_read_head(const char *line, struct schedule_head *head) {
    uint64_t thread_count;
    if (!take_number(&line, "schedule threads=", SCHEDULE_WORKERS, &thread_count) ||
        !take_number(&line, " seed=", UINT64_MAX, &head->seed)) {
        return false;
    }
    head->thread_count = (uint32_t)thread_count;
    return thread_count > 0 && *line == 0;
}
