// kernel: a kernel that keeps a table of what it has given, and refuses what the test says.
//
// Whoever includes it says "// wrap: mmap munmap mprotect madvise syscall".
#ifndef TESTS_ALLOCATOR_KERNEL_H
#define TESTS_ALLOCATOR_KERNEL_H

#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/test.h"

#include "allocator/poison.h"

#define PIECES        1024
#define MAPPING_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

enum kernel_call { CALL_MMAP, CALL_MUNMAP, CALL_MPROTECT, CALL_RELEASE, CALL_COUNT };

struct piece { // what the kernel has given; of no order, disjoint
    uintptr_t base, end;
    bool writable;
};

static struct kernel {
    struct piece pieces[PIECES];
    size_t piece_count;
    enum kernel_call refused_call;
    uint64_t refuse_at, refuse_count; // so many from this one on; the next is 1; 0: none
    uint64_t call_counts[CALL_COUNT], refused_count;
    uint64_t excused_count; // refused, and nobody is the worse for it: what was given back stays
    size_t kept_bytes;      // that a refused munmap has left
    bool address_is_hint;   // as before Linux 4.17
    bool has_no_barrier;
} kernel;

// ---- its table

static void kernel_add(uintptr_t base, uintptr_t end, bool writable) {
    assert_true(kernel.piece_count < PIECES);
    kernel.pieces[kernel.piece_count++] = (struct piece){base, end, writable};
}

// Bytes of [base, end) that are mapped, or mapped and writable.
static size_t kernel_bytes(uintptr_t base, uintptr_t end, bool writable) {
    size_t sum = 0;
    for (size_t i = 0; i < kernel.piece_count; i++) {
        const struct piece *piece = &kernel.pieces[i];
        uintptr_t low = piece->base > base ? piece->base : base;
        uintptr_t high = piece->end < end ? piece->end : end;
        if (low < high && (piece->writable || !writable)) {
            sum += high - low;
        }
    }
    return sum;
}

