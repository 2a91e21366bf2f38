// stacks: goroutines come one after the other, each with its frames behind it; when the next one
// comes, the last one's stack is looked up among those that are known.

#include "cli/dump/scan/stacks.h"

#include "cli/dump/dump.h"
#include "cli/io/array.h"
#include "cli/io/cli.h"
#include "oracle/core/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_BYTES 96

struct reading {
    struct stacks *stacks;
    size_t frame_begin; // of the goroutine that is being read
    bool is_open;       // there is one
    char reason[64];    // of its waiting
    size_t state;       // of the goroutine that is being read
    size_t function;    // of the frame that is being read
};

// ---- texts

// The place of a text, which is kept once. Two texts of one hash would share it: 64 bits of a
// function's name.
static size_t text_of(struct stacks *stacks, const uint8_t *bytes, size_t size_bytes) {
    uint64_t hash = hash_bytes(HASH_START, bytes, size_bytes);
    uint32_t known = lookup_get(&stacks->text_of, hash);
    if (known != LOOKUP_NONE) {
        return known;
    }
    size_t place = stacks->text_bytes;
    if (place + size_bytes >= LOOKUP_NONE ||
        !ARRAY_RESERVE(stacks->text, stacks->text_capacity, place + size_bytes + 1) ||
        !lookup_put(&stacks->text_of, hash, (uint32_t)place)) {
        stacks->is_out_of_memory = true;
        return 0;
    }
    if (size_bytes > 0) {
        memcpy(stacks->text + place, bytes, size_bytes);
    }
    stacks->text[place + size_bytes] = 0;
    stacks->text_bytes = place + size_bytes + 1;
    return place;
}

// ---- a stack's end

static uint64_t hash_of(const struct reading *reading) {
    const struct stacks *stacks = reading->stacks;
    uint64_t hash = hash_bytes(HASH_START, &reading->state, sizeof reading->state);
    for (size_t i = reading->frame_begin; i < stacks->frame_count; i++) {
        const struct stack_frame *frame = &stacks->frames[i];
        hash = hash_bytes(hash, &frame->pc, sizeof frame->pc);
        hash = hash_bytes(hash, &frame->function, sizeof frame->function);
    }
    return hash;
}

// The group of the goroutine that was read, known or new; its frames are kept once.
static struct stack_group *group_of(const struct reading *reading) {
    struct stacks *stacks = reading->stacks;
    uint64_t hash = hash_of(reading);
    uint32_t group = lookup_get(&stacks->group_of, hash);
    if (group != LOOKUP_NONE) {
        stacks->frame_count = reading->frame_begin;
        return &stacks->groups[group];
    }
    if (!ARRAY_RESERVE(stacks->groups, stacks->group_capacity, stacks->group_count + 1) ||
        !lookup_put(&stacks->group_of, hash, (uint32_t)stacks->group_count)) {
        stacks->is_out_of_memory = true;
        return NULL;
    }
    struct stack_group *fresh = &stacks->groups[stacks->group_count++];
    *fresh = (struct stack_group){.state = reading->state,
                                  .frame_begin = reading->frame_begin,
                                  .frame_count = stacks->frame_count - reading->frame_begin,
                                  .first = STACK_NONE};
    return fresh;
}

static void end_stack(struct reading *reading) {
    struct stacks *stacks = reading->stacks;
    struct stack_group *group =
        !reading->is_open || stacks->is_out_of_memory ? NULL : group_of(reading);
    reading->is_open = false;
    if (group == NULL) {
        return;
    }
    uint32_t at = (uint32_t)stacks->goroutine_count - 1;
    if (group->first == STACK_NONE) {
        group->first = at;
    } else {
        stacks->goroutines[group->last].next = at;
    }
    group->last = at;
    group->count++;
    group->defers += stacks->goroutines[at].defers;
    group->panics += stacks->goroutines[at].panics;
}

// ---- records

