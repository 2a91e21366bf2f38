// crew: the crew of `soak --threads` as what is scheduled.
#include "fuzz/schedule/life.h"
#include "fuzz/stress/threads.h"

#include <stdio.h>

enum verdict schedule_life(const struct schedule_head *head, char finding[SCHEDULE_LINE_BYTES]) {
    static struct threads_report report;
    const struct threads_options options = {
        .thread_count = head->thread_count, .seconds = 1, .seed = head->seed};
    enum verdict verdict = threads_run(&options, &report);
    (void)snprintf(finding, SCHEDULE_LINE_BYTES, "%s", report.finding);
    return verdict;
}
