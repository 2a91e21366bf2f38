// buffer: what a thread has stored and others do not see yet, as a list of what to undo.
//
// Memory is what the running thread sees. An example: x and y are 0; thread 1 stores 1 to x, then
// 1 to y, and is interrupted with one store kept:
//   while 1 runs    x = 1, y = 1    its buffer: x was 0, y was 0
//   hidden          x = 1, y = 0    its buffer: y becomes 1
//   shown again     x = 1, y = 1    its buffer: y was whatever it is by now
#include "fuzz/schedule/state.h"

#include <string.h>

static struct store *store_at(struct buffer *buffer, uint32_t index) {
    return &buffer->stores[(buffer->first + index) % BUFFER_STORES];
}

// Memory and the store exchange what they hold.
static void exchange(struct store *store) {
    uint8_t held[16];
    uint8_t *memory = (uint8_t *)store->address;
    for (uint32_t i = 0; i < store->size_bytes; i++) {
        held[i] = memory[i];
        memory[i] = store->bytes[i];
        store->bytes[i] = held[i];
    }
}

// Others see it from now on, and what it released.
static void publish(const struct store *store) {
    if (store->effect == EFFECT_RELEASE) {
        order_set(store->address, store->clock);
    } else if (store->effect == EFFECT_FORGET) {
        order_forget(store->address);
    }
}

static void drop_oldest(struct buffer *buffer, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        publish(store_at(buffer, i));
    }
    buffer->first = (buffer->first + count) % BUFFER_STORES;
    buffer->count -= count;
}

static void note_effect(struct store *store, enum effect effect) {
    store->effect = (uint8_t)effect;
    if (effect == EFFECT_RELEASE) {
        memcpy(store->clock, *turns.clock, sizeof(vector_clock));
        order_go_on();
    }
}

void buffer_drain(struct buffer *buffer) {
    drop_oldest(buffer, buffer->count);
}

// What a thread's own stack held is soon something else, so that what lies elsewhere is seen at
// once; an atomic store not before those that wait.
void buffer_note(struct buffer *buffer, uintptr_t address, uint32_t size_bytes,
                 enum effect effect) {
    if (!race_sees(address)) {
        struct store seen = {.address = address};
        if (effect != EFFECT_NONE) {
            buffer_drain(buffer);
        }
        note_effect(&seen, effect);
        publish(&seen);
        return;
    }
    if (buffer->count == BUFFER_STORES) {
        drop_oldest(buffer, 1);
    }
    struct store *store = store_at(buffer, buffer->count++);
    store->address = address;
    store->size_bytes = (uint8_t)size_bytes;
    note_effect(store, effect);
    for (uint32_t i = 0; i < size_bytes; i++) {
        store->bytes[i] = ((const uint8_t *)address)[i];
    }
}

void buffer_hide(struct buffer *buffer, uint32_t kept_count) {
    if (kept_count < buffer->count) {
        drop_oldest(buffer, buffer->count - kept_count);
    }
    for (uint32_t i = buffer->count; i-- > 0;) {
        exchange(store_at(buffer, i));
    }
}

void buffer_show(struct buffer *buffer) {
    for (uint32_t i = 0; i < buffer->count; i++) {
        exchange(store_at(buffer, i));
    }
}

void buffer_flush(struct buffer *buffer) {
    buffer_show(buffer);
    buffer_drain(buffer);
}
