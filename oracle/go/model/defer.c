// defer: deferred calls and panics, which a goroutine pushes and pops.
#include "oracle/go/model/parts.h"
#include "oracle/go/rules.h"

#define DEFER_BYTES (sizeof(struct defer) + sizeof(uintptr_t)) // with the frame that it belongs to

bool model_check_existed(struct model *model, bool existed, bool must_exist, const char *what) {
    rule_count(model->book, RULE_MODEL_STATUS);
    return existed == must_exist ||
           rule_fail(model->book, RULE_MODEL_STATUS, (struct rule_place){0}, "%s %s", what,
                     existed ? "was popped where there is none" : "was said not to be there");
}

void model_drop_defer(struct model *model, struct goroutine_entry *g) {
    g->defer_count--;
    model_block_left(model, DEFER_BYTES);
}

bool model_defer_pushed(struct model *model, uint64_t id, uintptr_t address, uintptr_t function,
                        uintptr_t entry) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g == NULL || !HARNESS_RESERVE(g->defers, g->defer_capacity, g->defer_count + 1)) {
        return g == NULL;
    }
    model_shade(model, function);
    g->defers[g->defer_count++] = (struct defer_entry){
        .address = address,
        .pc = g->frame_count == 0 ? 0 : g->frames[g->frame_count - 1].description.pc,
        .function = function,
        .entry = entry,
        .depth_bytes = g->word_count * sizeof(uintptr_t),
        .frame_count = g->frame_count,
    };
    model_block_used(model, DEFER_BYTES);
    return true;
}

bool model_defer_popped(struct model *model, uint64_t id, bool existed) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g == NULL || !model_check_existed(model, existed, g->defer_count > 0, "a defer")) {
        return g == NULL;
    }
    if (existed) {
        model_drop_defer(model, g);
    }
    return true;
}

bool model_panic_pushed(struct model *model, uint64_t id, uintptr_t address, uintptr_t type,
                        uintptr_t data) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g == NULL || !HARNESS_RESERVE(g->panics, g->panic_capacity, g->panic_count + 1)) {
        return g == NULL;
    }
    model_shade(model, data);
    g->panics[g->panic_count++] = (struct panic_entry){address, type, data};
    model_block_used(model, sizeof(struct panic));
    return true;
}

bool model_panic_popped(struct model *model, uint64_t id, bool existed) {
    struct goroutine_entry *g = model_goroutine(model, id);
    if (g == NULL || !model_check_existed(model, existed, g->panic_count > 0, "a panic")) {
        return g == NULL;
    }
    if (existed) {
        g->panic_count--;
        model_block_left(model, sizeof(struct panic));
    }
    return true;
}
