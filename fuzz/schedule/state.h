// state: what the files of the scheduler share. Only who has the baton touches any of it.
#ifndef FUZZ_SCHEDULE_STATE_H
#define FUZZ_SCHEDULE_STATE_H

#include "fuzz/schedule/schedule.h"

#define SCHEDULE_THREADS 8
#define BUFFER_STORES    32

typedef uint32_t vector_clock[SCHEDULE_THREADS];

// ---- store buffers (buffer.c)

// A store that others do not see yet. While its thread runs, memory holds it and `bytes` what was
// there before; while another runs, memory holds what was there and `bytes` what is stored.
struct store {
    uintptr_t address;
    uint8_t size_bytes;
    uint8_t effect; // enum effect, once others see it
    uint8_t bytes[16];
    vector_clock clock; // of a release
};

enum effect { EFFECT_NONE, EFFECT_RELEASE, EFFECT_FORGET };

struct buffer {
    struct store stores[BUFFER_STORES]; // a ring, the oldest at `first`
    uint32_t first, count;
};

// The thread that runs is about to store `size_bytes` <= 16.
void buffer_note(struct buffer *buffer, uintptr_t address, uint32_t size_bytes, enum effect effect);
// Others see all that the running thread has stored.
void buffer_drain(struct buffer *buffer);
// The thread stops running: others see all but the latest `kept_count` stores.
void buffer_hide(struct buffer *buffer, uint32_t kept_count);
// It runs again.
void buffer_show(struct buffer *buffer);
// Others see all of a thread that does not run.
void buffer_flush(struct buffer *buffer);

// ---- what happened before what (order.c)

void order_begin(void);
void order_join(vector_clock clock, const vector_clock other);
// The running thread takes in what was released at the address, or releases more there.
void order_acquire(uintptr_t address);
void order_release_more(uintptr_t address);
// What the running thread does from now on is not released with what it did.
void order_go_on(void);
// This alone is released at the address; or nothing any more.
void order_set(uintptr_t address, const vector_clock clock);
void order_forget(uintptr_t address);

// ---- races (race.c)

enum access { ACCESS_READ = 0, ACCESS_WRITE = 1, ACCESS_ATOMIC = 2 }; // the last with one of these

void race_begin(void);
bool race_sees(uintptr_t address); // whether it watches the place
bool race_is_of_heap(uintptr_t address);
void race_check(uintptr_t address, uint32_t size_bytes, unsigned access, uintptr_t place);
void race_check_range(uintptr_t address, size_t size_bytes, unsigned access, uintptr_t place);

// ---- whose turn it is (turns.c)

struct turns {
    bool is_on;
    bool is_child; // of a fork
    uint32_t running;
    uint64_t left;         // accesses until the next choice
    uint64_t drawn;        // accesses of this turn: `left` of them are still to come
    uint64_t passed;       // accesses before this turn
    vector_clock *clock;   // of the running thread
    struct buffer *buffer; // of the running thread
    vector_clock clocks[SCHEDULE_THREADS];
    bool refuses_membarrier; // of this seed
};
extern struct turns turns;

// Accesses so far.
uint64_t turns_accesses(void);

extern struct schedule_log *schedule_log;
// Ends the process with a finding.
_Noreturn void schedule_found(const char *line);

// ---- who runs (baton.c)

// A choice falls: another may run.
void baton_choose(void);

// A point of choice.
static inline void baton_point(void) {
    if (--turns.left == 0) {
        baton_choose();
    }
}
// One where a choice is likelier: beside a lock.
void baton_point_of_locks(void);

// The running thread waits until somebody wakes those who await `what`.
void baton_await(const void *what);
void baton_wake(const void *what);
void baton_yield(void);
void baton_sleep(uint64_t ns);
uint64_t baton_now_ns(void);
// Others see all that any thread has stored.
void baton_flush_all(void);

// A new thread's number. It runs nothing before baton_start, in it. Returns SCHEDULE_THREADS: full.
uint32_t baton_make(void);
void baton_start(uint32_t thread);
void baton_unmake(uint32_t thread); // there is none after all
void baton_end(void);               // the running thread's last act
void baton_forked(void);            // in a child: nobody else is there
bool baton_has_ended(uint32_t thread);
void baton_release(uint32_t thread); // it was joined: its number is free

const void *baton_of(uint32_t thread); // what is woken when it ends

#endif
