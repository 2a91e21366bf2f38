// fork: a real child goes on with the program, in a heap and a runtime of its own from there on,
// and is checked in full; its parent goes on when the child has answered.
#include "fuzz/execute/fork.h"

#include "fuzz/go/machine.h"
#include "fuzz/go/state.h"

#define HANG_MS   20000 // a program takes a thousandth of that
#define FORK_WORK 500

bool go_is_never_forked;

struct child {
    struct go_machine *machine;
    uint32_t ahead_count;
};

static void run_child(void *context) {
    const struct child *child = context;
    struct go_machine *machine = child->machine;
    const struct program *program = executor_program(machine->executor);
    size_t first = executor_position(machine->executor) + 1;
    runtime_fork_child(machine->runtime);
    for (size_t at = first; at < first + child->ahead_count && at < program->count; at++) {
        struct operation operation = program->operations[at];
        // one about those behind it counts them from the executor's place, which is the fork's
        if (!operation_has(operation_code(operation), OPERAND_AHEAD)) {
            (void)go_step(machine, at, operation);
        }
        if (oracle_finding(machine->oracle) != NULL) {
            return;
        }
    }
    (void)go_check(machine, ORACLE_FULL);
}

bool exec_fork(struct go_machine *machine, struct operation operation) {
    struct child child = {machine, operation_get(operation, OPERAND_AHEAD)};
    const struct fork_plan plan = {
        .run = run_child,
        .context = &child,
        .book = oracle_book(machine->oracle),
        .hang_ms = HANG_MS,
    };
    executor_work(machine->executor, FORK_WORK);
    if (go_is_never_forked || machine->stop_depth > 0 || !go_may_make(machine)) {
        return false;
    }
    runtime_fork_prepare(machine->runtime);
    bool has_forked = fork_and_judge(&plan);
    runtime_fork_parent(machine->runtime);
    return has_forked;
}