static void kernel_cut(uintptr_t base, uintptr_t end) {
    size_t count = kernel.piece_count; // what is added lies outside of it
    for (size_t i = 0; i < count; i++) {
        struct piece piece = kernel.pieces[i];
        if (piece.base >= end || piece.end <= base) {
            continue;
        }
        kernel.pieces[i].base = kernel.pieces[i].end = 0;
        if (piece.base < base) {
            kernel_add(piece.base, base, piece.writable);
        }
        if (piece.end > end) {
            kernel_add(end, piece.end, piece.writable);
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < kernel.piece_count; i++) {
        if (kernel.pieces[i].end != 0) {
            kernel.pieces[kept++] = kernel.pieces[i];
        }
    }
    kernel.piece_count = kept;
}

// ---- its calls

void *__real_mmap(void *base, size_t size_bytes, int protection, int flags, int file, off_t at);
int __real_munmap(void *base, size_t size_bytes);
int __real_mprotect(void *base, size_t size_bytes, int protection);
int __real_madvise(void *base, size_t size_bytes, int advice);
long __real_syscall(long number, ...);

void *__wrap_mmap(void *base, size_t size_bytes, int protection, int flags, int file, off_t at);
int __wrap_munmap(void *base, size_t size_bytes);
int __wrap_mprotect(void *base, size_t size_bytes, int protection);
int __wrap_madvise(void *base, size_t size_bytes, int advice);
long __wrap_syscall(long number, ...);

static bool is_refused(enum kernel_call call) {
    kernel.call_counts[call]++;
    if (kernel.refuse_at == 0 || kernel.refused_call != call) {
        return false;
    }
    if (kernel.refuse_at > 1) {
        kernel.refuse_at--;
        return false;
    }
    kernel.refuse_at = --kernel.refuse_count > 0;
    kernel.refused_count++;
    errno = ENOMEM;
    return true;
}

static void check_protection(int protection) {
    assert_true(protection == PROT_NONE || protection == (PROT_READ | PROT_WRITE));
}

static void check_is_ours(uintptr_t base, size_t size_bytes) {
    assert_true(size_bytes > 0);
    assert_int_equal(kernel_bytes(base, base + size_bytes, false), size_bytes);
}

void *__wrap_mmap(void *base, size_t size_bytes, int protection, int flags, int file, off_t at) {
    assert_int_equal(flags, base == NULL ? MAPPING_FLAGS : MAPPING_FLAGS | MAP_FIXED_NOREPLACE);
    assert_int_equal(file, -1);
    assert_int_equal(at, 0);
    check_protection(protection);
    if (is_refused(CALL_MMAP)) {
        return MAP_FAILED;
    }
    int asked = kernel.address_is_hint ? MAPPING_FLAGS : flags;
    void *memory = __real_mmap(base, size_bytes, protection, asked, file, at);
    if (memory != MAP_FAILED) {
        kernel_add((uintptr_t)memory, (uintptr_t)memory + size_bytes, protection != PROT_NONE);
    }
    return memory;
}

#if HEAP_POISON_ACTIVE
// No byte of [base, base + size) is poisoned. The shadow of what nobody touched has no page and is
// 0: it is not read, since a window's is 43 GB. Source: proc_pid_pagemap(5), bits 62 and 63.
static void check_is_addressable(uintptr_t base, size_t size_bytes) {
    enum { ENTRIES = 8192 };
    static uint64_t entries[ENTRIES];
    const uint64_t has_page = UINT64_C(3) << 62; // in memory, or swapped out
    size_t scale, offset;
    __asan_get_shadow_mapping(&scale, &offset);
    uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t page = ((base >> scale) + offset) / page_bytes;
    uintptr_t end = ((base + size_bytes - 1) >> scale) + offset;
    end = end / page_bytes + 1;
    int file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    while (page < end) {
        size_t count = end - page < ENTRIES ? end - page : ENTRIES;
        ssize_t got =
            pread(file, entries, count * sizeof(entries[0]), (off_t)(page * sizeof(entries[0])));
        assert_int_equal(got, count * sizeof(entries[0]));
        for (size_t i = 0; i < count; i++) {
            if ((entries[i] & has_page) == 0) {
                continue;
            }
            uintptr_t low = ((page + i) * page_bytes - offset) << scale;
            uintptr_t high = low + (page_bytes << scale);
            low = low > base ? low : base;
            high = high < base + size_bytes ? high : base + size_bytes;
            assert_null(__asan_region_is_poisoned((void *)low, high - low));
        }
        page += count;
    }
    close(file);
}
#endif

int __wrap_munmap(void *base, size_t size_bytes) {
    check_is_ours((uintptr_t)base, size_bytes);
#if HEAP_POISON_ACTIVE
    check_is_addressable((uintptr_t)base, size_bytes); // to whoever is there next
#endif
    if (is_refused(CALL_MUNMAP)) {
        kernel.kept_bytes += size_bytes;
        return -1;
    }
    kernel_cut((uintptr_t)base, (uintptr_t)base + size_bytes);
    return __real_munmap(base, size_bytes);
}

int __wrap_mprotect(void *base, size_t size_bytes, int protection) {
    check_is_ours((uintptr_t)base, size_bytes);
    assert_int_equal(protection, PROT_READ | PROT_WRITE);
    if (is_refused(CALL_MPROTECT)) {
        return -1;
    }
    kernel_cut((uintptr_t)base, (uintptr_t)base + size_bytes);
    kernel_add((uintptr_t)base, (uintptr_t)base + size_bytes, true);
    return __real_mprotect(base, size_bytes, protection);
}

int __wrap_madvise(void *base, size_t size_bytes, int advice) {
    check_is_ours((uintptr_t)base, size_bytes);
    assert_true(advice == MADV_DONTNEED || advice == MADV_NOHUGEPAGE);
    if (advice == MADV_DONTNEED && is_refused(CALL_RELEASE)) {
        return -1;
    }
    return __real_madvise(base, size_bytes, advice);
}

long __wrap_syscall(long number, ...) {
    va_list words;
    va_start(words, number);
    int command = va_arg(words, int);
    va_end(words);
    assert_int_equal(number, SYS_membarrier);
    if (command == MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED && kernel.has_no_barrier) {
        errno = ENOSYS;
        return -1;
    }
    return __real_syscall(number, command, 0, 0);
}

// Refuses so many calls of one kind, from number `at` on.
static void refuse(enum kernel_call call, uint64_t at, uint64_t count) {
    kernel.refused_call = call;
    kernel.refuse_at = at;
    kernel.refuse_count = count;
    kernel.refused_count = kernel.excused_count = kernel.kept_bytes = 0;
}

static void stop_refusing(void) {
    kernel.refuse_at = 0;
}

#endif
