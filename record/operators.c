// operators: C++'s new and delete, where the allocator brings its own: jemalloc, tcmalloc and
// mimalloc do, and a program that calls those passes malloc by.
//
// Those of the C++ library call malloc and free, which are recorded as they are; so they are only
// passed on to. A new that throws goes through here as through any function.
#define _GNU_SOURCE // RTLD_NEXT, RTLD_NOLOAD
#include "record/next.h"
#include "record/record.h"
#include "record/writer.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef void function(void);

// The one that would be called without us. A C++ library that was loaded by a program's own hand
// stands in no order behind us.
static function *find(const char *name) {
    static const char *const libraries[] = {"libstdc++.so.6", "libc++.so.1"};
    void *address = dlsym(RTLD_NEXT, name);
    for (size_t i = 0; address == NULL && i < sizeof libraries / sizeof libraries[0]; i++) {
        void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);
        address = library == NULL ? NULL : dlsym(library, name);
    }
    if (address == NULL) {
        abort(); // nobody calls what nobody has
    }
    function *found;
    memcpy(&found, &address, sizeof found);
    return found;
}

static function *look_up(function **known, const char *name) {
    function *found = __atomic_load_n(known, __ATOMIC_RELAXED);
    if (found == NULL) {
        found = find(name);
        __atomic_store_n(known, found, __ATOMIC_RELAXED);
    }
    return found;
}

// Whether it is the allocator's own.
static bool is_allocators(function *found) {
    const struct next *next = next_find();
    return next != NULL && (uintptr_t)found - next->begin < next->limit - next->begin;
}

// A call of the allocator's new: what it gave is written down when it is over, however it ends.
struct wish {
    size_t size_bytes, align_bytes;
    void *object;
    bool is_recorded;
};

static struct wish begin(function *found, size_t size_bytes, size_t align_bytes) {
    struct wish wish = {size_bytes, align_bytes, NULL, is_allocators(found)};
    if (wish.is_recorded) {
        record_enter();
    }
    return wish;
}

static void end(const struct wish *wish) {
    if (wish->is_recorded) {
        record_leave();
        enum trace_kind kind = wish->align_bytes == 0 ? TRACE_MALLOC : TRACE_ALIGNED;
        writer_note(wish->object == NULL ? TRACE_FAILED : kind, wish->object, wish->size_bytes,
                    wish->align_bytes);
    }
}

static bool begin_delete(function *found, const void *pointer) {
    bool is_recorded = pointer != NULL && is_allocators(found);
    if (is_recorded) {
        writer_note(TRACE_FREE, pointer, 0, 0);
        record_enter();
    }
    return is_recorded;
}

static void end_delete(bool is_recorded) {
    if (is_recorded) {
        record_leave();
    }
}

// NEW(symbol, alignment, arguments as they are declared, and as they are passed on)
#define NEW(symbol, align_bytes, declared, ...)                                                    \
    void *symbol declared;                                                                         \
    void *symbol declared {                                                                        \
        static function *known;                                                                    \
        function *found = look_up(&known, #symbol);                                                \
        __attribute__((cleanup(end))) struct wish wish = begin(found, size_bytes, align_bytes);    \
        wish.object = ((void *(*)declared)found)(__VA_ARGS__);                                     \
        return wish.object;                                                                        \
    }

#define DELETE(symbol, declared, ...)                                                              \
    void symbol declared;                                                                          \
    void symbol declared {                                                                         \
        static function *known;                                                                    \
        function *found = look_up(&known, #symbol);                                                \
        bool is_recorded = begin_delete(found, pointer);                                           \
        ((void(*) declared)found)(__VA_ARGS__);                                                    \
        end_delete(is_recorded);                                                                   \
    }

#pragma GCC visibility push(default)

// `tag` is std::nothrow. An m is a size_t, and one that is aligned has that behind its size.
NEW(_Znwm, 0, (size_t size_bytes), size_bytes)
NEW(_Znam, 0, (size_t size_bytes), size_bytes)
NEW(_ZnwmRKSt9nothrow_t, 0, (size_t size_bytes, const void *tag), size_bytes, tag)
NEW(_ZnamRKSt9nothrow_t, 0, (size_t size_bytes, const void *tag), size_bytes, tag)
NEW(_ZnwmSt11align_val_t, align, (size_t size_bytes, size_t align), size_bytes, align)
NEW(_ZnamSt11align_val_t, align, (size_t size_bytes, size_t align), size_bytes, align)
NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, align, (size_t size_bytes, size_t align, const void *tag),
    size_bytes, align, tag)
NEW(_ZnamSt11align_val_tRKSt9nothrow_t, align, (size_t size_bytes, size_t align, const void *tag),
    size_bytes, align, tag)
DELETE(_ZdlPv, (void *pointer), pointer)
DELETE(_ZdaPv, (void *pointer), pointer)
DELETE(_ZdlPvm, (void *pointer, size_t size_bytes), pointer, size_bytes)
DELETE(_ZdaPvm, (void *pointer, size_t size_bytes), pointer, size_bytes)
DELETE(_ZdlPvRKSt9nothrow_t, (void *pointer, const void *tag), pointer, tag)
DELETE(_ZdaPvRKSt9nothrow_t, (void *pointer, const void *tag), pointer, tag)
DELETE(_ZdlPvSt11align_val_t, (void *pointer, size_t align), pointer, align)
DELETE(_ZdaPvSt11align_val_t, (void *pointer, size_t align), pointer, align)
DELETE(_ZdlPvmSt11align_val_t, (void *pointer, size_t size_bytes, size_t align), pointer,
       size_bytes, align)
DELETE(_ZdaPvmSt11align_val_t, (void *pointer, size_t size_bytes, size_t align), pointer,
       size_bytes, align)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, (void *pointer, size_t align, const void *tag), pointer,
       align, tag)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, (void *pointer, size_t align, const void *tag), pointer,
       align, tag)

#pragma GCC visibility pop
