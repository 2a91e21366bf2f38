// ledger: finds objects by their address, joins the two records of a realloc, and counts.
#include "trace/ledger.h"

#include <stdlib.h>
#include <string.h>

// A realloc that has begun.
struct pending {
    uint32_t thread;
    bool is_known;
    struct trace_object object; // unknown: its address alone
};

struct trace_ledger {
    struct trace_object *slots;    // by their address, open addressing; address 0: free
    size_t slot_count, used_count; // a power of two, twice what is used
    struct pending *pending;
    size_t pending_count, pending_capacity;
    uint64_t next_id;
    uint32_t *free_places; // room for as many as there are places
    uint32_t free_count, place_count, place_capacity;
    struct trace_counts counts;
};

#define SLOTS_MIN 1024

// ---- the table

static size_t home_of(const struct trace_ledger *ledger, uint64_t address) {
    return (size_t)((address * 0x9e3779b97f4a7c15U) >> 20) & (ledger->slot_count - 1);
}

static struct trace_object *find(const struct trace_ledger *ledger, uint64_t address) {
    size_t i = home_of(ledger, address);
    while (ledger->slots[i].address != 0 && ledger->slots[i].address != address) {
        i = (i + 1) & (ledger->slot_count - 1);
    }
    return &ledger->slots[i];
}

// What comes behind it, and was to stand there or before, moves up.
static void remove_slot(struct trace_ledger *ledger, struct trace_object *slot) {
    size_t mask = ledger->slot_count - 1;
    size_t hole = (size_t)(slot - ledger->slots);
    for (size_t i = (hole + 1) & mask; ledger->slots[i].address != 0; i = (i + 1) & mask) {
        size_t home = home_of(ledger, ledger->slots[i].address);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            ledger->slots[hole] = ledger->slots[i];
            hole = i;
        }
    }
    ledger->slots[hole].address = 0;
    ledger->used_count--;
}

static bool grow(struct trace_ledger *ledger) {
    struct trace_object *old = ledger->slots;
    size_t old_count = ledger->slot_count;
    struct trace_object *slots = calloc(2 * old_count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    ledger->slots = slots;
    ledger->slot_count = 2 * old_count;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].address != 0) {
            *find(ledger, old[i].address) = old[i];
        }
    }
    free(old);
    return true;
}

// ---- what lives

static void count_live(struct trace_ledger *ledger, uint64_t gained, uint64_t lost) {
    struct trace_counts *counts = &ledger->counts;
    counts->live_bytes += gained - lost;
    if (counts->live_bytes > counts->peak_bytes) {
        counts->peak_bytes = counts->live_bytes;
        counts->peak_objects = counts->live_objects;
        counts->peak_event = counts->events - 1;
    }
}

// False: out of memory.
static bool insert(struct trace_ledger *ledger, const struct trace_object *object) {
    struct trace_object *slot = find(ledger, object->address);
    if (slot->address != 0) { // nobody has freed what was there
        ledger->counts.violations++;
        ledger->counts.live_objects--;
        ledger->counts.live_bytes -= slot->size;
        ledger->used_count--;
    }
    *slot = *object;
    return ++ledger->used_count < ledger->slot_count / 2 || grow(ledger);
}

static struct trace_object object_of(const struct trace_record *record, uint64_t id,
                                     uint32_t place) {
    return (struct trace_object){record->address, record->size, record->time_ns, id, record->thread,
                                 record->stack,   place};
}

// ---- places

// False: out of memory.
static bool take_place(struct trace_ledger *ledger, uint32_t *place) {
    if (ledger->free_count > 0) {
        *place = ledger->free_places[--ledger->free_count];
        return true;
    }
    if (ledger->place_count == ledger->place_capacity) {
        uint32_t capacity = 2 * ledger->place_capacity + 64;
        uint32_t *places = realloc(ledger->free_places, capacity * sizeof *places);
        if (places == NULL) {
            return false;
        }
        ledger->free_places = places;
        ledger->place_capacity = capacity;
    }
    *place = ledger->place_count++;
    return true;
}

