// poison: tells AddressSanitizer which bytes of the heap are nobody's; nothing in other builds.
//
// A free slot, the tail between an object's requested and its element size, and the waste behind a
// span's last object are poisoned. What must read a whole slot (the dump, a move) goes through
// heap_peek.
#ifndef ALLOCATOR_POISON_H
#define ALLOCATOR_POISON_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// 1 where AddressSanitizer is compiled in; else nothing here does anything.
#if defined(__SANITIZE_ADDRESS__)
#define HEAP_POISON_ACTIVE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEAP_POISON_ACTIVE 1
#endif
#endif
#ifndef HEAP_POISON_ACTIVE
#define HEAP_POISON_ACTIVE 0
#endif

#if HEAP_POISON_ACTIVE
#include <sanitizer/asan_interface.h>
#endif

// From now on an access to these bytes is a report, but for some at an end that is no multiple of
// 8.
static inline void heap_poison(uintptr_t base, size_t size_bytes) {
#if HEAP_POISON_ACTIVE
    __asan_poison_memory_region((const void *)base, size_bytes);
#else
    (void)base;
    (void)size_bytes;
#endif
}

// Lets these bytes be accessed again.
static inline void heap_unpoison(uintptr_t base, size_t size_bytes) {
#if HEAP_POISON_ACTIVE
    __asan_unpoison_memory_region((const void *)base, size_bytes);
#else
    (void)base;
    (void)size_bytes;
#endif
}

// Copies bytes of the heap, poisoned or not. `destination` must be addressable.
#if HEAP_POISON_ACTIVE
__attribute__((no_sanitize_address, noinline, unused)) static void
heap_peek(void *destination, const void *source, size_t size_bytes) {
#if defined(__x86_64__)
    __asm__ volatile("rep movsb" : "+D"(destination), "+S"(source), "+c"(size_bytes) : : "memory");
#else
    volatile unsigned char *to = destination; // volatile: a call of memcpy would be intercepted
    const volatile unsigned char *from = source;
    for (size_t i = 0; i < size_bytes; i++) {
        to[i] = from[i];
    }
#endif
}
#else
static inline void heap_peek(void *destination, const void *source, size_t size_bytes) {
    memcpy(destination, source, size_bytes);
}
#endif

// Zeroes bytes of the heap that are nobody's, poisoned or not.
#if HEAP_POISON_ACTIVE
__attribute__((no_sanitize_address, noinline, unused)) static void heap_wipe(uintptr_t base,
                                                                             size_t size_bytes) {
#if defined(__x86_64__)
    __asm__ volatile("rep stosb" : "+D"(base), "+c"(size_bytes) : "a"(0) : "memory");
#else
    volatile unsigned char *bytes = (volatile unsigned char *)base; // as above
    for (size_t i = 0; i < size_bytes; i++) {
        bytes[i] = 0;
    }
#endif
}
#else
static inline void heap_wipe(uintptr_t base, size_t size_bytes) {
    memset((void *)base, 0, size_bytes);
}
#endif

#endif