static void take_goroutine(struct reading *reading, const struct dump_record *record) {
    const struct dump_record_Goroutine *from = &record->as.Goroutine;
    struct stacks *stacks = reading->stacks;
    char state[STATE_BYTES];
    if (record->is_first) {
        end_stack(reading);
        reading->reason[0] = 0;
    }
    if (from->wait_reason.size_bytes > 0) {
        (void)snprintf(reading->reason, sizeof reading->reason, "%.*s",
                       from->wait_reason.size_bytes < 64 ? (int)from->wait_reason.size_bytes : 64,
                       (const char *)from->wait_reason.bytes);
    }
    if (!record->is_last) {
        return;
    }
    if (!ARRAY_RESERVE(stacks->goroutines, stacks->goroutine_capacity,
                       stacks->goroutine_count + 1)) {
        stacks->is_out_of_memory = true;
        return;
    }
    const struct dump_string reason = {(const uint8_t *)reading->reason, strlen(reading->reason)};
    dump_goroutine_state(state, sizeof state, from->status, &reason);
    reading->state = text_of(stacks, (const uint8_t *)state, strlen(state));
    stacks->goroutines[stacks->goroutine_count++] =
        (struct stack_goroutine){.id = from->id, .next = STACK_NONE, .is_system = from->is_system};
    reading->frame_begin = stacks->frame_count;
    reading->is_open = true;
}

static void take_frame(struct reading *reading, const struct dump_record *record) {
    const struct dump_record_StackFrame *frame = &record->as.StackFrame;
    struct stacks *stacks = reading->stacks;
    if (record->is_first || frame->function.size_bytes > 0) {
        reading->function =
            text_of(stacks, frame->function.bytes, (size_t)frame->function.size_bytes);
    }
    if (!record->is_last || !reading->is_open) {
        return;
    }
    if (!ARRAY_RESERVE(stacks->frames, stacks->frame_capacity, stacks->frame_count + 1)) {
        stacks->is_out_of_memory = true;
        return;
    }
    stacks->frames[stacks->frame_count++] =
        (struct stack_frame){frame->pc, frame->entry, reading->function};
}

static bool visit(void *context, const struct dump_record *record,
                  const struct dump_reader *reader) {
    struct reading *reading = context;
    struct stacks *stacks = reading->stacks;
    (void)reader;
    if (record->tag == DUMP_TAG_Goroutine) {
        take_goroutine(reading, record);
    } else if (record->tag == DUMP_TAG_StackFrame) {
        take_frame(reading, record);
    } else if (record->is_last && reading->is_open && record->tag == DUMP_TAG_Defer) {
        stacks->goroutines[stacks->goroutine_count - 1].defers++;
    } else if (record->is_last && reading->is_open && record->tag == DUMP_TAG_Panic) {
        stacks->goroutines[stacks->goroutine_count - 1].panics++;
    } else if (record->tag == DUMP_TAG_EOF) {
        end_stack(reading);
    }
    return !stacks->is_out_of_memory;
}

// ---- the order

static int compare_groups(const void *left, const void *right) {
    const struct stack_group *a = left;
    const struct stack_group *b = right;
    if (a->count != b->count) {
        return a->count > b->count ? -1 : 1;
    }
    return (a->frame_begin > b->frame_begin) - (a->frame_begin < b->frame_begin);
}

int stacks_read(struct stacks *stacks, const char *path, enum dump_mode mode) {
    struct reading reading = {.stacks = stacks};
    *stacks = (struct stacks){.frames = NULL};
    (void)text_of(stacks, NULL, 0);
    int status = dump_input_each(path, mode, visit, &reading);
    if (stacks->is_out_of_memory) {
        cli_message("%s: out of memory", path);
        return CLI_ENVIRONMENT;
    }
    if (stacks->group_count > 1) {
        qsort(stacks->groups, stacks->group_count, sizeof *stacks->groups, compare_groups);
    }
    return status;
}

void stacks_fini(struct stacks *stacks) {
    free(stacks->frames);
    free(stacks->goroutines);
    free(stacks->groups);
    free(stacks->text);
    lookup_fini(&stacks->text_of);
    lookup_fini(&stacks->group_of);
}
