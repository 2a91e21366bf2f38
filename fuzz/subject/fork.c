// fork: what a child does: it goes on with the program without its parent's lanes, and checks.
#include "fuzz/subject/state.h"

#include "fuzz/execute/fork.h"

struct child {
    struct subject_machine *machine;
    uint32_t ahead_count;
};

static void run_child(void *context) {
    const struct child *child = context;
    struct subject_machine *machine = child->machine;
    const struct program *program = executor_program(machine->executor);
    size_t position = executor_position(machine->executor);
    machine->results = NULL;
    machine->has_orphans = lanes_forget(machine->lanes);
    for (uint32_t i = 1; i <= child->ahead_count && position + i < program->count; i++) {
        machine->book.operation = position + i;
        (void)subject_operate(machine, program->operations[position + i]);
        if (machine->book.found) {
            return;
        }
    }
    subject_settle(machine);
    (void)machine->subject->machine.check(machine, ORACLE_FULL);
}

bool subject_fork(struct subject_machine *machine, uint32_t ahead_count) {
    struct child child = {machine, ahead_count};
    const struct fork_plan plan = {
        .run = run_child,
        .context = &child,
        .book = &machine->book,
        .hang_ms = subject_hang_ms(machine->table),
    };
    judge_before(machine->judge, false);
    bool has_forked = fork_and_judge(&plan);
    executor_work(machine->executor, 64);
    return has_forked;
}