static void give_place(struct trace_ledger *ledger, uint32_t place) {
    ledger->free_places[ledger->free_count++] = place;
}

// ---- events

static void begin_event(struct trace_ledger *ledger, const struct trace_record *record,
                        enum trace_event_kind kind, uint64_t *count, struct trace_event *event) {
    ++*count;
    *event = (struct trace_event){.kind = kind,
                                  .record = record->kind,
                                  .align_log = record->align_log,
                                  .thread = record->thread,
                                  .number = ledger->counts.events++,
                                  .time_ns = record->time_ns};
}

// An object that was not there before.
static enum trace_step begin_life(struct trace_ledger *ledger, const struct trace_record *record,
                                  struct trace_event *event) {
    uint32_t place = 0;
    if (!take_place(ledger, &place)) {
        return TRACE_STEP_NO_MEMORY;
    }
    event->after = object_of(record, ledger->next_id++, place);
    if (!insert(ledger, &event->after)) {
        return TRACE_STEP_NO_MEMORY;
    }
    ledger->counts.live_objects++;
    count_live(ledger, record->size, 0);
    return TRACE_STEP_EVENT;
}

static enum trace_step allocate(struct trace_ledger *ledger, const struct trace_record *record,
                                struct trace_event *event) {
    begin_event(ledger, record, TRACE_EVENT_ALLOC, &ledger->counts.allocs, event);
    return begin_life(ledger, record, event);
}

static enum trace_step release(struct trace_ledger *ledger, const struct trace_record *record,
                               struct trace_event *event) {
    struct trace_object *slot = find(ledger, record->address);
    if (slot->address == 0) {
        begin_event(ledger, record, TRACE_EVENT_UNKNOWN, &ledger->counts.unknown, event);
        event->before.address = record->address;
        return TRACE_STEP_EVENT;
    }
    begin_event(ledger, record, TRACE_EVENT_FREE, &ledger->counts.frees, event);
    event->before = *slot;
    give_place(ledger, slot->place);
    remove_slot(ledger, slot);
    ledger->counts.live_objects--;
    count_live(ledger, 0, event->before.size);
    return TRACE_STEP_EVENT;
}

// ---- realloc

// Its bytes still count; somebody else may have the address before the call ends.
static enum trace_step begin_realloc(struct trace_ledger *ledger,
                                     const struct trace_record *record) {
    if (ledger->pending_count == ledger->pending_capacity) {
        size_t capacity = 2 * ledger->pending_capacity + 16;
        struct pending *pending = realloc(ledger->pending, capacity * sizeof *pending);
        if (pending == NULL) {
            return TRACE_STEP_NO_MEMORY;
        }
        ledger->pending = pending;
        ledger->pending_capacity = capacity;
    }
    struct trace_object *slot = find(ledger, record->address);
    struct pending *pending = &ledger->pending[ledger->pending_count++];
    *pending = (struct pending){record->thread, slot->address != 0, *slot};
    pending->object.address = record->address;
    if (pending->is_known) {
        remove_slot(ledger, slot);
    }
    return TRACE_STEP_NONE;
}

// The last that this thread has begun. An unknown one, if it has begun none.
static struct pending take_pending(struct trace_ledger *ledger, uint32_t thread) {
    for (size_t i = ledger->pending_count; i-- > 0;) {
        if (ledger->pending[i].thread == thread) {
            struct pending found = ledger->pending[i];
            memmove(&ledger->pending[i], &ledger->pending[i + 1],
                    (--ledger->pending_count - i) * sizeof found);
            return found;
        }
    }
    return (struct pending){.thread = thread};
}

// It is as it was, but where somebody else has its address: that cannot be.
static bool restore(struct trace_ledger *ledger, const struct pending *pending) {
    return !pending->is_known || insert(ledger, &pending->object);
}

static enum trace_step end_unknown(struct trace_ledger *ledger, const struct trace_record *record,
                                   uint64_t address, struct trace_event *event) {
    begin_event(ledger, record, TRACE_EVENT_UNKNOWN, &ledger->counts.unknown, event);
    event->before.address = address;
    if (record->kind == TRACE_REALLOC_FREED) {
        return TRACE_STEP_EVENT;
    }
    return begin_life(ledger, record, event);
}

