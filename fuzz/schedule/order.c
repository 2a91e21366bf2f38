// order: what happened before what, by a vector clock for each place at which threads synchronise.
#include "fuzz/schedule/state.h"

#include <stdlib.h>
#include <string.h>

struct place {
    uintptr_t address; // 0: none
    vector_clock clock;
};

static struct place *places;
static size_t capacity, count; // capacity: a power of two

void order_begin(void) {
    free(places);
    capacity = (size_t)1 << 12;
    count = 0;
    places = calloc(capacity, sizeof places[0]);
    if (places == NULL) {
        abort();
    }
}

static struct place *find(uintptr_t address) {
    size_t at = (address * UINT64_C(0x9e3779b97f4a7c15)) >> 20;
    while (places[at & (capacity - 1)].address != 0 &&
           places[at & (capacity - 1)].address != address) {
        at++;
    }
    return &places[at & (capacity - 1)];
}

static void grow(void) {
    struct place *old = places;
    size_t old_capacity = capacity;
    places = calloc(capacity * 2, sizeof places[0]);
    if (places == NULL) {
        abort();
    }
    capacity *= 2;
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i].address != 0) {
            *find(old[i].address) = old[i];
        }
    }
    free(old);
}

static struct place *obtain(uintptr_t address) {
    struct place *place = find(address);
    if (place->address == 0) {
        if (++count * 2 > capacity) {
            grow();
            place = find(address);
        }
        place->address = address;
    }
    return place;
}

void order_join(vector_clock clock, const vector_clock other) {
    for (size_t i = 0; i < SCHEDULE_THREADS; i++) {
        clock[i] = clock[i] < other[i] ? other[i] : clock[i];
    }
}

void order_acquire(uintptr_t address) {
    const struct place *place = find(address);
    if (place->address != 0) {
        order_join(*turns.clock, place->clock);
    }
}

void order_go_on(void) {
    (*turns.clock)[turns.running]++;
}

void order_release_more(uintptr_t address) {
    order_join(obtain(address)->clock, *turns.clock);
    order_go_on();
}

void order_set(uintptr_t address, const vector_clock clock) {
    memcpy(obtain(address)->clock, clock, sizeof(vector_clock));
}

void order_forget(uintptr_t address) {
    struct place *place = find(address);
    if (place->address != 0) {
        memset(place->clock, 0, sizeof place->clock);
    }
}
