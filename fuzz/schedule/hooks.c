// hooks: what clang's -fsanitize=thread calls at each access, and each of them done here.
//
// A plain store is done by the program itself, after its hook returns; so that what is noted in the
// hook is what was there before it. An atomic access is done in its hook.
#include "fuzz/schedule/state.h"

#include <stdint.h>

#define PLACE ((uintptr_t)__builtin_return_address(0))

// ---- plain

static inline void read_plain(uintptr_t address, uint32_t size_bytes, uintptr_t place) {
    if (turns.is_on) {
        baton_point();
        race_check(address, size_bytes, ACCESS_READ, place);
    }
}

static inline void write_plain(uintptr_t address, uint32_t size_bytes, uintptr_t place) {
    if (turns.is_on) {
        baton_point();
        race_check(address, size_bytes, ACCESS_WRITE, place);
        buffer_note(turns.buffer, address, size_bytes, EFFECT_NONE);
    }
}

#define PLAIN(kind, name, size_bytes)                                                              \
    void __tsan_##kind##name(void *address);                                                       \
    void __tsan_##kind##name(void *address) {                                                      \
        kind##_plain((uintptr_t)address, size_bytes, PLACE);                                       \
    }                                                                                              \
    void __tsan_unaligned_##kind##name(void *address);                                             \
    void __tsan_unaligned_##kind##name(void *address) {                                            \
        kind##_plain((uintptr_t)address, size_bytes, PLACE);                                       \
    }

PLAIN(read, 1, 1)
PLAIN(read, 2, 2)
PLAIN(read, 4, 4)
PLAIN(read, 8, 8)
PLAIN(read, 16, 16)
PLAIN(write, 1, 1)
PLAIN(write, 2, 2)
PLAIN(write, 4, 4)
PLAIN(write, 8, 8)
PLAIN(write, 16, 16)

void __tsan_init(void);
void __tsan_init(void) {}
void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller) {
    (void)caller;
}
void __tsan_func_exit(void);
void __tsan_func_exit(void) {}

// ---- atomic; orders are C11's, 0 relaxed to 5 sequentially consistent

enum { RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST };

static inline bool acquires(int order) {
    return order == CONSUME || order == ACQUIRE || order == ACQ_REL || order == SEQ_CST;
}

static inline bool releases(int order) {
    return order == RELEASE || order == ACQ_REL || order == SEQ_CST;
}

static void before_load(uintptr_t address, uint32_t size_bytes, uintptr_t place) {
    if (turns.is_on) {
        baton_point();
        race_check(address, size_bytes, ACCESS_READ | ACCESS_ATOMIC, place);
    }
}

static void after_load(uintptr_t address, int order) {
    if (turns.is_on && acquires(order)) {
        order_acquire(address);
    }
}

static void before_store(uintptr_t address, uint32_t size_bytes, int order, uintptr_t place) {
    if (!turns.is_on) {
        return;
    }
    baton_point();
    race_check(address, size_bytes, ACCESS_WRITE | ACCESS_ATOMIC, place);
    buffer_note(turns.buffer, address, size_bytes,
                releases(order) ? EFFECT_RELEASE : EFFECT_FORGET);
}

static void after_store(int order) {
    if (turns.is_on && order == SEQ_CST) { // xchg
        buffer_drain(turns.buffer);
    }
}

// Read and write at once: on x86 a locked instruction, whatever the order.
static void before_both(uintptr_t address, uint32_t size_bytes, int order, uintptr_t place) {
    if (!turns.is_on) {
        return;
    }
    baton_point();
    race_check(address, size_bytes, ACCESS_WRITE | ACCESS_ATOMIC, place);
    buffer_drain(turns.buffer);
    if (acquires(order)) {
        order_acquire(address);
    }
    if (releases(order)) {
        order_release_more(address);
    }
}

// NOLINTBEGIN(bugprone-macro-parentheses): a type stands in none
#define BOTH(bits, type, name, result)                                                             \
    type __tsan_atomic##bits##_##name(volatile type *at, type value, int order);                   \
    type __tsan_atomic##bits##_##name(volatile type *at, type value, int order) {                  \
        before_both((uintptr_t)at, sizeof(type), order, PLACE);                                    \
        type old = *at;                                                                            \
        *at = (type)(result);                                                                      \
        return old;                                                                                \
    }

#define ATOMIC(bits, type)                                                                         \
    type __tsan_atomic##bits##_load(const volatile type *at, int order);                           \
    type __tsan_atomic##bits##_load(const volatile type *at, int order) {                          \
        before_load((uintptr_t)at, sizeof(type), PLACE);                                           \
        type value = *at;                                                                          \
        after_load((uintptr_t)at, order);                                                          \
        return value;                                                                              \
    }                                                                                              \
    void __tsan_atomic##bits##_store(volatile type *at, type value, int order);                    \
    void __tsan_atomic##bits##_store(volatile type *at, type value, int order) {                   \
        before_store((uintptr_t)at, sizeof(type), order, PLACE);                                   \
        *at = value;                                                                               \
        after_store(order);                                                                        \
    }                                                                                              \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *at, type expected, type value,  \
                                                    int order, int failed);                        \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *at, type expected, type value,  \
                                                    int order, int failed) {                       \
        (void)failed;                                                                              \
        before_both((uintptr_t)at, sizeof(type), order, PLACE);                                    \
        type old = *at;                                                                            \
        if (old == expected) {                                                                     \
            *at = value;                                                                           \
        }                                                                                          \
        return old;                                                                                \
    }                                                                                              \
    BOTH(bits, type, exchange, value)                                                              \
    BOTH(bits, type, fetch_add, old + value)                                                       \
    BOTH(bits, type, fetch_sub, old - value)                                                       \
    BOTH(bits, type, fetch_and, old &value)                                                        \
    BOTH(bits, type, fetch_or, old | value)                                                        \
    BOTH(bits, type, fetch_xor, old ^ value)

// NOLINTEND(bugprone-macro-parentheses)

ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

static char fences; // its address alone

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order) {
    if (turns.is_on) {
        baton_point();
        if (order == SEQ_CST) {
            buffer_drain(turns.buffer);
        }
        order_acquire((uintptr_t)&fences);
        order_release_more((uintptr_t)&fences);
    }
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order) {
    (void)order; // for the compiler
}
