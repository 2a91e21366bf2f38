// theme: one operation that a program does again and again, each time in the next slot.
#include "fuzz/generate/theme.h"

#include "fuzz/generate/operand.h"
#include "fuzz/generate/random.h"

#define SHARE      32   // of the programs, one in so many has a theme
#define TIMES      48   // that it is done
#define OBJECTS    1400 // that runs of them make, so many spans at most
#define PAGE_BYTES 8192 // of a heap in Go's manner: an object of it has a span of its own
#define ALIGN_MIN  14   // from here on pages that nobody has lie between two aligned objects
#define ALIGNS     5

// Those that leave something behind; what a longer way leads to stands twice.
static const uint8_t codes[] = {OP_ALLOC_RUN,     OP_ALLOC_RUN,  OP_ALLOC_ALIGNED, OP_ALLOC_ALIGNED,
                                OP_FUNC,          OP_FUNC,       OP_THREAD_START,  OP_GO_START,
                                OP_ACQUIRE,       OP_ROOT_ADD,   OP_MANUAL_ALLOC,  OP_METADATA,
                                OP_ITAB,          OP_FRAME_PUSH, OP_DEFER_PUSH,    OP_PANIC_PUSH,
                                OP_FINALIZER_SET, OP_CLEANUP_ADD};

// A span for each object, or pages between each two: the list of spans and the system's table of
// mappings hardly grow by anything else.
static struct operation spread(struct random *random, const struct program *program,
                               struct operation operation) {
    enum operation_code code = operation_code(operation);
    if ((code != OP_ALLOC_RUN && code != OP_ALLOC_ALIGNED) || random_once_in(random, 2)) {
        return operation;
    }
    operation = operation_set(operation, OPERAND_SIZE, PAGE_BYTES);
    return code == OP_ALLOC_RUN
               ? operation_set(operation, OPERAND_RUN, operand_most(program, OPERAND_RUN))
               : operation_set(operation, OPERAND_ALIGN, ALIGN_MIN + random_below(random, ALIGNS));
}

struct theme theme_of(const struct program *program) {
    struct random random = {program->header.seed ^ UINT64_C(0x7468656d65)};
    enum operation_code code = (enum operation_code)codes[random_below(&random, sizeof codes)];
    const struct operation_description *d = &operation_descriptions[code];
    struct theme theme = {.is_on = random_once_in(&random, SHARE) &&
                                   language_has(language_now(), d->capability) &&
                                   (program->header.groups_off >> d->group & 1) == 0};
    if (theme.is_on) {
        theme.operation = spread(&random, program, operand_draw_all(&random, program, 0, code));
        theme.left = code == OP_ALLOC_RUN
                         ? OBJECTS / (uint32_t)operation_get(theme.operation, OPERAND_RUN) + 1
                         : TIMES;
        theme.left = theme.left < TIMES ? theme.left : TIMES;
    }
    return theme;
}

struct operation theme_next(struct theme *theme, const struct program *program,
                            const struct symbolic_state *state, struct random *random) {
    struct operation now = symbolic_mend(state, theme->operation, random);
    enum operation_code code = operation_code(now);
    enum operand first = (enum operand)operation_descriptions[code].operands[0];
    if (operation_descriptions[code].has_result || first == OPERAND_NUMBER) { // a function's
        uint64_t step = operation_has(code, OPERAND_RUN) ? operation_get(now, OPERAND_RUN) : 1;
        uint64_t next =
            (operation_get(theme->operation, first) + step) % (operand_most(program, first) + 1);
        theme->operation = operation_set(theme->operation, first, next);
    }
    theme->left--;
    return now;
}