static enum trace_step end_realloc(struct trace_ledger *ledger, const struct trace_record *record,
                                   struct trace_event *event) {
    struct pending pending = take_pending(ledger, record->thread);
    if (record->kind == TRACE_REALLOC_FAILED) {
        begin_event(ledger, record, TRACE_EVENT_FAILED, &ledger->counts.failed, event);
        return restore(ledger, &pending) ? TRACE_STEP_EVENT : TRACE_STEP_NO_MEMORY;
    }
    if (!pending.is_known) {
        return end_unknown(ledger, record, pending.object.address, event);
    }
    if (record->kind == TRACE_REALLOC_FREED) {
        begin_event(ledger, record, TRACE_EVENT_FREE, &ledger->counts.frees, event);
        event->before = pending.object;
        give_place(ledger, pending.object.place);
        ledger->counts.live_objects--;
        count_live(ledger, 0, pending.object.size);
        return TRACE_STEP_EVENT;
    }
    begin_event(ledger, record, TRACE_EVENT_REALLOC, &ledger->counts.reallocs, event);
    event->before = pending.object;
    event->after = object_of(record, pending.object.id, pending.object.place);
    event->after.time_ns = pending.object.time_ns;
    if (!insert(ledger, &event->after)) {
        return TRACE_STEP_NO_MEMORY;
    }
    count_live(ledger, record->size, pending.object.size);
    return TRACE_STEP_EVENT;
}

enum trace_step trace_ledger_take(struct trace_ledger *ledger, const struct trace_record *record,
                                  struct trace_event *event) {
    switch (record->kind) {
    case TRACE_MALLOC:
    case TRACE_CALLOC:
    case TRACE_ALIGNED:
        return allocate(ledger, record, event);
    case TRACE_FREE:
        return release(ledger, record, event);
    case TRACE_REALLOC_FROM:
        return begin_realloc(ledger, record);
    case TRACE_REALLOC_TO:
    case TRACE_REALLOC_FAILED:
    case TRACE_REALLOC_FREED:
        return end_realloc(ledger, record, event);
    case TRACE_FAILED:
        begin_event(ledger, record, TRACE_EVENT_FAILED, &ledger->counts.failed, event);
        return TRACE_STEP_EVENT;
    case TRACE_NONE:
    case TRACE_THREAD:
    case TRACE_AT:
    case TRACE_FRAME:
    case TRACE_MODULE:
    case TRACE_KIND_COUNT:
        break;
    }
    return TRACE_STEP_NONE;
}

bool trace_ledger_finish(struct trace_ledger *ledger) {
    bool is_whole = true;
    for (size_t i = 0; i < ledger->pending_count; i++) {
        is_whole = restore(ledger, &ledger->pending[i]) && is_whole;
    }
    ledger->pending_count = 0;
    return is_whole;
}

// ---- the ledger itself

struct trace_ledger *trace_ledger_create(void) {
    struct trace_ledger *ledger = calloc(1, sizeof *ledger);
    struct trace_object *slots = calloc(SLOTS_MIN, sizeof *slots);
    if (ledger == NULL || slots == NULL) {
        free(ledger);
        free(slots);
        return NULL;
    }
    ledger->slots = slots;
    ledger->slot_count = SLOTS_MIN;
    return ledger;
}

void trace_ledger_destroy(struct trace_ledger *ledger) {
    if (ledger != NULL) {
        free(ledger->slots);
        free(ledger->pending);
        free(ledger->free_places);
        free(ledger);
    }
}

const struct trace_counts *trace_ledger_counts(const struct trace_ledger *ledger) {
    return &ledger->counts;
}

uint32_t trace_ledger_places(const struct trace_ledger *ledger) {
    return ledger->place_count;
}

void trace_ledger_visit(const struct trace_ledger *ledger,
                        void (*visit)(void *context, const struct trace_object *object),
                        void *context) {
    for (size_t i = 0; i < ledger->slot_count; i++) {
        if (ledger->slots[i].address != 0) {
            visit(context, &ledger->slots[i]);
        }
    }
}
