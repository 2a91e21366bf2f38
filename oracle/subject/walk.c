// walk: a visit of each block, which costs as much as all else that is done after an operation.
#include "oracle/subject/walk.h"

#include "oracle/subject/live_private.h"

#include <string.h>

struct walk {
    struct live *live;
    const char *sentence; // what is wrong; NULL: nothing so far
    uintptr_t address;
    int64_t (*seen)[RELATIONS_WALK_MEASURES];
};

// Without a branch: blocks are live and free at random.
static void note_block(int64_t *seen, int64_t size_bytes) {
    int64_t least = seen[RELATIONS_WALK_MIN];
    int64_t most = seen[RELATIONS_WALK_MAX];
    seen[RELATIONS_WALK_COUNT]++;
    seen[RELATIONS_WALK_BYTES] += size_bytes;
    seen[RELATIONS_WALK_MIN] = size_bytes < least ? size_bytes : least;
    seen[RELATIONS_WALK_MAX] = size_bytes > most ? size_bytes : most;
}

// Of a live block that is not the next by address, or is not as the ledger has it.
static void find_fault(struct walk *walk, uintptr_t address, size_t size_bytes) {
    bool is_again = false;
    const struct live_block *shown = live_walk_shows(walk->live, address, &is_again);
    if (shown == NULL) {
        walk->sentence = "the walk shows as live what nobody has";
    } else if (is_again) {
        walk->sentence = "the walk shows an object twice";
    } else if (size_bytes != shown->footprint_bytes) {
        walk->sentence = "the walk shows another size than footprint()";
    }
    walk->address = address;
}

// Most walks are in the order of addresses: there the next block is the one that is shown.
static void visit(void *context, const void *address, size_t size_bytes,
                  enum countercheck_block block) {
    struct walk *walk = context;
    struct live *live = walk->live;
    note_block(walk->seen[block == COUNTERCHECK_LIVE   ? RELATIONS_WALK_LIVE
                          : block == COUNTERCHECK_FREE ? RELATIONS_WALK_FREE
                                                       : RELATIONS_WALK_INTERNAL],
               (int64_t)size_bytes);
    if (block != COUNTERCHECK_LIVE) {
        return;
    }
    struct live_block *next =
        live->walk_place < live->live_count ? &live->blocks[live->order[live->walk_place]] : NULL;
    if (next != NULL && next->address == (uintptr_t)address &&
        next->footprint_bytes == size_bytes && next->walked != live->walk_number) {
        next->walked = live->walk_number;
        live->walk_place++;
    } else if (walk->sentence == NULL) {
        find_fault(walk, (uintptr_t)address, size_bytes);
    }
}

bool walk_judge(const struct countercheck_subject *table, void *self, struct live *live,
                int64_t seen[RELATIONS_WALKS][RELATIONS_WALK_MEASURES], uintptr_t *address,
                const char **sentence) {
    struct walk walk = {.live = live, .seen = seen};
    memset(seen, 0, RELATIONS_WALKS * sizeof *seen);
    for (int i = 0; i < RELATIONS_WALKS; i++) {
        seen[i][RELATIONS_WALK_MIN] = INT64_MAX;
    }
    live_walk_begin(live);
    if (!table->walk(self, visit, &walk)) {
        return false;
    }
    for (int i = 0; i < RELATIONS_WALKS; i++) {
        bool is_none = seen[i][RELATIONS_WALK_COUNT] == 0;
        seen[i][RELATIONS_WALK_MIN] = is_none ? 0 : seen[i][RELATIONS_WALK_MIN];
    }
    bool is_exact = (table->capabilities & COUNTERCHECK_COLLECTS) == 0;
    if (walk.sentence == NULL && is_exact &&
        seen[RELATIONS_WALK_LIVE][RELATIONS_WALK_COUNT] != (int64_t)live_count(live)) {
        walk.sentence = "the walk leaves a live object out";
        walk.address = live_walk_missed(live)->address;
    }
    *sentence = walk.sentence;
    *address = walk.address;
    return true;
}
